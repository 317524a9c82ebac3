-- What models cost, in millionths of a currency. `currency` is empty for answers without a cost.
ALTER TABLE usage RENAME TO usage_before;

CREATE TABLE usage (
    world TEXT NOT NULL,
    agent TEXT NOT NULL,
    model TEXT NOT NULL,
    currency TEXT NOT NULL,
    answers INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    PRIMARY KEY (world, agent, model, currency)
) STRICT, WITHOUT ROWID;
INSERT INTO usage (world, agent, model, currency, answers, input_tokens, output_tokens, cost)
    SELECT world, agent, model, '', answers, input_tokens, output_tokens, 0 FROM usage_before;
DROP TABLE usage_before;

-- The same for each hour; `hour` is its begin.
CREATE TABLE usage_hours (
    world TEXT NOT NULL,
    hour INTEGER NOT NULL,
    agent TEXT NOT NULL,
    model TEXT NOT NULL,
    currency TEXT NOT NULL,
    answers INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    PRIMARY KEY (world, hour, agent, model, currency)
) STRICT, WITHOUT ROWID;
