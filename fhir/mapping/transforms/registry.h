#pragma once
/// The transforms of the mapping language: each transforms/X.cpp defines register_X(), found at
/// configure time. `create`, `copy` and `evaluate` are part of the language itself
/// (compile_values).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/path/value.h"
#include "fhir/tree/builder.h"

namespace concord::definitions {
class Definitions;
class Type;
}  // namespace concord::definitions
namespace concord::path {
class EvalContext;
}

namespace concord::mapping {

class ConceptTable;

namespace transforms {

/// What a transform may use while a map runs.
class Host {
 public:
  virtual ~Host() = default;
  virtual path::EvalContext& evaluation() = 0;
  /// A new UUID; nothing when the caller gave no source.
  virtual std::optional<std::string> uuid() = 0;
  virtual tree::Builder& builder() = 0;
  /// Whether a node belongs to the target, and so may be written to.
  virtual bool is_target(const path::Value& value) const = 0;
  /// A primitive child of a FHIR element, in the order of the definition. False: out of nodes.
  virtual bool put(tree::Node& parent, std::string_view name, std::string_view text) = 0;
  /// A complex child; null: out of nodes or no such element.
  virtual tree::Node* make(tree::Node& parent, std::string_view name) = 0;
};

using Arguments = std::span<const path::Collection>;

/// An argument as the author wrote it, for transforms that are FHIRPath in other words.
struct Written {
  std::string path;  ///< FHIRPath that gives its value
  bool literal = false;
  std::string text;  ///< of a literal
};

/// One transform. Exactly one of `as_path`, `value`, `fill` is set.
struct Row {
  std::string_view name;
  std::uint8_t min = 0;
  std::uint8_t max = 0;
  /// Type of the result: a FHIR type ("Coding", "id") or "System.String".
  std::string_view type = {};
  /// The FHIRPath that does the same. Errors: invalid (arguments it has no meaning for).
  Result<std::string> (*as_path)(std::span<const Written> arguments) = nullptr;
  /// Computes a value; the empty collection writes nothing.
  Result<path::Collection> (*value)(Host& host, Arguments arguments,
                                    const ConceptTable* concepts) = nullptr;
  /// Fills a new element of `type`. False: there was nothing to fill it with, it is taken away.
  Result<bool> (*fill)(Host& host, tree::Node& made, Arguments arguments,
                       const ConceptTable* concepts) = nullptr;
  /// Argument (from 0) that names a concept map, or -1.
  int concept_map = -1;
  /// Of several rows of one name the one for these constants as last argument; the first row of a
  /// name also stands for a call without it.
  std::string_view fields = {};
};

class Table {
 public:
  void add(const Row& row) { rows_.push_back(row); }
  /// The row of a name, or null; `field`: the constant last argument, if there is one.
  const Row* find(std::string_view name, std::string_view field = {}) const noexcept;

 private:
  std::vector<Row> rows_;
};

/// The text of the only item of an argument; nothing when it has none.
/// Errors: invalid (several items, or an item without text).
Result<std::optional<std::string_view>> text_of(Host& host, const path::Collection& argument);

}  // namespace transforms

/// Adds every transform. Generated from the folder.
void register_transforms(transforms::Table& table);

}  // namespace concord::mapping
