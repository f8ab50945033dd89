#include "conformance/runner/generator/generator.h"

#include <algorithm>
#include <array>
#include <string>

#include "conformance/runner/generator/recipes.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"

namespace concord::generator {

namespace {

constexpr std::size_t kMaxDepth = 16;

/// Types of choice elements, best first: what is short and has no rules of its own.
constexpr std::array<std::string_view, 10> kPreferred{
    "string", "boolean", "dateTime", "date",      "CodeableConcept",
    "code",   "integer", "uri",      "Reference", "Quantity"};

std::string two(std::uint64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

class Generator::Making {
 public:
  Making(const Generator& generator, tree::Document& document, std::uint64_t seed)
      : definitions_(generator.definitions_),
        terminology_(generator.terminology_),
        builder_(document),
        seed_(seed) {}

  Result<void> fill(tree::Node& node, const definitions::Type& type, std::size_t depth) {
    if (depth > kMaxDepth) {
      return make_error(ErrorCode::internal, "definitions that lead round in a circle");
    }
    builder_.set_type(node, type.name());
    for (const definitions::Element& element : type.elements()) {
      CONCORD_TRY(add(node, type, element, depth));
    }
    if (node.first_child() == nullptr && !type.is_resource()) {
      // ele-1: an element without children has to have a value.
      CONCORD_TRY(add_something(node, type, depth));
    }
    return {};
  }

 private:
  static const Recipe* recipe(const definitions::Type& type, std::string_view name) {
    for (const Recipe& row : recipes()) {
      if (row.type == type.text() && row.element == name) return &row;
    }
    return nullptr;
  }

  Result<void> add(tree::Node& parent, const definitions::Type& type,
                   const definitions::Element& element, std::size_t depth) {
    for (const definitions::ElementType& choice : element.types) {
      const std::string_view name = definitions_.symbols().text(choice.name);
      if (const Recipe* const row = recipe(type, name)) {
        if (!row->json.empty()) return add_json(parent, choice, row->json);
        return add_value(parent, element, choice, depth);
      }
    }
    if (element.min == 0) return {};
    for (std::uint32_t i = 0; i < element.min; ++i) {
      CONCORD_TRY(add_value(parent, element, best(element), depth));
    }
    return {};
  }

  static const definitions::ElementType& best(const definitions::Element& element) {
    if (element.types.size() == 1) return element.types.front();
    for (const std::string_view wanted : kPreferred) {
      for (const definitions::ElementType& choice : element.types) {
        if (choice.type->text() == wanted) return choice;
      }
    }
    return element.types.front();
  }

  Result<void> add_json(tree::Node& parent, const definitions::ElementType& choice,
                        std::string_view json) {
    const std::string wrapped = "{\"it\":" + std::string(json) + "}";
    CONCORD_ASSIGN(const tree::Document given, json::read_plain(wrapped, definitions_.symbols()));
    for (const tree::Node& value : given.root().children()) {
      if (builder_.copy_into(parent, given, value, choice.name) == nullptr) {
        return make_error(ErrorCode::internal, "a recipe that cannot be read");
      }
    }
    return {};
  }

  Result<void> add_value(tree::Node& parent, const definitions::Element& element,
                         const definitions::ElementType& choice, std::size_t depth) {
    const definitions::Type& type = *choice.type;
    tree::Node* const node = builder_.append(parent, choice.name, type.value_kind());
    if (node == nullptr) return make_error(ErrorCode::too_long, "too many elements");
    if (type.is_primitive()) {
      builder_.set_type(*node, type.name());
      builder_.set_copy(*node, primitive(element, type.text()));
      return {};
    }
    if (type.text() == "Resource" || type.is_resource()) {
      // Any resource will do: Basic has the fewest wishes.
      const definitions::Type* const basic =
          definitions_.type(type.is_abstract() ? std::string_view("Basic") : type.text());
      builder_.set_flag(*node, tree::Flag::resource);
      return fill(*node, *basic, depth + 1);
    }
    if (type.text() == "Reference") {
      builder_.set_type(*node, type.name());
      return add_text(*node, "display", "Generated " + std::to_string(seed_));
    }
    if (type.text() == "CodeableConcept" || type.text() == "Coding") {
      return coded(*node, type, element);
    }
    return fill(*node, type, depth + 1);
  }

  Result<void> coded(tree::Node& node, const definitions::Type& type,
                     const definitions::Element& element) {
    builder_.set_type(node, type.name());
    const auto code = code_of(element);
    tree::Node* coding = &node;
    if (type.text() == "CodeableConcept") {
      if (!code) return add_text(node, "text", "Generated");
      coding = builder_.append(node, definitions_.symbols().find("coding"));
      if (coding == nullptr) return make_error(ErrorCode::too_long, "too many elements");
    }
    CONCORD_TRY(add_text(*coding, "system", code ? code->system : "http://example.org/generated"));
    return add_text(*coding, "code", code ? code->code : "generated");
  }

  struct Picked {
    std::string system, code;
  };
  /// The first code of a binding that can be listed.
  std::optional<Picked> code_of(const definitions::Element& element) const {
    if (terminology_ == nullptr || element.binding.value_set.empty()) return std::nullopt;
    if (element.binding.strength < definitions::BindingStrength::extensible) return std::nullopt;
    terminology::ExpandOptions options;
    options.count = 20;
    options.exclude_nested = true;
    const auto expansion = terminology_->expand(element.binding.value_set, options);
    if (!expansion) return std::nullopt;
    for (const terminology::ExpansionLine& line : expansion->lines) {
      if (!line.abstract && !line.inactive) {
        return Picked{std::string(line.system), std::string(line.code)};
      }
    }
    return std::nullopt;
  }

  std::string primitive(const definitions::Element& element, std::string_view type) const {
    if (element.fixed.rule != definitions::FixedValue::Rule::none) {
      return std::string(element.fixed.value);
    }
    const std::string number = std::to_string(seed_);
    const std::string date =
        std::to_string(2000 + seed_ % 25) + "-" + two(1 + seed_ % 12) + "-" + two(1 + seed_ % 28);
    if (type == "boolean") return "false";
    if (type == "integer" || type == "unsignedInt" || type == "positiveInt") {
      return std::to_string(1 + seed_ % 1000);
    }
    if (type == "decimal") return std::to_string(1 + seed_ % 1000) + ".5";
    if (type == "date") return date;
    if (type == "dateTime" || type == "instant") return date + "T10:00:00Z";
    if (type == "time") return "10:00:00";
    if (type == "base64Binary") return "R2VuZXJhdGVk";
    if (type == "oid") return "urn:oid:1.2." + number;
    if (type == "uuid") return "urn:uuid:00000000-0000-4000-8000-" + padded(number);
    if (type == "uri" || type == "url" || type == "canonical") {
      return "http://example.org/generated/" + number;
    }
    if (type == "id") return "generated-" + number;
    if (type == "xhtml")
      return "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Generated</p></div>";
    if (type == "code") {
      if (const auto code = code_of(element)) return code->code;
      return "generated";
    }
    return "Generated" + number;  // string, markdown: also a name a program can use
  }

  static std::string padded(const std::string& number) {
    constexpr std::size_t kDigits = 12;
    const std::string tail = number.substr(number.size() > kDigits ? number.size() - kDigits : 0);
    return std::string(kDigits - tail.size(), '0') + tail;
  }

  Result<void> add_text(tree::Node& parent, std::string_view name, const std::string& text) {
    tree::Node* const node =
        builder_.append(parent, definitions_.symbols().find(name), tree::Kind::string);
    if (node == nullptr) return make_error(ErrorCode::too_long, "too many elements");
    builder_.set_copy(*node, text);
    return {};
  }

  Result<void> add_something(tree::Node& node, const definitions::Type& type, std::size_t depth) {
    const definitions::Element* found = nullptr;
    for (const definitions::Element& element : type.elements()) {
      const std::string_view name = definitions_.symbols().text(element.name);
      if (name == "id" || name == "extension" || name == "modifierExtension") continue;
      if (element.is_modifier || element.max == 0) continue;
      const bool plain = best(element).type->is_primitive() &&
                         element.binding.strength == definitions::BindingStrength::none;
      if (found == nullptr || plain) found = &element;
      if (plain) break;
    }
    if (found == nullptr) return {};
    return add_value(node, *found, best(*found), depth);
  }

  const definitions::Definitions& definitions_;
  const terminology::Terminology* terminology_;
  tree::Builder builder_;
  std::uint64_t seed_;
};

Result<tree::Document> Generator::resource(std::string_view name, std::uint64_t seed) const {
  const definitions::Type* const type = definitions_.type(name);
  if (type == nullptr || !type->is_resource() || type->is_abstract()) {
    return make_error(ErrorCode::not_found, "no resource type of R4 has that name");
  }
  tree::Document document(definitions_.symbols());
  tree::Builder builder(document);
  builder.set_flag(builder.root(), tree::Flag::resource);
  CONCORD_TRY(Making(*this, document, seed).fill(builder.root(), *type, 0));
  definitions::annotate(builder, definitions_);
  definitions::put_in_order(builder, definitions_);
  return document;
}

std::vector<std::string> Generator::types() const {
  std::vector<std::string> names;
  for (const definitions::Type* const type : definitions_.types()) {
    if (type->is_resource() && !type->is_abstract() && !type->is_model()) {
      names.emplace_back(type->text());
    }
  }
  return names;
}

}  // namespace concord::generator
