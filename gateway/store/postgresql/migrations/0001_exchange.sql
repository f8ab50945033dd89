-- Times are milliseconds since 1970-01-01T00:00:00Z. Digests are raw SHA-256. The numbers of
-- outbox.state are those of store::ItemState. A migration that was released is never edited: its
-- checksum is kept in every store. Tables and columns are named as in the SQLite store.
--
-- Texts are COLLATE "C": compared by bytes, the same on every server. Bodies are compressed by the
-- gateway, so the server does not try again (STORAGE EXTERNAL).

-- Rows of these are locked, never changed: who decides by "is there already one?" first takes the
-- row its question hashes to, so that two such decisions come one after the other. A lock that
-- needs no row of its own for each question, and that any PostgreSQL-like database has.
CREATE TABLE turn (slot integer PRIMARY KEY) WITH (fillfactor = 50);
INSERT INTO turn SELECT generate_series(0, 65535);

CREATE SEQUENCE payload_id CACHE 32;
CREATE TABLE payload (
  id           bigint PRIMARY KEY,
  digest       bytea NOT NULL,     -- of the bytes before compression
  content_type text COLLATE "C" NOT NULL,
  encoding     smallint NOT NULL,  -- 0: as they are, 1: one zstd frame
  bytes        bytea NOT NULL
);
ALTER TABLE payload ALTER bytes SET STORAGE EXTERNAL;

-- One row for each exchange. For one subject `seq` is the order of acceptance.
CREATE SEQUENCE inbox_seq;
CREATE TABLE inbox (
  seq          bigint PRIMARY KEY,
  id           text COLLATE "C" NOT NULL,
  door         text COLLATE "C" NOT NULL,
  sender       text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL,
  message_kind text COLLATE "C" NOT NULL,
  subject      text COLLATE "C" NOT NULL,
  payload      bigint NOT NULL,
  received_at  bigint NOT NULL,
  accepted_at  bigint NOT NULL,
  items        integer NOT NULL,   -- outbox items promised at the commit
  decision     bytea NOT NULL,
  answer       bytea NOT NULL      -- what the same message is answered with when it comes again
);
CREATE UNIQUE INDEX inbox_id ON inbox (id, sender);
CREATE INDEX inbox_items ON inbox (items);

-- A sender's own names for a message; each leads to at most one exchange.
CREATE TABLE idempotency (
  scope    text COLLATE "C" NOT NULL,
  party    text COLLATE "C" NOT NULL,
  value    text COLLATE "C" NOT NULL,
  exchange bigint NOT NULL,        -- inbox.seq
  digest   bytea NOT NULL,         -- of the payload
  until    bigint NOT NULL,
  PRIMARY KEY (value, party, scope)
);
CREATE INDEX idempotency_until ON idempotency (until);

