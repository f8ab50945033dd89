#pragma once
/// Names as 16-bit numbers.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::tree {

/// An interned name. `kNone` is the empty name. Numbers below `kFirstLocal` belong to the shared
/// table; from there on to the one document that met the name first.
enum class Symbol : std::uint16_t { kNone = 0, kFirstLocal = 0x8000, kLast = 0xFFFF };

constexpr std::uint16_t number(Symbol symbol) { return static_cast<std::uint16_t>(symbol); }
constexpr bool is_local(Symbol symbol) { return symbol >= Symbol::kFirstLocal; }

/// A hash of a name: eight bytes a step, both factors of each product depend on `seed`, so names
/// that collide for one seed do not for another.
inline std::uint32_t hash_name(std::string_view name, std::uint64_t seed = 0) noexcept {
  __extension__ using Product = unsigned __int128;
  const auto load = [](const char* at, std::size_t bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, bytes);
    return value;
  };
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    const Product product = Product{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  const std::uint64_t left = seed ^ 0xA0761D6478BD642Fu;
  const std::uint64_t right = (seed << 32 | seed >> 32) ^ 0xE7037ED1A0B428DBu;
  const char* at = name.data();
  const std::size_t size = name.size();
  std::uint64_t state = left ^ size;
  std::uint64_t a = 0, b = 0;
  if (size >= 8) {
    for (std::size_t left_over = size; left_over > 16; left_over -= 8, at += 8) {
      state = mix(state ^ load(at, 8), right);
    }
    a = load(at, 8);
    b = load(name.data() + size - 8, 8);
  } else if (size >= 4) {
    a = load(at, 4);
    b = load(at + size - 4, 4);
  } else if (size > 0) {
    a = static_cast<unsigned char>(at[0]);
    b = std::uint64_t{static_cast<unsigned char>(at[size / 2])} << 8 |
        static_cast<unsigned char>(at[size - 1]);
  }
  const std::uint64_t mixed = mix(state ^ a, right ^ b);
  return static_cast<std::uint32_t>(mixed ^ mixed >> 32);
}

/// Equality of two names; short ones, as most are, compare as two words.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  const auto load = [](const char* at) {
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  const std::size_t size = a.size();
  if (size < 8 || size > 16) return a == b;
  return ((load(a.data()) ^ load(b.data())) |
          (load(a.data() + size - 8) ^ load(b.data() + size - 8))) == 0;
}

/// The names known at load: element and type names of the definitions, of logical models, maps and
/// expressions. Grows only (whatever a message brings stays in its own document), so the table is
/// bounded by what the operator loads. `find` and `text` take no lock and are safe beside `intern`.
class Symbols {
 public:
  Symbols();
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  /// The symbol of `name`, made when new.
  /// Ends the program when 32,767 names are exceeded: no request can reach this.
  Symbol intern(std::string_view name);

  /// The symbol of `name`, or kNone when it was never interned.
  Symbol find(std::string_view name) const noexcept { return find(name, hash_name(name)); }
  /// The same with the hash_name() of the name at hand.
  Symbol find(std::string_view name, std::uint32_t hashed) const noexcept {
    for (std::uint32_t slot = hashed & (kSlots - 1);; slot = (slot + 1) & (kSlots - 1)) {
      const std::uint32_t entry = slots_[slot].load(std::memory_order_acquire);
      if (entry == 0) return Symbol::kNone;
      if ((entry ^ hashed) >> 16 == 0 && same_name(texts_[entry & 0xFFFF], name)) {
        return static_cast<Symbol>(entry & 0xFFFF);
      }
    }
  }

  /// The text of a shared symbol; empty for kNone. Lives as long as the table.
  std::string_view text(Symbol symbol) const noexcept { return texts_[number(symbol)]; }

  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

 private:
  static constexpr std::uint32_t kSlots = 1u << 16;
  std::unique_ptr<std::atomic<std::uint32_t>[]> slots_;  // upper half of the hash, symbol
  std::unique_ptr<std::string_view[]> texts_;
  std::vector<std::unique_ptr<char[]>> owned_;
  std::atomic<std::size_t> size_{1};
  std::mutex growing_;
};

}  // namespace concord::tree
