-- What sessions have seen: whether anything in them is from somebody that nobody vouches for, and prints of
-- the texts, by which the arguments of tool calls are traced. One logical schema: the files for Postgres and
-- SQLite are the same text.

-- Whether a session may be trusted. It is until a text is seen that may not; only a person says that it may
-- again.
create table session_flows (
  tenant_id text not null references tenants (tenant_id),
  session_id text not null,
  integrity text not null check (integrity in ('trusted', 'untrusted')),
  -- Since when, and the request that it was for; none where a person said so.
  since bigint not null,
  request_id text,
  -- Who vouched for it, and why.
  set_by text,
  reason text,
  -- Tool calls that were permitted.
  tool_calls bigint not null,
  -- The number of the last print, and of the last one that a person vouched for.
  prints bigint not null,
  endorsed bigint not null,
  primary key (tenant_id, session_id)
);

-- The tool servers whose results a session has seen.
create table session_sources (
  tenant_id text not null references tenants (tenant_id),
  session_id text not null,
  source text not null,
  primary key (tenant_id, session_id, source)
);

-- Salted hashes of the words of texts. The salt is not in the database.
create table session_prints (
  tenant_id text not null references tenants (tenant_id),
  session_id text not null,
  seq bigint not null,
  -- The tool server that said it; empty for what is trusted.
  origin text not null,
  -- A keyed hash of the text.
  digest text not null,
  -- The hashes in base64, four bytes each.
  print text not null,
  created_at bigint not null,
  primary key (tenant_id, session_id, seq),
  unique (tenant_id, session_id, origin, digest)
);
create index session_prints_age on session_prints (created_at);
