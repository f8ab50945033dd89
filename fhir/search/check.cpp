#include <algorithm>

#include "fhir/search/detail/compiled.h"

namespace concord::search {

namespace {

/// What is said of a mistake. The names a definition holds are public: they may be repeated.
class Findings {
 public:
  void add(std::string element, std::string text, std::string code) {
    Issue issue;
    issue.expression = "SearchParameter." + std::move(element);
    issue.text = std::move(text);
    issue.code = std::move(code);
    issue.wording = Wording::diagnostics;
    found_.push_back(std::move(issue));
  }
  bool empty() const { return found_.empty(); }
  std::vector<Issue> take() { return std::move(found_); }

 private:
  std::vector<Issue> found_;
};

/// The syntax of each part, and what definitions know of its names.
void check_expression(const definitions::Definitions& definitions,
                      const path::FunctionTable& functions, const detail::Definition& definition,
                      Findings& findings) {
  for (const std::string& base : definition.base) {
    const auto* type = definitions.type(base);
    if (type == nullptr) continue;
    for (const std::string_view text : detail::split_union(definition.expression)) {
      const detail::PartText part = detail::read_part(text);
      if (!part.root.empty()) {
        const auto* root = definitions.type(part.root);
        if (root != nullptr && !type->is(*root) && !root->is(*type))
          continue;  // about another base
      }
      path::CompileContext context{definitions.symbols(), functions};
      context.definitions = &definitions;
      context.focus_type = base;
      context.strict = true;
      const auto compiled = path::Expression::compile(part.text, context);
      if (compiled) continue;
      std::string why = "it cannot be read";
      if (!compiled.error().issues.empty()) why = compiled.error().issues.front().text;
      findings.add("expression", "invalid expression '" + std::string(text) + "': " + why,
                   "invalid");
    }
  }
}

/// Whether each base can be indexed by it.
void check_use(const definitions::Definitions& definitions, const Parameters::Compiled& compiled,
               const detail::Definition& definition, Findings& findings) {
  detail::Catalogue alone(definitions, *compiled.functions);
  for (const auto& [url, expression] : definition.components) {
    const detail::Definition* known = compiled.catalogue.definition(url);
    if (known == nullptr) continue;
    detail::Definition component = *known;
    component.base.clear();  // to be looked up, not to be compiled
    alone.add(std::move(component));
  }
  alone.add(definition);
  alone.build();
  std::string last;
  for (const detail::TypePlan& plan : alone.plans()) {
    const auto made = plan.parameters.find(definition.code);
    if (made == plan.parameters.end() || made->second.not_served.empty()) continue;
    if (made->second.not_served == last) continue;
    last = made->second.not_served;
    findings.add("expression", "not supported on " + plan.type + ": " + last, "not-supported");
  }
}

}  // namespace

std::vector<Issue> Parameters::check(const tree::Document& document) const {
  constexpr std::size_t kMaxExpression = 16 * 1024;
  Findings findings;
  const detail::Definition definition = detail::read_definition(document, document.root());
  const detail::Catalogue& catalogue = compiled_->catalogue;
  if (definition.url.empty())
    findings.add("url", "the url is missing (cardinality 1..1)", "required");
  if (definition.code.empty())
    findings.add("code", "the code is missing (cardinality 1..1)", "required");
  if (definition.base.empty()) {
    findings.add("base", "the base is missing (cardinality 1..*)", "required");
  }
  for (const std::string& base : definition.base) {
    const auto* type = catalogue.definitions().type(base);
    if (type == nullptr || !type->is_resource()) {
      findings.add("base", "'" + base + "' is no resource type", "value");
    }
  }
  const auto kind = detail::kind_of(definition.type);
  if (definition.type.empty()) {
    findings.add("type", "the type is missing (cardinality 1..1)", "required");
  } else if (!kind) {
    findings.add("type", "'" + definition.type + "' is no type of search parameter", "value");
  }
  if (definition.expression.empty()) {
    findings.add("expression", "a search parameter without expression is not supported",
                 "not-supported");
  } else if (definition.expression.size() > kMaxExpression) {
    findings.add("expression", "the expression is too long", "too-long");
  }
  if (!findings.empty()) return findings.take();
  // Names of an expression become symbols for good, so those a client sends get a table of their
  // own.
  tree::Symbols symbols;
  auto own = definitions::Definitions::r4(symbols);
  if (!own) {
    findings.add("expression", "the definitions cannot be read", "exception");
    return findings.take();
  }
  const definitions::Definitions& definitions = *own;
  check_expression(definitions, *compiled_->functions, definition, findings);
  if (!findings.empty()) return findings.take();
  check_use(definitions, *compiled_, definition, findings);
  return findings.take();
}

}  // namespace concord::search
