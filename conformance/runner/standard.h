#pragma once
/// R4 as the runner needs it: definitions, profiles, terminology, validator, FHIRPath. One thread.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/path/expression.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"

namespace concord::runner {

/// Everything stays where it is, so it is held by pointer.
class Standard {
 public:
  /// `packages`: FHIR packages, folders or files with profiles, loaded over R4.
  /// Errors: internal (the definitions carried do not fit), those of packages::Registry::add.
  static Result<std::unique_ptr<Standard>> load(std::span<const std::filesystem::path> packages,
                                                Clock clock);

  tree::Symbols symbols;
  definitions::Definitions definitions;
  packages::Registry registry;
  std::optional<snapshot::Profiles> profiles;
  std::optional<terminology::Terminology> terminology;
  std::optional<validate::Validator> validator;
  Clock clock;

  /// A resource of JSON or XML text, annotated. A text with mistakes that leave a tree is read as
  /// far as it goes when `lenient`.
  /// Errors: those of the readers.
  Result<tree::Document> read(std::string text, bool lenient = true) const;

  /// FHIRPath with the root of `document` as focus; the items as texts, elements as JSON.
  /// Errors: those of path::Expression; a FHIRPath that was compiled before is kept.
  Result<std::vector<std::string>> texts(const std::string& expression,
                                         const tree::Document& document);
  /// The same as a condition: false without items, a single boolean is itself, everything else is
  /// true.
  Result<bool> holds(const std::string& expression, const tree::Document& document);

  /// Every error, or nothing. `profile`: canonical; empty: what the resource claims.
  /// R4 itself is always checked. `any_extension`: those nobody defines are accepted.
  std::vector<Issue> errors_of(const tree::Document& document, const std::string& profile,
                               bool any_extension = false) const;

 private:
  explicit Standard(Clock now);
  Result<path::Expression> compiled(const std::string& expression, std::string_view type);

  path::FunctionTable functions_;
  std::map<std::pair<std::string, std::string>, path::Expression> expressions_;
  path::EvalContext context_;
};

/// Name of the resource type of a document ("Patient"); empty when it has none.
std::string_view resource_type(const tree::Document& document);
/// The text of a child of the root; empty when it has none.
std::string_view root_text(const tree::Document& document, std::string_view name);

}  // namespace concord::runner
