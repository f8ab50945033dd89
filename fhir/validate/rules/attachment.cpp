// An Attachment's size, hash and data agree, and it holds or names something.
// Source: hl7.org/fhir/R4/datatypes.html#attachment.

#include <optional>
#include <string>

#include "fhir/core/digest.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;
using tree::Symbol;

/// Whether the characters of base64 come in fours, whatever else stands between them: what the
/// format of base64Binary already says when they do not.
bool comes_in_fours(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '+' || c == '/' || c == '=';
  }
  return count % 4 == 0;
}

/// The bytes of base64 written strictly: no white space. Nothing when it is not.
std::optional<std::string> decode(std::string_view text) {
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
  auto bytes = base64_decode(text);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

class Attachment final : public Rule {
 public:
  std::string_view id() const override { return "attachment"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    data_ = symbols.find("data");
    size_ = symbols.find("size");
    hash_ = symbols.find("hash");
    url_ = symbols.find("url");
    content_type_ = symbols.find("contentType");
    language_ = symbols.find("language");
  }

  void compile(const Type& type, Plan& plan) override {
    if (type.text() == "Attachment") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    static_cast<const Attachment*>(data)->check(node, context);
  }

  void check(const Node& node, Context& context) const {
    const Node* data = node.child(data_);
    const Node* hash = node.child(hash_);
    std::optional<std::string> stated;
    if (hash != nullptr && hash->has_value()) {
      stated = decode(hash->text());
      if (!stated) not_base64("hash", node, context);
    }
    if (data != nullptr && data->has_value()) {
      check_data(node, *data, stated ? &*stated : nullptr, context);
    }
    if (data == nullptr && node.child(url_) == nullptr && node.child(content_type_) == nullptr &&
        node.child(language_) == nullptr) {
      context.warning("TYPE_SPECIFIC_CHECKS_DT_ATT_NO_CONTENT", "structure", node,
                      "Attachments have data and/or url, or else SHOULD have either contentType "
                      "and/or language");
    }
  }

  static void not_base64(std::string_view name, const Node& node, Context& context) {
    context.error(
        "TYPE_SPECIFIC_CHECKS_DT_ATT_B64_DECODE_FAIL", "structure", node,
        "The base64 content in the " + std::string(name) + " element is not valid base64");
  }

  void check_data(const Node& node, const Node& data, const std::string* hash,
                  Context& context) const {
    const auto bytes = decode(data.text());
    if (!bytes) {
      if (comes_in_fours(data.text())) not_base64("data", node, context);
      return;
    }
    const Node* size = node.child(size_);
    if (size != nullptr && size->has_value() && size->text() != std::to_string(bytes->size())) {
      context.error("TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_CORRECT", "structure", node,
                    "Stated Attachment Size does not match actual attachment size " +
                        std::to_string(bytes->size()));
    }
    if (hash == nullptr) return;
    const auto actual = sha1(*bytes);
    if (*hash != std::string_view(reinterpret_cast<const char*>(actual.data()), actual.size())) {
      context.error("TYPE_SPECIFIC_CHECKS_DT_ATT_HASH_MISMATCH", "structure", node,
                    "Stated Attachment hash is not the SHA-1 hash of the data");
    }
  }

  Symbol data_, size_, hash_, url_, content_type_, language_;
};

}  // namespace

void register_attachment(rules::Table& table) { table.add(std::make_unique<Attachment>()); }

}  // namespace concord::validate
