// The lexical form of primitive values. Source: hl7.org/fhir/R4/datatypes.html#primitive

#include <algorithm>

#include "fhir/validate/formats.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

constexpr std::string_view kId = "primitive-format";
constexpr std::size_t kMostCharacters = 1'048'576;

struct Primitive {
  const Type* type;
  Format format;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

/// Any text: not empty, not too long, no control characters.
void check_text(const Node& node, Context& context) {
  const std::string_view text = node.text();
  if (text.empty()) return context.error(kId, "value", node, "must not be empty");
  if (static_cast<unsigned char>(text.front()) <= ' ' &&
      text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos) {
    context.warning(kId, "value", node, "holds white space only");
  }
  if (has_byte_below(text, ' ')) {
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
    });
    if (control) context.warning(kId, "value", node, "holds control characters");
  }
  if (text.size() > kMostCharacters) {
    std::size_t characters = 0;
    for (const char c : text) characters += !is_continuation(c);
    if (characters > kMostCharacters) {
      context.error(kId, "too-long", node, "is longer than 1,048,576 characters");
    }
  }
}

class PrimitiveFormat final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::always; }

  void prepare(const definitions::Definitions& definitions) override {
    primitives_.reserve(2 * definitions.types().size());  // addresses are handed out; two depths
  }

  void compile(const Type& type, Plan& plan) override {
    if (!type.is_primitive()) return;
    primitives_.push_back({&type, format_of(type.text())});
    plan.on_node(&check, &primitives_.back());
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    if (!node.has_value()) return;
    const auto& [type, format] = *static_cast<const Primitive*>(data);
    if (format == nullptr) return check_text(node, context);
    if (format(node.text())) return;
    if (node.text().empty()) {
      context.error(kId, "value", node, "must not be empty");
    } else {
      context.error(kId, "value", node, "is not a valid " + std::string(type->text()));
    }
  }

  std::vector<Primitive> primitives_;
};

}  // namespace

void register_primitive_format(rules::Table& table) {
  table.add(std::make_unique<PrimitiveFormat>());
}

}  // namespace concord::validate
