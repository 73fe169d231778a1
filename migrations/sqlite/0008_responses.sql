-- Responses that their callers may go on from. One logical schema: the files for Postgres and SQLite are
-- the same text.

-- The one table that holds what was said. A caller that wants nothing kept says so; what is kept ends by
-- itself.
create table responses (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  -- The session that it was asked in, if one was named.
  session_id text,
  label text not null check (label in ('public', 'internal', 'sensitive', 'restricted')),
  -- JSON, both: the response as it was told, and all items of the conversation up to its end.
  body text not null,
  items text not null,
  -- How long both are.
  bytes bigint not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index responses_agent on responses (agent_id, created_at, id);
create index responses_expiry on responses (expires_at);
