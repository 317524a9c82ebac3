-- Lists that are read in an order, or by a filter, without looking at the rest of a world.
CREATE INDEX chats_by_place ON chats (world, seq, idx);
CREATE INDEX events_of_type ON events (world, type, seq, idx);
