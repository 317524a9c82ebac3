-- A branch of a chat has copies of its messages, at the places that they had: a place is a chat's own.
-- What is asked of a whole world leaves the copies out.
ALTER TABLE messages RENAME TO messages_before;
DROP INDEX messages_of_chat;

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
    copied INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (world, chat, seq, idx)
) STRICT;
INSERT INTO messages
    (world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to)
    SELECT world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to
    FROM messages_before;
DROP TABLE messages_before;
CREATE INDEX messages_of_world ON messages (world, seq, idx);
CREATE INDEX messages_by_id ON messages (world, chat, id);
