#include "fhir/validate/detail/base_rules.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "fhir/validate/binding.h"
#include "fhir/validate/detail/engine.h"
#include "fhir/validate/detail/plan_compiler.h"

namespace concord::validate::detail {

namespace {

using definitions::Element;
using definitions::Invariant;
using tree::Node;

/// Invariants of types and of their elements.
class InvariantRule final : public Rule {
 public:
  explicit InvariantRule(const Plans& plans) : plans_(plans) {}
  std::string_view id() const override { return "invariants"; }

  void compile(const Type& type, Plan& plan) override {
    const auto of_type = collect(type.invariants(), type.is_primitive());
    if (!of_type.empty()) plan.on_node(&check, &lists_.emplace_back(of_type));
    for (const Element& element : type.elements()) {
      std::vector<const Invariant*> own;
      for (const Invariant* at : element.invariants) {
        const bool known =
            std::all_of(element.types.begin(), element.types.end(), [&](const auto& t) {
              const auto& rules = t.type->invariants();
              return std::any_of(rules.begin(), rules.end(), [&](const Invariant* rule) {
                return rule->expression == at->expression && rule->severity == at->severity;
              });
            });
        if (!known && at->key != "ele-1") own.push_back(at);
      }
      const auto list = collect(own, false);
      if (!list.empty()) plan.on_element(element, &check, &lists_.emplace_back(list));
    }
  }

 private:
  using List = std::vector<const CompiledInvariant*>;

  List collect(std::span<const Invariant* const> rules, bool primitive) {
    List list;
    for (const Invariant* rule : rules) {
      const CompiledInvariant* made = plans_.invariants().add(*rule);
      if (made == nullptr || made->skipped) continue;
      (void)primitive;
      list.push_back(made);
    }
    return list;
  }

  static void check(const void* data, const Node& node, Context& context) {
    Engine& engine = context.engine();
    for (const CompiledInvariant* rule : *static_cast<const List*>(data)) {
      engine.invariant(*rule, node);
    }
  }

  const Plans& plans_;
  std::deque<List> lists_;
};

/// Bindings of R4's own elements.
class BindingRule final : public Rule {
 public:
  std::string_view id() const override { return "bindings"; }
  void load(const Parts& parts) override { terminology_ = parts.terminology; }

  void compile(const Type& type, Plan& plan) override {
    if (terminology_ == nullptr) return;
    for (const Element& element : type.elements()) {
      if (element.binding.strength == definitions::BindingStrength::none ||
          element.binding.value_set.empty()) {
        continue;
      }
      std::string& canonical = names_.emplace_back(element.binding.value_set);
      if (!element.binding.version.empty()) canonical.append("|").append(element.binding.version);
      BoundElement& bound = bound_.emplace_back();
      bound.strength = element.binding.strength;
      bound.value_set = canonical;
      bound.path = element.path;
      plan.on_element(element, &check, &bound);
    }
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    check_binding(*static_cast<const BoundElement*>(data), node, context);
  }

  const terminology::Terminology* terminology_ = nullptr;
  std::deque<BoundElement> bound_;
  std::deque<std::string> names_;
};

/// References as R4's own types have them.
class ReferenceRule final : public Rule {
 public:
  std::string_view id() const override { return "references"; }
  void load(const Parts& parts) override { definitions_ = parts.definitions; }

  void compile(const Type& type, Plan& plan) override {
    for (const Element& element : type.elements()) {
      for (const auto& choice : element.types) {
        if (choice.type->text() != "Reference") continue;
        Row& row = rows_.emplace_back();
        row.type = choice.type->name();
        row.rule.profiles.assign(choice.target_profiles.begin(), choice.target_profiles.end());
        row.rule.types = core_types(row.rule.profiles, *definitions_);
        plan.on_element(element, &check, &row);
      }
    }
  }

 private:
  struct Row {
    Symbol type;
    TargetRule rule;
  };

  static void check(const void* data, const Node& node, Context& context) {
    const Row& row = *static_cast<const Row*>(data);
    if (node.type() == row.type) context.engine().reference(row.rule, node, {});
  }

