#pragma once
/// The syntax tree of a map, as the parser leaves it: names are text, types are not looked up.
/// Internal to the room. README.md has the grammar.

#include <cstdint>
#include <optional>
#include <string>
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
  bool simple = false;  ///< s.a -> t.b
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
  std::vector<Rule> rules;
};

enum class Use : std::uint8_t { source, target, queried, produced };

struct Uses {
  Word url;
  Word alias;
  Use use = Use::source;
};

struct Let {
  Word name;
  Word expression;
};

struct ConceptRow {
  std::string source_system, source_code, target_system, target_code;
  bool equivalent = true;  ///< false for "!=": no translation
};

struct Concepts {
  Word url;
  std::vector<ConceptRow> rows;
  /// What becomes of codes without a row, by source system.
  struct Unmapped {
    std::string system;
    bool provided = false;  ///< the code itself, else `fixed`
    std::string fixed;
  };
  std::vector<Unmapped> unmapped;
};

struct Map {
  std::string file;
  Word url;
  Word name;
  std::string title, status, description, version;
  std::vector<Uses> uses;
  std::vector<Word> imports;
  std::vector<Let> lets;
  std::vector<Concepts> concepts;
  std::vector<Group> groups;
};

}  // namespace concord::mapping::ast
