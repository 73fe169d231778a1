-- What reports are read from. One logical schema: the file for SQLite differs in `without rowid`.

-- Adding up a long ledger takes longer than a statement may otherwise.
set local statement_timeout = 0;

-- How a call ended, from its hold to its end in milliseconds, and what the provider's cache saved;
-- null where nobody measured it.
alter table ledger add column ended text check (ended in ('answered', 'left', 'failed'));
alter table ledger add column took_ms bigint check (took_ms >= 0);
alter table ledger add column saved bigint not null default 0;

-- Sums of the ledger by hour and by day in UTC, for reports: they never read the ledger. Whoever adds
-- a row to the ledger adds it here in the same transaction.
create table spend (
  tenant_id text not null,
  span text not null check (span in ('hour', 'day')),
  -- Its first instant.
  starts bigint not null,
  provider text not null,
  model text not null,
  agent_id text not null,
  -- Empty where there is none.
  key_id text not null,
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
  primary key (tenant_id, span, starts, provider, model, agent_id, key_id)
);

-- How many calls of a day that were answered took how long: what percentiles are read from.
create table spend_latency (
  tenant_id text not null,
  -- The first instant of a day in UTC.
  day bigint not null,
  provider text not null,
  model text not null,
  agent_id text not null,
  key_id text not null,
  -- A quarter of an octave of milliseconds; see `store/src/latency.rs`.
  bucket bigint not null check (bucket >= 0),
  calls bigint not null,
  primary key (tenant_id, day, provider, model, agent_id, key_id, bucket)
);

insert into spend (tenant_id, span, starts, provider, model, agent_id, key_id, calls, errors, amount,
  overrun, provisional, saved, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
select tenant_id, 'hour', at - at % 3600000000, provider, model, agent_id, coalesce(key_id, ''),
  sum(case when kind = 'correction' then 0 else 1 end),
  sum(case kind when 'provisional' then 1 when 'correction' then -1 else 0 end),
  sum(amount), sum(overrun), sum(case when kind = 'settlement' then 0 else amount end), 0,
  sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens)
from ledger
group by tenant_id, at - at % 3600000000, provider, model, agent_id, coalesce(key_id, '');

insert into spend (tenant_id, span, starts, provider, model, agent_id, key_id, calls, errors, amount,
  overrun, provisional, saved, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
select tenant_id, 'day', starts - starts % 86400000000, provider, model, agent_id, key_id,
  sum(calls), sum(errors), sum(amount), sum(overrun), sum(provisional), sum(saved),
  sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens)
from spend
where span = 'hour'
group by tenant_id, starts - starts % 86400000000, provider, model, agent_id, key_id;
