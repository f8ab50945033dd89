// Whether references inside a Bundle lead to its entries, and how sure that is: by fullUrl,
// relative ones against the base of the entry's own fullUrl. What the target must be is checked
// elsewhere. Source: hl7.org/fhir/R4/bundle.html#references.

#include <string>
#include <vector>

#include "fhir/validate/bundle_index.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Flag;
using tree::Node;
using tree::Symbol;

constexpr std::size_t kMostNamed = 16;  // entries told of for one reference

bool is_response(std::string_view type) {
  return type == "batch-response" || type == "transaction-response";
}

/// The url of a relative reference by the rules of Bundles: the base of the entry's fullUrl, which
/// is what stands before the last two parts, or before the last part of a urn.
std::string target_of(std::string_view full_url, std::string_view plain) {
  if (full_url.starts_with("urn:")) {
    std::string url(full_url.substr(0, full_url.rfind(':') + 1));
    url += plain.substr(plain.find('/') + 1);
    return url;
  }
  std::size_t end = full_url.rfind('/');
  if (end != std::string_view::npos && end > 0) end = full_url.rfind('/', end - 1);
  std::string url(end == std::string_view::npos ? std::string_view{} : full_url.substr(0, end + 1));
  url += plain;
  return url;
}

class BundleReferences final : public Rule {
 public:
  std::string_view id() const override { return "bundle-references"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    reference_type_ = symbols.find("Reference");
    bundle_type_ = symbols.find("Bundle");
    reference_ = symbols.find("reference");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Bundle") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& bundle, Context& context) {
    static_cast<const BundleReferences*>(data)->check(bundle, context);
  }

  void check(const Node& bundle, Context& context) const {
    const BundleIndex index(context.document(), bundle);
    std::vector<const Node*> open;
    for (const BundleEntry& entry : index.entries()) {
      if (entry.resource == nullptr) continue;
      open.push_back(entry.resource);
      while (!open.empty()) {
        const Node* node = open.back();
        open.pop_back();
        if (node->type() == reference_type_) check_reference(*node, entry, index, context);
        if (node->type() == bundle_type_ && node->is(Flag::resource)) continue;  // has its own
        for (const Node& child : node->children()) {
          if (child.first_child() != nullptr) open.push_back(&child);
        }
      }
    }
  }

  void check_reference(const Node& node, const BundleEntry& entry, const BundleIndex& index,
                       Context& context) const {
    const Node* value = node.child(reference_);
    if (value == nullptr || !value->has_value()) return;
    const std::string_view reference = value->text();
    if (reference.empty() || reference.starts_with('#')) return;
    if (entry.full_url.empty() && !is_response(index.type())) {
      context.error("Bundle_BUNDLE_Entry_NoFullUrl", "required", *entry.node,
                    "Bundle entry missing fullUrl");
    }
    const SplitReference split = split_reference(reference);
    if (is_absolute_url(split.plain)) {
      if (!find(split.plain, split.version, node, index, context) && reference.starts_with("urn")) {
        not_local(node, reference, context);
      }
      return;
    }
    check_relative(node, split, entry, index, context);
  }

  void check_relative(const Node& node, const SplitReference& split, const BundleEntry& entry,
                      const BundleIndex& index, Context& context) const {
    const auto& definitions = context.definitions();
    if (entry.full_url.empty()) {
      if (!is_response(index.type())) {
        context.error("Bundle_BUNDLE_FullUrl_Missing", "required", node,
                      "Relative Reference appears inside Bundle whose entry is missing a fullUrl");
      }
      return;
    }
    const std::size_t slash = split.plain.find('/');
    if (slash == std::string_view::npos ||
        split.plain.find('/', slash + 1) != std::string_view::npos) {
      const bool transaction = index.type() == "transaction";
      if (transaction && is_search_url(split.plain, definitions)) return;
      context.error(
          transaction ? "Reference_REF_Format1" : "Reference_REF_Format2", "invalid", node,
          transaction ? "Relative URLs must be of the format [ResourceName]/[id], or a search "
                        "URL is allowed ([type]?parameters. Encountered otherwise)"
                      : "Relative URLs must be of the format [ResourceName]/[id]. Encountered "
                        "otherwise");
      return;
    }
    if (context.options().relative_in_bundle != RelativeInBundle::never &&
        !is_restful_url(entry.full_url, definitions)) {
      return;  // it has no base; said where references are resolved
    }
    const std::string target = target_of(entry.full_url, split.plain);
    const BundleEntry* found = find(target, split.version, node, index, context);
    if (found == nullptr) return say_what_is_near(node, split.plain, index, context);
    const bool typed = entry.full_url.starts_with("urn:") || !split.version.empty();
    if (typed && found->type != split.plain.substr(0, slash)) {
      context.error("Reference_REF_ResourceType", "required", node,
                    "Matching reference for reference is of another type than it says: " +
                        std::string(found->type));
    }
  }

  static const BundleEntry* find(std::string_view url, std::string_view version, const Node& node,
                                 const BundleIndex& index, Context& context) {
    const BundleEntry* found = nullptr;
    std::size_t looked = 0;
    for (const std::uint32_t i : index.with_url(url)) {
      const BundleEntry& entry = index.entries()[i];
      if (entry.resource == nullptr) continue;
      if (!version.empty() && entry.version != version) {
        if (entry.version.empty()) {
          context.warning("Bundle_BUNDLE_FullUrl_NeedVersion", "required", node,
                          "Entries matching the fullUrl should declare meta/versionId because "
                          "there are version-specific references");
        }
        continue;
      }
      if (found != nullptr) {
        context.error("Bundle_BUNDLE_MultipleMatches", "forbidden", node,
                      "Multiple matches in bundle for reference");
        break;
      }
      found = &entry;
      if (++looked == kMostNamed) break;
    }
    return found;
  }

  static void not_local(const Node& node, std::string_view reference, Context& context) {
    context.warning("Bundle_BUNDLE_Not_Local", "required", node,
                    "URN reference is not locally contained within the bundle", {}, reference);
  }

  static void say_what_is_near(const Node& node, std::string_view plain, const BundleIndex& index,
                               Context& context) {
    const std::size_t slash = plain.find('/');
    const auto near = index.with_type_and_id(plain.substr(0, slash), plain.substr(slash + 1));
    if (near.size() > 1) {
      context.warning("BUNDLE_POSSSIBLE_MATCHES", "required", node,
                      "The bundle contains no match by the rules of Bundle reference resolution, "
                      "but it has multiple resources that match by resource type and id");
    }
    for (const std::uint32_t i : near.first(std::min(near.size(), kMostNamed))) {
      const bool nameless = index.entries()[i].full_url.empty();
      context.warning(
          nameless ? "BUNDLE_BUNDLE_POSSIBLE_MATCH_NO_FU" : "BUNDLE_BUNDLE_POSSIBLE_MATCH_WRONG_FU",
          "required", node,
          "Entry " + std::to_string(i) + " matches the reference by type and id but " +
              (nameless ? "it does not have a fullUrl"
                        : "its fullUrl does not match the full target URL by Bundle "
                          "resolution rules"));
    }
  }

  Symbol reference_type_, bundle_type_, reference_;
};

}  // namespace

void register_bundle_references(rules::Table& table) {
  table.add(std::make_unique<BundleReferences>());
}

}  // namespace concord::validate
