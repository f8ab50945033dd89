#pragma once
/// A file layer (VFS) for the connection that writes: what it appends to the WAL goes to the
/// system in large pieces. SQLite writes each page of the WAL in two calls; a commit of a group
/// has hundreds of them.

#include "fhir/core/result.h"

namespace concord::store::sqlite {

/// Registers the layer once for the process and returns its name, for sqlite3_open_v2().
///
/// Safe because a WAL page counts for others only once its commit was synced and entered into the
/// shared index, and every sync, truncation, size question and overlapping read sends what waits
/// first. A write that fails then fails there, before the commit is answered.
/// Source: sqlite.org/vfs.html, sqlite.org/walformat.html section 4.
/// Errors: internal.
Result<const char*> wal_buffer_layer();

}  // namespace concord::store::sqlite
