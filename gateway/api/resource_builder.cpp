#include "gateway/api/resource_builder.h"

#include "fhir/json/writer.h"
#include "fhir/xml/writer.h"

namespace concord::api {

using tree::Kind;
using tree::Node;

ResourceBuilder::ResourceBuilder(const tree::Symbols& symbols, std::string_view resource_type)
    : document_(symbols), spare_(symbols) {
  tree::Builder into = builder();
  Node& top = root();
  into.set_type(top, into.symbol(resource_type));
  into.set_flag(top, tree::Flag::resource);
}

ResourceBuilder::ResourceBuilder(tree::Document document)
    : document_(std::move(document)), spare_(document_.symbols()) {}

Node& ResourceBuilder::add(Node& parent, std::string_view name, Kind kind, Repeats repeats) {
  tree::Builder into = builder();
  Node* node = into.append(parent, into.symbol(name), kind);
  if (node == nullptr) {
    overflown_ = true;
    return tree::Builder::mutable_node(spare_.root());
  }
  if (repeats == Repeats::yes) into.set_flag(*node, tree::Flag::in_array);
  return *node;
}

Node& ResourceBuilder::element(Node& parent, std::string_view name, Repeats repeats) {
  return add(parent, name, Kind::element, repeats);
}

Node& ResourceBuilder::resource(Node& parent, std::string_view name, std::string_view type,
                                Repeats repeats) {
  Node& node = add(parent, name, Kind::element, repeats);
  tree::Builder into = builder();
  into.set_type(node, into.symbol(type));
  into.set_flag(node, tree::Flag::resource);
  return node;
}

void ResourceBuilder::text(Node& parent, std::string_view name, std::string_view value,
                           Repeats repeats) {
  if (value.empty()) return;  // FHIR has no empty values
  builder().set_copy(add(parent, name, Kind::string, repeats), value);
}

void ResourceBuilder::integer(Node& parent, std::string_view name, std::int64_t value) {
  builder().set_copy(add(parent, name, Kind::number, Repeats::no), std::to_string(value));
}

void ResourceBuilder::boolean(Node& parent, std::string_view name, bool value) {
  builder().set_text(add(parent, name, Kind::boolean, Repeats::no), value ? "true" : "false");
}

Result<std::string> ResourceBuilder::written(const Answering& answering) const {
  if (overflown_) return make_error(ErrorCode::too_long, "the answer is longer than its limit");
  if (answering.format == Format::xml) {
    return xml::write_fhir(document_, {.indent = answering.pretty ? 2U : 0U});
  }
  return json::write(document_, {.pretty = answering.pretty});
}

namespace {

/// issue.details: the published code, and the text when this is where it stands.
void add_details(ResourceBuilder& builder, Node& node, const Issue& issue) {
  if (issue.wording == Wording::diagnostics && issue.detail_code.empty()) return;
  Node& details = builder.element(node, "details");
  if (!issue.detail_code.empty()) {
    Node& coding = builder.element(details, "coding", ResourceBuilder::Repeats::yes);
    if (!issue.detail_system.empty() || issue.wording == Wording::details) {
      builder.text(
          coding, "system",
          issue.detail_system.empty() ? kDetailSystem : std::string_view(issue.detail_system));
    }
    builder.text(coding, "code", issue.detail_code);
    if (issue.wording == Wording::display) builder.text(coding, "display", issue.text);
  }
  if (issue.wording == Wording::details || issue.detail_code.empty()) {
    builder.text(details, "text", issue.text.empty() ? std::string_view("no text") : issue.text);
  }
}

}  // namespace

void add_issues(ResourceBuilder& builder, Node& outcome, std::string_view default_code,
                const std::vector<Issue>& issues) {
  using Repeats = ResourceBuilder::Repeats;
  if (issues.empty()) {
    Node& node = builder.element(outcome, "issue", Repeats::yes);
    builder.text(node, "severity", "information");
    builder.text(node, "code", "informational");
    builder.text(builder.element(node, "details"), "text", "no issues");
    return;
  }
  for (const Issue& issue : issues) {
    Node& node = builder.element(outcome, "issue", Repeats::yes);
    builder.text(node, "severity", severity_name(issue.severity));
    builder.text(node, "code", issue.code.empty() ? default_code : std::string_view(issue.code));
    add_details(builder, node, issue);
    if (issue.wording == Wording::diagnostics) builder.text(node, "diagnostics", issue.text);
    if (issue.position.line != 0) {
      const std::string line = std::to_string(issue.position.line);
      const std::string column = std::to_string(issue.position.column);
      if (issue.wording != Wording::diagnostics) {
        builder.text(node, "diagnostics", "line " + line + ", column " + column);
      }
      builder.text(node, "location", "Line[" + line + "] Col[" + column + "]", Repeats::yes);
    }
    builder.text(node, "expression", issue.expression, Repeats::yes);
  }
}

OutcomeText write_outcome(const tree::Symbols& symbols, const Error& error,
                          const Answering& answering) {
  ResourceBuilder builder(symbols, "OperationOutcome");
  std::vector<Issue> issues = error.issues;
  if (issues.empty()) {
    issues.push_back({Severity::error, {}, std::string(error_row(error.code).name), {}, {}, {}});
  }
  if (error.code == ErrorCode::internal || error.code == ErrorCode::timeout ||
      error.code == ErrorCode::transient) {
    // We could not finish; nobody can say whether the message is wrong.
    for (Issue& issue : issues) {
      if (issue.severity == Severity::error) issue.severity = Severity::fatal;
    }
  }
  add_issues(builder, builder.root(), error_row(error.code).issue_type, issues);
  if (auto text = builder.written(answering)) return {*std::move(text), answering.format};
  return {R"({"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception",)"
          R"("details":{"text":"the answer could not be written"}}]})",
          Format::json};
}

}  // namespace concord::api
