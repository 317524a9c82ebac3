-- Interactions, open ones and those that have ended. `seq` and `idx` are the place of the request in the
-- log, `open_targets` is how many targets have not ended it, `changed` the commit of its last change.
CREATE TABLE interactions (
    world TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    requester TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C",
    requested_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    open_targets BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (world, id)
);
CREATE INDEX interactions_by_place ON interactions (world, seq, idx);
CREATE INDEX interactions_of_requester ON interactions (world, requester, seq, idx);
-- Few are open, however many have ended.
CREATE INDEX interactions_open ON interactions (world, seq, idx) WHERE open_targets > 0;
CREATE INDEX interactions_open_of_requester ON interactions (world, requester, seq, idx)
    WHERE open_targets > 0;

-- How far each target is; `number` is its place in the request. `outcome` is JSON: when it ended, why, and
-- what the target wrote.
CREATE TABLE interaction_targets (
    world TEXT COLLATE "C" NOT NULL,
    interaction TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    steps_done BIGINT NOT NULL,
    outcome TEXT,
    PRIMARY KEY (world, interaction, target)
);
CREATE INDEX interactions_of_target ON interaction_targets (world, target, seq, idx);
