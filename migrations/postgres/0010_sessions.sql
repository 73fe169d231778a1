-- What is known of sessions: how confidential they are, and the values that tokens stand for in them. One
-- logical schema: the files for Postgres and SQLite are the same text.

-- The join of everything that was seen in a session. It rises by itself; only a person lowers it.
create table session_labels (
  tenant_id text not null references tenants (tenant_id),
  session_id text not null,
  label text not null check (label in ('public', 'internal', 'sensitive', 'restricted')),
  -- The same as a number: the higher one stays.
  rank bigint not null,
  since bigint not null,
  -- The request that raised it; none where a person set it.
  request_id text,
  -- Who set it, and why; none where a request raised it.
  set_by text,
  reason text,
  primary key (tenant_id, session_id)
);

-- The one table that holds redacted values. They are encrypted under a key that is not in the database.
create table dlp_tokens (
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  session_id text not null,
  -- HMAC-SHA-256 over kind and value, so that a value has one token.
  value_hash text not null,
  token text not null,
  kind text not null,
  -- AES-256-GCM in base64: the nonce, then the value with its tag.
  sealed text not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, session_id, agent_id, value_hash),
  unique (tenant_id, session_id, agent_id, token)
);
create index dlp_tokens_expiry on dlp_tokens (expires_at);
