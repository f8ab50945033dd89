-- What pharmacies say of the items of a prescription, each update once. Append only: the latest one
-- that counts is an item's status.

CREATE TABLE item_status (
  seq          INTEGER PRIMARY KEY,
  prescription TEXT NOT NULL,
  item         TEXT NOT NULL,
  task         TEXT NOT NULL COLLATE NOCASE,
  patient      TEXT NOT NULL,
  organisation TEXT NOT NULL,
  status       TEXT NOT NULL,
  terminal     TEXT NOT NULL,
  repeat       INTEGER,
  effective_at INTEGER NOT NULL,
  post_dated   INTEGER NOT NULL,  -- 1: does not count before effective_at
  application  TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  received_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX item_status_task ON item_status (prescription, task);
CREATE INDEX item_status_item ON item_status (prescription, item, effective_at);
CREATE INDEX item_status_patient ON item_status (patient);
