// What a StructureDefinition must be beyond its own constraints: of the kind and type of its base,
// with a differential that gives a snapshot, with a context only where it defines an extension.
// Source: hl7.org/fhir/R4/structuredefinition.html, hl7.org/fhir/R4/profiling.html.

#include <algorithm>
#include <array>
#include <string>

#include "fhir/definitions/r4_generated.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/generator.h"
#include "fhir/tree/builder.h"
#include "fhir/validate/rules/definition_view.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using View = DefinitionView;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// A code that must be one of a few.
struct Enumeration {
  std::string_view parent;
  std::string_view member;
  std::array<std::string_view, 7> codes;
};

constexpr std::array kEnumerations{
    Enumeration{"discriminator", "type", {"value", "exists", "pattern", "type", "profile"}},
    Enumeration{"slicing", "rules", {"closed", "open", "openAtEnd"}},
    Enumeration{"binding", "strength", {"required", "extensible", "preferred", "example"}},
    Enumeration{"constraint", "severity", {"error", "warning"}},
    Enumeration{"type", "aggregation", {"contained", "referenced", "bundled"}},
    Enumeration{"type", "versioning", {"either", "independent", "specific"}},
    Enumeration{
        "element", "representation", {"xmlAttr", "xmlText", "typeAttr", "cdaText", "xhtml"}},
};

