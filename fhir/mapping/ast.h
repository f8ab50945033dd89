#pragma once
/// The syntax tree of a map, as the parser leaves it: names are text, types are not looked up.
/// Internal to the room. README.md has the grammar.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/error.h"

namespace concord::mapping::ast {

/// A name, url or piece of text and where it begins. No position: it was not written.
struct Word {
  std::string text;
  Position at{};
  bool written() const noexcept { return at.line != 0; }
};

enum class Literal : std::uint8_t { string, integer, decimal, boolean, temporal };

/// Something a rule computes with.
struct Value {
  enum class Kind : std::uint8_t { none, literal, variable, path, transform };
  Kind kind = Kind::none;
  Literal literal = Literal::string;
  /// The literal unescaped, the name of the variable or transform, the FHIRPath as written.
  Word word;
  std::vector<Value> arguments;  ///< of a transform; their kind is never transform
  Position end{};                ///< of the closing parenthesis, for missing arguments
};

enum class Pick : std::uint8_t { all, first, last, not_first, not_last, only_one };
enum class Place : std::uint8_t { add, first, last, single, share };

struct Source {
  Position at{};
  Word context;     ///< a variable; not written when `expression` is
  Word expression;  ///< "(fhirpath)" in place of a variable
  Word element;
  Word type;
  bool counted = false;  ///< min..max was written
  std::uint32_t min = 0;
  std::uint32_t max = UINT32_MAX;
  Value fallback;  ///< default
  Pick pick = Pick::all;
  Word variable;
  Word where;
  Word check;
  Word log;
};

struct Target {
  Position at{};
  Word context;
  Word element;
  Value value;
  Word variable;
  Place place = Place::add;
  Word share;
};

struct Call {
  Word name;
  std::vector<Value> arguments;
};

struct Rule {
  Position at{};
  std::string name;     ///< as written, else from the first source's element and type
  bool named = false;   ///< the name was written
  bool simple = false;  ///< s.a -> t.b
  std::string documentation;
  std::vector<Source> sources;
  std::vector<Target> targets;
  std::vector<Rule> rules;
  std::vector<Call> calls;
};

struct Input {
  Word name;
  Word type;
  bool target = false;
};

enum class Default : std::uint8_t { none, types, type_and_types };

struct Group {
  Word name;
  std::vector<Input> inputs;
  Word extends;
  Default by_default = Default::none;
  std::string documentation;
  std::vector<Rule> rules;
};

enum class Use : std::uint8_t { source, target, queried, produced };

struct Uses {
  Word url;
  Word alias;
  Use use = Use::source;
  std::string documentation;
};

struct Let {
  Word name;
  Word expression;
};

/// How a code stands to what it is mapped to; the target seen from the source, as R4's
/// ConceptMap.group.element.target.equivalence has it.
enum class Relation : std::uint8_t {
  related,      ///< -
  equal,        ///< =
  equivalent,   ///< ==
  disjoint,     ///< !=
  unmatched,    ///< --
  wider,        ///< >=
  subsumes,     ///< <=
  narrower,     ///< >-
  specializes,  ///< <-
  inexact,      ///< ~
};

struct RelationSign {
  Relation relation;
  std::string_view text;
  std::string_view r4;  ///< ConceptMap.group.element.target.equivalence
  std::string_view r5;  ///< ConceptMap.group.element.target.relationship
};
/// As the reference implementation reads them. In R5 several come to the same; the first row of a
/// relationship is what it is read as.
inline constexpr std::array<RelationSign, 10> kRelationSigns{{
    {Relation::equivalent, "==", "equivalent", "equivalent"},
    {Relation::subsumes, "<=", "subsumes", "source-is-narrower-than-target"},
    {Relation::wider, ">=", "wider", "source-is-broader-than-target"},
    {Relation::disjoint, "!=", "disjoint", "not-related-to"},
    {Relation::equal, "=", "equal", "equivalent"},
    {Relation::related, "-", "relatedto", "related-to"},
    {Relation::specializes, "<", "specializes", "source-is-broader-than-target"},
    {Relation::narrower, ">", "narrower", "source-is-broader-than-target"},
    {Relation::inexact, "~", "inexact", "related-to"},
    {Relation::unmatched, "--", "unmatched", "not-related-to"},
}};

/// Whether a code is translated to what such a row names.
constexpr bool translates(Relation relation) noexcept {
  return relation != Relation::disjoint && relation != Relation::unmatched;
}

struct ConceptRow {
  std::string source_system, source_code, target_system, target_code;
  Relation relation = Relation::equivalent;
  std::string display;  ///< of the target; texts of maps have none
};

struct Concepts {
  Word url;
  std::string also;  ///< its other name, of a contained resource that has an id and a url
  std::string documentation;
  std::vector<ConceptRow> rows;
  /// What becomes of codes without a row, by source system.
  struct Unmapped {
    enum class Mode : std::uint8_t {
      provided,  ///< the code itself
      fixed,     ///< the code `text`
      other,     ///< what the concept map of the url `text` says
    } mode = Mode::provided;
    std::string system;
    std::string text;
    std::string target_system;  ///< of a fixed code
    std::string display;        ///< of a fixed code
    Position at{};
  };
  std::vector<Unmapped> unmapped;
};

/// Elements of StructureMap a header line may set beside those Map names itself.
constexpr bool is_header(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 8> kKeys{"id",           "implicitRules", "language",
                                                  "experimental", "date",          "publisher",
                                                  "purpose",      "copyright"};
  for (const std::string_view known : kKeys) {
    if (key == known) return true;
  }
  return false;
}

struct Map {
  std::string file;
  Word url;
  Word name;
  std::string title, status, description, version;
  /// What else the header says, by the name of the element of StructureMap ("publisher").
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Uses> uses;
  std::vector<Word> imports;
  std::vector<Let> lets;
  std::vector<Concepts> concepts;
  std::vector<Group> groups;
};

}  // namespace concord::mapping::ast
