-- What operators and crashes say about delivering.

-- Each pause of a destination, with its end; the one in force has none.
CREATE TABLE destination_pause (
  seq           INTEGER PRIMARY KEY,
  destination   TEXT NOT NULL,
  reason        TEXT NOT NULL,
  paused_by     TEXT NOT NULL,
  since         INTEGER NOT NULL,
  resumed_at    INTEGER,
  resumed_by    TEXT,
  resume_reason TEXT
) STRICT;
CREATE UNIQUE INDEX destination_paused ON destination_pause (destination) WHERE resumed_at IS NULL;

-- How often a process ended with the item under way, and whether an attempt at one that did so
-- before is under way now.
ALTER TABLE outbox ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
