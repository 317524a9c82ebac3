-- A branch of a chat has copies of its messages, at the places that they had: a place is a chat's own.
-- What is asked of a whole world leaves the copies out.
ALTER TABLE messages RENAME TO messages_before;
ALTER INDEX messages_pkey RENAME TO messages_before_pkey;
DROP INDEX messages_of_chat;

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
    copied BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (world, chat, seq, idx)
);
INSERT INTO messages
    (world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to)
    SELECT world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to
    FROM messages_before;
DROP TABLE messages_before;
CREATE INDEX messages_of_world ON messages (world, seq, idx);
CREATE INDEX messages_by_id ON messages (world, chat, id);
