-- Interactions, open ones and those that have ended. `seq` and `idx` are the place of the request in the
-- log, `open_targets` is how many targets have not ended it, `changed` the commit of its last change.
CREATE TABLE interactions (
    world TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    requester TEXT NOT NULL,
    action TEXT,
    requested_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    open_targets INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (world, id)
) STRICT;
CREATE INDEX interactions_by_place ON interactions (world, seq, idx);
CREATE INDEX interactions_of_requester ON interactions (world, requester, seq, idx);
-- Few are open, however many have ended.
CREATE INDEX interactions_open ON interactions (world, seq, idx) WHERE open_targets > 0;
CREATE INDEX interactions_open_of_requester ON interactions (world, requester, seq, idx)
    WHERE open_targets > 0;

-- How far each target is; `number` is its place in the request. `outcome` is JSON: when it ended, why, and
-- what the target wrote.
CREATE TABLE interaction_targets (
    world TEXT NOT NULL,
    interaction TEXT NOT NULL,
    target TEXT NOT NULL,
    number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    status TEXT NOT NULL,
    steps_done INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (world, interaction, target)
) STRICT;
CREATE INDEX interactions_of_target ON interaction_targets (world, target, seq, idx);
