#pragma once
/// A tree with everything it stands on: its memory, its own names, the bytes it was read from.

#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/arena.h"
#include "fhir/tree/local_names.h"
#include "fhir/tree/node.h"
#include "fhir/tree/symbols.h"

namespace concord::tree {

/// Bounds on a document, for readers, builders and writers alike. Past one of them: too_long.
struct Limits {
  std::size_t max_bytes = std::size_t{16} << 20;  ///< bytes of source or output; below 2 GiB always
  std::size_t max_depth = 100;                    ///< levels of nodes, the root counts 1
  std::size_t max_nodes = 1'000'000;
};

/// Owns one tree. Move-only; addresses of nodes stay the same when it moves (what was moved from
/// may only be destroyed or assigned to). One thread builds it, afterwards many may read. The
/// Symbols it was made with must outlive it.
class Document {
 public:
  explicit Document(const Symbols& symbols, Limits limits = {});
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;

  const Node& root() const noexcept { return *root_; }
  const Symbols& symbols() const noexcept { return *symbols_; }
  const Limits& limits() const noexcept { return limits_; }
  Arena& arena() noexcept { return *arena_; }
  std::size_t node_count() const noexcept { return node_count_; }

  /// The name of a symbol, shared or of this document.
  std::string_view text(Symbol symbol) const noexcept {
    return is_local(symbol) ? local_names_[number(symbol) - number(Symbol::kFirstLocal)]
                            : symbols_->text(symbol);
  }
  std::string_view name(const Node& node) const noexcept { return text(node.name()); }

  /// The symbol of a name in this document: shared if known at load, else its own; kNone if the
  /// document does not hold it.
  Symbol find(std::string_view name) const noexcept;
  bool has_local_names() const noexcept { return !local_names_.empty(); }
  /// The document's own symbol of a name; kNone when it has none. Differs from find() for a name
  /// that became shared after this document was read.
  Symbol find_local(std::string_view name) const noexcept;

  /// The bytes as received; empty for a tree that was built. Followed by a zero byte.
  std::string_view source() const noexcept { return *source_; }
  void set_source(std::string source) { *source_ = std::move(source); }

  /// Line and column of a node in `source()`; zeros when it has none.
  Position position(const Node& node) const noexcept;
  Position position(std::size_t offset) const noexcept;

  /// FHIRPath with indices: "Bundle.entry[1].resource.status". Indices are given where the element
  /// stood in an array or repeats. Starts at the root's type, else its name.
  std::string path(const Node& node) const;

 private:
  friend class Builder;
  std::uint64_t seed() const noexcept { return reinterpret_cast<std::uintptr_t>(root_); }

  const Symbols* symbols_;
  Limits limits_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<std::string> source_;  // on the heap, so that views stay when it moves
  LocalNames local_names_;
  Node* root_;
  std::size_t node_count_ = 1;
};

/// Line and column of a byte in a text.
Position position_in(std::string_view source, std::size_t offset) noexcept;

}  // namespace concord::tree
