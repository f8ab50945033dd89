-- Counters, so that what promise P4 says can be looked at every minute without reading every row.
-- They follow the rows by triggers, in the transactions that change these, whoever changes them;
-- `concord store check` compares them with a full count.
--
-- A transaction adds rows to tally_change and touches none of another's, so counting makes nobody
-- wait; a gateway sums them up into tally once a minute. The counts are the sum of both tables.


-- Other gateways go on writing while this is applied: what they write is counted here or by the
-- triggers, not by neither. In the order gateways take these tables, and at once as they are needed
-- below: who leases looks at the outbox before it writes there, and would meet a stronger lock halfway.
LOCK TABLE inbox, unmatched, outbox, ack_expect IN ACCESS EXCLUSIVE MODE;

CREATE TABLE tally (
  destination text COLLATE "C" NOT NULL,
  state       smallint NOT NULL,  -- of outbox items; or, with destination '': -1 items promised by
                                  -- exchanges, -2 unmatched answers, -3 the difference last told of
  n           bigint NOT NULL,
  PRIMARY KEY (destination, state)
) WITH (fillfactor = 50);
CREATE TABLE tally_change (
  destination text COLLATE "C" NOT NULL,
  state       smallint NOT NULL,
  n           bigint NOT NULL
);
INSERT INTO tally SELECT '', -1, coalesce(sum(items), 0) FROM inbox;
INSERT INTO tally SELECT '', -2, count(*) FROM unmatched;
INSERT INTO tally VALUES ('', -3, 0);
INSERT INTO tally SELECT destination, state, count(*) FROM outbox GROUP BY destination, state;

CREATE FUNCTION count_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  INSERT INTO tally_change
    SELECT '', -1, sign * sum(items) FROM changed HAVING sum(items) <> 0;
  RETURN NULL;
END $$;
CREATE TRIGGER inbox_counted AFTER INSERT ON inbox REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_inbox();
CREATE TRIGGER inbox_uncounted AFTER DELETE ON inbox REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_inbox();

CREATE FUNCTION count_unmatched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tally_change VALUES ('', -2, CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END);
  RETURN NULL;
END $$;
CREATE TRIGGER unmatched_counted AFTER INSERT OR DELETE ON unmatched
  FOR EACH ROW EXECUTE FUNCTION count_unmatched();

CREATE FUNCTION count_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  INSERT INTO tally_change
    SELECT destination, state, sign * count(*) FROM changed GROUP BY destination, state;
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_counted AFTER INSERT ON outbox REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_outbox();
CREATE TRIGGER outbox_uncounted AFTER DELETE ON outbox REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_outbox();

CREATE FUNCTION count_outbox_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tally_change
    VALUES (OLD.destination, OLD.state, -1), (NEW.destination, NEW.state, 1);
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_moved AFTER UPDATE OF state, destination ON outbox
  FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.destination <> NEW.destination)
  EXECUTE FUNCTION count_outbox_move();

-- The oldest waiting item of a destination is the first of its rows here.
DROP INDEX outbox_state;
CREATE INDEX outbox_state ON outbox (state, destination, seq);

-- When the next step of escalation is to be taken; null: there is none.
ALTER TABLE ack_expect ADD COLUMN next_at bigint;
UPDATE ack_expect SET next_at = due_at;
CREATE INDEX ack_expect_next ON ack_expect (next_at) WHERE next_at IS NOT NULL;
