-- Admin tokens that end by themselves: those that were made under emergency rights. One logical schema: the files for Postgres and
-- SQLite are the same text.

alter table admin_tokens add column expires_at bigint;
