#include "fhir/validate/detail/plan_compiler.h"

#include <algorithm>

#include "fhir/json/reader.h"
#include "fhir/validate/detail/slicing_compiler.h"

namespace concord::validate::detail {

namespace {

using definitions::BindingStrength;
using definitions::Child;
using definitions::Definitions;

constexpr std::size_t kMostElements = 50'000;
constexpr int kDeepest = 64;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

std::vector<std::string_view> views(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string_view> found;
  if (texts != nullptr) {
    for (const auto* text : *texts) found.push_back(view(text));
  }
  return found;
}

std::size_t depth_of(std::string_view path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '.'));
}

}  // namespace

int Children::find(Symbol name) const noexcept {
  const auto at =
      std::lower_bound(by_name.begin(), by_name.end(), name,
                       [](const auto& row, Symbol symbol) { return row.first < symbol; });
  return at == by_name.end() || at->first != name ? -1 : at->second;
}

const ElementPlan* element_named(const ElementPlan& plan, std::string_view id) {
  if (plan.id == id) return &plan;
  if (plan.children == nullptr) return nullptr;
  for (const Group& group : plan.children->groups) {
    if (const ElementPlan* found = element_named(*group.plan, id)) return found;
    for (const Slice& slice : group.slices) {
      if (const ElementPlan* found = element_named(*slice.plan, id)) return found;
    }
  }
  return nullptr;
}

std::vector<const Type*> core_types(const std::vector<std::string_view>& profiles,
                                    const Definitions& definitions) {
  std::vector<const Type*> types;
  for (const std::string_view canonical : profiles) {
    const Type* type = definitions.type(canonical);
    if (type == nullptr || type->is_model()) return {};
    types.push_back(type);
  }
  return types;
}

PlanCompiler::PlanCompiler(const Plans& plans)
    : plans_(plans), definitions_(*plans.parts().definitions) {}

/// Children follow their parent in a snapshot, so the last element of the depth above is it.
PlanCompiler::Rows PlanCompiler::rows_of(const pack::StructureDefinition& definition) {
  Rows rows;
  std::vector<std::size_t> open;  // by depth
  for (const pack::Element* element : *definition.elements()) {
    const std::size_t depth = depth_of(view(element->path()));
    if (depth > open.size() || (depth == 0 && !rows.empty())) continue;  // without a parent
    rows.push_back({element, {}});
    open.resize(depth);
    if (depth > 0) rows[open.back()].children.push_back(rows.size() - 1);
    open.push_back(rows.size() - 1);
  }
  return rows;
}

const ProfilePlan* PlanCompiler::plan(const snapshot::Profile& profile) {
  const pack::StructureDefinition& definition = *profile.definition;
  auto& slot = plans_.plans_[&definition];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<ProfilePlan>();
  ProfilePlan& made = *slot;
  made.definition = &definition;
  made.pack = profile.pack;
  made.entry = profile.entry;
  made.url = view(definition.url());
  made.name = view(definition.name());
  made.type_name = view(definition.type());
  made.label = made.url;
  if (const std::string_view version = view(definition.version()); !version.empty()) {
    made.label.append("|").append(version);
  }
  made.imposed = views(definition.impose_profiles());
  made.type = definitions_.type(made.type_name.substr(made.type_name.rfind('/') + 1));
  if (made.entry != nullptr && made.type != nullptr && made.type->is_resource() &&
      plans_.parts().registry != nullptr) {
    made.narrative = read_narrative_control(*plans_.parts().registry, *made.entry);
  }
  const Rows rows = rows_of(definition);
  if (rows.empty()) return nullptr;
  budget_ = kMostElements;
  made.root = element(rows, 0, made, nullptr, 0);
  if (made.root == nullptr) return nullptr;
  link(*made.root, made);
  settle(*made.root);
  if (made.root->children != nullptr) {
    SlicingCompiler slicing(*this, made);
    slicing.fill(*made.root);
  }
  return &made;
}

