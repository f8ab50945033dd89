-- Items counted for each destination, so that a subscriber can tell whether it saw all of them.
-- Who gives the next number first takes the turn of (destination, '#number').
ALTER TABLE outbox ADD COLUMN number bigint NOT NULL DEFAULT 0;  -- 0: not numbered
CREATE UNIQUE INDEX outbox_number ON outbox (destination, number) WHERE number > 0;
