#pragma once
/// Names as 16-bit numbers.

#include <atomic>
#include <cstdint>
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
  Symbol find(std::string_view name) const noexcept {
    return find(name, hash(name));
  }
  Symbol find(std::string_view name, std::uint32_t hashed) const noexcept;

  /// The text of a shared symbol; empty for kNone. Lives as long as the table.
  std::string_view text(Symbol symbol) const noexcept { return texts_[number(symbol)]; }

  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

  static std::uint32_t hash(std::string_view name) noexcept {
    std::uint32_t value = 2166136261u;  // FNV-1a: names are short
    for (const char c : name) value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
    return value;
  }

 private:
  static constexpr std::uint32_t kSlots = 1u << 16;
  std::unique_ptr<std::atomic<std::uint16_t>[]> slots_;
  std::unique_ptr<std::string_view[]> texts_;
  std::vector<std::unique_ptr<char[]>> owned_;
  std::atomic<std::size_t> size_{1};
  std::mutex growing_;
};

}  // namespace concord::tree
