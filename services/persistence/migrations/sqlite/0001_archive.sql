-- Times are milliseconds since 1970; `seq` and `idx` are an event's place in the log.

CREATE TABLE checkpoint (
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint (seq) VALUES (0);

CREATE TABLE worlds (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entities (
    world TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;

-- `envelope` is the event's JSON, byte for byte as it is in the log.
CREATE TABLE events (
    world TEXT NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    sender TEXT NOT NULL,
    target TEXT,
    chat TEXT,
    at INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (world, seq, idx)
) STRICT;
CREATE INDEX events_of_chat ON events (world, chat, seq, idx) WHERE chat IS NOT NULL;

CREATE TABLE chats (
    world TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;

-- `folded` is the text in lower case: what a search looks in.
CREATE TABLE messages (
    world TEXT NOT NULL,
    chat TEXT NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    from_agent INTEGER NOT NULL,
    text TEXT NOT NULL,
    folded TEXT NOT NULL,
    at INTEGER NOT NULL,
    turn TEXT NOT NULL,
    in_reply_to TEXT,
    PRIMARY KEY (world, seq, idx)
) STRICT;
CREATE INDEX messages_of_chat ON messages (world, chat, seq, idx);

CREATE TABLE usage (
    world TEXT NOT NULL,
    agent TEXT NOT NULL,
    model TEXT NOT NULL,
    answers INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (world, agent, model)
) STRICT, WITHOUT ROWID;
