-- Definitions of tools as their servers gave them, beside those that are pinned in the git tree. One logical
-- schema: the files for Postgres and SQLite are the same text.
create table tool_definitions (
  tenant_id text not null references tenants (tenant_id),
  server text not null,
  tool text not null,
  -- SHA-256 of the definition and the server's name: what an approval is bound to.
  hash text not null,
  -- The definition as `tools/list` gives it: JSON.
  definition text not null,
  state text not null check (state in ('seen', 'approved', 'rejected')),
  -- 1 where it was taken because it was the first of its tool. Only one can be.
  first_use bigint check (first_use = 1),
  first_seen_at bigint not null,
  last_seen_at bigint not null,
  -- Who decided, when and why; none while nobody has.
  decided_by text,
  decided_at bigint,
  reason text,
  primary key (tenant_id, server, tool, hash),
  unique (tenant_id, server, tool, first_use)
);
create index tool_definitions_seen on tool_definitions (tenant_id, server, state, last_seen_at);
