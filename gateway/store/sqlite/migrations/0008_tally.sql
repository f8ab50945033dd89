-- Counters, so that what promise P4 says can be looked at every minute without reading every row.
-- They follow the rows by triggers, in the transactions that change these, whoever changes them;
-- `concord store check` compares them with a full count.

CREATE TABLE tally (
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,  -- of outbox items; or, with destination '': -1 items promised by
                                 -- exchanges, -2 unmatched answers, -3 the difference last told of
  n           INTEGER NOT NULL,
  PRIMARY KEY (destination, state)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT '', -1, coalesce(sum(items), 0) FROM inbox;
INSERT INTO tally SELECT '', -2, count(*) FROM unmatched;
INSERT INTO tally VALUES ('', -3, 0);
INSERT INTO tally SELECT destination, state, count(*) FROM outbox GROUP BY destination, state;

CREATE TRIGGER inbox_counted AFTER INSERT ON inbox WHEN new.items <> 0 BEGIN
  UPDATE tally SET n = n + new.items WHERE destination = '' AND state = -1;
END;
CREATE TRIGGER inbox_uncounted AFTER DELETE ON inbox WHEN old.items <> 0 BEGIN
  UPDATE tally SET n = n - old.items WHERE destination = '' AND state = -1;
END;
CREATE TRIGGER unmatched_counted AFTER INSERT ON unmatched BEGIN
  UPDATE tally SET n = n + 1 WHERE destination = '' AND state = -2;
END;
CREATE TRIGGER unmatched_uncounted AFTER DELETE ON unmatched BEGIN
  UPDATE tally SET n = n - 1 WHERE destination = '' AND state = -2;
END;
CREATE TRIGGER outbox_counted AFTER INSERT ON outbox BEGIN
  INSERT INTO tally VALUES (new.destination, new.state, 1)
    ON CONFLICT (destination, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER outbox_moved AFTER UPDATE OF state, destination ON outbox
WHEN old.state <> new.state OR old.destination <> new.destination BEGIN
  UPDATE tally SET n = n - 1 WHERE destination = old.destination AND state = old.state;
  INSERT INTO tally VALUES (new.destination, new.state, 1)
    ON CONFLICT (destination, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER outbox_uncounted AFTER DELETE ON outbox BEGIN
  UPDATE tally SET n = n - 1 WHERE destination = old.destination AND state = old.state;
END;

-- The oldest waiting item of a destination is the first of its rows here.
DROP INDEX outbox_state;
CREATE INDEX outbox_state ON outbox (state, destination);

-- When the next step of escalation is to be taken; null: there is none.
ALTER TABLE ack_expect ADD COLUMN next_at INTEGER;
UPDATE ack_expect SET next_at = due_at;
CREATE INDEX ack_expect_next ON ack_expect (next_at) WHERE next_at IS NOT NULL;
