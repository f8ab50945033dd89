// Definitions of the core, from tables back to a tree.
#include <array>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/json/reader.h"
#include "fhir/packages/detail/store.h"
#include "fhir/tree/builder.h"

namespace concord::packages {

namespace pack = definitions::pack;

namespace {

using tree::Kind;
using tree::Node;

constexpr std::string_view kExtensions = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kAdditional =
    "http://hl7.org/fhir/tools/StructureDefinition/additional-binding";

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

std::string capital(std::string_view prefix, std::string_view type) {
  std::string name(prefix);
  name += type;
  char& first = name[prefix.size()];
  if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
  return name;
}

std::string count_text(std::uint32_t count) {
  return count == definitions::Element::kUnbounded ? "*" : std::to_string(count);
}

/// Writes one definition. A node budget that is spent and JSON that cannot be read end it at once.
class Writing {
 public:
  Writing(tree::Document& document, const pack::Pack& pack, const definitions::Definitions& core)
      : document_(document), builder_(document), pack_(pack), core_(core) {}

  Result<void> run(const pack::StructureDefinition& from) {
    Node& root = builder_.root();
    builder_.set_flag(root, tree::Flag::resource);
    builder_.set_type(root, builder_.symbol("StructureDefinition"));
    text(root, "id", from.id());
    if (from.impose_profiles() != nullptr) {
      for (const auto* url : *from.impose_profiles()) {
        extension(root, "structuredefinition-imposeProfile", "valueCanonical", view(url));
      }
    }
    text(root, "url", from.url());
    text(root, "version", from.version());
    text(root, "name", from.name());
    text(root, "status", from.status());
    text(root, "fhirVersion", from.fhir_version());
    text(root, "kind", from.kind());
    add(root, "abstract", from.abstract() ? "true" : "false");
    if (from.contexts() != nullptr) {
      for (const pack::Context* row : *from.contexts()) {
        Node& at = child(root, "context");
        text(at, "type", row->type());
        text(at, "expression", row->expression());
      }
    }
    texts(root, "contextInvariant", from.context_invariants());
    text(root, "type", from.type());
    text(root, "baseDefinition", from.base());
    text(root, "derivation", from.derivation());
    Node& listed = child(root, from.has_snapshot() ? "snapshot" : "differential");
    for (const pack::Element* row : *from.elements()) element(child(listed, "element"), *row);
    if (spent_) return make_error(ErrorCode::too_long, "the definition has too many elements");
    if (broken_) return make_error(ErrorCode::internal, "a value of the definitions is no JSON");
    return {};
  }

 private:
  Node& child(Node& parent, std::string_view name, Kind kind = Kind::element) {
    Node* made = builder_.append(parent, builder_.symbol(name), kind);
    if (made != nullptr) return *made;
    spent_ = true;
    return builder_.root();
  }
  void add(Node& parent, std::string_view name, std::string_view value) {
    Node& at = child(parent, name, Kind::string);
    if (!spent_) builder_.set_copy(at, value);
  }
  void text(Node& parent, std::string_view name, const flatbuffers::String* value) {
    if (value != nullptr && value->size() > 0) add(parent, name, view(value));
  }
  void texts(Node& parent, std::string_view name,
             const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* values) {
    if (values == nullptr) return;
    for (const auto* value : *values) add(parent, name, view(value));
  }
  void flag(Node& parent, std::string_view name, bool on) {
    if (on) add(parent, name, "true");
  }
  void extension(Node& parent, std::string_view url_end, std::string_view value_name,
                 std::string_view value) {
    Node& at = child(parent, "extension");
    add(at, "url", std::string(kExtensions) + std::string(url_end));
    add(at, value_name, value);
  }
  /// A value of any type under `prefix` and its type.
  void value(Node& parent, std::string_view prefix, std::string_view type, std::string_view text) {
    if (type.empty()) return;
    const std::string name = capital(prefix, type);
    if (const auto* known = core_.type(type); known == nullptr || known->is_primitive()) {
      return add(parent, name, text);
    }
    const auto read = json::read_plain(std::string(text), document_.symbols());
    if (!read) {
      broken_ = true;
      return;
    }
    if (builder_.copy_into(parent, *read, read->root(), builder_.symbol(name)) == nullptr) {
      spent_ = true;
    }
  }

  void types(Node& element, const pack::Element& row) {
    if (row.types() == nullptr) return;
    for (const pack::TypeRef* type : *row.types()) {
      Node& at = child(element, "type");
      text(at, "code", type->code());
      texts(at, "profile", type->profiles());
      texts(at, "targetProfile", type->target_profiles());
      texts(at, "aggregation", type->aggregation());
      text(at, "versioning", type->versioning());
      if (const auto regex = view(row.regex()); !regex.empty() && row.types()->size() == 1) {
        // Extensions stand before the other children.
        Node* made = builder_.insert_after(at, nullptr, builder_.symbol("extension"));
        if (made == nullptr) {
          spent_ = true;
          return;
        }
        add(*made, "url", std::string(kExtensions) + "regex");
        add(*made, "valueString", regex);
      }
    }
  }

