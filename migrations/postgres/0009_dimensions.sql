-- Sums for reports by one dimension at a time, so that a report reads as many rows as it has lines and
-- stretches, not one for each model of each agent with each key. One logical schema: the file for SQLite differs
-- in `without rowid`.

-- Adding up a long ledger's sums takes longer than a statement may otherwise.
set local statement_timeout = 0;

-- Sums of the ledger by hour and by day in UTC, once for each dimension. Whoever adds a row to the ledger
-- adds it here in the same transaction, five times.
create table spend_sums (
  tenant_id text not null,
  dimension text not null check (dimension in ('key', 'agent', 'model', 'provider', 'tenant')),
  span text not null check (span in ('hour', 'day')),
  -- Its first instant.
  starts bigint not null,
  -- The id or name of the key, agent and so on; empty for calls without a key.
  value text not null,
  -- Attempts and those of them that failed. A correction takes a failure back where it was none.
  calls bigint not null,
  errors bigint not null,
  amount bigint not null,
  overrun bigint not null,
  provisional bigint not null,
  saved bigint not null,
  input_tokens bigint not null,
  cached_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  primary key (tenant_id, dimension, span, starts, value)
);

-- How many calls of a day that were answered took how long: what percentiles are read from.
create table spend_latencies (
  tenant_id text not null,
  dimension text not null check (dimension in ('key', 'agent', 'model', 'provider', 'tenant')),
  -- The first instant of a day in UTC.
  day bigint not null,
  value text not null,
  -- A doubling of milliseconds, in quarters: octave 0 is of 0, 1, 2 and 3 ms, octave 1 of 4, 5, 6 and
  -- 7 ms, and octave n begins at 2^(n+1); see `store/src/latency.rs`.
  octave bigint not null check (octave >= 0),
  q1 bigint not null,
  q2 bigint not null,
  q3 bigint not null,
  q4 bigint not null,
  primary key (tenant_id, dimension, day, value, octave)
);

-- The sums that were there are of the whole ledger, and of fewer rows.
insert into spend_sums (tenant_id, dimension, span, starts, value, calls, errors, amount, overrun,
  provisional, saved, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
with dimensions (dimension) as (values ('key'), ('agent'), ('model'), ('provider'), ('tenant'))
select tenant_id, dimension, span, starts,
  case dimension when 'key' then key_id when 'agent' then agent_id when 'model' then model
    when 'provider' then provider else tenant_id end,
  sum(calls), sum(errors), sum(amount), sum(overrun), sum(provisional), sum(saved),
  sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens)
from spend cross join dimensions
group by 1, 2, 3, 4, 5;

-- A bucket was the quarter of an octave, counted from 0 ms.
insert into spend_latencies (tenant_id, dimension, day, value, octave, q1, q2, q3, q4)
with dimensions (dimension) as (values ('key'), ('agent'), ('model'), ('provider'), ('tenant'))
select tenant_id, dimension, day,
  case dimension when 'key' then key_id when 'agent' then agent_id when 'model' then model
    when 'provider' then provider else tenant_id end,
  bucket / 4,
  sum(case bucket % 4 when 0 then calls else 0 end),
  sum(case bucket % 4 when 1 then calls else 0 end),
  sum(case bucket % 4 when 2 then calls else 0 end),
  sum(case bucket % 4 when 3 then calls else 0 end)
from spend_latency cross join dimensions
group by 1, 2, 3, 4, 5;

drop table spend;
drop table spend_latency;
