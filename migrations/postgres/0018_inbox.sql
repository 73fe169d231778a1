-- The key of a message counts within its session: the same id to another agent is another message. One logical schema: the files
-- for Postgres and SQLite are the same text.

create table inbox_of_sessions (
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
  primary key (session_id, message_id),
  unique (session_id, seq)
);
insert into inbox_of_sessions select tenant_id, connector, conversation, message_id, session_id, seq, event_no, person, trusted, body,
  trace, received_at, task_id from inbox;
drop table inbox;
alter table inbox_of_sessions rename to inbox;
