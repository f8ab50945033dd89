-- FHIR resources with their versions and what they are found by. The PostgreSQL store has the same
-- tables with the same columns; gateway/store/sql/README.md says what they mean.
--
-- place: (milliseconds since 1970 UTC) * 2^20 + (number of the change) % 2^20. So the order of places
-- is the order of the times of change, and what is written lies at the end of every table.

-- The current version of each resource, also of a deleted one (with an empty body).
CREATE TABLE resource (
  place      INTEGER PRIMARY KEY,
  created_nr INTEGER NOT NULL,  -- number of the change that made it: stays through all versions
  changed_nr INTEGER NOT NULL,  -- number of its last change; numbers follow the order of commits
  key        INTEGER NOT NULL,  -- first eight bytes of the SHA-256 of "Type/id"
  type       INTEGER NOT NULL,  -- first four bytes of the SHA-256 of the type
  deleted    INTEGER NOT NULL,  -- 0, 1
  type_name  TEXT NOT NULL,
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  change     INTEGER NOT NULL,  -- store::Change
  encoding   INTEGER NOT NULL,  -- gateway/store/sql/body.h
  body       BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_key ON resource (key);
CREATE INDEX resource_created ON resource (created_nr);
CREATE INDEX resource_changed ON resource (changed_nr);
CREATE INDEX resource_type ON resource (type, deleted);  -- and place, which SQLite adds itself

-- The versions before the current one.
CREATE TABLE resource_version (
  place      INTEGER PRIMARY KEY,
  created_nr INTEGER NOT NULL,
  type       INTEGER NOT NULL,
  type_name  TEXT NOT NULL,
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  change     INTEGER NOT NULL,
  encoding   INTEGER NOT NULL,
  body       BLOB NOT NULL
) STRICT;
CREATE INDEX resource_version_of ON resource_version (created_nr, version);
CREATE INDEX resource_version_type ON resource_version (type);

-- What current, undeleted resources are found by: search::IndexValues. Each table goes from values to
-- places; the way back, from a place to its values, is one row of resource_found.
CREATE TABLE index_token (
  key    INTEGER NOT NULL,
  code   INTEGER NOT NULL,
  place  INTEGER NOT NULL,
  system INTEGER NOT NULL,
  PRIMARY KEY (key, code, place, system)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_text (
  key   INTEGER NOT NULL,
  value TEXT NOT NULL,
  place INTEGER NOT NULL,
  n     INTEGER NOT NULL,       -- counts the texts of one place
  exact TEXT NOT NULL,          -- '' : as `value`
  PRIMARY KEY (key, value, place, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_period (
  key   INTEGER NOT NULL,
  low   INTEGER NOT NULL,
  place INTEGER NOT NULL,
  high  INTEGER NOT NULL,
  PRIMARY KEY (key, low, place, high)
) STRICT, WITHOUT ROWID;
-- Periods longer than 26 hours; the others are found by their beginning.
CREATE INDEX index_period_long ON index_period (key, high, place, low) WHERE low < high - 93600000;

CREATE TABLE index_number (
  key    INTEGER NOT NULL,
  low    REAL NOT NULL,
  place  INTEGER NOT NULL,
  n      INTEGER NOT NULL,      -- counts the numbers of one place
  high   REAL NOT NULL,
  system INTEGER NOT NULL,
  code   INTEGER NOT NULL,
  unit   INTEGER NOT NULL,
  mark   INTEGER NOT NULL,
  PRIMARY KEY (key, low, place, n)
) STRICT, WITHOUT ROWID;
-- Ranges; the others are points.
CREATE INDEX index_number_range ON index_number (key, high, place) WHERE high > low;

CREATE TABLE index_link (
  target INTEGER NOT NULL,
  key    INTEGER NOT NULL,
  place  INTEGER NOT NULL,
  type   INTEGER NOT NULL,
  PRIMARY KEY (target, key, place, type)
) STRICT, WITHOUT ROWID;

-- All of one resource's values, read through the tables found_token … found_link
-- (detail/found_tables.cpp): whether a resource has a value is one look, and one row is written for
-- all of them.
CREATE TABLE resource_found (
  place INTEGER PRIMARY KEY,
  found BLOB NOT NULL
) STRICT;

-- search::Parameters::version() the index was made with; 0: it is to be made.
CREATE TABLE resource_index (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO resource_index VALUES (1, 0);

-- 1: this store came from a backup, and nothing goes out before a person says so: what the outbox
-- holds may have been delivered after the backup was made.
CREATE TABLE quarantine (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  active INTEGER NOT NULL
) STRICT;
INSERT INTO quarantine VALUES (1, 0);

-- The Tasks of exchanges become resources. Their index is made after the start: version 0 above.
INSERT INTO resource (place, created_nr, changed_nr, key, type, deleted, type_name, id, version,
                      change, encoding, body)
  SELECT updated_at * 1048576 + seq % 1048576, seq, seq, resource_hash('Task', id),
         type_number('Task'), 0, 'Task', id, version, CASE version WHEN 1 THEN 1 ELSE 2 END, 0,
         CASE json_valid(CAST(body AS TEXT)) WHEN 1 THEN
           CAST(json_set(CAST(body AS TEXT), '$.meta.versionId', CAST(version AS TEXT),
                         '$.meta.lastUpdated', instant_text(updated_at)) AS BLOB)
         ELSE body END
  FROM task ORDER BY seq;

CREATE TABLE exchange_task (
  key      INTEGER PRIMARY KEY,  -- resource.key of the Task
  exchange INTEGER NOT NULL,     -- inbox.seq
  status   TEXT NOT NULL
) STRICT;
INSERT INTO exchange_task (key, exchange, status)
  SELECT resource_hash('Task', id), exchange, status FROM task;
DROP TABLE task;
