#pragma once
/// Search parameters, compiled: what a resource is found by, and what a query asks for. Safe from
/// any thread once compiled. Source: hl7.org/fhir/R4/search.html, searchparameter.html.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/search/criteria.h"
#include "fhir/search/index.h"
#include "fhir/tree/document.h"

namespace concord::path {
class FunctionTable;
}
namespace concord::terminology {
class Terminology;
class ValueSet;
}  // namespace concord::terminology

namespace concord::search {

/// Bounds of one query. Past one of them: too_costly. Source: security-nhs.md section 6.
struct QueryLimits {
  std::size_t parameters = 30;
  std::size_t values = 50;  ///< in one comma-separated list
  std::size_t chain_depth = 2;
  std::size_t includes = 5;
  std::size_t max_count = 200;  ///< `_count` above it is this
  std::size_t default_count = 20;
  std::size_t codes = 1000;  ///< a value set of :in may come to
};

/// What becomes of parameters nobody knows. Source: hl7.org/fhir/R4/search.html#errors.
enum class Handling : std::uint8_t {
  strict,   ///< an error
  lenient,  ///< passed over, with a warning
};

/// A decoded query: name (with modifiers and chain) and value, in order.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

enum class TotalMode : std::uint8_t { none, estimate, accurate };
enum class SummaryMode : std::uint8_t { no, yes, text, data, count };

/// Where the codes of :in and :not-in come from.
struct ValueSetSource {
  std::shared_ptr<const terminology::Terminology> terminology;  ///< never null
  std::shared_ptr<const terminology::ValueSet> value_set;  ///< null: the one `terminology` knows
};

/// A compartment the search stays in: GET /Patient/123/Observation.
struct Compartment {
  std::string type;  ///< "Patient"
  std::string id;
};

/// A query, understood.
struct Query {
  std::vector<std::string> types;  ///< one, or several for a search of the whole system
  /// What each type of `types` is asked for, in the same order: keys differ from type to type.
  std::vector<Condition> where;
  std::vector<std::vector<SortKey>>
      sort;  ///< of each type of `types`; empty: by `_lastUpdated`, latest first
  std::vector<Include> includes;
  std::size_t count = 20;
  std::string cursor;  ///< of the page, from a link of ours ("_cursor"); empty: the first page
  TotalMode total = TotalMode::none;
  bool total_asked = false;  ///< `total` was in the query
  SummaryMode summary = SummaryMode::no;
  std::vector<std::string> elements;  ///< `_elements`; empty: all
  QueryParameters used;               ///< for the self link: what was understood, as written
  std::vector<Issue> issues;          ///< warnings: what was passed over
};

/// How one parameter may be searched, for the CapabilityStatement.
struct ParameterView {
  std::string_view code;
  std::string_view type;  ///< "token"
  std::string_view url;
  std::string_view documentation;  ///< its expression
};

/// A parameter that is known and cannot be searched by.
struct NotServed {
  std::string type;  ///< "Location"
  std::string code;  ///< "near"
  std::string why;
};

class Parameters {
 public:
  struct Sources {
    const definitions::Definitions* definitions = nullptr;
    const path::FunctionTable* functions = nullptr;
    /// For :in, :not-in, :above and :below of tokens; null: those are errors.
    const terminology::Terminology* terminology = nullptr;
    /// SearchParameter resources of loaded packages; one with a code a type has already takes its
    /// place. Annotated; need not outlive the call.
    std::vector<const tree::Document*> more;
    /// What absolute references to this server begin with ("https://host/FHIR/R4"); stored ones are
    /// found as if they were relative. Empty: none are.
    std::string base_url = {};
  };

  /// Every parameter of R4 that has an expression, and those of `more`. One that cannot be used
  /// (published packages have some) does not take the place of another, and not_served() lists it.
  /// Errors: internal (`sources` lacks definitions or functions).
  static Result<Parameters> compile(const Sources& sources);

  Parameters(Parameters&&) noexcept;
  Parameters& operator=(Parameters&&) noexcept;
  ~Parameters();

  /// What a resource is found by. `resource` is a resource node of an annotated document. Values an
  /// expression cannot reduce (a text that is no date) are left out.
  /// Errors: too_costly (over the bounds of evaluation).
  Result<IndexValues> extract(const tree::Document& document, const tree::Node& resource) const;

  /// Understands a query over `type` ("" : the whole system, types from `_type`, or every type).
  /// `base_url` is what absolute references to this server begin with; empty: none do.
  ///
  /// Errors: malformed (unknown type, modifier or target, a value that cannot be read; with strict
  /// also an unknown parameter or one without value; each with a text naming the parameter),
  /// too_costly (over a limit), unsupported (a parameter of R4 that is not served, whatever the
  /// handling).
  struct Reading {
    Handling handling = Handling::lenient;
    QueryLimits limits{};
    std::optional<Compartment> compartment;
    std::string_view base_url;
    Instant now{};  ///< for prefix ap
    /// Who knows the value set of an :in: a canonical, or "ValueSet/123" of this server; not_found
    /// when there is none. Empty: the terminology of compile() is asked.
    std::function<Result<ValueSetSource>(std::string_view value_set)> value_set{};
  };
  Result<Query> parse(std::string_view type, const QueryParameters& parameters,
                      const Reading& reading) const;

  /// A SearchParameter resource as it would be compiled: all that is wrong with it. Empty: nothing.
  /// Takes some milliseconds; leaves nothing behind. The texts repeat public names (a base, a type,
  /// an expression) and are worded for `diagnostics`.
  std::vector<Issue> check(const tree::Document& parameter) const;

  /// Types whose resources belong to a compartment ("Patient").
  std::vector<std::string> compartment_types(std::string_view compartment) const;

  /// The parameters of a type, those of every resource included, in order of their code.
  std::vector<ParameterView> of_type(std::string_view type) const;
  /// `_include` values of a type: "Observation:subject".
  std::vector<std::string> includes_of(std::string_view type) const;

  /// Every parameter that is not served, with the reason, in order of type and code.
  std::vector<NotServed> not_served() const;

  /// A number that changes whenever extract() may give other values: stored beside the index, so
  /// that an old index is noticed.
  std::int64_t version() const noexcept;

  struct Compiled;  // of this room; not for use

 private:
  explicit Parameters(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace concord::search
