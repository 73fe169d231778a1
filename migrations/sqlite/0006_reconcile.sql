-- Exports of providers are reconciled with the ledger. One logical schema: the files for Postgres and
-- SQLite are the same text.

-- What was held for the call: no more can it have cost. Null where the row is older than this column.
alter table ledger add column held bigint check (held >= 0);
