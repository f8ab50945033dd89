#include "fhir/search/detail/plan_builder.h"

#include <algorithm>

#include "fhir/definitions/r4_generated.h"

namespace concord::search::detail {

namespace {

constexpr int kMaxImports = 4;  ///< value sets within one another

/// The type an expression names; some of R4 say "DateTime".
const definitions::Type* named_type(const definitions::Definitions& definitions,
                                    std::string_view name) {
  if (const auto* type = definitions.type(name)) return type;
  std::string lower(name);
  if (!lower.empty() && lower.front() >= 'A' && lower.front() <= 'Z') {
    lower.front() = static_cast<char>(lower.front() - 'A' + 'a');
  }
  return definitions.type(lower);
}

std::string collapsed(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) {
      plain.push_back(c);
    } else if (!plain.empty() && plain.back() != ' ') {
      plain.push_back(' ');
    }
  }
  return plain;
}

void add_systems(const definitions::Definitions& definitions, std::string_view url,
                 std::vector<std::string>& systems, int depth) {
  const auto* set = definitions.value_set(url.substr(0, url.find('|')));
  if (set == nullptr || set->include() == nullptr || depth > kMaxImports) return;
  for (const auto* part : *set->include()) {
    if (part->system() != nullptr && part->system()->size() > 0) {
      systems.emplace_back(part->system()->string_view());
    }
    if (part->value_sets() == nullptr) continue;
    for (const auto* other : *part->value_sets()) {
      add_systems(definitions, other->string_view(), systems, depth + 1);
    }
  }
}

bool same_steps(const Step& a, const Step& b) { return a.name == b.name && a.as == b.as; }

}  // namespace

bool PlanBuilder::applies(const PartText& part) const {
  if (part.root.empty() || part.root == plan_.type) return true;
  const auto* root = catalogue_.definitions_->type(part.root);
  return root != nullptr && plan_.definition->is(*root);
}

std::vector<std::string> PlanBuilder::implied_systems(std::string_view value_set) const {
  std::vector<std::string> systems;
  if (!value_set.empty()) add_systems(*catalogue_.definitions_, value_set, systems, 0);
  std::sort(systems.begin(), systems.end());
  systems.erase(std::unique(systems.begin(), systems.end()), systems.end());
  return systems;
}

PlanBuilder::Found PlanBuilder::find(const definitions::Type& from, const std::vector<Step>& steps,
                                     Kind kind, bool any_kind) const {
  const auto& definitions = *catalogue_.definitions_;
  auto& symbols = definitions.symbols();
  Found found;
  std::vector<End> ends{{{}, &from, {}}};
  std::string path(from.label());
  for (const Step& step : steps) {
    path.append(".").append(step.name);
    const tree::Symbol name = symbols.find(step.name);
    const definitions::Type* as = step.as.empty() ? nullptr : named_type(definitions, step.as);
    std::vector<End> next;
    std::string label = step.name;
    bool known = false;
    for (const End& end : ends) {
      const definitions::Child child = end.type->child(name);
      if (!child) continue;
      known = true;
      found.single = found.single && !child.element->is_array;
      const bool open = child.element->is_choice && child.element->name == name;
      std::size_t taken = 0;
      for (const definitions::ElementType& type : child.element->types) {
        if (!open && child.type != nullptr && type.type != child.type) continue;
        if (!step.as.empty() && (as == nullptr || !type.type->is(*as))) continue;
        End longer = end;
        longer.edges.push_back({open ? type.name : name, tree::Symbol::kNone, {}, 0});
        longer.type = type.type;
        longer.value_set = child.element->binding.strength == definitions::BindingStrength::required
                               ? child.element->binding.value_set
                               : std::string_view{};
        if (open && taken == 0) label = symbols.text(type.name);
        ++taken;
        for (const StepFilter& filter : step.filters) {
          longer.edges.back().filter = symbols.intern(filter.child);
          longer.edges.back().filter_value = filter.value;
        }
        next.push_back(std::move(longer));
        if (!open) break;
      }
      if (open && taken > 1) label = step.name + "[x]";
    }
    if (next.empty()) {
      found.problem = known ? "'" + path + "' is never of type '" + step.as + "'"
                            : "there is no element '" + path + "'";
      return found;
    }
    found.text.append(".").append(label);
    for (const StepFilter& filter : step.filters) {
      found.text.append("(").append(filter.child).append("=").append(filter.value).append(")");
    }
    ends = std::move(next);
  }
  for (End& end : ends) {
    if (any_kind || fits(kind, shape_of(*end.type))) found.ends.push_back(std::move(end));
  }
  if (found.ends.empty()) {
    found.problem = "'" + path + "' is of type '" + std::string(ends.front().type->label()) +
                    "', which is not supported by search parameters of type '" +
                    std::string(kind_name(kind)) + "'";
  }
  return found;
}

