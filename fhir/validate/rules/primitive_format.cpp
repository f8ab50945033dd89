// The lexical form of primitive values. Source: hl7.org/fhir/R4/datatypes.html#primitive

#include <algorithm>
#include <array>

#include "fhir/core/decimal.h"
#include "fhir/validate/formats.h"
#include "fhir/validate/primitive.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

constexpr std::string_view kEmpty = "Type_Specific_Checks_DT_Primitive_NotEmpty";
constexpr std::string_view kNoValue = "Type_Specific_Checks_DT_Primitive_ValueExt";
constexpr std::size_t kMostCharacters = 1'048'576;

/// What is wrong with a value of each type, in the words of the reference.
struct Wrong {
  std::string_view type, id;
};

constexpr std::array kWrong{
    Wrong{"boolean", "Type_Specific_Checks_DT_Boolean_Value"},
    Wrong{"integer", "Type_Specific_Checks_DT_Integer_Valid"},
    Wrong{"unsignedInt", "Type_Specific_Checks_DT_Integer_Valid"},
    Wrong{"positiveInt", "Type_Specific_Checks_DT_Integer_Valid"},
    Wrong{"decimal", "Type_Specific_Checks_DT_Decimal_Valid"},
    Wrong{"code", "Type_Specific_Checks_DT_Code_WS"},
    Wrong{"id", "Type_Specific_Checks_DT_ID_Valid"},
    Wrong{"uri", "Type_Specific_Checks_DT_URI_WS"},
    Wrong{"url", "Type_Specific_Checks_DT_URI_WS"},
    Wrong{"canonical", "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE"},
    Wrong{"oid", "Type_Specific_Checks_DT_OID_Valid"},
    Wrong{"uuid", "Type_Specific_Checks_DT_UUID_Valid"},
    Wrong{"date", "Type_Specific_Checks_DT_Date_Valid"},
    Wrong{"dateTime", "Type_Specific_Checks_DT_DateTime_Valid"},
    Wrong{"instant", "Type_Specific_Checks_DT_DateTime_Regex"},
    Wrong{"time", "Type_Specific_Checks_DT_Time_Valid"},
    Wrong{"base64Binary", "Type_Specific_Checks_DT_Base64_Valid"},
};

struct Primitive {
  const Type* type;
  Format format;
  std::string_view wrong;
  bool is_decimal;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

/// Any text: not empty, not too long, no control characters.
void check_text(const Node& node, Context& context) {
  const std::string_view text = node.text();
  if (text.empty()) return context.error(kEmpty, "value", node, "must not be empty");
  if (static_cast<unsigned char>(text.front()) <= ' ' &&
      text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos) {
    context.warning("Type_Specific_Checks_DT_String_WS_ALL", "value", node,
                    "holds white space only");
  }
  if (has_byte_below(text, ' ')) {
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
    });
    if (control)
      context.warning("UNICODE_XML_BAD_CHARS", "value", node, "holds control characters");
  }
  if (text.size() > kMostCharacters) {
    std::size_t characters = 0;
    for (const char c : text) characters += !is_continuation(c);
    if (characters > kMostCharacters) {
      context.error("Type_Specific_Checks_DT_String_Length", "too-long", node,
                    "is longer than 1,048,576 characters");
    }
  }
}

