-- Which rule of which map wrote what, for each exchange: the bytes of fhir/mapping's lineage, which
-- hold names and places, no values. The tables of rules they number stand once for every version of
-- the maps.

CREATE TABLE lineage (
  exchange INTEGER PRIMARY KEY,   -- inbox.seq
  payload  INTEGER NOT NULL
) STRICT;

CREATE TABLE lineage_table (
  digest  BLOB PRIMARY KEY,       -- SHA-256 of the table's bytes
  payload INTEGER NOT NULL
) STRICT;

CREATE TABLE lineage_uses (
  exchange INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  PRIMARY KEY (exchange, digest)
) STRICT, WITHOUT ROWID;
