// What each element of a StructureDefinition must be: within its type, sliced only where it may
// be, fixed as its base is, bound and bounded only where its types allow it.
// Source: hl7.org/fhir/R4/elementdefinition.html (the table of what is allowed where),
// #interpretation.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "fhir/definitions/r4_generated.h"
#include "fhir/json/writer.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/validate/rules/definition_view.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using View = DefinitionView;
namespace pack = definitions::pack;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// What can be said of values of a type. Source: the extension type-characteristics.
struct Characteristics {
  std::string_view type;
  bool binding = false;
  bool length = false;
  bool range = false;
  bool target = false;
};

constexpr std::array kCharacteristics{
    Characteristics{"boolean"},
    Characteristics{"integer", false, true, true},
    Characteristics{"integer64", false, true, true},
    Characteristics{"decimal", false, true, true},
    Characteristics{"base64Binary"},
    Characteristics{"instant", false, true, true},
    Characteristics{"string", true, true},
    Characteristics{"uri", true, true},
    Characteristics{"date", false, true, true},
    Characteristics{"dateTime", false, true, true},
    Characteristics{"time", false, true, true},
    Characteristics{"canonical", false, true, false, true},
    Characteristics{"code", true, true},
    Characteristics{"id", false, true},
    Characteristics{"markdown", false, true},
    Characteristics{"oid", true, true},
    Characteristics{"positiveInt", false, true, true},
    Characteristics{"unsignedInt", false, true, true},
    Characteristics{"url", true, true},
    Characteristics{"uuid", true, true},
    Characteristics{"Age", true, false, true},
    Characteristics{"CodeableConcept", true},
    Characteristics{"CodeableReference", true, false, false, true},
    Characteristics{"Coding", true},
    Characteristics{"Count", false, false, true},
    Characteristics{"Distance", true, false, true},
    Characteristics{"Duration", true, false, true},
    Characteristics{"Money", false, false, true},
    Characteristics{"Quantity", true, false, true},
    Characteristics{"Range", true},
    Characteristics{"Reference", false, false, false, true},
    Characteristics{"Extension", true},
    Characteristics{"MoneyQuantity", true, false, true},
    Characteristics{"SimpleQuantity", true, false, true},
};

const Characteristics* characteristics_of(std::string_view type) {
  const auto found = std::find_if(kCharacteristics.begin(), kCharacteristics.end(),
                                  [&](const Characteristics& row) { return row.type == type; });
  return found == kCharacteristics.end() ? nullptr : &*found;
}

std::string_view type_of(const View& type) {
  constexpr std::string_view kFhirType =
      "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
  if (const View known = type.extension(kFhirType)) return known.starting("value").text();
  return type.text("code");
}

/// "Uri" of fixedUri → "uri"; complex types keep their capital.
std::string type_of_value(const View& value, std::string_view prefix) {
  std::string type(value.name().substr(prefix.size()));
  if (value.node->has_value() && !type.empty() && type[0] >= 'A' && type[0] <= 'Z') {
    type[0] = static_cast<char>(type[0] - 'A' + 'a');
  }
  return type;
}

