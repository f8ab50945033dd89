-- Times are milliseconds since 1970-01-01T00:00:00Z. Digests are raw SHA-256. The numbers of
-- outbox.state are those of store::ItemState. A migration that was released is never edited: its
-- checksum is kept in every store.

CREATE TABLE payload (
  id           INTEGER PRIMARY KEY,
  digest       BLOB NOT NULL,     -- of the bytes before compression
  content_type TEXT NOT NULL,
  encoding     INTEGER NOT NULL,  -- 0: as they are, 1: one zstd frame
  bytes        BLOB NOT NULL
) STRICT;

-- One row for each exchange. `seq` is the order of acceptance.
CREATE TABLE inbox (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL,
  door         TEXT NOT NULL,
  sender       TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  message_kind TEXT NOT NULL,
  subject      TEXT NOT NULL,
  payload      INTEGER NOT NULL,
  received_at  INTEGER NOT NULL,
  accepted_at  INTEGER NOT NULL,
  items        INTEGER NOT NULL,  -- outbox items promised at the commit
  decision     BLOB NOT NULL,
  answer       BLOB NOT NULL      -- what the same message is answered with when it comes again
) STRICT;
CREATE UNIQUE INDEX inbox_id ON inbox (id);
CREATE INDEX inbox_items ON inbox (items);

-- A sender's own names for a message; each leads to at most one exchange.
CREATE TABLE idempotency (
  scope    TEXT NOT NULL,
  party    TEXT NOT NULL,
  value    TEXT NOT NULL,
  exchange INTEGER NOT NULL,      -- inbox.seq
  digest   BLOB NOT NULL,         -- of the payload
  until    INTEGER NOT NULL,
  PRIMARY KEY (scope, party, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_until ON idempotency (until);

CREATE TABLE task (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL,
  exchange   INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  status     TEXT NOT NULL,
  body       BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX task_id ON task (id);

-- What is to be delivered. Only the first unfinished item of a (destination, subject) has a
-- `due_at`; while it is leased that is the end of the lease. A dead item stays unfinished, so it
-- holds those behind it until a person acts.
CREATE TABLE outbox (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  exchange    INTEGER NOT NULL,
  task        TEXT NOT NULL,
  destination TEXT NOT NULL,
  channel     TEXT NOT NULL,
  format      TEXT NOT NULL,
  purpose     TEXT NOT NULL,
  subject     TEXT NOT NULL,      -- '' : no order
  message_id  TEXT NOT NULL COLLATE NOCASE,
  interaction TEXT NOT NULL,
  payload     INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  due_at      INTEGER,
  fence       INTEGER NOT NULL,
  leased_by   TEXT,
  created_at  INTEGER NOT NULL,
  deadline    INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE UNIQUE INDEX outbox_once ON outbox (exchange, destination, purpose);
CREATE INDEX outbox_due ON outbox (destination, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_open ON outbox (destination, subject, seq) WHERE state IN (0, 5);
CREATE INDEX outbox_leased ON outbox (leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX outbox_message ON outbox (destination, message_id);
CREATE INDEX outbox_state ON outbox (state);

-- Each state change of a workflow, at most once.
CREATE TABLE effect (
  exchange INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  target   TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (exchange, kind, target)
) STRICT, WITHOUT ROWID;

-- What became of each attempt. Append only.
CREATE TABLE attempt (
  item       INTEGER NOT NULL,    -- outbox.seq
  n          INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  result     TEXT NOT NULL,
  peer_code  INTEGER NOT NULL,
  payload    INTEGER,
  PRIMARY KEY (item, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead (
  item         INTEGER PRIMARY KEY,
  task         TEXT NOT NULL,
  reason_class TEXT NOT NULL,
  reason       TEXT NOT NULL,
  owner        TEXT NOT NULL,
  due_at       INTEGER NOT NULL,
  at           INTEGER NOT NULL
) STRICT;

CREATE TABLE ack_expect (
  item   INTEGER NOT NULL,
  layer  TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  step   INTEGER NOT NULL,
  PRIMARY KEY (item, layer)
) STRICT, WITHOUT ROWID;

CREATE TABLE unmatched (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  destination TEXT NOT NULL,
  item        TEXT NOT NULL,
  refers_to   TEXT NOT NULL,
  reason      TEXT NOT NULL,
  payload     INTEGER NOT NULL
) STRICT;

-- The hash chain, and its end kept apart so that a cut-off tail shows.
CREATE TABLE audit (
  seq  INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));
