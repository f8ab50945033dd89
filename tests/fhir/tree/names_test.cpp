#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "fhir/tree/arena.h"
#include "fhir/tree/document.h"
#include "fhir/tree/name_set.h"

namespace concord::tree {
namespace {

TEST(HashName, DependsOnEveryByteAndOnTheSeed) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string name(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = 'b';
      if (size < 4 && at != 0 && at != size / 2 && at != size - 1) continue;
      EXPECT_NE(hash_name(name), hash_name(other)) << size << " " << at;
    }
    EXPECT_NE(hash_name(name, 1), hash_name(name, 2));
  }
  EXPECT_NE(hash_name(""), hash_name(std::string_view("\0", 1)));
}

TEST(SameName, AgreesWithEqualityForEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string name(size, 'x'), copy = name;
    EXPECT_TRUE(same_name(name, copy));
    EXPECT_FALSE(same_name(name, name + "x"));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = 'y';
      EXPECT_FALSE(same_name(name, other)) << size << " " << at;
    }
  }
}

TEST(Symbols, ThousandsOfNamesKeepTheirNumbersAndTexts) {
  Symbols symbols;
  std::vector<Symbol> made;
  for (int i = 0; i < 30'000; ++i) made.push_back(symbols.intern("name" + std::to_string(i)));
  EXPECT_EQ(symbols.size(), 30'001u);
  for (int i = 0; i < 30'000; ++i) {
    const std::string name = "name" + std::to_string(i);
    ASSERT_EQ(symbols.find(name), made[static_cast<std::size_t>(i)]);
    ASSERT_EQ(symbols.text(made[static_cast<std::size_t>(i)]), name);
  }
  EXPECT_EQ(symbols.find("name30000"), Symbol::kNone);
  EXPECT_EQ(symbols.intern(""), Symbol::kNone);
}

// Run under ThreadSanitizer: readers beside writers, no lock on the readers' side.
TEST(Symbols, MayBeReadWhileOthersIntern) {
  Symbols symbols;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (!done.load()) {
        for (int i = 0; i < 2000; i += 7) {
          const std::string name = "n" + std::to_string(i);
          const Symbol found = symbols.find(name);
          if (found != Symbol::kNone && symbols.text(found) != name) ++wrong;
        }
      }
    });
  }
  std::vector<std::vector<Symbol>> made(2);
  std::vector<std::thread> writers;
  for (auto& mine : made) {
    writers.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) mine.push_back(symbols.intern("n" + std::to_string(i)));
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(made[0], made[1]);
  EXPECT_EQ(symbols.size(), 2001u);
}

TEST(NameSet, FindsEveryRepeatAndNothingElseInNestedObjectsOfAnySize) {
  std::mt19937 random(7);
  NameSet names;
  for (int round = 0; round < 50; ++round) {
    struct Open {
      NameSet::Mark mark;
      std::set<std::uint32_t> expected;
    };
    std::vector<Open> open;
    open.push_back({names.open(), {}});
    for (int step = 0; step < 3000; ++step) {
      const unsigned what = random() % 100;
      if (what == 0 && open.size() < 20) {
        open.push_back({names.open(), {}});
      } else if (what == 1 && open.size() > 1) {
        names.close(open.back().mark);
        open.pop_back();
      } else {
        const std::uint32_t name = random() % (round % 2 == 0 ? 300 : 1u << 17);
        ASSERT_EQ(names.add(open.back().mark, name), open.back().expected.insert(name).second);
      }
    }
    while (!open.empty()) {
      names.close(open.back().mark);
      open.pop_back();
    }
  }
}

TEST(Arena, AlignsGrowsAndKeepsWhatItGave) {
  Arena arena(64);
  std::vector<std::pair<std::span<std::uint64_t>, std::uint64_t>> given;
  for (std::uint64_t i = 0; i < 200; ++i) {
    arena.copy(std::string(i % 7, 'x'));
    auto words = arena.array<std::uint64_t>(i % 50);
    for (auto& word : words) word = i;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(words.data()) % alignof(std::uint64_t), 0u);
    given.emplace_back(words, i);
  }
  for (const auto& [words, value] : given) {
    for (const std::uint64_t word : words) ASSERT_EQ(word, value);
  }
}

TEST(Arena, SomethingLargeDoesNotThrowAwayTheRoomThatIsLeft) {
  Arena arena(64 * 1024);
  char* before = static_cast<char*>(arena.allocate(1, 1));
  arena.allocate(10 << 20);
  char* after = static_cast<char*>(arena.allocate(1, 1));
  EXPECT_EQ(after, before + 1);
}

TEST(Arena, SizesThatWouldOverflowThrowInsteadOfGivingLess) {
  Arena arena;
  arena.allocate(1);
  EXPECT_THROW(arena.allocate(SIZE_MAX - 8), std::bad_alloc);
  EXPECT_THROW(arena.array<std::uint64_t>(SIZE_MAX / 4), std::bad_alloc);
}

TEST(Arena, ResetKeepsTheFirstBlockAndGivesTheSameMemoryAgain) {
  Arena arena(1024);
  void* first = arena.allocate(16);
  for (int i = 0; i < 100; ++i) arena.allocate(1000);
  EXPECT_GT(arena.taken(), 100'000u);
  arena.reset();
  EXPECT_EQ(arena.taken(), 1024u);
  EXPECT_EQ(arena.allocate(16), first);
}

TEST(Arena, JoinsAndCopiesEmptyTexts) {
  Arena arena;
  EXPECT_EQ(arena.join("ab", "cd"), "abcd");
  EXPECT_EQ(arena.join("", "cd"), "cd");
  EXPECT_EQ(arena.join("ab", ""), "ab");
  EXPECT_EQ(arena.join("", ""), "");
  EXPECT_EQ(arena.copy({}), "");
}

}  // namespace
}  // namespace concord::tree
