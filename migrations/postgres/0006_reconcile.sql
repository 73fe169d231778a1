-- Exports of providers are reconciled with the ledger. One logical schema: the files for Postgres and
-- SQLite are the same text.

-- What was held for the call: no more can it have cost. Null where the row is older than this column.
alter table ledger add column held bigint check (held >= 0);

-- Whoever books the export of a provider locks its row first: one after the other.
create table reconciled_providers (
  tenant_id text not null,
  provider text not null,
  primary key (tenant_id, provider)
);

-- Buckets of exports of which calls have a share. The sum of what is charged in one is right; that of a
-- part of it, or of one that reaches into it, is nobody's bill any more.
create table reconciled_spans (
  tenant_id text not null,
  provider text not null,
  -- The id of ours that was called, as the ledger has it.
  model text not null,
  starts bigint not null,
  ends bigint not null check (ends > starts),
  -- How often shares of it were booked.
  times bigint not null check (times > 0),
  primary key (tenant_id, provider, model, starts)
);
