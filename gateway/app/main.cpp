#include <unistd.h>

#include <iostream>

#include "gateway/app/command_line.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  concord::app::Streams streams{std::cin, std::cout, std::cerr, isatty(STDOUT_FILENO) == 1};
  const int status = concord::app::run(argc, argv, streams);
  std::cout.flush();
  return status;
}
