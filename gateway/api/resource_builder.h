#pragma once
/// Builds the few resources the gateway itself says. One thread at a time.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/builder.h"
#include "gateway/api/negotiate.h"

namespace concord::api {

/// Elements must be added in the order of their definition: XML is written in that order.
/// Past the node budget nothing more is added, and written() fails with too_long.
class ResourceBuilder {
 public:
  ResourceBuilder(const tree::Symbols& symbols, std::string_view resource_type);
  /// Goes on with a resource that was read.
  explicit ResourceBuilder(tree::Document document);

  tree::Node& root() noexcept { return tree::Builder::mutable_node(document_.root()); }
  enum class Repeats : bool { no, yes };

  /// An element with children.
  tree::Node& element(tree::Node& parent, std::string_view name, Repeats repeats = Repeats::no);
  /// A resource inside another: `contained`, `resource`.
  tree::Node& resource(tree::Node& parent, std::string_view name, std::string_view type,
                       Repeats repeats = Repeats::no);
  void text(tree::Node& parent, std::string_view name, std::string_view value,
            Repeats repeats = Repeats::no);
  void integer(tree::Node& parent, std::string_view name, std::int64_t value);
  void boolean(tree::Node& parent, std::string_view name, bool value);

  tree::Document& document() noexcept { return document_; }
  tree::Builder builder() noexcept { return tree::Builder(document_); }
  /// Errors: those of the writers.
  Result<std::string> written(const Answering& answering) const;

 private:
  tree::Node& add(tree::Node& parent, std::string_view name, tree::Kind kind, Repeats repeats);

  tree::Document document_;
  tree::Document spare_;  ///< takes what exceeds the budget
  bool overflown_ = false;
};

/// Adds the `issue` elements of an OperationOutcome to it: severity, code, details, diagnostics
/// (line and column), location and expression. No issues: one that says all is well.
/// Source: hl7.org/fhir/R4/operationoutcome.html.
void add_issues(ResourceBuilder& builder, tree::Node& outcome, std::string_view default_code,
                const std::vector<Issue>& issues);

/// An OperationOutcome. Never fails: what cannot be written becomes a fixed text in JSON.
struct OutcomeText {
  std::string body;
  Format format;
};
OutcomeText write_outcome(const tree::Symbols& symbols, const Error& error,
                          const Answering& answering);

/// System of Issue::detail_code in details.coding.
inline constexpr std::string_view kDetailSystem = "https://concord.example/CodeSystem/issue-detail";

}  // namespace concord::api
