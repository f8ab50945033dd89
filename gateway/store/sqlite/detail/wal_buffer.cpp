#include "gateway/store/sqlite/detail/wal_buffer.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

namespace {

constexpr const char* kName = "concord-wal-buffer";
constexpr sqlite3_int64 kRoom = 0x1F000;  // the system's layer takes 0x1FFFF bytes in one call

sqlite3_vfs* system_layer() { return sqlite3_vfs_find(nullptr); }

/// A WAL opened through the layer; the system's own file lies behind it in the same memory.
struct WalFile : sqlite3_file {
  std::unique_ptr<char[]> waiting;
  sqlite3_int64 from = 0;  // where in the file `waiting` begins
  sqlite3_int64 size = 0;

  sqlite3_file* real() {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(this) + own_size());
  }
  static constexpr std::size_t own_size() {
    constexpr std::size_t kAlign = alignof(std::max_align_t);
    return (sizeof(WalFile) + kAlign - 1) / kAlign * kAlign;
  }
  /// What could not be written is dropped: who hears the error gives the transaction up.
  int send() {
    if (size == 0) return SQLITE_OK;
    const auto amount = static_cast<int>(std::exchange(size, 0));
    return real()->pMethods->xWrite(real(), waiting.get(), amount, from);
  }
};

WalFile& of(sqlite3_file* file) { return *static_cast<WalFile*>(file); }

int close(sqlite3_file* file) {
  WalFile& wal = of(file);
  const int sent = wal.send();
  const int closed = wal.real()->pMethods->xClose(wal.real());
  wal.~WalFile();
  return sent != SQLITE_OK ? sent : closed;
}

int read(sqlite3_file* file, void* into, int amount, sqlite3_int64 from) {
  WalFile& wal = of(file);
  if (wal.size > 0 && from < wal.from + wal.size && wal.from < from + amount) {
    if (const int code = wal.send(); code != SQLITE_OK) return SQLITE_IOERR_READ;
  }
  return wal.real()->pMethods->xRead(wal.real(), into, amount, from);
}

int write(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 from) {
  WalFile& wal = of(file);
  if (wal.size > 0 && (from != wal.from + wal.size || wal.size + amount > kRoom)) {
    if (const int code = wal.send(); code != SQLITE_OK) return code;
  }
  if (amount > kRoom) return wal.real()->pMethods->xWrite(wal.real(), bytes, amount, from);
  if (wal.size == 0) wal.from = from;
  std::memcpy(wal.waiting.get() + wal.size, bytes, static_cast<std::size_t>(amount));
  wal.size += amount;
  return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  WalFile& wal = of(file);
  if (const int code = wal.send(); code != SQLITE_OK) return code;
  return wal.real()->pMethods->xTruncate(wal.real(), size);
}

int sync(sqlite3_file* file, int flags) {
  WalFile& wal = of(file);
  if (const int code = wal.send(); code != SQLITE_OK) return code;
  return wal.real()->pMethods->xSync(wal.real(), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  WalFile& wal = of(file);
  if (const int code = wal.send(); code != SQLITE_OK) return code;
  return wal.real()->pMethods->xFileSize(wal.real(), size);
}

int lock(sqlite3_file* file, int level) {
  return of(file).real()->pMethods->xLock(of(file).real(), level);
}
int unlock(sqlite3_file* file, int level) {
  return of(file).real()->pMethods->xUnlock(of(file).real(), level);
}
int check_lock(sqlite3_file* file, int* locked) {
  return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), locked);
}
int control(sqlite3_file* file, int operation, void* argument) {
  return of(file).real()->pMethods->xFileControl(of(file).real(), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return of(file).real()->pMethods->xSectorSize(of(file).real());
}
int characteristics(sqlite3_file* file) {
  return of(file).real()->pMethods->xDeviceCharacteristics(of(file).real());
}

/// Of version 1: shared memory and mappings belong to the database file, not to its WAL.
sqlite3_io_methods wal_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = &close;
  methods.xRead = &read;
  methods.xWrite = &write;
  methods.xTruncate = &truncate;
  methods.xSync = &sync;
  methods.xFileSize = &file_size;
  methods.xLock = &lock;
  methods.xUnlock = &unlock;
  methods.xCheckReservedLock = &check_lock;
  methods.xFileControl = &control;
  methods.xSectorSize = &sector_size;
  methods.xDeviceCharacteristics = &characteristics;
  return methods;
}

int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* given) {
  sqlite3_vfs* const system = system_layer();
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, path, file, flags, given);
  static const sqlite3_io_methods methods = wal_methods();
  file->pMethods = nullptr;  // not to be closed when this fails
  auto waiting = std::unique_ptr<char[]>(new (std::nothrow) char[kRoom]);
  if (!waiting) return SQLITE_NOMEM;
  auto* const wal = new (file) WalFile();
  wal->pMethods = nullptr;
  const int code = system->xOpen(system, path, wal->real(), flags, given);
  if (code != SQLITE_OK) {
    wal->~WalFile();
    return code;
  }
  wal->waiting = std::move(waiting);
  wal->pMethods = &methods;
  return SQLITE_OK;
}

}  // namespace

Result<const char*> wal_buffer_layer() {
  static const int registered = [] {
    static sqlite3_vfs layer = *system_layer();  // all but opening is the system's
    layer.pNext = nullptr;
    layer.zName = kName;
    layer.szOsFile = static_cast<int>(WalFile::own_size()) + system_layer()->szOsFile;
    layer.xOpen = &open;
    return sqlite3_vfs_register(&layer, 0);
  }();
  if (registered != SQLITE_OK) return sqlite_error(registered, nullptr);
  return kName;
}

}  // namespace concord::store::sqlite
