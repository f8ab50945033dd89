#pragma once
/// The last migration of each kind of store undone, for tests of upgrades: what is left is a store
/// as the previous schema version has it, with all its rows. A newer migration needs another script
/// here; until then whoever uses these says so.

namespace concord::test {

/// Name of the migration the script undoes.
inline constexpr const char* kPostgresqlLast = "0006_tally.sql";
/// One transaction. Waits two seconds for others at most.
inline constexpr const char* kPostgresqlUndo =
    "BEGIN; SET LOCAL search_path = concord; SET LOCAL lock_timeout = '2s'; "
    "LOCK TABLE inbox, unmatched, outbox, ack_expect IN ACCESS EXCLUSIVE MODE; "
    "DROP FUNCTION count_inbox() CASCADE; DROP FUNCTION count_unmatched() CASCADE; "
    "DROP FUNCTION count_outbox() CASCADE; DROP FUNCTION count_outbox_move() CASCADE; "
    "DROP TABLE tally, tally_change; "
    "DROP INDEX outbox_state; CREATE INDEX outbox_state ON outbox (state); "
    "ALTER TABLE ack_expect DROP COLUMN next_at; "
    "DELETE FROM migration WHERE version = 6; COMMIT";

inline constexpr const char* kSqliteLast = "0008_tally.sql";
inline constexpr const char* kSqliteUndo =
    "BEGIN IMMEDIATE; "
    "DROP TRIGGER inbox_counted; DROP TRIGGER inbox_uncounted; DROP TRIGGER unmatched_counted; "
    "DROP TRIGGER unmatched_uncounted; DROP TRIGGER outbox_counted; DROP TRIGGER outbox_moved; "
    "DROP TRIGGER outbox_uncounted; DROP TABLE tally; "
    "DROP INDEX outbox_state; CREATE INDEX outbox_state ON outbox (state); "
    "DROP INDEX ack_expect_next; ALTER TABLE ack_expect DROP COLUMN next_at; "
    "DELETE FROM migration WHERE version = 8; PRAGMA user_version = 7; COMMIT";

}  // namespace concord::test