-- What is to be delivered. Only the first unfinished item of a (destination, subject) has a
-- `due_at`; while it is leased that is the end of the lease. A dead item stays unfinished, so it
-- holds those behind it until a person acts. Room is left in the pages for the changes of an item.
CREATE SEQUENCE outbox_seq;
CREATE TABLE outbox (
  seq         bigint PRIMARY KEY,
  id          text COLLATE "C" NOT NULL,
  exchange    bigint NOT NULL,
  task        text COLLATE "C" NOT NULL,
  destination text COLLATE "C" NOT NULL,
  channel     text COLLATE "C" NOT NULL,
  format      text COLLATE "C" NOT NULL,
  purpose     text COLLATE "C" NOT NULL,
  subject     text COLLATE "C" NOT NULL,  -- '' : no order
  slot        integer,             -- of table turn, for (destination, subject)
  message_id  text COLLATE "C" NOT NULL,
  interaction text COLLATE "C" NOT NULL,
  payload     bigint NOT NULL,
  state       smallint NOT NULL,
  attempt     integer NOT NULL,
  due_at      bigint,
  fence       bigint NOT NULL,
  leased_by   text COLLATE "C",
  created_at  bigint NOT NULL,
  deadline    bigint NOT NULL,
  finished_at bigint
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX outbox_id ON outbox (id, subject);
CREATE UNIQUE INDEX outbox_once ON outbox (exchange, destination, purpose);
CREATE INDEX outbox_due ON outbox (destination, due_at, seq) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_open ON outbox (destination, subject, seq) WHERE state IN (0, 5);
CREATE INDEX outbox_leased ON outbox (leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX outbox_message ON outbox (destination, lower(message_id));
CREATE INDEX outbox_state ON outbox (state);

-- Each state change of a workflow, at most once.
CREATE TABLE effect (
  exchange bigint NOT NULL,
  kind     text COLLATE "C" NOT NULL,
  target   text COLLATE "C" NOT NULL,
  at       bigint NOT NULL,
  PRIMARY KEY (exchange, kind, target)
);

-- What became of each attempt. Append only.
CREATE TABLE attempt (
  item       bigint NOT NULL,      -- outbox.seq
  n          integer NOT NULL,
  started_at bigint NOT NULL,
  ended_at   bigint NOT NULL,
  result     text COLLATE "C" NOT NULL,
  peer_code  integer NOT NULL,
  payload    bigint,
  PRIMARY KEY (item, n)
);

CREATE TABLE dead (
  item         bigint PRIMARY KEY,
  task         text COLLATE "C" NOT NULL,
  reason_class text COLLATE "C" NOT NULL,
  reason       text COLLATE "C" NOT NULL,
  owner        text COLLATE "C" NOT NULL,
  due_at       bigint NOT NULL,
  at           bigint NOT NULL
);

CREATE TABLE ack_expect (
  item   bigint NOT NULL,
  layer  text COLLATE "C" NOT NULL,
  due_at bigint NOT NULL,
  step   integer NOT NULL,
  PRIMARY KEY (item, layer)
);

CREATE TABLE unmatched (
  seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          bigint NOT NULL,
  destination text COLLATE "C" NOT NULL,
  item        text COLLATE "C" NOT NULL,
  refers_to   text COLLATE "C" NOT NULL,
  reason      text COLLATE "C" NOT NULL,
  payload     bigint NOT NULL
);

-- The hash chain, and its end kept apart so that a cut-off tail shows. The row of the head is
-- locked as the last thing of a transaction: links follow each other in the order of commits.
CREATE TABLE audit (
  seq  bigint PRIMARY KEY,
  body text COLLATE "C" NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE audit_head (
  one  smallint PRIMARY KEY CHECK (one = 1),
  seq  bigint NOT NULL,
  hash bytea NOT NULL
) WITH (fillfactor = 10);
INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- Which rule of which map wrote what, for each exchange: names and places, no values. The tables of
-- rules stand once for every version of the maps, under their own digest.
CREATE TABLE lineage (
  exchange bigint PRIMARY KEY,     -- inbox.seq
  payload  bigint NOT NULL
);
CREATE TABLE lineage_table (
  digest  bytea PRIMARY KEY,       -- SHA-256 of the table's bytes
  payload bigint NOT NULL
);
CREATE TABLE lineage_uses (
  exchange bigint NOT NULL,
  digest   bytea NOT NULL,
  PRIMARY KEY (exchange, digest)
);

-- What pharmacies say of the items of a prescription, each update once. Append only: the latest one
-- that counts is an item's status.
CREATE TABLE item_status (
  seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  prescription text COLLATE "C" NOT NULL,
  item         text COLLATE "C" NOT NULL,
  task         text COLLATE "C" NOT NULL,
  patient      text COLLATE "C" NOT NULL,
  organisation text COLLATE "C" NOT NULL,
  status       text COLLATE "C" NOT NULL,
  terminal     text COLLATE "C" NOT NULL,
  repeat       integer,
  effective_at bigint NOT NULL,
  post_dated   smallint NOT NULL,  -- 1: does not count before effective_at
  application  text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL,
  received_at  bigint NOT NULL
);
CREATE UNIQUE INDEX item_status_task ON item_status (prescription, lower(task));
CREATE INDEX item_status_item ON item_status (prescription, item, effective_at);
CREATE INDEX item_status_patient ON item_status (patient);
