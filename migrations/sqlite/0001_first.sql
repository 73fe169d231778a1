-- The first schema. One logical schema for Postgres and SQLite; the two files differ in the types of
-- counters and of the accounts' key only. Times are microseconds since the epoch, money is nano-dollars, JSON is text kept
-- byte for byte because hashes are over the stored bytes. Every row carries its tenant.

create table tenants (
  tenant_id text not null primary key,
  name text not null unique,
  created_at bigint not null
);

create table agents (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  name text not null,
  kind text not null check (kind in ('user', 'system')),
  groups text not null,
  owner text not null,
  created_at bigint not null,
  disabled_at bigint,
  unique (tenant_id, name)
);

create table agent_keys (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  -- A keyed hash of the secret half; the secret itself is never stored.
  hash text not null,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint,
  rotated_from text references agent_keys (id)
);
create index agent_keys_agent on agent_keys (agent_id);

-- Registrations made at run time, beside those of the git tree. The body is the registration as JSON.
create table providers (
  tenant_id text not null references tenants (tenant_id),
  name text not null,
  body text not null,
  created_at bigint not null,
  primary key (tenant_id, name)
);

create table models (
  tenant_id text not null references tenants (tenant_id),
  name text not null,
  provider text not null,
  body text not null,
  created_at bigint not null,
  primary key (tenant_id, name)
);

-- Caps set at run time. They win over those of the git tree. `target` is what the account should
-- come to; the account's own cap lags while more than that is already settled or held.
-- Caps set at run time. They win over those of the git tree. No target means metering only.
create table caps (
  tenant_id text not null references tenants (tenant_id),
  scope text not null,
  scope_id text not null,
  period text not null,
  target bigint check (target >= 0),
  hard bigint not null check (hard in (0, 1)),
  set_at bigint not null,
  set_by text not null,
  primary key (tenant_id, scope, scope_id, period)
);

-- One budget over one window. The check is the promise: no statement can break it. `target` is what
-- was set; `cap` is in force, and lags while more than the target is already settled or held.
create table accounts (
  -- Made of the six columns that follow; rows are locked in its order.
  id text not null primary key,
  tenant_id text not null,
  scope text not null,
  scope_id text not null,
  period text not null,
  starts bigint not null,
  ends bigint,
  target bigint,
  hard bigint not null check (hard in (0, 1)),
  cap bigint not null,
  settled bigint not null,
  held bigint not null,
  overrun bigint not null check (overrun >= 0),
  check (settled >= 0 and held >= 0 and settled + held <= cap)
);

create table holds (
  id text not null primary key,
  tenant_id text not null,
  agent_id text not null,
  key_id text,
  request_id text not null,
  attempt_id text not null,
  provider text not null,
  model text not null,
  price_row text not null,
  -- The accounts it is held in: a JSON array of their ids without the tenant's, which is the row's.
  path text not null,
  amount bigint not null check (amount >= 0),
  state text not null check (state in ('held', 'dispatched', 'released', 'settled')),
  dispatched_at bigint,
  progress bigint not null check (progress >= 0),
  -- What is settled if the owner dies now.
  if_lost bigint not null check (if_lost >= 0),
  lease_until bigint not null,
  owner text not null,
  fence bigint not null,
  -- What was charged, as JSON, once it is settled.
  charge text
);
-- What the reaper asks for.
create index holds_open on holds (lease_until) where state in ('held', 'dispatched');
create index holds_ended on holds (lease_until) where state in ('released', 'settled');

-- Money spent. Rows are only added: a correction is a row of another kind.
create table ledger (
  seq integer primary key autoincrement,
  tenant_id text not null,
  hold_id text not null,
  kind text not null,
  agent_id text not null,
  key_id text,
  request_id text not null,
  attempt_id text not null,
  provider text not null,
  model text not null,
  price_row text not null,
  path text not null,
  amount bigint not null,
  overrun bigint not null,
  basis text not null,
  input_tokens bigint not null,
  cached_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- The usage as JSON, every kind of token; null where it is not known.
  usage text,
  at bigint not null,
  unique (hold_id, kind)
);
create index ledger_at on ledger (tenant_id, at);

-- The audit chain: hash = sha256(prev_hash || body), from seq 1 without a gap.
create table audit (
  seq bigint not null primary key,
  id text not null unique,
  tenant_id text not null,
  kind text not null,
  request_id text,
  at bigint not null,
  actor text not null,
  action text not null,
  resource text not null,
  outcome text not null,
  body text not null,
  prev_hash text not null,
  hash text not null
);
create index audit_request on audit (request_id);

-- The end of the chain: one row, locked by whoever appends. Its tenant is that of the last record.
create table audit_head (
  id bigint not null primary key check (id = 1),
  tenant_id text not null,
  seq bigint not null,
  hash text not null
);
insert into audit_head (id, tenant_id, seq, hash)
  values (1, '', 0, '0000000000000000000000000000000000000000000000000000000000000000');

create table outbox (
  id text not null primary key,
  tenant_id text not null,
  subject text not null,
  body text not null,
  created_at bigint not null,
  -- Until when one relay has it; another takes it over afterwards.
  claimed_until bigint not null,
  published_at bigint
);
create index outbox_waiting on outbox (id) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

create table admin_tokens (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  name text not null,
  groups text not null,
  hash text not null,
  created_at bigint not null,
  revoked_at bigint
);

-- Counts control changes, so that a gateway knows when to load its snapshot again.
create table revisions (
  id bigint not null primary key check (id = 1),
  tenant_id text not null,
  revision bigint not null
);
insert into revisions (id, tenant_id, revision) values (1, '', 0);
