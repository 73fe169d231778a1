-- Sessions of MCP clients. One logical schema: the files for Postgres and SQLite are the same text.

-- A session of one credential on one route, so that any gateway can go on with it and nobody else can.
create table mcp_sessions (
  -- SHA-256 of the session's id: who reads this table cannot go on with any of them.
  id_hash text primary key,
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  -- The credential that it was begun with: `key:..` or `grant:..`.
  auth text not null,
  route text not null,
  -- The session whose label and flow its calls have.
  session_id text not null,
  -- What the client said of itself when it began: the parameters of `initialize`, in JSON.
  initialize text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index mcp_sessions_owner on mcp_sessions (tenant_id, agent_id, auth);
create index mcp_sessions_expiry on mcp_sessions (expires_at);
