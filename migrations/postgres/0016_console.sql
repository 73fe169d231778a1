-- Who is signed in to the console. One logical schema: the files for Postgres and SQLite are the same text.

create table console_sessions (
  -- The keyed hash of what the browser's cookie has, in hexadecimal.
  hash text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  token_id text not null references admin_tokens (id),
  opened_at bigint not null,
  -- When it was last used, to the minute.
  used_at bigint not null,
  expires_at bigint not null
);
create index console_sessions_of_token on console_sessions (token_id);
create index console_sessions_expired on console_sessions (expires_at);