class StructureDefinition final : public Rule {
 public:
  std::string_view id() const override { return "structure_definition"; }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "StructureDefinition") plan.on_node(&check, this);
  }

 private:
  static void check(const void*, const Node& node, Context& context) {
    if (context.registry() == nullptr) return;
    const View definition{&context.document(), &node};
    check_contexts(definition, context);
    if (!check_codes(definition, context)) return;
    check_base(definition, context);
    check_extension_url(definition, context);
  }

  /// A code nobody knows in the differential: there is nothing to make a snapshot of.
  static bool check_codes(const View& definition, Context& context) {
    for (View element = definition.child("differential").child("element"); element;
         element = element.next()) {
      const Node* wrong = unknown_code(*element.document, *element.node, "element");
      if (wrong == nullptr) continue;
      context.error("ERROR_GENERATING_SNAPSHOT", "exception", *definition.node,
                    "The snapshot cannot be generated: " +
                        std::string(context.document().name(*wrong)) + " of the element " +
                        std::string(element.text("path")) + " is a code that FHIR does not have");
      return false;
    }
    return true;
  }
  static const Node* unknown_code(const tree::Document& document, const Node& node,
                                  std::string_view name) {
    // Elements of definitions are a few levels deep; the document bounds them.
    for (const Node& child : node.children()) {
      const std::string_view member = document.name(child);
      for (const Enumeration& row : kEnumerations) {
        if (row.parent == name && row.member == member && child.has_value() &&
            std::find(row.codes.begin(), row.codes.end(), child.text()) == row.codes.end()) {
          return &child;
        }
      }
      if (member == "extension") continue;
      if (const Node* wrong = unknown_code(document, child, member)) return wrong;
    }
    return nullptr;
  }

  static void check_contexts(const View& definition, Context& context) {
    const bool extension = definition.text("type") == "Extension";
    constexpr std::array<std::string_view, 2> kJsonNames{
        "http://hl7.org/fhir/tools/StructureDefinition/elementdefinition-json-name",
        "http://hl7.org/fhir/tools/StructureDefinition/json-name"};
    View root = definition.child("snapshot").child("element");
    if (!root) root = definition.child("differential").child("element");
    const bool has_json_name =
        root && std::any_of(kJsonNames.begin(), kJsonNames.end(), [&](std::string_view url) {
          return static_cast<bool>(root.extension(url));
        });
    for (View at = definition.child("context"); at; at = at.next()) {
      if (!extension) {
        if (has_json_name) continue;
        context.error("SD_NO_CONTEXT_WHEN_NOT_EXTENSION", "invalid", *at.node,
                      "Only the definition of an extension has a context");
        continue;
      }
      const std::string_view expression = at.text("expression");
      if (at.text("type") != "element") continue;
      if (expression == "Element") {
        context.warning("SD_CONTEXT_SHOULD_NOT_BE_ELEMENT", "business-rule", *at.node,
                        "The context 'Element' is so general that the extension may stand "
                        "anywhere; say where it is meant to be used");
      }
      if (!is_element(expression, context)) {
        context.error("SD_CONTEXT_SHOULD_ELEMENT_NOT_FOUND", "invalid", *at.node,
                      "The context names an element that no definition has");
      }
    }
    if (extension) return;
    for (View at = definition.child("contextInvariant"); at; at = at.next()) {
      context.error("SD_NO_CONTEXT_INV_WHEN_NOT_EXTENSION", "invalid", *at.node,
                    "Only the definition of an extension has a context invariant");
    }
  }

  /// "Patient.contact.name", "http://…/profile#Patient.contact".
  static bool is_element(std::string_view expression, const Context& context) {
    const std::size_t hash = expression.find('#');
    const std::string_view path =
        hash == std::string_view::npos ? expression : expression.substr(hash + 1);
    std::string_view type = path.substr(0, path.find('.'));
    // Interfaces that R4 does not define, by a resource that has what they have.
    if (type == "CanonicalResource") type = "CodeSystem";
    if (type == "MetadataResource") type = "PlanDefinition";
    const definitions::Type* at = context.definitions().type(type);
    if (at == nullptr) {
      // A logical model or a profile: known, or not for us to judge.
      return hash != std::string_view::npos ||
             static_cast<bool>(context.registry()->structure(
                 "http://hl7.org/fhir/StructureDefinition/" + std::string(type)));
    }
    const auto& symbols = context.definitions().symbols();
    std::string_view rest = path.find('.') == std::string_view::npos
                                ? std::string_view{}
                                : path.substr(path.find('.') + 1);
    while (!rest.empty()) {
      const std::size_t dot = rest.find('.');
      std::string_view name = rest.substr(0, dot);
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
      name = name.substr(0, name.find(':'));
      if (name.ends_with("[x]")) name.remove_suffix(3);
      const definitions::Child child = at->child(symbols.find(name));
      if (!child) return false;
      if (child.type == nullptr) return rest.empty();
      at = child.type;
    }
    return true;
  }

  static void check_base(const View& definition, Context& context) {
    const Node& node = *definition.node;
    const std::string_view base_url = definition.text("baseDefinition");
    if (base_url.empty()) return;
    const auto base = context.registry()->structure(base_url);
    if (!base) {
      context.warning("Unable_to_find_base__for_", "not-found", node,
                      "The base definition is unknown, so the differential cannot be checked");
      return;
    }
    const std::string_view derivation = definition.text("derivation");
    if (derivation.empty()) {
      context.error("SD_MUST_HAVE_DERIVATION", "not-found", node,
                    "A StructureDefinition with a base says how it is derived from it");
      return;
    }
    const std::string_view kind = definition.text("kind"), base_kind = view(base.table->kind());
    if (!base.table->abstract() && kind != base_kind) {
      context.error(
          "SD_CONSTRAINED_KIND_NO_MATCH", "not-found", node,
          "The kind " + std::string(kind) + " is not that of the base, " + std::string(base_kind));
    }
    const std::string_view type = definition.text("type"), base_type = view(base.table->type());
    if (derivation != "constraint") {
      if (type.empty() || type == base_type) {
        context.error("SD_SPECIALIZED_TYPE_MATCHES", "not-found", node,
                      "A specialization has another type than its base, " + std::string(base_type));
      }
      return;
    }
    if (type != base_type) {
      context.error("SD_CONSTRAINED_TYPE_NO_MATCH", "not-found", node,
                    "A profile has the type of its base, " + std::string(base_type));
    }
    check_snapshot(definition, context);
    if (kind != base_kind) {
      context.error("SD_DERIVATION_KIND_MISMATCH", "not-found", node,
                    "A profile has the kind of its base, " + std::string(base_kind));
    }
  }

  static void check_snapshot(const View& definition, Context& context) {
    const Node& node = *definition.node;
    snapshot::GenerateOptions options;
    options.complete_slicing = true;
    const auto report = [&](Result<snapshot::Generated> generated) {
      if (!generated) {
        // Definitions in a circle were told where the base was asked for.
        if (generated.error().code == ErrorCode::conflict) return;
        std::string why;
        for (const Issue& issue : generated.error().issues) {
          (why += why.empty() ? "" : "; ") += issue.text;
        }
        context.error("ERROR_GENERATING_SNAPSHOT", "exception", node,
                      "The snapshot cannot be generated: " + why);
        return;
      }
      for (const Issue& issue : generated->messages) {
        context.report(issue.severity, "ERROR_GENERATING_SNAPSHOT", "value",
                       place_of(definition, issue.expression), issue.text, {}, issue.expression);
      }
    };
    if (node.parent() == nullptr) {
      report(snapshot::generate(context.document(), *context.registry(), options));
      return;
    }
    // One within another resource: as a document of its own.
    tree::Document own(context.document().symbols(), context.document().limits());
    tree::Builder build(own);
    Node& root = build.root();
    build.set_type(root, build.symbol("StructureDefinition"));
    build.set_flag(root, tree::Flag::resource);
    for (const Node& child : node.children()) {
      if (build.copy_into(root, context.document(), child,
                          build.symbol(context.document().name(child))) == nullptr) {
        return;
      }
    }
    report(snapshot::generate(own, *context.registry(), options));
  }

  /// The element a message is about, "StructureDefinition.differential.element[3]".
  static const Node& place_of(const View& definition, std::string_view expression) {
    constexpr std::string_view kDifferential = "StructureDefinition.differential.element[";
    if (!expression.starts_with(kDifferential)) return *definition.node;
    std::size_t index = 0;
    for (const char c : expression.substr(kDifferential.size())) {
      if (c < '0' || c > '9') break;
      index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    View at = definition.child("differential").child("element");
    for (; at && index > 0; --index) at = at.next();
    return at ? *at.node : *definition.node;
  }

  static void check_extension_url(const View& definition, Context& context) {
    if (definition.text("type") != "Extension" ||
        definition.text("baseDefinition") != "http://hl7.org/fhir/StructureDefinition/Extension") {
      return;
    }
    const std::string_view url = definition.text("url");
    if (url.empty()) return;
    for (View at = definition.child("differential").child("element"); at; at = at.next()) {
      if (at.text("path") != "Extension.url") continue;
      const View fixed = at.starting("fixed");
      if (!fixed) break;
      if (fixed.text() != url) {
        context.error("SD_EXTENSION_URL_MISMATCH", "invalid", *definition.node,
                      "The url of the extension is fixed to another value than the url of its "
                      "definition");
      }
      return;
    }
    context.error("SD_EXTENSION_URL_MISSING", "invalid", *definition.node,
                  "The definition of an extension fixes Extension.url to its own url");
  }
};

}  // namespace

void register_structure_definition(rules::Table& table) {
  table.add(std::make_unique<StructureDefinition>());
}

}  // namespace concord::validate
