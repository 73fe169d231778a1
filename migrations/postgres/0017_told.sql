-- What people who decide may look at, and what routing saved. One logical schema: the files for Postgres and SQLite are the same text.

-- The exact arguments of the call that is asked about, sealed; until the question is over.
alter table approvals add column arguments text;
create index approvals_arguments on approvals (expires_at) where arguments is not null;

-- What the same tokens would have cost more at the dearest model that the call might have gone to.
alter table ledger add column routed bigint not null default 0;
alter table spend_sums add column routed bigint not null default 0;

-- What a step cost, in nano-dollars, and the request that it was.
alter table steps add column cost bigint;
alter table steps add column request_id text;
