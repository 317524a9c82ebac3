-- Sessions, open ones and those that have ended. `seq` and `idx` are the place of their beginning in the log,
-- `changed` is the commit of their end, `ended_at` is 0 while they are open; `variables` is JSON.
CREATE TABLE sessions (
    world TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    flow TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    reason TEXT COLLATE "C",
    epoch BIGINT NOT NULL,
    variables TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (world, id)
);
CREATE INDEX sessions_by_place ON sessions (world, seq, idx);
CREATE INDEX sessions_of_flow ON sessions (world, flow, seq, idx);
CREATE INDEX sessions_of_entity ON sessions (world, entity, seq, idx);
-- Few are open, however many have ended.
CREATE INDEX sessions_open ON sessions (world, seq, idx) WHERE ended_at = 0;

-- What happened in a session. `session` is its id.
ALTER TABLE events ADD COLUMN session TEXT COLLATE "C";
CREATE INDEX events_of_session ON events (world, session, seq, idx) WHERE session IS NOT NULL;
