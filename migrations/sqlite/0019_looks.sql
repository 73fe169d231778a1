-- What is looked at every second or at every upload is found without reading the rows themselves. One logical schema:
-- the files for Postgres and SQLite are the same text.

-- How much is kept that nothing names: its bytes are in the index.
drop index artifacts_unnamed;
create index artifacts_unnamed on artifacts (used_at, size_bytes) where named = 0;

-- The tasks of schedules that are not over: a schedule that must not overlap looks among these.
create index tasks_of_schedules on tasks (id) where kind = 'schedule' and ended_at is null;
create index occurrences_tasks on occurrences (task_id, tenant_id, schedule_id) where task_id is not null;
