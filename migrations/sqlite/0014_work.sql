-- Durable work: conversations, tasks, their runs, steps and effects. One logical schema: the files for
-- Postgres and SQLite are the same text. Payloads are JSON: inline, or the hash of an object.

-- One conversation of a person with an agent, over one connector.
create table sessions (
  id text not null primary key,
  tenant_id text not null references tenants (tenant_id),
  agent_id text not null references agents (id),
  connector text not null,
  -- The connector's own name of it.
  conversation text not null,
  -- Who began it, and whether everybody who wrote in it is trusted.
  person text not null,
  trusted bigint not null check (trusted in (0, 1)),
  -- The numbers of the last message that came, of the last that became a task, and of the last event.
  last_seq bigint not null,
  taken_seq bigint not null,
  last_event bigint not null,
  -- The task that is worked on: the next message waits for its end.
  active_task text,
  created_at bigint not null,
  active_at bigint not null,
  closed_at bigint,
  unique (tenant_id, connector, conversation, agent_id),
  check (taken_seq <= last_seq)
);
-- What the scheduler asks for.
create index sessions_ready on sessions (active_at) where active_task is null and taken_seq < last_seq;
create index sessions_active on sessions (tenant_id, active_at);

-- Messages that were acknowledged: the key makes a second delivery nothing.
create table inbox (
  tenant_id text not null,
  connector text not null,
  conversation text not null,
  message_id text not null,
  session_id text not null references sessions (id),
  seq bigint not null,
  event_no bigint not null,
  person text not null,
  trusted bigint not null check (trusted in (0, 1)),
  body text not null,
  trace text,
  received_at bigint not null,
  task_id text,
  primary key (tenant_id, connector, conversation, message_id),
  unique (session_id, seq)
);

create table tasks (
  id text not null primary key,
  tenant_id text not null,
  agent_id text not null references agents (id),
  kind text not null check (kind in ('message', 'schedule', 'subagent')),
  session_id text,
  -- The run that asked for it, and at which step.
  parent_run text,
  parent_step bigint,
  -- On whose behalf it is done; empty where nobody's.
  person text not null,
  trusted bigint not null check (trusted in (0, 1)),
  input text not null,
  state text not null check (state in ('created', 'permitted', 'denied', 'queued', 'running',
    'waiting', 'completed', 'failed', 'cancelled', 'dead')),
  -- Why it was denied, failed, stopped or waits.
  reason text,
  -- 0 where a person waits, 1 where nobody does, 2 for the system's own.
  priority bigint not null,
  -- How often it was put into the queue since a person last asked for it.
  attempts bigint not null,
  available_at bigint not null,
  deadline_at bigint,
  -- JSON: what its run may use.
  limits text not null,
  -- The commit whose policies permitted it.
  policy_commit text not null,
  result text,
  trace text,
  -- The approval or `children` that it waits for; none where people must say themselves.
  waiting_for text,
  created_at bigint not null,
  ended_at bigint,
  unique (parent_run, parent_step)
);
create index tasks_created on tasks (id) where state = 'created';
create index tasks_permitted on tasks (tenant_id, priority, available_at, id) where state = 'permitted';
create index tasks_waiting on tasks (id) where state = 'waiting' and waiting_for is not null;
create index tasks_deadline on tasks (deadline_at) where ended_at is null and deadline_at is not null;
create index tasks_session on tasks (session_id) where session_id is not null;
create index tasks_tenant on tasks (tenant_id, created_at);

-- One execution of a task with its journal. Whoever raises the epoch owns it; what carries a lower one is
-- not written.
create table runs (
  id text not null primary key,
  tenant_id text not null,
  task_id text not null references tasks (id),
  agent_id text not null,
  state text not null check (state in ('queued', 'running', 'waiting', 'completed', 'failed',
    'cancelled', 'lost')),
  priority bigint not null,
  policy_commit text not null,
  lease_owner text not null,
  lease_epoch bigint not null,
  lease_until bigint not null,
  -- How many workers lost it since its last step forward.
  losses bigint not null,
  created_at bigint not null,
  started_at bigint,
  ended_at bigint,
  -- In nano-dollars.
  cost bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  tool_calls bigint not null,
  reason text,
  unique (task_id)
);
create index runs_queued on runs (priority, id) where state = 'queued';
create index runs_leases on runs (lease_until) where state = 'running';
create index runs_open on runs (tenant_id, agent_id) where state in ('queued', 'running');

create table steps (
  run_id text not null references runs (id),
  step_no bigint not null,
  tenant_id text not null,
  kind text not null check (kind in ('model', 'tool', 'summary', 'subagent', 'message')),
  -- SHA-256 of what it was begun with, in hexadecimal: a journal is gone on with by the same input alone.
  input_hash text not null,
  state text not null check (state in ('started', 'done', 'failed', 'waiting', 'unknown')),
  -- How often it was begun, over restarts.
  attempts bigint not null,
  output text,
  started_at bigint not null,
  ended_at bigint,
  primary key (run_id, step_no)
);

create table effects (
  tenant_id text not null,
  idempotency_key text not null,
  run_id text not null,
  step_no bigint not null,
  class text not null check (class in ('pure', 'idempotent', 'readback', 'transactional', 'once')),
  -- A tool or a connector.
  what text not null,
  args_hash text not null,
  state text not null check (state in ('planned', 'sending', 'sent', 'unknown', 'failed', 'aborted')),
  -- JSON: what the receiver said, or who decided.
  receipt text,
  at bigint not null,
  primary key (tenant_id, idempotency_key),
  unique (run_id, step_no)
);
create index effects_unknown on effects (tenant_id, at) where state = 'unknown';

-- The numbered events of a session, which a client reads again after it was away.
create table transcript (
  session_id text not null references sessions (id),
  event_no bigint not null,
  tenant_id text not null,
  kind text not null check (kind in ('user', 'assistant', 'status', 'approval', 'error')),
  body text not null,
  task_id text,
  at bigint not null,
  primary key (session_id, event_no)
);

-- Times at which schedules were due: whoever inserts the row has it.
create table occurrences (
  tenant_id text not null,
  schedule_id text not null,
  due_at bigint not null,
  -- None where it was passed over.
  task_id text,
  claimed_at bigint not null,
  primary key (tenant_id, schedule_id, due_at)
);

-- Objects that payloads name by their hash.
create table artifacts (
  tenant_id text not null,
  sha256 text not null check (length(sha256) = 64),
  size_bytes bigint not null,
  content_type text not null,
  uri text not null,
  created_at bigint not null,
  -- When it was last put in.
  used_at bigint not null,
  -- Whether a row names it: what none does is removed after a while.
  named bigint not null check (named in (0, 1)),
  primary key (tenant_id, sha256)
);
create index artifacts_unnamed on artifacts (used_at) where named = 0;

-- What was given up, until a person says what becomes of it.
create table dead_letters (
  id text not null primary key,
  tenant_id text not null,
  subject text not null,
  task_id text,
  body text not null,
  reason text not null,
  attempts bigint not null,
  at bigint not null,
  resolved_at bigint,
  resolution text check (resolution in ('retried', 'discarded')),
  resolved_by text
);
create index dead_letters_open on dead_letters (tenant_id, at) where resolved_at is null;
create index dead_letters_task on dead_letters (task_id) where task_id is not null;
