-- Rollover: what a window did not use is moved to the next one. One logical schema: the files for Postgres
-- and SQLite are the same text.

-- The most that a window of this cap may get of what the one before did not use.
alter table caps add column rollover bigint not null default 0 check (rollover >= 0);

-- What the target of this account has of the window before it, whose target is that much lower.
alter table accounts add column rolled bigint not null default 0 check (rolled >= 0);