  const definitions::Definitions* definitions_ = nullptr;
  std::deque<Row> rows_;
};

/// Element ids are unique within a resource. The snapshot of a StructureDefinition repeats those of
/// its differential.
class ElementIds final : public Rule {
 public:
  std::string_view id() const override { return "element-ids"; }
  void prepare(const definitions::Definitions& definitions) override {
    id_ = definitions.symbols().find("id");
  }
  void compile(const Type& type, Plan& plan) override {
    if (type.is_resource()) plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& resource, Context& context) {
    const Symbol id = static_cast<const ElementIds*>(data)->id_;
    const tree::Document& document = context.document();
    std::unordered_set<std::string_view> seen;
    const Node* at = resource.first_child();
    while (at != nullptr) {
      const Node* own = at->kind() == tree::Kind::element || at->first_child() != nullptr
                            ? at->child(id)
                            : nullptr;
      const bool inner = at->is(tree::Flag::resource);
      if (own != nullptr && !inner && !own->text().empty() && !seen.insert(own->text()).second) {
        context.error("DUPLICATE_ID", "business-rule", *at, "another element has the same id");
      }
      const std::string_view name = document.name(*at);
      if ((name == "snapshot" || name == "differential") &&
          document.text(resource.type()) == "StructureDefinition") {
        seen.clear();
      }
      if (at->first_child() != nullptr && !inner) {
        at = at->first_child();
        continue;
      }
      while (at != &resource && at->next_sibling() == nullptr) at = at->parent();
      at = at == &resource ? nullptr : at->next_sibling();
    }
  }

  Symbol id_ = Symbol::kNone;
};

/// Contained resources have an id of their own. Source: hl7.org/fhir/R4/references.html#contained.
class ContainedResources final : public Rule {
 public:
  std::string_view id() const override { return "contained-resources"; }
  void prepare(const definitions::Definitions& definitions) override {
    contained_ = definitions.symbols().find("contained");
    id_ = definitions.symbols().find("id");
  }
  void compile(const Type& type, Plan& plan) override {
    if (type.is_resource() && type.child(contained_).element != nullptr) plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    const auto& rule = *static_cast<const ContainedResources*>(data);
    if (node.child(rule.contained_) != nullptr) rule.check(node, context);
  }

  void check(const Node& container, Context& context) const {
    std::unordered_set<std::string_view> seen;
    for (const Node* at = container.child(contained_); at != nullptr; at = at->next_same()) {
      const Node* own = at->child(id_);
      if (own == nullptr) {
        context.error("Resource_RES_ID_Missing", "invalid", *at,
                      "a contained resource needs an id");
      } else if (!seen.insert(own->text()).second) {
        context.error("RESOURCE_DUPLICATE_CONTAINED_ID", "duplicate", *at,
                      "another contained resource has the same id");
      }
    }
  }

  Symbol contained_ = Symbol::kNone, id_ = Symbol::kNone;
};

/// Notes what profiles look at once the base pass is over.
class Notes final : public Rule {
 public:
  std::string_view id() const override { return "notes"; }

  void compile(const Type& type, Plan& plan) override {
    if (type.is_resource()) {
      plan.on_node([](const void*, const Node& node, Context& context) {
        context.engine().note_resource(node);
      });
    } else if (type.text() == "Extension") {
      plan.on_node([](const void*, const Node& node, Context& context) {
        context.engine().note_extension(node);
      });
    }
  }
};

}  // namespace

std::vector<std::unique_ptr<Rule>> base_rules(const Plans& plans) {
  std::vector<std::unique_ptr<Rule>> rules;
  rules.push_back(std::make_unique<InvariantRule>(plans));
  rules.push_back(std::make_unique<BindingRule>());
  rules.push_back(std::make_unique<ReferenceRule>());
  rules.push_back(std::make_unique<ElementIds>());
  rules.push_back(std::make_unique<ContainedResources>());
  rules.push_back(std::make_unique<Notes>());
  return rules;
}

}  // namespace concord::validate::detail
