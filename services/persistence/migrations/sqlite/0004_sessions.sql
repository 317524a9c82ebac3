-- Sessions, open ones and those that have ended. `seq` and `idx` are the place of their beginning in the log,
-- `changed` is the commit of their end, `ended_at` is 0 while they are open; `variables` is JSON.
CREATE TABLE sessions (
    world TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    flow TEXT NOT NULL,
    entity TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    reason TEXT,
    epoch INTEGER NOT NULL,
    variables TEXT NOT NULL,
    PRIMARY KEY (world, id)
) STRICT;
CREATE INDEX sessions_by_place ON sessions (world, seq, idx);
CREATE INDEX sessions_of_flow ON sessions (world, flow, seq, idx);
CREATE INDEX sessions_of_entity ON sessions (world, entity, seq, idx);
-- Few are open, however many have ended.
CREATE INDEX sessions_open ON sessions (world, seq, idx) WHERE ended_at = 0;

-- What happened in a session. `session` is its id.
ALTER TABLE events ADD COLUMN session TEXT;
CREATE INDEX events_of_session ON events (world, session, seq, idx) WHERE session IS NOT NULL;