  void binding(Node& element, const pack::Element& row) {
    constexpr std::array<std::string_view, 5> kStrengths{"", "example", "preferred", "extensible",
                                                         "required"};
    if (row.binding() == 0 || row.binding() >= kStrengths.size()) return;
    Node& at = child(element, "binding");
    if (const auto url = view(row.max_value_set()); !url.empty()) {
      extension(at, "elementdefinition-maxValueSet", "valueCanonical", url);
    }
    if (const auto url = view(row.min_value_set()); !url.empty()) {
      extension(at, "elementdefinition-minValueSet", "valueCanonical", url);
    }
    if (row.additional_bindings() != nullptr) {
      for (const pack::AdditionalBinding* more : *row.additional_bindings()) {
        Node& outer = child(at, "extension");
        const auto part = [&](std::string_view url, std::string_view name, std::string_view text) {
          Node& inner = child(outer, "extension");
          add(inner, "url", url);
          add(inner, name, text);
        };
        part("purpose", "valueCode", view(more->purpose()));
        part("valueSet", "valueCanonical", view(more->value_set()));
        if (more->any()) part("any", "valueBoolean", "true");
        add(outer, "url", kAdditional);
      }
    }
    add(at, "strength", kStrengths[row.binding()]);
    text(at, "valueSet", row.value_set());
  }

  void constraints(Node& element, const pack::Element& row) {
    if (row.constraints() == nullptr) return;
    for (const std::uint16_t index : *row.constraints()) {
      const pack::Constraint& rule = *pack_.constraints()->Get(index);
      Node& at = child(element, "constraint");
      if (rule.best_practice()) {
        extension(at, "elementdefinition-bestpractice", "valueBoolean", "true");
      }
      text(at, "key", rule.key());
      add(at, "severity", rule.warning() ? "warning" : "error");
      text(at, "human", rule.human());
      text(at, "expression", rule.expression());
      text(at, "source", rule.source());
    }
  }

  void element(Node& at, const pack::Element& row) {
    constexpr std::array<std::string_view, 4> kRepresentations{"", "xmlAttr", "xmlText", "xhtml"};
    text(at, "id", row.id());
    if (row.min_length() > 0) {
      extension(at, "minLength", "valueInteger", std::to_string(row.min_length()));
    }
    if (row.max_decimal_places() >= 0) {
      extension(at, "maxDecimalPlaces", "valueInteger", std::to_string(row.max_decimal_places()));
    }
    if (const auto size = view(row.max_size()); !size.empty()) {
      extension(at, "maxSize", "valueDecimal", size);
    }
    if (const auto regex = view(row.element_regex()); !regex.empty()) {
      extension(at, "regex", "valueString", regex);
    }
    if (const auto type = view(row.allowed_units_type()); !type.empty()) {
      Node& units = child(at, "extension");
      add(units, "url", std::string(kExtensions) + "elementdefinition-allowedUnits");
      value(units, "value", type, view(row.allowed_units()));
    }
    text(at, "path", row.path());
    if (row.representation() > 0 && row.representation() < kRepresentations.size()) {
      add(at, "representation", kRepresentations[row.representation()]);
    }
    text(at, "sliceName", row.slice_name());
    flag(at, "sliceIsConstraining", row.slice_is_constraining());
    text(at, "short", row.short_());
    if (const pack::Slicing* slicing = row.slicing()) {
      Node& made = child(at, "slicing");
      if (slicing->discriminators() != nullptr) {
        for (const pack::Discriminator* one : *slicing->discriminators()) {
          Node& discriminator = child(made, "discriminator");
          text(discriminator, "type", one->type());
          text(discriminator, "path", one->path());
        }
      }
      text(made, "description", slicing->description());
      flag(made, "ordered", slicing->ordered());
      text(made, "rules", slicing->rules());
    }
    add(at, "min", std::to_string(row.min()));
    add(at, "max", count_text(row.max()));
    if (row.base_path() != nullptr) {
      Node& base = child(at, "base");
      text(base, "path", row.base_path());
      add(base, "min", std::to_string(row.base_min()));
      add(base, "max", count_text(row.base_max()));
    }
    text(at, "contentReference", row.content_reference());
    types(at, row);
    value(at, "defaultValue", view(row.default_value_type()), view(row.default_value()));
    if (row.value_rule() != 0) {
      const bool fixed =
          row.value_rule() == static_cast<std::uint8_t>(definitions::FixedValue::Rule::fixed);
      value(at, fixed ? "fixed" : "pattern", view(row.value_type()), view(row.value()));
    }
    value(at, "minValue", view(row.min_value_type()), view(row.min_value()));
    value(at, "maxValue", view(row.max_value_type()), view(row.max_value()));
    if (row.max_length() > 0) add(at, "maxLength", std::to_string(row.max_length()));
    texts(at, "condition", row.conditions());
    constraints(at, row);
    flag(at, "mustSupport", row.must_support());
    flag(at, "isModifier", row.modifier());
    flag(at, "isSummary", row.summary());
    binding(at, row);
  }

  tree::Document& document_;
  tree::Builder builder_;
  const pack::Pack& pack_;
  const definitions::Definitions& core_;
  bool spent_ = false, broken_ = false;
};

}  // namespace

Result<tree::Document> Registry::core_document(const pack::StructureDefinition& from) const {
  tree::Document document(store_->core->symbols());
  Writing writing(document, store_->core->pack(), *store_->core);
  CONCORD_TRY(writing.run(from));
  tree::Builder builder(document);
  definitions::annotate(builder, *store_->core);
  return document;
}

}  // namespace concord::packages
