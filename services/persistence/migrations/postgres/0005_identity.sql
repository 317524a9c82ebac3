-- The checkpoint names the commit by its id, too, and the log by the time at which it was created: a
-- database that is ahead of its log, or that belongs to another, is noticed. `commit_seq` is the commit of
-- which `commit_id` is the id: another one means that an earlier version of the service has written since.
ALTER TABLE checkpoint ADD COLUMN commit_id TEXT;
ALTER TABLE checkpoint ADD COLUMN commit_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checkpoint ADD COLUMN log_created BIGINT;

-- `generation` changes whenever rows are deleted to be archived again; the tables are incomplete until
-- commit `rebuild_until`.
ALTER TABLE checkpoint ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checkpoint ADD COLUMN rebuild_until BIGINT NOT NULL DEFAULT 0;

-- Worlds that are archived again, and up to which commit they are; -1 until their rows are deleted.
CREATE TABLE rebuilds (
    world TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
