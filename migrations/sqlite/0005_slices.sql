-- Credit slices and the processes that hold them. One logical schema: the files for Postgres and SQLite
-- are the same text.

-- A process that admits from slices. Its row outlives it until its journal was replayed.
create table owners (
  -- Its fence, which no other process has.
  fence bigint not null primary key,
  tenant_id text not null,
  owner text not null,
  started_at bigint not null,
  -- Until when it vouches for itself: how many are alive decides how much a slice may take.
  lease_until bigint not null,
  -- The number of the last record of its journal that is in this database.
  carried bigint not null,
  -- Set once nothing of its journal is left to be carried.
  ended_at bigint
);
create index owners_live on owners (lease_until) where ended_at is null;

-- Money of a whole path of accounts that one process admits from in memory. What is left of an open
-- one is within the accounts' `held`, of a lapsed one within their `settled`.
create table slices (
  id text not null primary key,
  tenant_id text not null,
  -- Who asked first: what a lapsed slice is reported under.
  agent_id text not null,
  key_id text,
  path text not null,
  taken bigint not null check (taken >= 0),
  amount bigint not null check (amount >= 0),
  charged bigint not null check (charged >= 0),
  state text not null check (state in ('open', 'closed', 'lapsed')),
  lease_until bigint not null,
  owner text not null,
  fence bigint not null
);
create index slices_live on slices (lease_until) where state = 'open';
create index slices_fence on slices (fence) where state <> 'closed';
create index slices_ended on slices (lease_until) where state = 'closed';

-- The slice that a hold's money came from; null where it came from the accounts.
alter table holds add column slice_id text;
create index holds_of_slice on holds (slice_id) where state in ('held', 'dispatched');
