// Urls of domains that exist for examples only, where the caller says there must be none.
// Source: RFC 2606, option `examples` of the reference validator.

#include <array>
#include <string>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

/// Whether an url or object identifier is one of those kept for examples.
bool is_example(std::string_view url) {
  constexpr std::array<std::string_view, 5> kDomains{"example.org", "acme.com", "acme.org",
                                                     "example.com", "example.net"};
  for (const std::string_view domain : kDomains) {
    const std::size_t at = url.find(domain);
    if (at == std::string_view::npos) continue;
    if (url.ends_with(domain) || url.find(std::string(domain) + '/') != std::string_view::npos) {
      return true;
    }
  }
  return url.starts_with("urn:oid:1.3.6.1.4.1.32473.") || url.starts_with("urn:oid:2.999.");
}

class ExampleUrl final : public Rule {
 public:
  std::string_view id() const override { return "example-url"; }

  void prepare(const definitions::Definitions& definitions) override {
    uri_ = definitions.type("uri");
    extension_ = definitions.symbols().find("Extension");
    url_ = definitions.symbols().find("url");
  }
  void compile(const Type& type, Plan& plan) override {
    if (type.is_primitive() && type.is(*uri_)) plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    if (context.options().allow_examples || !node.has_value() || !is_example(node.text())) return;
    const auto& rule = *static_cast<const ExampleUrl*>(data);
    // What an extension holds is for its definition to judge.
    const Node* parent = node.parent();
    if (parent != nullptr && parent->type() == rule.extension_ && node.name() != rule.url_) return;
    context.error("TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE", "invalid", node,
                  "Example URLs are not allowed in this context");
  }

  const Type* uri_ = nullptr;
  tree::Symbol extension_ = tree::Symbol::kNone;
  tree::Symbol url_ = tree::Symbol::kNone;
};

}  // namespace

void register_example_url(rules::Table& table) { table.add(std::make_unique<ExampleUrl>()); }

}  // namespace concord::validate