void wrong(const Primitive& primitive, const Node& node, Context& context) {
  const std::string_view text = node.text(), type = primitive.type->text();
  if (text.empty()) {
    context.error(kEmpty, "value", node, "must not be empty");
    if (type == "id" && context.options().depth == Depth::full &&
        node.parent()->is(tree::Flag::resource)) {
      context.error("Resource_RES_ID_Malformed_Chars", "value", node, "is not a valid id");
    }
    return;
  }
  // Narratives have a rule of their own.
  if (type == "xhtml" && !text.empty() && context.options().depth == Depth::full) return;
  std::string_view id = primitive.wrong;
  const Node& parent = *node.parent();
  if (type == "id" && parent.is(tree::Flag::resource)) {
    id = text.size() > 64 ? "Resource_RES_ID_Malformed_Length" : "Resource_RES_ID_Malformed_Chars";
  } else if (type == "dateTime" && text.size() >= 16 && text[10] == 'T' &&
             text.find_first_of("Z+-", 11) == std::string_view::npos) {
    id = "Type_Specific_Checks_DT_DateTime_TZ";
  } else if (text.starts_with("urn:uuid:")) {
    id = "Type_Specific_Checks_DT_UUID_Valid";
  } else if (text.starts_with("urn:oid:")) {
    id = "Type_Specific_Checks_DT_OID_Valid";
  } else if (type == "uuid") {
    id = "Type_Specific_Checks_DT_UUID_Strat";
  } else if (type == "oid") {
    id = "Type_Specific_Checks_DT_OID_Start";
  } else if (type == "canonical" && has_byte_below(text, '!')) {
    id = "Type_Specific_Checks_DT_URI_WS";
  }
  // The reference counts letters only: whatever else stands there is for a decoder to find.
  if (type == "base64Binary" && context.options().depth == Depth::full) {
    const auto letters = std::count_if(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             c == '/' || c == '=' || c == '+';
    });
    if (letters % 4 == 0) return;
  }
  context.error(id, "value", node, "is not a valid " + std::string(type));
}

/// "http://a", "urn:b": a scheme in lower case and something behind it.
bool is_absolute(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

void check_value(const Primitive& primitive, const Node& node, Context& context) {
  if (primitive.format == nullptr) return check_text(node, context);
  if (!primitive.format(node.text())) return wrong(primitive, node, context);
  // What arithmetic cannot hold (34 digits, or an exponent beyond it) may stand in a file, but not
  // in an order.
  if (primitive.is_decimal && context.options().depth == Depth::intake &&
      (node.text().size() > 30 || node.text().find_first_of("eE") != std::string_view::npos) &&
      !Decimal::parse(node.text())) {
    context.error(primitive.wrong, "value", node, "is a number with more digits than can be kept");
  }
  if (primitive.type->text() == "canonical" && context.options().depth == Depth::full &&
      !node.text().starts_with('#') && !is_absolute(node.text())) {
    context.error("TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE", "value", node,
                  "a canonical must be an absolute url");
  }
}

Primitive primitive_of(const Type& type) {
  const auto row = std::find_if(kWrong.begin(), kWrong.end(),
                                [&](const Wrong& at) { return at.type == type.text(); });
  return {&type, format_of(type.text()), row == kWrong.end() ? kEmpty : row->id,
          type.text() == "decimal"};
}

class PrimitiveFormat final : public Rule {
 public:
  std::string_view id() const override { return "primitive-format"; }
  Runs runs() const override { return Runs::always; }

  void prepare(const definitions::Definitions& definitions) override {
    primitives_.reserve(2 * definitions.types().size());  // addresses are handed out; two depths
  }

  void compile(const Type& type, Plan& plan) override {
    if (!type.is_primitive()) return;
    primitives_.push_back(primitive_of(type));
    plan.on_node(&check, &primitives_.back());
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    if (!node.has_value()) {
      if (node.first_child() == nullptr && context.options().depth == Depth::full) {
        context.error(kNoValue, "invalid", node, "has neither a value nor extensions");
      }
      return;
    }
    check_value(*static_cast<const Primitive*>(data), node, context);
  }

  std::vector<Primitive> primitives_;
};

}  // namespace

void check_primitive_as(const Type& type, const Node& node, Context& context) {
  if (!type.is_primitive() || !node.has_value()) return;
  const Primitive primitive = primitive_of(type);
  if (primitive.format != nullptr) check_value(primitive, node, context);
}

void register_primitive_format(rules::Table& table) {
  table.add(std::make_unique<PrimitiveFormat>());
}

}  // namespace concord::validate