std::unique_ptr<ElementPlan> PlanCompiler::element(const Rows& rows, std::size_t at,
                                                   ProfilePlan& profile, const Type* parent,
                                                   int depth) {
  if (budget_ == 0 || depth > kDeepest) return nullptr;
  --budget_;
  const pack::Element& element = *rows[at].element;
  auto made = std::make_unique<ElementPlan>();
  made->element = &element;
  made->profile = &profile;
  made->path = view(element.path());
  made->id = view(element.id()).empty() ? made->path : view(element.id());
  made->slice_name = view(element.slice_name());
  made->content_reference = view(element.content_reference());
  made->name = made->path.substr(made->path.rfind('.') + 1);
  made->is_choice = made->name.ends_with("[x]");
  made->min = element.min();
  made->max = element.max();
  made->modifier = element.modifier();
  made->xhtml = element.representation() == 3;
  const definitions::Element* base = nullptr;
  if (parent != nullptr) {
    const Symbol name = definitions_.symbols().find(view(element.name()));
    const Child child = name == Symbol::kNone ? Child{} : parent->child(name);
    base = child.element;
  }
  add_types(*made, base);
  add_value(*made);
  add_invariants(*made, base);
  add_binding(*made, base);
  if (!rows[at].children.empty()) {
    // The type below: the one R4 type of the element, a backbone listed in place included.
    const Type* type = depth == 0 ? profile.type : nullptr;
    if (depth > 0 && base != nullptr && base->types.size() == 1) type = base->types[0].type;
    if (depth > 0 && made->types.size() == 1 && made->types[0].type != nullptr &&
        (type == nullptr || type->kind() != definitions::TypeKind::backbone)) {
      type = made->types[0].type;
    }
    made->children = children(rows, at, profile, type, depth);
  }
  return made;
}

namespace {

/// Whether an element is written as one type of a choice: "valueQuantity" of "value[x]".
bool is_choice_of(const Definitions& definitions, const Type* type, const ElementPlan& plan,
                  const ElementPlan& choice) {
  if (type == nullptr) return false;
  const Symbol name = definitions.symbols().find(plan.name);
  const Child child = name == Symbol::kNone ? Child{} : type->child(name);
  return child.element != nullptr && child.element->is_choice &&
         std::string(definitions.symbols().text(child.element->name)) + "[x]" == choice.name;
}

}  // namespace

std::unique_ptr<Children> PlanCompiler::children(const Rows& rows, std::size_t at,
                                                 ProfilePlan& profile, const Type* type,
                                                 int depth) {
  auto made = std::make_unique<Children>();
  for (const std::size_t row : rows[at].children) {
    auto plan = element(rows, row, profile, type, depth + 1);
    if (plan == nullptr) continue;
    // A slice stands behind the element it is a slice of; "valueQuantity" may stand for value[x].
    Group* group = nullptr;
    if (!plan->slice_name.empty() || !made->groups.empty()) {
      for (auto back = made->groups.rbegin(); back != made->groups.rend(); ++back) {
        const ElementPlan& of = *back->plan;
        const bool same = of.path == plan->path;
        const bool renamed =
            of.is_choice && !plan->is_choice && is_choice_of(definitions_, type, *plan, of);
        if ((same && !plan->slice_name.empty()) || renamed) {
          group = &*back;
          break;
        }
      }
    }
    if (group != nullptr) {
      if (plan->slice_name.empty()) plan->slice_name = view(plan->element->name());
      group->sliced = true;
      Slice slice;
      slice.otherwise = plan->slice_name == "@default";
      slice.plan = std::move(plan);
      group->slices.push_back(std::move(slice));
      continue;
    }
    Group& fresh = made->groups.emplace_back();
    add_slicing(fresh, *plan->element);
    fresh.plan = std::move(plan);
  }
  // Names: an element's own; of a choice every name R4 writes it under.
  const auto& symbols = definitions_.symbols();
  for (std::size_t i = 0; i < made->groups.size(); ++i) {
    const ElementPlan& plan = *made->groups[i].plan;
    const std::string_view name = view(plan.element->name());
    const Symbol symbol = symbols.find(name);
    if (symbol == Symbol::kNone) continue;
    const auto number = static_cast<std::uint16_t>(i);
    const Child child = type == nullptr ? Child{} : type->child(symbol);
    if (child.element != nullptr && child.element->is_choice && plan.is_choice) {
      for (const auto& choice : child.element->types) {
        made->by_name.emplace_back(choice.name, number);
      }
    } else if (plan.is_choice) {
      for (const Type* any : definitions_.types()) {
        if (any->is_model() || any->kind() == definitions::TypeKind::backbone) continue;
        std::string full(name);
        full += any->text();
        if (full.size() > name.size() && full[name.size()] >= 'a' && full[name.size()] <= 'z') {
          full[name.size()] = static_cast<char>(full[name.size()] - 'a' + 'A');
        }
        if (const Symbol known = symbols.find(full); known != Symbol::kNone) {
          made->by_name.emplace_back(known, number);
        }
      }
    } else {
      made->by_name.emplace_back(symbol, number);
    }
  }
  std::sort(made->by_name.begin(), made->by_name.end());
  return made;
}

