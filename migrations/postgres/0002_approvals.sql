-- Approvals, the votes on them, and capability grants. One logical schema: the files for Postgres
-- and SQLite are the same text.

-- One question to people: may this be done? It is bound to who asks, to what is asked (a hash of
-- the request or of its arguments) and to the policies that asked for it (a hash of them).
create table approvals (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  kind text not null check (kind in ('model_call', 'tool_call', 'admin', 'budget', 'break_glass')),
  requester_kind text not null check (requester_kind in ('agent', 'user', 'service')),
  requester text not null,
  -- The person who answers for an agent; empty where there is none.
  owner text not null,
  -- SHA-256 in hexadecimal, both.
  subject_hash text not null check (length(subject_hash) = 64),
  policy_hash text not null check (length(policy_hash) = 64),
  -- A JSON array: each of these roles must be among the people who approve.
  roles text not null,
  quorum bigint not null check (quorum >= 1),
  reason text not null,
  -- JSON: names, label, kinds; never content.
  detail text not null,
  -- What is past its term reads as expired; it is written only where a new question takes the
  -- place of one that nobody answered.
  status text not null check (status in
    ('pending', 'approved', 'denied', 'used', 'cancelled', 'revoked', 'expired')),
  created_at bigint not null,
  expires_at bigint not null,
  decided_at bigint,
  used_by text,
  used_at bigint,
  -- How long break-glass lasts once it is approved, and until when.
  term_seconds bigint check (term_seconds >= 1),
  ends_at bigint,
  check ((kind = 'break_glass') = (term_seconds is not null)),
  check ((status = 'used') = (used_by is not null))
);
-- Two that ask the same at once get one row.
create unique index approvals_pending on approvals
  (tenant_id, kind, requester_kind, requester, subject_hash, policy_hash)
  where status = 'pending';
create index approvals_subject on approvals (tenant_id, subject_hash);
create index approvals_created on approvals (tenant_id, created_at);
create index approvals_expiry on approvals (expires_at);
create index approvals_break_glass on approvals (ends_at)
  where kind = 'break_glass' and status = 'approved';

create table approval_votes (
  approval_id text not null references approvals (id) on delete cascade,
  tenant_id text not null,
  person text not null,
  -- A JSON array: the roles under which policy permitted the person to decide.
  roles text not null,
  decision text not null check (decision in ('approve', 'deny')),
  reason text not null,
  at bigint not null,
  primary key (approval_id, person)
);

-- Capability grants. The signed token itself is never stored.
create table grants (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  task text,
  run text,
  session text,
  -- The claims as JSON.
  body text not null,
  issued_by text not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);
-- What a gateway must refuse although its signature is good and its time is not over.
create index grants_revoked on grants (expires_at) where revoked_at is not null;
create index grants_expiry on grants (expires_at);
create index grants_task on grants (tenant_id, task) where task is not null;
create index grants_created on grants (tenant_id, created_at);