class StructureDefinitionElements final : public Rule {
 public:
  std::string_view id() const override { return "structure_definition_elements"; }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "StructureDefinition") plan.on_node(&check);
  }

 private:
  /// One definition being looked at.
  struct Subject {
    View definition;
    std::string_view type_name;  ///< what paths begin with
    bool constraint = false;
    snapshot::Profile base;  ///< may be empty
    Context& context;
  };

  static void check(const void*, const Node& node, Context& context) {
    if (context.registry() == nullptr || context.profiles() == nullptr) return;
    const View definition{&context.document(), &node};
    // Without a base nothing more is known.
    const std::string_view base_url = definition.text("baseDefinition");
    if (base_url.empty() || !context.registry()->structure(base_url)) return;
    const std::string_view type = definition.text("type");
    Subject subject{definition,
                    type.substr(type.rfind('/') + 1),
                    definition.text("derivation") == "constraint",
                    {},
                    context};
    if (auto base = context.profiles()->find(base_url)) subject.base = *base;
    for (const std::string_view list : {"differential", "snapshot"}) {
      const bool snapshot = list == "snapshot";
      std::map<std::string_view, std::string_view> invariants;
      for (View at = definition.child(list).child("element"); at; at = at.next()) {
        check_element(subject, at, snapshot, invariants);
      }
    }
  }

  static void check_element(const Subject& subject, const View& element, bool snapshot,
                            std::map<std::string_view, std::string_view>& invariants) {
    Context& context = subject.context;
    const std::string_view path = element.text("path");
    if (path.empty()) return;
    const bool root = path.find('.') == std::string_view::npos;
    if (!subject.type_name.empty() && path != subject.type_name &&
        !(path.starts_with(subject.type_name) && path[subject.type_name.size()] == '.')) {
      context.error("SD_PATH_TYPE_MISMATCH", "not-found", *element.node,
                    "The path does not begin with the type " + std::string(subject.type_name));
    }
    if (!snapshot && root && element.has("slicing")) {
      context.error("SD_NO_SLICING_ON_ROOT", "invalid", *element.node,
                    "The root of a definition cannot be sliced");
    }
    if (!snapshot && subject.constraint && element.has("meaningWhenMissing") &&
        path != "Extension" && !path.ends_with(".extension")) {
      context.error("SD_ELEMENT_NOT_IN_CONSTRAINT", "not-found", *element.node,
                    "A profile cannot say what it means that an element is missing");
    }
    check_slicing(subject, element, path);
    if (!snapshot) check_fixed(subject, element, path);
    check_types(subject, element, path, snapshot);
    if (snapshot && !root) check_values(context, element);
    check_invariants(subject, element, snapshot, invariants);
    if (snapshot) check_members(subject, element, root);
  }

  static const pack::Element* element_at(const snapshot::Profile& profile, std::string_view path) {
    if (profile.definition == nullptr) return nullptr;
    for (const auto* row : *profile.definition->elements()) {
      if (view(row->path()) == path && view(row->slice_name()).empty()) return row;
    }
    return nullptr;
  }

  static void check_slicing(const Subject& subject, const View& element, std::string_view path) {
    const View slicing = element.child("slicing");
    if (!slicing) return;
    Context& context = subject.context;
    const auto type = context.profiles()->find("http://hl7.org/fhir/StructureDefinition/" +
                                               std::string(path.substr(0, path.find('.'))));
    const pack::Element* of_type = type ? element_at(*type, path) : nullptr;
    if (of_type != nullptr && of_type->max() == 1 && path.find("[x]") == std::string_view::npos) {
      context.error("SD_PATH_NO_SLICING", "not-found", *slicing.node,
                    std::string(path) + " does not repeat and is no choice: it cannot be sliced");
    }
    for (View at = slicing.child("discriminator"); at; at = at.next()) {
      if (at.text("type") == "pattern") {
        context.information("SD_PATH_SLICING_DEPRECATED", "business-rule", *at.node,
                            "The discriminator type 'pattern' is not needed any more: 'value' "
                            "covers it");
      }
    }
  }

  /// What the base fixes stays fixed to the same value.
  static void check_fixed(const Subject& subject, const View& element, std::string_view path) {
    const pack::Element* base = element_at(subject.base, path);
    const View fixed = element.starting("fixed");
    if (base == nullptr || !fixed ||
        base->value_rule() != static_cast<std::uint8_t>(definitions::FixedValue::Rule::fixed)) {
      return;
    }
    Context& context = subject.context;
    const std::string type = type_of_value(fixed, "fixed");
    if (type != view(base->value_type())) {
      context.error("SD_ELEMENT_FIXED_WRONG_TYPE", "invalid", *fixed.node,
                    "The base fixes a value of the type " + std::string(view(base->value_type())) +
                        ", not " + type);
      return;
    }
    std::string value(fixed.text());
    if (!fixed.node->has_value()) {
      auto written = json::write(*fixed.document, *fixed.node);
      if (!written) return;
      value = *std::move(written);
    }
    if (value != view(base->value())) {
      context.error(
          "_DT_Fixed_Wrong", "value", *fixed.node,
          "The value is not the one that the base definition fixes at " + std::string(path));
    }
  }

  static void check_types(const Subject& subject, const View& element, std::string_view path,
                          bool snapshot) {
    Context& context = subject.context;
    bool known = false, binding = false, length = false, range = false;
    const auto add = [&](std::string_view type) {
      if (context.definitions().type(type) == nullptr) return;
      known = true;
      if (const Characteristics* row = characteristics_of(type)) {
        binding = binding || row->binding;
        length = length || row->length;
        range = range || row->range;
      }
    };
    if (path.find('.') == std::string_view::npos) add(path);
    for (View type = element.child("type"); type; type = type.next()) {
      const std::string_view code = type_of(type);
      add(code);
      check_type(context, type, code, path);
    }
    const auto illegal = [&](std::string_view what) {
      context.error(
          "SD_ILLEGAL_CHARACTERISTICS", "business-rule", *element.node,
          std::string(path) + " has " + std::string(what) + ", which none of its types can have");
    };
    if (element.has("binding")) {
      if (known && !binding) illegal("a binding");
      check_binding(context, element.child("binding"), path);
    }
    if (!known) return;
    if (element.has("maxLength") && !length) illegal("a greatest length");
    if (element.starting("minValue") && !range) illegal("a least value");
    if (element.starting("maxValue") && !range) illegal("a greatest value");
    (void)snapshot;
  }

  static void check_binding(Context& context, const View& binding, std::string_view path) {
    const View set = binding.child("valueSet");
    if (!set || !set.node->has_value()) return;
    const std::string_view url = set.text();
    if (!context.registry()->value_set(url)) {
      context.warning("SD_ED_BIND_UNKNOWN_VS", "business-rule", *binding.node,
                      "The value set " + std::string(url) + " that " + std::string(path) +
                          " is bound to is unknown");
    }
  }

  static void check_type(Context& context, const View& type, std::string_view code,
                         std::string_view path) {
    const Characteristics* row = characteristics_of(code);
    if (type.has("targetProfile") && context.definitions().type(code) != nullptr &&
        (row == nullptr || !row->target)) {
      context.error("SD_ILLEGAL_CHARACTERISTICS", "business-rule", *type.node,
                    std::string(path) + " has a target profile, and its type " + std::string(code) +
                        " no target");
    }
    for (View at = type.child("profile"); at; at = at.next()) {
      const auto profile = context.profiles()->find(at.text());
      if (!profile) {
        unknown_profile(context, at);
        continue;
      }
      const std::string_view of = view(profile->definition->type());
      if (!is_instance(context, of, code)) {
        context.error("SD_ED_TYPE_PROFILE_WRONG", "exception", *at.node,
                      "The profile is for the type " + std::string(of) + ", not for " +
                          std::string(code) + ", the type of " + std::string(path));
        continue;
      }
      if (of != "Extension") continue;
      const bool modifier = profile->definition->elements()->Get(0)->modifier();
      const bool wanted = path.ends_with(".modifierExtension");
      if (modifier && !wanted) {
        context.error("SD_ED_TYPE_PROFILE_NOT_MODIFIER", "exception", *at.node,
                      "A modifier extension cannot stand at " + std::string(path));
      } else if (!modifier && wanted) {
        context.error("SD_ED_TYPE_PROFILE_IS_MODIFIER", "exception", *at.node,
                      "Only a modifier extension can stand at " + std::string(path));
      }
    }
    for (View at = type.child("targetProfile"); at; at = at.next()) {
      const auto target = context.registry()->structure(at.text());
      if (!target) {
        unknown_profile(context, at);
      } else if (code == "Reference" && view(target.table->kind()) != "resource") {
        context.error("SD_ED_TYPE_PROFILE_WRONG_TARGET", "exception", *at.node,
                      "The target of a reference is a resource; " +
                          std::string(view(target.table->type())) + " is none");
      }
    }
  }

  static void unknown_profile(Context& context, const View& canonical) {
    context.warning("SD_ED_TYPE_PROFILE_UNKNOWN", "exception", *canonical.node,
                    "The profile " + std::string(canonical.text()) + " is unknown");
  }

  static bool is_instance(const Context& context, std::string_view type, std::string_view of) {
    const definitions::Type* a = context.definitions().type(type);
    const definitions::Type* b = context.definitions().type(of);
    return a == nullptr || b == nullptr || a->is(*b);
  }

  /// In a snapshot every type is said, and values are of one of them.
  static void check_values(Context& context, const View& element) {
    if (!element.has("id")) return;
    std::set<std::string_view> types;
    for (View type = element.child("type"); type; type = type.next()) types.insert(type_of(type));
    if (types.empty() && !element.has("contentReference")) {
      context.error(
          "SD_NO_TYPES_OR_CONTENTREF", "exception", *element.node,
          std::string(element.text("path")) + " has neither types nor a content reference");
      return;
    }
    for (const std::string_view prefix : {"defaultValue", "fixed", "pattern"}) {
      const View value = element.starting(prefix);
      if (!value) continue;
      if (types.contains(type_of_value(value, prefix))) continue;
      context.error("SD_VALUE_TYPE_IILEGAL", "exception", *value.node,
                    "The value of " + std::string(prefix) + " at " +
                        std::string(element.text("path")) + " is of none of the element's types");
    }
  }

  static void check_invariants(const Subject& subject, const View& element, bool snapshot,
                               std::map<std::string_view, std::string_view>& known) {
    Context& context = subject.context;
    const std::string_view url = subject.definition.text("url");
    for (View at = element.child("constraint"); at; at = at.next()) {
      const std::string_view key = at.text("key"), expression = at.text("expression");
      if (key.empty()) {
        context.warning("ED_INVARIANT_NO_KEY", "informational", *at.node,
                        "The constraint has no key");
        continue;
      }
      if (expression.empty()) {
        context.information("ED_INVARIANT_NO_EXPRESSION", "informational", *at.node,
                            "The constraint has no FHIRPath expression, so nobody can check it");
        continue;
      }
      const auto [same, is_new] = known.try_emplace(key, expression);
      if (snapshot) {
        if (!is_new && same->second != expression && key != "ele-1") {
          context.error("ED_INVARIANT_EXPRESSION_CONFLICT", "invalid", *at.node,
                        "The constraint " + std::string(key) + " has another expression elsewhere");
        }
        continue;
      }
      const std::string_view source = at.text("source");
      if (!source.empty() && source != url &&
          source != std::string(url) + "|" + std::string(subject.definition.text("version"))) {
        context.error("ED_INVARIANT_DIFF_NO_SOURCE", "invalid", *at.node,
                      "The constraint " + std::string(key) +
                          " of the differential names another definition as its source");
        continue;
      }
      if (const auto* inherited = inherited_rule(subject, key);
          inherited != nullptr && view(inherited->expression()) != expression) {
        context.error("ED_INVARIANT_KEY_ALREADY_USED", "invalid", *at.node,
                      "The key " + std::string(key) + " is that of a constraint of the base");
      } else if (!is_new && same->second != expression) {
        context.error("ED_INVARIANT_KEY_ALREADY_USED", "invalid", *at.node,
                      "The key " + std::string(key) + " is used twice");
      }
    }
  }

  static const pack::Constraint* inherited_rule(const Subject& subject, std::string_view key) {
    if (subject.base.definition == nullptr || subject.base.pack->constraints() == nullptr) {
      return nullptr;
    }
    for (const auto* row : *subject.base.definition->elements()) {
      if (row->constraints() == nullptr) continue;
      for (const std::uint16_t index : *row->constraints()) {
        const auto* rule = subject.base.pack->constraints()->Get(index);
        if (view(rule->key()) == key) return rule;
      }
    }
    return nullptr;
  }

  /// The table of elementdefinition.html: what may be said of the root, of others, in profiles and
  /// in definitions of types.
  static void check_members(const Subject& subject, const View& element, bool root) {
    Context& context = subject.context;
    const auto prohibited = [&](std::string_view name, bool choice) {
      const View found = choice ? element.starting(name) : element.child(name);
      if (!found) return;
      context.error("SD_TABLE_PROHIBITED", "exception", *element.node,
                    std::string(name) + " is not allowed at " + std::string(element.text("path")),
                    {}, name);
    };
    if (root) {
      for (const std::string_view name : {"sliceName", "slicing", "requirements"}) {
        prohibited(name, false);
      }
      for (const std::string_view name :
           {"defaultValue", "fixed", "pattern", "minValue", "maxValue"}) {
        prohibited(name, true);
      }
      prohibited("example", false);
      if (subject.constraint) {
        prohibited("meaningWhenMissing", false);
        prohibited("maxLength", false);
      }
    } else if (!subject.constraint) {
      for (const std::string_view name : {"min", "max"}) {
        if (element.has(name)) continue;
        context.error("SD_TABLE_REQUIRED", "exception", *element.node,
                      std::string(name) + " is required at " + std::string(element.text("path")),
                      {}, name);
      }
      prohibited("sliceName", false);
      for (const std::string_view name : {"fixed", "pattern", "minValue", "maxValue"}) {
        prohibited(name, true);
      }
    }
  }
};

}  // namespace

void register_structure_definition_elements(rules::Table& table) {
  table.add(std::make_unique<StructureDefinitionElements>());
}

}  // namespace concord::validate
