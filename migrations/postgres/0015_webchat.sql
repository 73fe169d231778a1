-- What connectors need: which conversations have news, and which accounts of other services are people of
-- ours. One logical schema: the files for Postgres and SQLite are the same text.

-- Whoever shows conversations asks this once for all of them.
create index sessions_moved on sessions (connector, active_at);

-- Accounts of other services that people paired.
create table identities (
  tenant_id text not null references tenants (tenant_id),
  connector text not null,
  -- The service's own unchangeable id of the account.
  external_id text not null,
  person text not null,
  paired_at bigint not null,
  primary key (tenant_id, connector, external_id)
);

-- Codes that people were offered: one each, worth one pairing.
create table pairings (
  tenant_id text not null references tenants (tenant_id),
  person text not null,
  code_hash text not null,
  expires_at bigint not null,
  primary key (tenant_id, person),
  unique (tenant_id, code_hash)
);
create index pairings_expired on pairings (expires_at);

-- How often an account said a code within the hour.
create table pairing_tries (
  tenant_id text not null,
  connector text not null,
  external_id text not null,
  tries bigint not null,
  since bigint not null,
  primary key (tenant_id, connector, external_id)
);
create index pairing_tries_old on pairing_tries (since);
