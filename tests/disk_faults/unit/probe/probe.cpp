/// Does to a file what its arguments say, one after another, and then waits to be killed.
///   open FILE · append TEXT · at OFFSET TEXT · vector TEXT · sync · datasync · truncate SIZE ·
///   rename TO · sql FILE STATEMENTS (the connection stays open) · wait
/// Says "CALL RESULT ERRNO" for each, "waiting" at the end. File names are relative to the folder
/// it runs in.

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int count, char** arguments) {
  int file = -1;
  std::string name;
  for (int i = 1; i < count;) {
    const std::string call = arguments[i++];
    const auto next = [&] { return i < count ? arguments[i++] : const_cast<char*>(""); };
    errno = 0;
    long result = -1;
    if (call == "open") {
      name = next();
      if (file >= 0) ::close(file);
      file = ::open(name.c_str(), O_WRONLY | O_CREAT, 0600);
      ::lseek(file, 0, SEEK_END);
      result = file >= 0 ? 0 : -1;
    } else if (call == "append") {
      const char* text = next();
      result = ::write(file, text, std::strlen(text));
    } else if (call == "at") {
      const long offset = std::atol(next());
      const char* text = next();
      result = ::pwrite(file, text, std::strlen(text), offset);
    } else if (call == "vector") {
      char* text = next();
      const std::size_t half = std::strlen(text) / 2;
      const iovec parts[2] = {{text, half}, {text + half, std::strlen(text) - half}};
      result = ::writev(file, parts, 2);
    } else if (call == "sync") {
      result = ::fsync(file);
    } else if (call == "datasync") {
      result = ::fdatasync(file);
    } else if (call == "truncate") {
      result = ::ftruncate(file, std::atol(next()));
    } else if (call == "rename") {
      const std::string to = next();
      result = ::rename(name.c_str(), to.c_str());
      name = to;
    } else if (call == "sql") {
      const char* const database = next();
      const char* const statements = next();
      sqlite3* connection = nullptr;
      result = sqlite3_open(database, &connection);
      if (result == SQLITE_OK)
        result = sqlite3_exec(connection, statements, nullptr, nullptr, nullptr);
    } else if (call == "wait") {
      std::puts("waiting");
      std::fflush(stdout);
      for (;;) ::pause();
    }
    std::printf("%s %ld %d\n", call.c_str(), result, errno);
    std::fflush(stdout);
  }
  return 0;
}
