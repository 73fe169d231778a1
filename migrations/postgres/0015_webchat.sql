-- Which sessions of a connector have news: whoever shows conversations asks this once for all of them.
create index sessions_moved on sessions (connector, active_at);
