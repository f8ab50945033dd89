// Urls of domains that exist for examples only, where the caller says there must be none.
// Source: RFC 2606, option `examples` of the reference validator.

#include <array>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

/// Whether the host of an url is one of the domains for examples, or below one.
bool is_example(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return false;
  std::string_view host = url.substr(start + 3);
  host = host.substr(0, host.find_first_of("/:?#|"));
  constexpr std::array<std::string_view, 5> kDomains{"example.org", "example.com", "example.net",
                                                     "acme.com", "acme.org"};
  for (const std::string_view domain : kDomains) {
    if (host == domain) return true;
    if (host.size() > domain.size() && host.ends_with(domain) &&
        host[host.size() - domain.size() - 1] == '.') {
      return true;
    }
  }
  return false;
}

class ExampleUrl final : public Rule {
 public:
  std::string_view id() const override { return "example-url"; }

  void prepare(const definitions::Definitions& definitions) override {
    uri_ = definitions.type("uri");
  }
  void compile(const Type& type, Plan& plan) override {
    if (type.is_primitive() && type.is(*uri_)) plan.on_node(&check);
  }

 private:
  static void check(const void*, const Node& node, Context& context) {
    if (context.options().allow_examples || !node.has_value() || !is_example(node.text())) return;
    context.error("TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE", "invalid", node,
                  "Example URLs are not allowed in this context");
  }

  const Type* uri_ = nullptr;
};

}  // namespace

void register_example_url(rules::Table& table) { table.add(std::make_unique<ExampleUrl>()); }

}  // namespace concord::validate
