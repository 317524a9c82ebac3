-- The collation "C" compares bytes, as SQLite does: both give rows in the same order.
-- Times are milliseconds since 1970; `seq` and `idx` are an event's place in the log.

CREATE TABLE checkpoint (
    seq BIGINT NOT NULL
);
INSERT INTO checkpoint (seq) VALUES (0);

CREATE TABLE worlds (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE TABLE entities (
    world TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (world, id)
);

-- `envelope` is the event's JSON, byte for byte as it is in the log.
CREATE TABLE events (
    world TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    sender TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C",
    chat TEXT COLLATE "C",
    at BIGINT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (world, seq, idx)
);
CREATE INDEX events_of_chat ON events (world, chat, seq, idx) WHERE chat IS NOT NULL;

CREATE TABLE chats (
    world TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (world, id)
);

-- `folded` is the text in lower case: what a search looks in.
CREATE TABLE messages (
    world TEXT COLLATE "C" NOT NULL,
    chat TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    sender TEXT COLLATE "C" NOT NULL,
    from_agent BIGINT NOT NULL,
    text TEXT NOT NULL,
    folded TEXT NOT NULL,
    at BIGINT NOT NULL,
    turn TEXT COLLATE "C" NOT NULL,
    in_reply_to TEXT COLLATE "C",
    PRIMARY KEY (world, seq, idx)
);
CREATE INDEX messages_of_chat ON messages (world, chat, seq, idx);

CREATE TABLE usage (
    world TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    answers BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    PRIMARY KEY (world, agent, model)
);
