#include "fhir/core/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>

namespace concord {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }
  Descriptor read, write;
};

TEST(Descriptor, ClosesWhatItOwnsOnce) {
  int number = -1;
  {
    const Pipe pipe;
    number = pipe.read.get();
    EXPECT_TRUE(pipe.read.is_open());
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_FALSE(Descriptor().is_open());
}

TEST(Descriptor, MovesAndClosesWhatItHeldBefore) {
  Pipe one, two;
  const int first = one.read.get(), second = two.read.get();
  one.read = std::move(two.read);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(one.read.get(), second);
  EXPECT_TRUE(is_open(second));
  EXPECT_FALSE(two.read.is_open());
}

TEST(Descriptor, WritesAllOfALongTextThroughAPipeThatTakesItInPieces) {
  Pipe pipe;
  const std::string text(1'000'000, 'x');
  std::string got;
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (ssize_t size; (size = ::read(pipe.read.get(), buffer.data(), buffer.size())) > 0;) {
      got.append(buffer.data(), static_cast<std::size_t>(size));
    }
  });
  EXPECT_TRUE(write_all(pipe.write.get(), text));
  pipe.write = Descriptor();
  reader.join();
  EXPECT_EQ(got, text);
}

TEST(Descriptor, SaysWhyItCouldNotWrite) {
  errno = 0;
  EXPECT_FALSE(write_all(-1, "x"));
  EXPECT_EQ(errno, EBADF);
  EXPECT_TRUE(write_all(-1, ""));
}

}  // namespace
}  // namespace concord
