#include "fhir/validate/validator.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/validate/detail/base_rules.h"
#include "fhir/validate/detail/engine.h"
#include "fhir/validate/rule.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/validate/structure.h"
#include "fhir/validate/syntax.h"
#include "fhir/xml/reader.h"

namespace concord::validate {

using definitions::Child;
using definitions::Definitions;
using definitions::Type;
using tree::Node;

void Plan::freeze(std::size_t elements) {
  std::stable_sort(elements_.begin(), elements_.end(),
                   [](const auto& a, const auto& b) { return a.order < b.order; });
  first_.resize(elements + 1);
  std::size_t at = 0;
  for (std::size_t order = 0; order <= elements; ++order) {
    while (at < elements_.size() && elements_[at].order < order) ++at;
    first_[order] = static_cast<std::uint16_t>(at);
  }
}

struct Validator::Compiled {
  /// What runs in one depth.
  struct Set {
    std::vector<const Rule*> rules;
    std::vector<Plan> plans;  // by Type::index()
  };
  explicit Compiled(const Parts& all) : parts(all), profiles(all) {}

  Parts parts;
  detail::Plans profiles;
  std::vector<std::unique_ptr<Rule>> rules;
  Set intake, full;
  std::size_t most_children = 0;

  void base_pass(const Node& root, Context& context) const;
  const Set& of(Depth depth) const { return depth == Depth::intake ? intake : full; }
  void walk(const Node& root, const Type& root_type, const Set& set, Context& context) const;
};

Validator::Validator(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Validator::Validator(Validator&&) noexcept = default;
Validator& Validator::operator=(Validator&&) noexcept = default;
Validator::~Validator() = default;

const Parts& Validator::parts() const noexcept { return compiled_->parts; }

Validator Validator::compile(const Parts& parts) {
  const Definitions& definitions = *parts.definitions;
  auto compiled = std::make_unique<Compiled>(parts);
  rules::Table table;
  register_rules(table);
  compiled->rules = table.take();
  for (auto& rule : detail::base_rules(compiled->profiles))
    compiled->rules.push_back(std::move(rule));
  for (const auto& rule : compiled->rules) rule->load(parts);
  const auto fill = [&](Compiled::Set& set, Runs other) {
    set.plans.resize(definitions.types().size());
    for (const auto& rule : compiled->rules) {
      if (rule->runs() == other) continue;
      set.rules.push_back(rule.get());
      for (const Type* type : definitions.types()) {
        if (!type->is_model()) rule->compile(*type, set.plans[type->index()]);
      }
    }
    for (const Type* type : definitions.types()) {
      set.plans[type->index()].freeze(type->elements().size());
      compiled->most_children = std::max(compiled->most_children, type->elements().size());
    }
  };
  fill(compiled->intake, Runs::full);
  fill(compiled->full, Runs::intake);
  return Validator(std::move(compiled));
}

/// One step per node: its children are looked up, counted and checked, then stand in line to be
/// walked themselves. The line is on the heap and bounded by the number of nodes.
void Validator::Compiled::walk(const Node& root, const Type& root_type, const Set& set,
                               Context& context) const {
  const std::vector<Plan>& plans = set.plans;
  std::vector<std::pair<const Node*, const Type*>> open{{&root, &root_type}};
  open.reserve(64);
  std::vector<std::uint8_t> counted(padded(most_children));
  for (const auto& check : plans[root_type.index()].nodes_) check.run(check.data, root, context);
  while (!open.empty()) {
    const auto [node, type] = open.back();
    open.pop_back();
    const Plan& plan = plans[type->index()];
    const std::span<std::uint8_t> counts(counted.data(), padded(type->elements().size()));
    std::fill(counts.begin(), counts.end(), std::uint8_t{0});
    tree::Symbol before = tree::Symbol::kNone;
    for (const Node& child : node->children()) {
      const Child found = type->child(child.name());
      const Type* own = check_structure(child, found, child.name() != before, context);
      before = child.name();
      if (found.element != nullptr) {
        std::uint8_t& count = counts[found.element->order];
        count = static_cast<std::uint8_t>(count + (count != 255));
      }
      if (own == nullptr) continue;
      const std::size_t order = found.element->order;
      for (std::size_t i = plan.first_[order]; i < plan.first_[order + 1]; ++i) {
        const auto& check = plan.elements_[i].check;
        check.run(check.data, child, context);
      }
      for (const auto& check : plans[own->index()].nodes_) check.run(check.data, child, context);
      const bool leaf = own->is_primitive() && child.first_child() == nullptr;
      if (!leaf) open.emplace_back(&child, own);
    }
    for (const auto& check : plan.children_) check.run(check.data, *node, counts, context);
  }
}

Report Validator::validate(const tree::Document& document, const Options& options) const {
  return validate(document, options, Request());
}

void Validator::Compiled::base_pass(const Node& root, Context& context) const {
  const Set& set = of(context.options().depth);
  const Type* type = check_root(root, context);
  if (type == nullptr) return;
  walk(root, *type, set, context);
  for (const Rule* rule : set.rules) rule->finish(context);
}

Report Validator::validate(const tree::Document& document, const Options& options,
                           const Request& request) const {
  const Compiled& compiled = *compiled_;
  Context context(document, compiled.parts, options, request.neighbours);
  if (options.depth == Depth::intake) {
    compiled.base_pass(document.root(), context);
    return context.finish();
  }
  Engine engine(context, compiled.profiles, [&](const tree::Document& other) {
    Context aside(other, compiled.parts, options, request.neighbours);
    Engine inner(aside, compiled.profiles, nullptr);
    compiled.base_pass(other.root(), aside);
    return aside.finish().errors;
  });
  compiled.base_pass(document.root(), context);
  engine.run(request.profiles);
  return context.finish();
}

Report validate_text(std::string text, const Validator& validator, const Definitions& definitions,
                     const Options& options, const tree::Limits& limits,
                     const Validator::Request& request) {
  if (options.depth == Depth::full) {
    tree::Reading reading = read_for_validation(std::move(text), definitions,
                                                {.allow_comments = options.allow_comments}, limits);
    Report report;
    if (reading.document) report = validator.validate(*reading.document, options, request);
    return with_syntax(std::move(reading.findings), std::move(report));
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  auto document = is_xml ? xml::read_fhir(std::move(text), definitions.symbols(), limits)
                         : json::read(std::move(text), definitions.symbols(), limits);
  if (!document) {
    Report report;
    report.issues = std::move(document.error().issues);
    report.errors = report.issues.size();
    for (Issue& issue : report.issues) {
      if (issue.code.empty()) issue.code = error_row(document.error().code).issue_type;
    }
    return report;
  }
  tree::Builder builder(*document);
  definitions::annotate(builder, definitions);
  return validator.validate(*document, options, request);
}

}  // namespace concord::validate
