// Urls and canonicals that lead into their own document ("#name") lead somewhere.
// Source: hl7.org/fhir/R4/references.html#canonical-fragments.

#include <string>

#include "fhir/validate/fragments.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

class InternalUrl final : public Rule {
 public:
  std::string_view id() const override { return "internal-url"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    uri_ = symbols.find("uri");
    url_ = symbols.find("url");
    canonical_ = symbols.find("canonical");
    include_ = symbols.find("include");
    exclude_ = symbols.find("exclude");
    system_ = symbols.find("system");
  }
  void compile(const definitions::Type&, Plan&) override {}

  void finish(Context& context) const override {
    Fragments fragments(context.document(), context.definitions());
    std::vector<const Node*> open{&context.document().root()};
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      for (const Node& child : node->children()) {
        if (child.has_value() && child.text().size() > 1 && child.text().starts_with('#')) {
          check(child, *node, fragments, context);
        }
        if (child.first_child() != nullptr) open.push_back(&child);
      }
    }
  }

 private:
  void check(const Node& node, const Node& parent, Fragments& fragments, Context& context) const {
    const bool is_canonical = node.type() == canonical_;
    if (!is_canonical && node.type() != uri_ && node.type() != url_) return;
    if (fragments.count(node.text().substr(1)) > 0) return;
    const bool is_system =
        node.name() == system_ && (parent.name() == include_ || parent.name() == exclude_);
    const bool is_error = is_canonical || is_system || context.options().for_publication;
    context.report(is_error ? Severity::error : Severity::information,
                   is_error ? "TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL"
                            : "TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL_WARN",
                   "invalid", node,
                   "The URL value appears to point to an internal target, but there is no matching "
                   "target");
  }

  Symbol uri_, url_, canonical_, include_, exclude_, system_;
};

}  // namespace

void register_internal_url(rules::Table& table) { table.add(std::make_unique<InternalUrl>()); }

}  // namespace concord::validate
