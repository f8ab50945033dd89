#pragma once
/// What the parameters of each resource type become: parts, where their values are found, and how
/// to find the elements. Built once, then only read: safe from any thread.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/path/expression.h"
#include "fhir/search/detail/part_text.h"
#include "fhir/search/detail/shape.h"
#include "fhir/search/index.h"
#include "fhir/tree/document.h"

namespace concord::search::detail {

/// A SearchParameter as published.
struct Definition {
  std::string url, code, type, expression;
  std::vector<std::string> base, target;
  std::vector<std::pair<std::string, std::string>> components;  ///< definition, expression
};

/// One part of expressions on one resource type, as values of one kind. Parameters share it.
struct Part {
  std::string text;  ///< "Observation.valueQuantity"
  Kind kind = Kind::token;
  IndexKey key = 0;
  IndexKey text_key = 0;        ///< tokens: texts of :text
  IndexKey of_type_key = 0;     ///< tokens of Identifiers with their type
  IndexKey identifier_key = 0;  ///< references: Reference.identifier
  IndexKey canonical_key = 0;   ///< quantities: in base units
  /// Positions, on a sphere of radius 1: towards 0° N 0° E, towards 0° N 90° E; `key` towards the
  /// North Pole.
  IndexKey x_key = 0, y_key = 0;
  ShapeSet shapes = 0;  ///< that may be found there
  bool single = false;  ///< never repeats
  /// Of a component of a composite: only the rows of `key` are made.
  bool lean = false;
  /// Systems the binding of a `code` implies; it is stored without.
  std::vector<std::string> systems;
  std::string value_set;  ///< of that binding
  /// How its elements are found when no path of names does.
  std::optional<path::Expression> expression;
};

/// How a parameter uses a part.
struct Use {
  const Part* part = nullptr;
  /// `where(resolve() is Patient)`: types the reference must lead to; empty: any.
  std::vector<std::string> link_types;
  /// `telecom.where(system = 'phone')`: short_hash("phone").
  std::optional<std::int32_t> contact_system;
};

struct Composite;

/// Finds elements by name, many paths in one go: a tree of names beside the tree of the resource.
class Walk {
 public:
  static constexpr std::uint32_t kRoot = 0;
  struct Edge {
    tree::Symbol name = tree::Symbol::kNone;
    tree::Symbol filter = tree::Symbol::kNone;  ///< a child …
    std::string filter_value;                   ///< … that must be this
    std::uint32_t to = kRoot;
  };
  struct Action {
    Shape shape = Shape::nothing;
    const Part* part = nullptr;
  };
  struct Stop {
    std::vector<Edge> edges;  ///< sorted by name once sealed
    std::vector<Action> actions;
    std::vector<const Composite*> composites;
  };

  Walk() : stops_(1) {}
  /// The stop one name further, made when new.
  std::uint32_t step(std::uint32_t from, tree::Symbol name, tree::Symbol filter,
                     std::string_view filter_value);
  Stop& at(std::uint32_t stop) { return stops_[stop]; }
  const Stop& at(std::uint32_t stop) const { return stops_[stop]; }
  /// Sorts; nothing is added afterwards.
  void seal();
  bool empty() const noexcept { return stops_.size() == 1 && stops_[0].actions.empty(); }

 private:
  std::vector<Stop> stops_;
};

/// Rows of a composite whose elements repeat: one component is a token that becomes part of the
/// key, the other a value under it.
struct Composite {
  std::string text;
  Walk marked;   ///< from the repeating element to the tokens
  Walk carried;  ///< and to the values
  std::vector<const Part*> marked_parts;
  std::vector<const Part*> carried_parts;
  std::size_t marked_at = 0;  ///< which of the two components is the token
};

/// What one `|` of a composite becomes: rows of its own, or the components beside one another.
struct CompositeUse {
  const Composite* rows = nullptr;
  std::vector<std::vector<Use>> components;  ///< when `rows` is null
};

/// Parameters that are not found in the index.
enum class Builtin : std::uint8_t { none, id, updated };

/// A parameter of one resource type.
struct Parameter {
  std::string code;
  const Definition* definition = nullptr;
  Kind kind = Kind::token;
  Builtin builtin = Builtin::none;
  std::vector<Use> uses;
  std::vector<CompositeUse> composites;
  /// References: types they may lead to, resource types only, sorted; all when none is said.
  std::vector<std::string> targets;
  std::vector<Kind> component_kinds;
  std::string not_served;  ///< why; empty: it is served
};

/// Everything of one resource type.
struct TypePlan {
  std::string type;
  const definitions::Type* definition = nullptr;
  std::map<std::string, Parameter, std::less<>> parameters;
  std::map<std::string, const Part*> parts;  ///< by text and kind
  std::map<std::string, const Composite*> composites;
  Walk walk;
  std::vector<const Part*> expressions;  ///< parts that are evaluated
};

/// Names of children values are read from.
struct Names {
  explicit Names(tree::Symbols& symbols);
  tree::Symbol code, coding, comparator, country, currency, city, data, display, district, end,
      event, family, given, high, id, identifier, latitude, line, longitude, low, bounds_period,
      postal_code, prefix, reference, repeat, start, state, suffix, system, text, type, unit, value;
};

/// The plans of every resource type.
class Catalogue {
 public:
  Catalogue(const definitions::Definitions& definitions, const path::FunctionTable& functions);
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  /// Adds a definition; a later one takes the place of an earlier one with the same code and base,
  /// when it can be used.
  void add(Definition definition);
  /// Builds the plans; what cannot be used says so in Parameter::not_served.
  void build();

  const TypePlan* plan(std::string_view type) const noexcept;
  const TypePlan* plan(tree::Symbol type) const noexcept;
  const std::vector<TypePlan>& plans() const noexcept { return plans_; }
  /// By canonical url; null when unknown.
  const Definition* definition(const std::string& url) const noexcept;
  const definitions::Definitions& definitions() const noexcept { return *definitions_; }
  const Names& names() const noexcept { return names_; }
  std::int64_t version() const noexcept { return version_; }

 private:
  friend class PlanBuilder;
  const definitions::Definitions* definitions_;
  const path::FunctionTable* functions_;
  Names names_;
  std::deque<Definition> sources_;
  std::unordered_map<std::string_view, const Definition*> by_url_;
  /// Base → code → definitions, the one that goes before the others last.
  std::map<std::string, std::map<std::string, std::vector<const Definition*>>> by_base_;
  std::deque<Part> parts_;
  std::deque<Composite> composites_;
  std::vector<TypePlan> plans_;
  std::unordered_map<std::uint16_t, std::size_t> by_symbol_;
  std::int64_t version_ = 0;
};

/// The key of a composite's row: that of the value, marked with the token beside it.
IndexKey marked_key(IndexKey key, std::int64_t code, std::optional<std::int32_t> system);

}  // namespace concord::search::detail
