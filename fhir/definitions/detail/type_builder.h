#pragma once
// Builds Types from the tables of r4.fbs: the whole of R4 at start, logical models when added.

#include <deque>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/tree/arena.h"

namespace concord::definitions {

/// Everything known so far; a builder reads it and, when all went well, adds to it.
struct TypeTable {
  std::vector<const Type*> types;
  std::vector<const Type*> by_symbol;  ///< by the number of Type::name()
  std::unordered_map<std::string_view, const Type*> by_url;

  const Type* find(tree::Symbol name) const noexcept {
    return tree::number(name) < by_symbol.size() ? by_symbol[tree::number(name)] : nullptr;
  }
};

/// One structure definition to build, and where it came from.
struct Model {
  const pack::StructureDefinition* definition = nullptr;
  std::span<const Invariant* const> constraints;  ///< what Element.constraints counts into
  std::string_view file;
  /// Paths of a differential that do not say how many there may be: what the base says holds.
  std::set<std::string, std::less<>> max_unsaid;
};

/// Builds one batch of types that may refer to one another. Used once.
class TypeBuilder {
 public:
  TypeBuilder(tree::Symbols& symbols, tree::Arena& arena, TypeTable& table,
              UnknownTypes unknown = UnknownTypes::refuse)
      : symbols_(symbols), arena_(arena), table_(table), unknown_(unknown) {}

  /// All or nothing. Errors: invalid, conflict; one issue for each thing that is wrong.
  Result<void> build(std::span<const Model> models);

 private:
  struct Draft {  // one model: its types by path, while it is built
    const Model* model = nullptr;
    Type* root = nullptr;
    bool logical = false;
    bool profile = false;  ///< a constraint on another logical model
    enum class State : std::uint8_t { waiting, building, done } state = State::waiting;
    std::unordered_map<std::string_view, Type*> by_path;
  };

  void open(const Model& model);
  Type* make_type(std::string_view name, std::string_view label, TypeKind kind);
  void build(Draft& draft);
  void set_children(Type& type, const Draft& draft,
                    std::span<const pack::Element* const> definitions);
  std::span<const ElementType> resolve(const Draft& draft, const pack::Element& definition,
                                       tree::Symbol name);
  void check_bases(const Draft& draft);
  void index(Type& type, const Draft& draft);
  std::span<const Invariant* const> rules(const Draft& draft, const pack::Element& definition);
  std::span<const std::string_view> texts(
      const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from);
  const Type* find(std::string_view name_or_url);
  void wrong(const Draft& draft, std::string_view path, std::string text);

  tree::Symbols& symbols_;
  tree::Arena& arena_;
  TypeTable& table_;
  UnknownTypes unknown_;
  std::deque<Draft> drafts_;
  std::unordered_map<std::string_view, Draft*> by_name_;  // names and urls of this batch
  std::vector<Type*> made_;
  std::vector<Issue> issues_;
  ErrorCode code_ = ErrorCode::invalid;
};

}  // namespace concord::definitions
