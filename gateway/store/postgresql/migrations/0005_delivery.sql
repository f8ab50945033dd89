-- What operators and crashes say about delivering.

-- Each pause of a destination, with its end; the one in force has none.
CREATE TABLE destination_pause (
  seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  destination   text COLLATE "C" NOT NULL,
  reason        text COLLATE "C" NOT NULL,
  paused_by     text COLLATE "C" NOT NULL,
  since         bigint NOT NULL,
  resumed_at    bigint,
  resumed_by    text COLLATE "C",
  resume_reason text COLLATE "C"
);
CREATE UNIQUE INDEX destination_paused ON destination_pause (destination) WHERE resumed_at IS NULL;

-- How often a process ended with the item under way, and whether an attempt at one that did so
-- before is under way now.
ALTER TABLE outbox ADD COLUMN crashes integer NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN begun smallint NOT NULL DEFAULT 0;
