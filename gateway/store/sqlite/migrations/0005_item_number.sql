-- Items counted for each destination, so that a subscriber can tell whether it saw all of them.
ALTER TABLE outbox ADD COLUMN number INTEGER NOT NULL DEFAULT 0;  -- 0: not numbered
CREATE UNIQUE INDEX outbox_number ON outbox (destination, number) WHERE number > 0;
