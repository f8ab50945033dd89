#pragma once
/// Part of a test in a process of its own, so that it can die in the middle.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace concord::test {

/// How the child came to its end.
struct ChildEnd {
  std::string said;     ///< what it wrote into its pipe
  bool killed = false;  ///< by SIGKILL
  int status = -1;      ///< of an exit of its own
};

/// Runs `child` in a process of its own, with the write end of a pipe. The caller must have no
/// other threads that hold locks.
template <typename Child>
ChildEnd in_child(Child&& child) {
  ChildEnd end;
  int ends[2];
  if (::pipe(ends) != 0) {
    ADD_FAILURE() << "no pipe";
    return end;
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    child(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got <= 0) break;
    end.said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  end.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  return end;
}

/// For the child: a word into the pipe.
inline void say(int pipe, const std::string& line) {
  if (::write(pipe, line.data(), line.size()) < 0) ::_exit(3);
}

/// For the child: ends it as a loss of power would.
inline void die() { ::kill(::getpid(), SIGKILL); }

}  // namespace concord::test
