-- FHIR resources with their versions and what they are found by: the tables of the SQLite store.
-- gateway/store/sql/README.md says what they mean.
--
-- place: (milliseconds since 1970 UTC) * 2^20 + (number of the change) % 2^20. So the order of places
-- is the order of the times of change, and what is written lies at the end of every index.

-- Numbers of changes. Taken under the lock of audit_head only: they follow the order of commits.
CREATE SEQUENCE change_nr;

-- The current version of each resource, also of a deleted one (with an empty body).
CREATE TABLE resource (
  place      bigint PRIMARY KEY,
  created_nr bigint NOT NULL,    -- number of the change that made it: stays through all versions
  changed_nr bigint NOT NULL,    -- number of its last change
  key        bigint NOT NULL,    -- first eight bytes of the SHA-256 of "Type/id"
  type       integer NOT NULL,   -- first four bytes of the SHA-256 of the type
  deleted    smallint NOT NULL,  -- 0, 1
  change     smallint NOT NULL,  -- store::Change
  encoding   smallint NOT NULL,  -- gateway/store/sql/body.h
  version    bigint NOT NULL,
  type_name  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  body       bytea NOT NULL
);
ALTER TABLE resource ALTER body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX resource_key ON resource (key);
CREATE INDEX resource_created ON resource (created_nr);
CREATE INDEX resource_changed ON resource (changed_nr);
CREATE INDEX resource_type ON resource (type, deleted, place);

-- The versions before the current one.
CREATE TABLE resource_version (
  place      bigint PRIMARY KEY,
  created_nr bigint NOT NULL,
  type       integer NOT NULL,
  change     smallint NOT NULL,
  encoding   smallint NOT NULL,
  version    bigint NOT NULL,
  type_name  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  body       bytea NOT NULL
);
ALTER TABLE resource_version ALTER body SET STORAGE EXTERNAL;
CREATE INDEX resource_version_of ON resource_version (created_nr, version);
CREATE INDEX resource_version_type ON resource_version (type, place);

-- What current, undeleted resources are found by: search::IndexValues. The first index goes from
-- resource to value, the second one from value to resource. The first is over +place and +key, which
-- are place and key: so "+place = …" can only be answered from it and "place = …" only from the
-- second, whatever the statistics say.
CREATE TABLE index_token (
  place  bigint NOT NULL,
  code   bigint NOT NULL,
  key    integer NOT NULL,
  system integer NOT NULL
);
CREATE INDEX index_token_place ON index_token ((+place), (+key));
CREATE INDEX index_token_value ON index_token (key, code, place, system);

CREATE TABLE index_text (
  place bigint NOT NULL,
  key   integer NOT NULL,
  n     integer NOT NULL,
  value text COLLATE "C" NOT NULL,
  exact text COLLATE "C" NOT NULL    -- '' : as `value`
);
CREATE INDEX index_text_place ON index_text ((+place), (+key));
CREATE INDEX index_text_value ON index_text (key, value, place);

CREATE TABLE index_period (
  place bigint NOT NULL,
  low   bigint NOT NULL,
  high  bigint NOT NULL,
  key   integer NOT NULL
);
CREATE INDEX index_period_place ON index_period ((+place), (+key));
CREATE INDEX index_period_value ON index_period (key, low, place, high);
-- Periods longer than 26 hours; the others are found by their beginning.
CREATE INDEX index_period_long ON index_period (key, high, place, low) WHERE low < high - 93600000;

CREATE TABLE index_number (
  place  bigint NOT NULL,
  low    double precision NOT NULL,
  high   double precision NOT NULL,
  key    integer NOT NULL,
  n      integer NOT NULL,
  system integer NOT NULL,
  code   integer NOT NULL,
  unit   integer NOT NULL,
  mark   integer NOT NULL
);
CREATE INDEX index_number_place ON index_number ((+place), (+key));
CREATE INDEX index_number_value ON index_number (key, low, place);
-- Ranges; the others are points.
CREATE INDEX index_number_range ON index_number (key, high, place) WHERE high > low;

CREATE TABLE index_link (
  place  bigint NOT NULL,
  target bigint NOT NULL,
  key    integer NOT NULL,
  type   integer NOT NULL
);
CREATE INDEX index_link_place ON index_link ((+place), (+key));
CREATE INDEX index_link_target ON index_link (target, key, place, type);

-- An index is read without its table where the table's pages are known to be visible to all, which
-- vacuum finds out. By default it would look when a fifth of a table is new.
ALTER TABLE resource SET (autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE index_token SET (autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE index_text SET (autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE index_period SET (autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE index_number SET (autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE index_link SET (autovacuum_vacuum_insert_scale_factor = 0.02);

-- search::Parameters::version() the index was made with; 0: it is to be made.
CREATE TABLE resource_index (
  one     smallint PRIMARY KEY CHECK (one = 1),
  version bigint NOT NULL
);
INSERT INTO resource_index VALUES (1, 0);

-- 1: this store came from a backup, and nothing goes out before a person says so: what the outbox
-- holds may have been delivered after the backup was made.
CREATE TABLE quarantine (
  one    smallint PRIMARY KEY CHECK (one = 1),
  active smallint NOT NULL
);
INSERT INTO quarantine VALUES (1, 0);

-- Which exchange a Task belongs to.
CREATE TABLE exchange_task (
  key      bigint PRIMARY KEY,  -- resource.key of the Task
  exchange bigint NOT NULL,     -- inbox.seq
  status   text COLLATE "C" NOT NULL
);
