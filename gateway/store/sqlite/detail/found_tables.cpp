// The tables found_token … found_link: table-valued functions over resource_found.
// Source: sqlite.org/vtab.html.
#include <array>
#include <memory>
#include <new>
#include <optional>

#include "gateway/store/sqlite/detail/found.h"

namespace concord::store::sqlite {

namespace {

using search::IndexKind;

struct Kind {
  const char* name;
  const char* schema;  // key is column 0, place the last one
  int place;           // its column
  IndexKind kind;
};

constexpr std::array<Kind, 5> kKinds{
    {{"found_token", "CREATE TABLE x(key, code, system, place HIDDEN)", 3, IndexKind::token},
     {"found_text", "CREATE TABLE x(key, value, exact, place HIDDEN)", 3, IndexKind::text},
     {"found_period", "CREATE TABLE x(key, low, high, place HIDDEN)", 3, IndexKind::period},
     {"found_number", "CREATE TABLE x(key, low, high, system, code, unit, mark, place HIDDEN)", 7,
      IndexKind::number},
     {"found_link", "CREATE TABLE x(key, target, type, place HIDDEN)", 3, IndexKind::link}}};

/// One table of one connection.
struct Table : sqlite3_vtab {
  sqlite3* database = nullptr;
  const Kind* kind = nullptr;
  sqlite3_stmt* look = nullptr;  // made at the first look
};

struct Cursor : sqlite3_vtab_cursor {
  std::string bytes;
  FoundReader reader;
  std::int64_t place = 0;
  std::optional<std::int64_t> key;
  bool at_end = true;
};

Cursor& of(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

int connect(sqlite3* database, void* kind, int, const char* const*, sqlite3_vtab** made, char**) {
  auto table = std::unique_ptr<Table>(new (std::nothrow) Table());
  if (!table) return SQLITE_NOMEM;
  table->database = database;
  table->kind = static_cast<const Kind*>(kind);
  const int code = sqlite3_declare_vtab(database, table->kind->schema);
  if (code == SQLITE_OK) *made = table.release();
  return code;
}

int disconnect(sqlite3_vtab* vtab) {
  const std::unique_ptr<Table> table(static_cast<Table*>(vtab));
  sqlite3_finalize(table->look);
  return SQLITE_OK;
}

/// The place must be known; the key is taken too when it is.
int best_index(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  const Table& table = *static_cast<Table*>(vtab);
  int place = -1, key = -1;
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& one = info->aConstraint[i];
    if (one.op != SQLITE_INDEX_CONSTRAINT_EQ || one.usable == 0) continue;
    if (one.iColumn == table.kind->place) place = i;
    if (one.iColumn == 0) key = i;
  }
  if (place < 0) return SQLITE_CONSTRAINT;
  info->aConstraintUsage[place].argvIndex = 1;
  info->aConstraintUsage[place].omit = 1;
  if (key >= 0) {
    info->aConstraintUsage[key].argvIndex = 2;
    info->aConstraintUsage[key].omit = 1;
  }
  info->idxNum = key >= 0 ? 1 : 0;
  info->estimatedCost = 2;
  info->estimatedRows = 4;
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** made) {
  *made = new (std::nothrow) Cursor();
  return *made == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  Cursor& at = of(cursor);
  do {
    at.at_end = !at.reader.next();
  } while (!at.at_end && at.key && *at.key != at.reader.key);
  return at.reader.damaged() ? SQLITE_CORRUPT_VTAB : SQLITE_OK;
}

/// Copies the bytes of the place and gives the statement back, so that looks may be nested.
int load(Table& table, Cursor& at) {
  if (table.look == nullptr) {
    const int code =
        sqlite3_prepare_v3(table.database, "SELECT found FROM resource_found WHERE place = ?", -1,
                           SQLITE_PREPARE_PERSISTENT, &table.look, nullptr);
    if (code != SQLITE_OK) return code;
  }
  sqlite3_bind_int64(table.look, 1, at.place);
  const int code = sqlite3_step(table.look);
  int result = SQLITE_OK;
  if (code == SQLITE_ROW) {
    const void* bytes = sqlite3_column_blob(table.look, 0);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(table.look, 0));
    try {
      at.bytes.assign(static_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
    } catch (const std::bad_alloc&) {
      result = SQLITE_NOMEM;
    }
  } else if (code != SQLITE_DONE) {
    result = code;
  }
  sqlite3_reset(table.look);
  if (result == SQLITE_OK && code == SQLITE_ROW) {
    at.reader = FoundReader(at.bytes, table.kind->kind);
  }
  return result;
}

int filter(sqlite3_vtab_cursor* cursor, int with_key, const char*, int, sqlite3_value** values) {
  Cursor& at = of(cursor);
  at.place = sqlite3_value_int64(values[0]);
  at.key = with_key != 0 ? std::optional(sqlite3_value_int64(values[1])) : std::nullopt;
  at.reader = FoundReader();
  const int code = load(*static_cast<Table*>(at.pVtab), at);
  return code == SQLITE_OK ? next(cursor) : code;
}

int at_end(sqlite3_vtab_cursor* cursor) { return of(cursor).at_end ? 1 : 0; }

void give(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  const Cursor& at = of(cursor);
  const Kind& kind = *static_cast<Table*>(at.pVtab)->kind;
  const FoundReader& read = at.reader;
  const auto integer = [context](std::int64_t value) { sqlite3_result_int64(context, value); };
  if (column == 0) {
    integer(read.key);
  } else if (column == kind.place) {
    integer(at.place);
  } else {
    switch (kind.kind) {
      case IndexKind::token:
        integer(column == 1 ? read.token.code : read.token.system);
        break;
      case IndexKind::text:
        give(context, column == 1 ? read.value : read.exact);
        break;
      case IndexKind::period:
        integer(column == 1 ? read.period.low : read.period.high);
        break;
      case IndexKind::number:
        if (column <= 2) {
          sqlite3_result_double(context, column == 1 ? read.number.low : read.number.high);
        } else {
          const std::int32_t rest[] = {read.number.system, read.number.code, read.number.unit,
                                       read.number.mark};
          integer(rest[column - 3]);
        }
        break;
      case IndexKind::link:
        integer(column == 1 ? read.link.target : read.link.type);
        break;
    }
  }
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor*, sqlite3_int64* id) {
  *id = 0;  // nobody asks
  return SQLITE_OK;
}

sqlite3_module made_module() {
  sqlite3_module module{};
  module.xConnect = &connect;  // without xCreate: there without being created
  module.xBestIndex = &best_index;
  module.xDisconnect = &disconnect;
  module.xOpen = &open;
  module.xClose = &close;
  module.xFilter = &filter;
  module.xNext = &next;
  module.xEof = &at_end;
  module.xColumn = &column;
  module.xRowid = &row_id;
  return module;
}

}  // namespace

Result<void> add_found_tables(sqlite3* database) {
  static const sqlite3_module module = made_module();
  for (const Kind& kind : kKinds) {
    const int code =
        sqlite3_create_module_v2(database, kind.name, &module, const_cast<Kind*>(&kind), nullptr);
    if (code != SQLITE_OK) return sqlite_error(code, database);
  }
  return {};
}

}  // namespace concord::store::sqlite