void PlanCompiler::add_types(ElementPlan& plan, const definitions::Element* base) {
  const auto* types = plan.element->types();
  if (types == nullptr) return;
  for (const pack::TypeRef* row : *types) {
    TypePlan type;
    type.code = view(row->code());
    type.type = definitions_.type(type.code.substr(type.code.rfind('/') + 1));
    type.profiles = views(row->profiles());
    type.target_profiles = views(row->target_profiles());
    plan.types.push_back(std::move(type));
    if (view(row->code()) != "Reference") continue;
    // What R4 itself says of a reference was checked by the base pass.
    std::vector<std::string_view> before;
    if (base != nullptr) {
      for (const auto& known : base->types) {
        if (known.type->text() == "Reference") {
          before.assign(known.target_profiles.begin(), known.target_profiles.end());
        }
      }
    }
    std::vector<std::string_view> now = plan.types.back().target_profiles;
    const bool aggregates = row->aggregation() != nullptr && row->aggregation()->size() > 0;
    std::vector<std::string_view> sorted = now;
    std::sort(sorted.begin(), sorted.end());
    std::sort(before.begin(), before.end());
    if (sorted == before && !aggregates) continue;
    TargetRule rule;
    rule.profiles = std::move(now);
    rule.asked_from = plan.profile->entry;
    rule.types = core_types(rule.profiles, definitions_);
    rule.aggregates = aggregates;
    if (aggregates) {
      for (const auto* mode : *row->aggregation()) {
        rule.contained = rule.contained || view(mode) == "contained";
        rule.bundled = rule.bundled || view(mode) == "bundled";
        rule.referenced = rule.referenced || view(mode) == "referenced";
      }
    }
    plan.targets = std::move(rule);
  }
  if (base == nullptr) {
    plan.narrows_types = plan.is_choice && !plan.types.empty();
    return;
  }
  for (const auto& known : base->types) {
    const bool kept = std::any_of(plan.types.begin(), plan.types.end(), [&](const TypePlan& at) {
      return at.type == known.type || at.type == nullptr;
    });
    if (!kept && known.type->kind() != definitions::TypeKind::backbone && base->is_choice) {
      plan.narrows_types = true;
    }
  }
}