Part& PlanBuilder::make_part(const std::string& text, Kind kind, bool lean) {
  Part& part = catalogue_.parts_.emplace_back();
  part.text = text;
  part.kind = kind;
  part.lean = lean;
  const auto key = [&](std::string_view what) {
    return short_hash(text + "|" + std::string(what));
  };
  part.key = key(kind_name(kind));
  part.text_key = key("text");
  part.of_type_key = key("of-type");
  part.identifier_key = key("identifier");
  part.canonical_key = key("canonical");
  part.x_key = key("x");
  part.y_key = key("y");
  return part;
}

void PlanBuilder::insert(Walk& walk, const Found& found, Kind kind, Part& part) const {
  part.single = found.single;
  for (const End& end : found.ends) {
    const Shape shape = shape_of(*end.type);
    if (!fits(kind, shape)) continue;
    std::uint32_t stop = Walk::kRoot;
    for (const Walk::Edge& edge : end.edges) {
      stop = walk.step(stop, edge.name, edge.filter, edge.filter_value);
    }
    walk.at(stop).actions.push_back({shape, &part});
    part.shapes |= bit(shape);
    if (shape == Shape::code && part.systems.empty()) {
      part.systems = implied_systems(end.value_set);
      part.value_set = end.value_set;
    }
  }
}

const Part* PlanBuilder::path_part(const PartText&, const Found& found, Kind kind) {
  const std::string text = plan_.type + found.text;
  const Part*& known = plan_.parts[text + "|" + std::string(kind_name(kind))];
  if (known == nullptr) {
    Part& part = make_part(text, kind, false);
    insert(plan_.walk, found, kind, part);
    known = &part;
  }
  return known;
}

const Part* PlanBuilder::expression_part(const PartText& from, Kind kind, std::string& problem) {
  const std::string text = plan_.type + ":" + collapsed(from.text);
  const Part*& known = plan_.parts[text + "|" + std::string(kind_name(kind))];
  if (known != nullptr) return known;
  const auto& definitions = *catalogue_.definitions_;
  path::CompileContext context{definitions.symbols(), *catalogue_.functions_};
  context.definitions = &definitions;
  context.focus_type = plan_.type;
  auto compiled = path::Expression::compile(from.text, context);
  if (!compiled) {
    problem = "invalid expression: " + (compiled.error().issues.empty()
                                            ? std::string("it cannot be read")
                                            : compiled.error().issues.front().text);
    plan_.parts.erase(text + "|" + std::string(kind_name(kind)));
    return nullptr;
  }
  Part& part = make_part(text, kind, false);
  for (const tree::Symbol type : compiled->result_type().types) {
    const auto* known_type = definitions.type(type);
    if (known_type != nullptr) part.shapes |= bit(shape_of(*known_type));
  }
  part.single = compiled->result_type().single;
  part.expression = *std::move(compiled);
  plan_.expressions.push_back(&part);
  known = &part;
  return known;
}

std::optional<Use> PlanBuilder::use(const PartText& part, Kind kind, std::string& problem) {
  Use made;
  made.link_types = part.links_to;
  const bool simple = part.plain && !part.steps.empty() &&
                      std::all_of(part.steps.begin(), part.steps.end(),
                                  [](const Step& step) { return step.filters.size() <= 1; });
  if (simple && kind == Kind::token && part.steps.back().filters.size() == 1 &&
      part.steps.back().filters.front().child == "system") {
    // phone and email share the rows of telecom.
    PartText whole = part;
    whole.steps.back().filters.clear();
    const Found found = find(*plan_.definition, whole.steps, kind, false);
    const bool contacts = std::all_of(found.ends.begin(), found.ends.end(), [](const End& end) {
      return shape_of(*end.type) == Shape::contact;
    });
    if (!found.ends.empty() && contacts) {
      made.contact_system = short_hash(part.steps.back().filters.front().value);
      made.part = path_part(whole, found, kind);
      return made;
    }
  }
  if (simple) {
    const Found found = find(*plan_.definition, part.steps, kind, false);
    if (!found.ends.empty()) {
      made.part = path_part(part, found, kind);
      return made;
    }
    problem = found.problem;
    return std::nullopt;
  }
  made.part = expression_part(part, kind, problem);
  if (made.part == nullptr) return std::nullopt;
  return made;
}

