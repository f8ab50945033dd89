#pragma once
/// What a value set holds, as an expression over sets. Immutable once made; parts are shared
/// between value sets. Internal to the room.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/detail/text.h"
#include "fhir/terminology/value_set.h"

namespace concord::terminology::detail {

/// The codes of one system: concepts by number, and codes the system (or nobody here) has no number
/// for.
struct Extent {
  std::string_view system;
  std::string_view version;        ///< asked for by the value set; empty: any
  const CodeSystem* in = nullptr;  ///< null: not here, so everything is in `listed`
  ConceptSet numbers;
  std::shared_ptr<const TextIndex> listed;  ///< or null

  Answer find(std::string_view code, Concept& number) const noexcept {
    if (in != nullptr) {
      number = in->find(code);
      if (number != kNoConcept && numbers.contains(number)) return Answer::yes;
    }
    return listed != nullptr && listed->contains(code) ? Answer::yes : Answer::no;
  }
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

/// One node of the expression. Answers are yes, no or unknown, as Kleene's logic has them.
struct Node {
  enum class Kind : std::uint8_t { extents, grammar, gap, any, all, without } kind = Kind::extents;
  std::vector<Extent> extents;  ///< exact: what is not in them is not in the set

  const CodeSystem* grammar = nullptr;  ///< a system told by syntax, with conditions
  struct Condition {
    std::string property, op, value;
  };
  std::vector<Condition> conditions;

  /// Cannot be told: of `system` (empty: of any), but for codes `in` numbers, where `known` says
  /// which of them are out.
  Gap gap = Gap::none;
  std::string_view system;
  std::string subject;
  const CodeSystem* in = nullptr;

  std::vector<NodePtr> parts;  ///< any: or; all: and; without: first and not the second
};

Hit find(const Node& node, std::string_view system, std::string_view code,
         std::string_view version);

NodePtr any_of(std::vector<NodePtr> parts);
NodePtr all_of(std::vector<NodePtr> parts);
NodePtr without(NodePtr from, NodePtr what);

}  // namespace concord::terminology::detail

namespace concord::definitions::pack {
struct ValueSet;
}

namespace concord::terminology {

struct ValueSet::Compiled {
  const definitions::pack::ValueSet* table = nullptr;
  std::shared_ptr<const std::string> owned;  ///< the pack, for a value set of a document
  std::string_view url, version, title, status, standards_status, language;
  bool experimental = false;
  detail::NodePtr root;
  std::vector<std::string> systems;  ///< every system a code may come from, each once
  std::vector<GapNote> gaps;
  const void* asked_from = nullptr;  ///< packages::Entry it was resolved for
  const void* entry = nullptr;       ///< packages::Entry it stands in
};

}  // namespace concord::terminology
