-- Raises of budgets with an end, and what is told when budgets run out. One logical schema: the files
-- for Postgres and SQLite are the same text.

-- More money for a while: until it ends, every window of the spender has that much more.
create table raises (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  scope text not null,
  scope_id text not null,
  period text not null,
  amount bigint not null check (amount > 0),
  made_by text not null,
  made_at bigint not null,
  ends_at bigint not null,
  -- The question to people that it answers. One answer is one raise.
  approval_id text unique,
  -- Set when it was taken out of the targets again: until then it is in every one.
  ended_at bigint
);
create index raises_live on raises (ends_at) where ended_at is null;

-- The windows of one spender: those of another time zone must be found.
create index accounts_spender on accounts (tenant_id, scope, scope_id, period, starts);

-- Thresholds of budgets that were reached: each once for each account, which is one window, whichever
-- process sees it. The row is told as an event, and to the webhook where there is one.
create table alerts (
  account_id text not null,
  percent bigint not null check (percent between 1 and 100),
  tenant_id text not null,
  -- The event's.
  id text not null unique,
  at bigint not null,
  -- When the window ends; the row goes some time after it.
  ends bigint,
  -- What the webhook is sent: JSON.
  body text not null,
  -- Until when one process delivers it, or waits before it tries again.
  claimed_until bigint not null,
  tries bigint not null,
  delivered_at bigint,
  primary key (account_id, percent)
);
create index alerts_waiting on alerts (at) where delivered_at is null;
create index alerts_ended on alerts (ends);