std::vector<PartText> PlanBuilder::component_parts(const Definition& definition, std::size_t index,
                                                   const PartText& base,
                                                   const definitions::Type& type, Kind kind) const {
  std::vector<PartText> parts;
  const auto& [url, expression] = definition.components[index];
  for (const std::string_view text : split_union(expression)) {
    PartText part = read_part(text);
    if (part.plain && part.root.empty() && !find(type, part.steps, kind, false).ends.empty()) {
      parts.push_back(std::move(part));
    }
  }
  if (!parts.empty()) return parts;
  // R4 has components whose expressions stand in the wrong order (DocumentReference-relationship):
  // then the expression of the parameter itself, below the element both share.
  const auto own = catalogue_.by_url_.find(url);
  if (own == catalogue_.by_url_.end()) return parts;
  for (const std::string_view text : split_union(own->second->expression)) {
    PartText part = read_part(text);
    if (!part.plain || !applies(part) || part.steps.size() <= base.steps.size()) continue;
    if (!std::equal(base.steps.begin(), base.steps.end(), part.steps.begin(), &same_steps))
      continue;
    part.steps.erase(part.steps.begin(),
                     part.steps.begin() + static_cast<std::ptrdiff_t>(base.steps.size()));
    part.root.clear();
    if (!find(type, part.steps, kind, false).ends.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

std::string PlanBuilder::add_composite_part(const Definition& definition, const PartText& base,
                                            Parameter& parameter) {
  if (!base.plain) return "its expression is no path";
  const Found root = find(*plan_.definition, base.steps, Kind::composite, true);
  if (root.ends.size() != 1) return root.problem.empty() ? "its base is a choice" : root.problem;
  const definitions::Type& type = *root.ends.front().type;
  if (!root.single && parameter.component_kinds.size() != 2) {
    return "it has more than two components on an element that repeats";
  }
  std::vector<std::vector<PartText>> components;
  for (std::size_t at = 0; at < definition.components.size(); ++at) {
    components.push_back(
        component_parts(definition, at, base, type, parameter.component_kinds[at]));
    if (components.back().empty()) return "a component does not fit its parameter";
  }
  CompositeUse made;
  if (root.single) {
    std::string problem;
    for (std::size_t at = 0; at < components.size(); ++at) {
      std::vector<Use> uses;
      for (const PartText& part : components[at]) {
        PartText whole = part;
        whole.root = plan_.type;
        whole.steps.insert(whole.steps.begin(), base.steps.begin(), base.steps.end());
        if (auto one = use(whole, parameter.component_kinds[at], problem)) {
          uses.push_back(*std::move(one));
        }
      }
      if (uses.empty()) return problem;
      made.components.push_back(std::move(uses));
    }
    parameter.composites.push_back(std::move(made));
    return {};
  }
  const std::vector<Kind>& kinds = parameter.component_kinds;
  const auto token = std::find(kinds.begin(), kinds.end(), Kind::token);
  if (token == kinds.end()) return "none of its components is a token";
  const auto marked = static_cast<std::size_t>(token - kinds.begin());
  std::string text = plan_.type + root.text;
  for (const std::size_t at : {marked, 1 - marked}) {
    for (const PartText& part : components[at]) {
      text.append("$").append(find(type, part.steps, kinds[at], false).text);
    }
    text.append("|").append(kind_name(kinds[at]));
  }
  const Composite*& known = plan_.composites[text];
  if (known == nullptr) {
    Composite& rows = catalogue_.composites_.emplace_back();
    rows.text = text;
    rows.marked_at = marked;
    for (const std::size_t at : {marked, 1 - marked}) {
      for (const PartText& from : components[at]) {
        const Found found = find(type, from.steps, kinds[at], false);
        Part& part = make_part(text + "$" + found.text, kinds[at], true);
        insert(at == marked ? rows.marked : rows.carried, found, kinds[at], part);
        (at == marked ? rows.marked_parts : rows.carried_parts).push_back(&part);
      }
    }
    rows.marked.seal();
    rows.carried.seal();
    std::uint32_t stop = Walk::kRoot;
    for (const Walk::Edge& edge : root.ends.front().edges) {
      stop = plan_.walk.step(stop, edge.name, edge.filter, edge.filter_value);
    }
    plan_.walk.at(stop).composites.push_back(&rows);
    known = &rows;
  }
  made.rows = known;
  parameter.composites.push_back(std::move(made));
  return {};
}

void PlanBuilder::add_composite(const Definition& definition, Parameter& parameter) {
  for (const auto& [url, expression] : definition.components) {
    const auto known = catalogue_.by_url_.find(url);
    const auto kind =
        known == catalogue_.by_url_.end() ? std::nullopt : kind_of(known->second->type);
    if (!kind || *kind == Kind::composite || *kind == Kind::special) {
      parameter.not_served = "a component is of no known parameter";
      return;
    }
    parameter.component_kinds.push_back(*kind);
  }
  if (parameter.component_kinds.size() < 2) parameter.not_served = "it has no components";
  std::string problem;
  for (const std::string_view text : split_union(definition.expression)) {
    const PartText part = read_part(text);
    if (!applies(part) || !parameter.not_served.empty()) continue;
    const std::string wrong = add_composite_part(definition, part, parameter);
    if (!wrong.empty()) problem = wrong;
  }
  if (parameter.not_served.empty() && (parameter.composites.empty() || !problem.empty())) {
    parameter.not_served =
        problem.empty() ? "no part of its expression is about this type" : problem;
  }
}

void PlanBuilder::add(const Definition& definition) {
  Parameter& parameter = plan_.parameters[definition.code];
  parameter.code = definition.code;
  parameter.definition = &definition;
  const auto kind = kind_of(definition.type);
  if (!kind) {
    parameter.not_served = "its type is not known";
    return;
  }
  parameter.kind = *kind;
  if (definition.code == "_id" || definition.code == "_lastUpdated") {
    parameter.builtin = definition.code == "_id" ? Builtin::id : Builtin::updated;
    return;
  }
  if (definition.expression.empty()) {
    parameter.not_served = "it has no expression";
  } else if (*kind == Kind::composite) {
    add_composite(definition, parameter);
  } else {
    std::string problem = "no part of its expression is about this type";
    for (const std::string_view text : split_union(definition.expression)) {
      const PartText part = read_part(text);
      if (!applies(part)) continue;
      if (auto one = use(part, *kind, problem)) parameter.uses.push_back(*std::move(one));
    }
    if (parameter.uses.empty()) parameter.not_served = problem;
  }
  for (const std::string& target : definition.target) {
    const auto* type = catalogue_.definitions_->type(target);
    if (type != nullptr && type->is_resource() && !type->is_abstract()) {
      parameter.targets.push_back(target);
    }
  }
  std::sort(parameter.targets.begin(), parameter.targets.end());
}

void PlanBuilder::build() {
  // What the types it is derived from have comes first; its own goes before theirs.
  std::vector<const definitions::Type*> lineage;
  for (const auto* at = plan_.definition; at != nullptr; at = at->base()) lineage.push_back(at);
  std::map<std::string, std::vector<const Definition*>> candidates;
  for (auto at = lineage.rbegin(); at != lineage.rend(); ++at) {
    const auto rows = catalogue_.by_base_.find(std::string((*at)->text()));
    if (rows == catalogue_.by_base_.end()) continue;
    for (const auto& [code, definitions] : rows->second) {
      auto& list = candidates[code];
      list.insert(list.end(), definitions.begin(), definitions.end());
    }
  }
  for (const auto& [code, list] : candidates) {
    std::string why;
    for (auto at = list.rbegin(); at != list.rend(); ++at) {
      plan_.parameters.erase(code);
      add(**at);
      const Parameter& made = plan_.parameters[code];
      if (made.not_served.empty()) break;
      if (why.empty()) why = made.not_served;
    }
    Parameter& made = plan_.parameters[code];
    if (!made.not_served.empty()) made.not_served = why;
  }
  plan_.walk.seal();
}

}  // namespace concord::search::detail
