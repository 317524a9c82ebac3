-- What models cost, in millionths of a currency. `currency` is empty for answers without a cost.
ALTER TABLE usage ADD COLUMN currency TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage DROP CONSTRAINT usage_pkey;
ALTER TABLE usage ADD PRIMARY KEY (world, agent, model, currency);

-- The same for each hour; `hour` is its begin.
CREATE TABLE usage_hours (
    world TEXT COLLATE "C" NOT NULL,
    hour BIGINT NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    answers BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (world, hour, agent, model, currency)
);