void PlanCompiler::add_value(ElementPlan& plan) {
  const pack::Element& element = *plan.element;
  if (element.value_rule() != 0) {
    Exemplar exemplar;
    exemplar.pattern =
        element.value_rule() == static_cast<std::uint8_t>(definitions::FixedValue::Rule::pattern);
    exemplar.type = definitions_.type(view(element.value_type()));
    const std::string_view value = view(element.value());
    if (exemplar.type != nullptr && !exemplar.type->is_primitive()) {
      auto read = json::read_plain(std::string(value), definitions_.symbols());
      if (read) exemplar.document = *std::move(read);
    } else {
      exemplar.text = value;
    }
    plan.exemplars.push_back(std::move(exemplar));
  }
  ValueRule rule;
  rule.max_length = element.max_length();
  rule.min_length = element.min_length();
  rule.max_decimal_places = element.max_decimal_places();
  rule.min_value = view(element.min_value());
  rule.max_value = view(element.max_value());
  rule.min_type = view(element.min_value_type());
  rule.max_type = view(element.max_value_type());
  rule.regex = view(element.element_regex());
  rule.max_size = view(element.max_size());
  if (rule.max_length != 0 || rule.min_length != 0 || rule.max_decimal_places >= 0 ||
      !rule.min_value.empty() || !rule.max_value.empty() || !rule.regex.empty() ||
      !rule.max_size.empty()) {
    plan.value = rule;
  }
}

void PlanCompiler::add_invariants(ElementPlan& plan, const definitions::Element* base) {
  const auto* constraints = plan.element->constraints();
  if (constraints == nullptr || plan.profile->pack->constraints() == nullptr) return;
  const auto known = [&](std::string_view expression, bool warning) {
    const auto same = [&](const definitions::Invariant* at) {
      return at->expression == expression && (at->severity != Severity::error) == warning;
    };
    const auto in_type = [&](const Type* type) {
      for (; type != nullptr; type = type->base()) {
        if (std::any_of(type->invariants().begin(), type->invariants().end(), same)) return true;
      }
      return false;
    };
    if (base == nullptr) return in_type(plan.profile->type);
    if (std::any_of(base->invariants.begin(), base->invariants.end(), same)) return true;
    return base->types.size() == 1 && in_type(base->types[0].type);
  };
  for (const std::uint16_t index : *constraints) {
    const pack::Constraint& row = *plan.profile->pack->constraints()->Get(index);
    if (view(row.expression()).empty() || view(row.key()) == "ele-1") continue;
    if (known(view(row.expression()), row.warning())) continue;
    const CompiledInvariant* compiled =
        plans_.invariants_.add(view(row.key()), view(row.human()), view(row.expression()),
                               row.warning(), row.best_practice());
    if (compiled != nullptr) plan.invariants.push_back(compiled);
  }
}

void PlanCompiler::add_binding(ElementPlan& plan, const definitions::Element* base) {
  const pack::Element& element = *plan.element;
  const auto strength = static_cast<BindingStrength>(element.binding());
  if (strength == BindingStrength::none || view(element.value_set()).empty()) return;
  const std::string_view set = view(element.value_set());
  if (base != nullptr && base->binding.strength == strength &&
      view(element.max_value_set()).empty()) {
    std::string known(base->binding.value_set);
    if (!base->binding.version.empty()) known.append("|").append(base->binding.version);
    if (known == set || base->binding.value_set == set) return;
  }
  BoundElement bound;
  bound.strength = strength;
  bound.value_set = set;
  bound.max_value_set = view(element.max_value_set());
  bound.path = plan.path;
  bound.profile = plan.profile->url;
  bound.asked_from = plan.profile->entry;
  plan.binding = bound;
}

void PlanCompiler::add_slicing(Group& group, const pack::Element& element) {
  const pack::Slicing* slicing = element.slicing();
  if (slicing == nullptr) return;
  group.sliced = true;
  group.ordered = slicing->ordered();
  group.closed = view(slicing->rules()) == "closed";
  group.open_at_end = view(slicing->rules()) == "openAtEnd";
  if (slicing->discriminators() == nullptr) return;
  for (const pack::Discriminator* row : *slicing->discriminators()) {
    Discriminator made;
    made.type = view(row->type());
    made.broken = !read_steps(view(row->path()), definitions_, made.path);
    group.discriminators.push_back(std::move(made));
  }
}

