#pragma once
/// What an operation was asked with, from the query or from Parameters, and Parameters to answer
/// with. One thread at a time. Source: hl7.org/fhir/R4/operations.html#executing.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/terminology/results.h"
#include "fhir/tree/document.h"
#include "gateway/api/endpoint.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {

/// Both sources together; views live as long as this and the call.
class Inputs {
 public:
  /// Reads query parameters (those that begin with _ are not the operation's) and, for POST, the
  /// body. `known`: the parameters of the operation; none given: any.
  /// Errors: malformed (the body cannot be read or is no Parameters, a parameter nobody knows),
  /// too_long.
  static Result<Inputs> read(Call& call, const Services& use,
                             std::span<const std::string_view> known = {});

  /// The first value of that name; empty when there is none.
  std::string_view text(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// "true" or "false". Errors: malformed (any other text).
  Result<bool> truth(std::string_view name, bool otherwise) const;
  /// A count. Errors: malformed (no whole number, negative).
  Result<std::optional<std::size_t>> count(std::string_view name) const;
  /// Codings of a parameter that is a Coding or a CodeableConcept.
  std::vector<terminology::Code> codings(std::string_view name) const;
  /// A resource given as a parameter; null when there is none.
  const tree::Node* resource(std::string_view name) const;
  const tree::Document& document() const { return *document_; }
  /// The parts of each parameter of that name: name → codings (or a text as `code`).
  struct Part {
    std::string_view name;
    std::vector<terminology::Code> codings;
  };
  std::vector<std::vector<Part>> parts(std::string_view name) const;

 private:
  static Result<Inputs> read_all(Call& call, const Services& use);

  struct Row {
    std::string_view name, text;
    const tree::Node* value = nullptr;  ///< value[x], or the parameter with its resource or parts
  };
  const Row* find(std::string_view name) const;
  const tree::Node* child(const tree::Node& node, std::string_view name) const;
  std::vector<terminology::Code> codings_of(const tree::Node& value) const;

  std::vector<Row> rows_;
  std::unique_ptr<tree::Document> document_;
};

/// An operation was not asked as it can be: 400. `issue` is a FHIR issue type: "required" for what
/// is missing, "invalid", "not-supported".
Error bad_request(std::string text, std::string_view issue);

/// Writes Parameters. Empty values are left out.
class Outputs {
 public:
  explicit Outputs(const tree::Symbols& symbols) : out_(symbols, "Parameters") {}

  tree::Node& parameter(std::string_view name) { return named(out_.root(), "parameter", name); }
  tree::Node& part(tree::Node& parent, std::string_view name) {
    return named(parent, "part", name);
  }
  /// `type` is the name of the value: "valueString", "valueCode", "valueUri".
  void value(std::string_view name, std::string_view type, std::string_view text) {
    if (!text.empty()) out_.text(parameter(name), type, text);
  }
  void value(tree::Node& parent, std::string_view name, std::string_view type,
             std::string_view text) {
    if (!text.empty()) out_.text(part(parent, name), type, text);
  }
  void truth(std::string_view name, bool value) {
    out_.boolean(parameter(name), "valueBoolean", value);
  }
  void coding(tree::Node& parent, std::string_view name, std::string_view system,
              std::string_view version, std::string_view code, std::string_view display);
  ResourceBuilder& out() noexcept { return out_; }

 private:
  tree::Node& named(tree::Node& parent, std::string_view element, std::string_view name) {
    tree::Node& node = out_.element(parent, element, ResourceBuilder::Repeats::yes);
    out_.text(node, "name", name);
    return node;
  }
  ResourceBuilder out_;
};

/// The canonical url of a resource by its id: of what is loaded, else of R4.
/// Errors: not_found.
Result<std::string> canonical_of(std::string_view resource_type, std::string_view id,
                                 const Services& use);

}  // namespace concord::api