/// Content references: the element they name, in the same snapshot.
void PlanCompiler::link(ElementPlan& plan, ProfilePlan& profile) {
  // In a profile they mean R4's own element, which the base pass has checked.
  if (plan.content_reference.starts_with('#') && !profile.definition->constraint()) {
    const std::string_view reference = plan.content_reference;
    const std::string_view path = reference.substr(reference.find('#') + 1);
    ElementPlan* at = profile.root.get();
    // "Bundle.link": from the root down, unsliced elements only.
    std::size_t begin = path.find('.');
    while (at != nullptr && begin != std::string_view::npos) {
      const std::size_t end = path.find('.', begin + 1);
      const std::string_view name = path.substr(begin + 1, end - begin - 1);
      ElementPlan* next = nullptr;
      if (at->children != nullptr) {
        for (Group& group : at->children->groups) {
          if (group.plan->name == name) next = group.plan.get();
        }
      }
      at = next;
      begin = end;
    }
    plan.content = at == &plan ? nullptr : at;
  }
  if (plan.children == nullptr) return;
  for (Group& group : plan.children->groups) {
    link(*group.plan, profile);
    for (Slice& slice : group.slices) link(*slice.plan, profile);
  }
}

/// Which elements need more than being counted.
void PlanCompiler::settle(ElementPlan& plan) {
  const bool profiled = std::any_of(plan.types.begin(), plan.types.end(),
                                    [](const TypePlan& at) { return !at.profiles.empty(); });
  plan.visit = profiled || plan.narrows_types || !plan.exemplars.empty() ||
               plan.binding.has_value() || !plan.invariants.empty() || plan.targets.has_value() ||
               plan.value.has_value() || plan.content != nullptr || plan.children != nullptr;
  if (plan.children == nullptr) return;
  for (Group& group : plan.children->groups) {
    settle(*group.plan);
    for (Slice& slice : group.slices) settle(*slice.plan);
    group.first_count = plan.children->count_total;
    plan.children->count_total += 1 + group.slices.size();
  }
}

bool read_steps(std::string_view path, const Definitions& definitions, std::vector<Step>& steps) {
  std::size_t at = 0;
  while (at < path.size()) {
    std::size_t end = at;
    int open = 0;
    char quote = 0;
    for (; end < path.size(); ++end) {
      const char c = path[end];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '(') {
        ++open;
      } else if (c == ')') {
        --open;
      } else if (c == '.' && open == 0) {
        break;
      }
    }
    std::string_view step = path.substr(at, end - at);
    at = end + 1;
    if (step == "$this" || step == "@type") continue;
    Step made;
    if (step.starts_with("extension(") && step.ends_with(')')) {
      step = step.substr(10, step.size() - 11);
      if (step.size() < 2 || (step.front() != '\'' && step.front() != '"')) return false;
      made.kind = Step::Kind::extension;
      made.text = step.substr(1, step.size() - 2);
    } else if (step == "resolve()") {
      made.kind = Step::Kind::resolve;
    } else if (step.starts_with("ofType(") && step.ends_with(')')) {
      made.kind = Step::Kind::of_type;
      made.text = step.substr(7, step.size() - 8);
      std::string_view name = made.text;
      if (name.starts_with("FHIR.")) name.remove_prefix(5);
      made.type = definitions.type(name);
      if (made.type == nullptr) return false;
    } else {
      if (step.ends_with("[x]")) step.remove_suffix(3);
      if (step.empty() || step.find_first_of("()[]'\" ") != std::string_view::npos) return false;
      made.text = step;
      made.name = definitions.symbols().intern(step);
    }
    steps.push_back(std::move(made));
  }
  return true;
}

}  // namespace concord::validate::detail
