// What the type of a Bundle asks of its links, its entries' fullUrls and its search results, and
// the profiles a caller asks for by position. Source: hl7.org/fhir/R4/bundle.html, search.html.

#include <algorithm>
#include <map>
#include <string>

#include "fhir/validate/bundle_index.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Definitions;
using tree::Node;
using tree::Symbol;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::string_view value_of(const Node& node, Symbol name) {
  const Node* found = node.child(name);
  return found == nullptr ? std::string_view{} : found->text();
}

/// The resource types a search asked for, by the url of the self link.
std::vector<std::string_view> searched_types(std::string_view url, const Definitions& definitions) {
  const auto is_resource = [&](std::string_view name) {
    const definitions::Type* type = name.empty() ? nullptr : definitions.type(name);
    return type != nullptr && type->is_resource() && type->text() == name;
  };
  const std::size_t mark = std::min(url.find('?'), url.size());
  const std::string_view path = url.substr(0, mark);
  const std::string_view last = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (is_resource(last)) return {last};
  std::vector<std::string_view> types;
  std::string_view rest = url.substr(std::min(mark + 1, url.size()));
  while (!rest.empty()) {
    std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    if (!parameter.starts_with("_type=")) continue;
    parameter.remove_prefix(6);
    while (!parameter.empty()) {
      const std::string_view name = parameter.substr(0, parameter.find(','));
      parameter.remove_prefix(std::min(name.size() + 1, parameter.size()));
      if (is_resource(name) && types.size() < 200) types.push_back(name);
    }
  }
  return types;
}

class BundleContent final : public Rule {
 public:
  std::string_view id() const override { return "bundle-content"; }

  void prepare(const Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    link_ = symbols.find("link");
    relation_ = symbols.find("relation");
    url_ = symbols.find("url");
    search_ = symbols.find("search");
    mode_ = symbols.find("mode");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Bundle") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& bundle, Context& context) {
    static_cast<const BundleContent*>(data)->check(bundle, context);
  }

  void check(const Node& bundle, Context& context) const {
    const BundleIndex index(context.document(), bundle);
    check_links(bundle, index.type(), context);
    for (const BundleEntry& entry : index.entries()) {
      check_full_url(entry, index.type(), context);
      check_canonical(entry, context);
    }
    if (index.type() == "searchset" && !index.entries().empty()) check_search(index, context);
    if (&bundle == &context.document().root()) check_asked_profiles(index, context);
  }

  // ---- links ---------------------------------------------------------------------------------

  void check_links(const Node& bundle, std::string_view type, Context& context) const {
    const bool is_list = is_one_of(type, {"searchset", "history"});
    std::map<std::string_view, int> seen;
    for (const Node* at = bundle.child(link_); at != nullptr; at = at->next_same()) {
      const std::string_view relation = value_of(*at, relation_);
      if (relation.empty()) continue;
      const bool paging = is_one_of(relation, {"first", "previous", "next", "last"});
      if (paging && !is_list) {
        context.error("BUNDLE_LINK_SEARCH_PROHIBITED", "invalid", *at,
                      "The link relationship type '" + std::string(relation) +
                          "' is prohibited in this context");
      } else if ((paging || relation == "self") && ++seen[relation] > 1) {
        context.error(
            "BUNDLE_LINK_SEARCH_NO_DUPLICATES", "invalid", *at,
            "The link relationship type '" + std::string(relation) + "' can only occur once");
      }
    }
  }

  // ---- entries -------------------------------------------------------------------------------

  static void check_full_url(const BundleEntry& entry, std::string_view type, Context& context) {
    if (entry.full_url.empty()) {
      if (!is_one_of(type, {"transaction", "transaction-response", "batch", "batch-response"})) {
        context.error("BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED", "invalid", *entry.node,
                      "Except for transactions and batches, each entry in a Bundle must have a "
                      "fullUrl which is the identity of the resource in the entry");
      }
      return;
    }
    if (!is_absolute_url(entry.full_url)) {
      context.error("BUNDLE_ENTRY_URL_ABSOLUTE", "invalid", *entry.node,
                    "The fullUrl must be an absolute URL");
      return;
    }
    if (entry.resource == nullptr || !is_restful_url(entry.full_url, context.definitions())) return;
    if (entry.id.empty()) {
      context.error("BUNDLE_ENTRY_URL_MATCHES_NO_ID", "invalid", *entry.node,
                    "The fullUrl looks like a RESTful server URL, but the resource has no id");
      return;
    }
    const std::string tail = "/" + std::string(entry.type) + "/" + std::string(entry.id);
    if (entry.full_url.ends_with(tail)) return;
    context.error("BUNDLE_ENTRY_URL_MATCHES_TYPE_ID", "invalid", *entry.node,
                  "The fullUrl looks like a RESTful server URL, so it must end with the type and "
                  "id of the resource (/" +
                      std::string(entry.type) + "/[id])");
  }

  /// A canonical resource whose url is its fullUrl is found where a server would have it.
  void check_canonical(const BundleEntry& entry, Context& context) const {
    if (entry.resource == nullptr || entry.full_url.empty()) return;
    const Node* url = entry.resource->child(url_);
    if (url == nullptr || !url->has_value() || url->text() != entry.full_url) return;
    if (url->text().starts_with("http://hl7.org/fhir/v2/") ||
        url->text().starts_with("http://hl7.org/fhir/v3/")) {
      return;
    }
    if (is_restful_url(url->text(), context.definitions()) &&
        url->text().ends_with("/" + std::string(entry.id))) {
      return;
    }
    context.error("Bundle_BUNDLE_Entry_MismatchIdUrl", "invalid", *entry.node,
                  "The canonical URL is the fullUrl of the entry, so it must end with the id of "
                  "the resource");
  }

  // ---- search results ------------------------------------------------------------------------

  void check_search(const BundleIndex& index, Context& context) const {
    const Node* self = nullptr;
    for (const Node* at = index.bundle().child(link_); at != nullptr; at = at->next_same()) {
      if (value_of(*at, relation_) == "self") {
        self = at;
        break;
      }
    }
    std::vector<std::string_view> types;
    if (self == nullptr) {
      context.warning("BUNDLE_SEARCH_NOSELF", "invalid", index.bundle(),
                      "SearchSet Bundles should have a self link that specifies what the search "
                      "was");
    } else {
      types = searched_types(value_of(*self, url_), context.definitions());
      if (types.empty()) {
        context.information("BUNDLE_SEARCH_SELF_NOT_UNDERSTOOD", "invalid", index.bundle(),
                            "No types could be determined from the search string, so the types "
                            "can't be checked");
      }
    }
    const bool any_mode =
        std::any_of(index.entries().begin(), index.entries().end(),
                    [&](const BundleEntry& entry) { return !mode_of(entry).empty(); });
    if (any_mode) {
      for (const BundleEntry& entry : index.entries()) check_with_mode(entry, types, context);
    } else {
      check_without_modes(index, types, self != nullptr, context);
    }
  }

  std::string_view mode_of(const BundleEntry& entry) const {
    const Node* search = entry.node->child(search_);
    return search == nullptr ? std::string_view{} : value_of(*search, mode_);
  }

  static bool has_resource(const BundleEntry& entry, Context& context) {
    if (entry.resource != nullptr) return true;
    context.error("BUNDLE_SEARCH_ENTRY_NO_RESOURCE", "invalid", *entry.node,
                  "SearchSet Bundle Entries must have resources");
    return false;
  }

  void check_with_mode(const BundleEntry& entry, const std::vector<std::string_view>& types,
                       Context& context) const {
    const std::string_view mode = mode_of(entry);
    if (mode.empty()) no_mode(*entry.node, context);
    if (!has_resource(entry, context) || mode.empty()) return;
    if (mode == "match" || mode == "include") {
      if (entry.id.empty()) no_id(entry, Severity::error, context);
      if (mode == "match" && !types.empty() &&
          std::find(types.begin(), types.end(), entry.type) == types.end()) {
        context.error("BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_MODE", "invalid", *entry.resource,
                      "This is not a matching resource type for the specified search (" +
                          std::string(entry.type) + ")");
      }
    } else if (entry.type != "OperationOutcome") {
      context.error("BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_OUTCOME", "invalid", *entry.resource,
                    "This is not an OperationOutcome (" + std::string(entry.type) + ")");
    }
  }

  static void check_without_modes(const BundleIndex& index,
                                  const std::vector<std::string_view>& types, bool has_self,
                                  Context& context) {
    bool unsure = types.empty();
    for (const BundleEntry& entry : index.entries()) {
      if (!has_resource(entry, context)) continue;
      if (types.empty()) {
        if (has_self) {
          context.information("BUNDLE_SEARCH_ENTRY_TYPE_NOT_SURE", "invalid", *entry.resource,
                              "Unable to determine if this resource is a valid resource type for "
                              "this search");
        }
        if (entry.id.empty() && entry.type != "OperationOutcome") {
          no_id(entry, Severity::warning, context);
        }
      } else if (std::find(types.begin(), types.end(), entry.type) == types.end() &&
                 entry.type != "OperationOutcome") {
        unsure = true;
        context.warning(
            "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_NO_MODE", "invalid", *entry.node,
            "This is not a matching resource type for the specified search (is a search "
            "mode needed?) (" +
                std::string(entry.type) + ")");
      }
    }
    if (unsure) {
      no_mode(index.bundle(), context);
    } else {
      context.information("BUNDLE_SEARCH_NO_MODE", "invalid", index.bundle(),
                          "SearchSet bundles should have search modes on the entries");
    }
  }

  static void no_mode(const Node& node, Context& context) {
    context.warning("BUNDLE_SEARCH_NO_MODE", "invalid", node,
                    "SearchSet bundles should have search modes on the entries");
  }
  static void no_id(const BundleEntry& entry, Severity severity, Context& context) {
    context.report(severity, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID", "invalid", *entry.resource,
                   "Search results must have ids");
  }

  // ---- profiles by position ------------------------------------------------------------------

  static void check_asked_profiles(const BundleIndex& index, Context& context) {
    if (context.options().bundle_rules.empty()) return;
    std::map<std::string_view, std::size_t> counts;
    for (const BundleEntry& entry : index.entries()) {
      if (entry.resource == nullptr) continue;
      const std::size_t of_type = counts[entry.type]++;
      for (const BundleRule& rule : context.options().bundle_rules) {
        if (!is_meant(rule.rule, entry, of_type)) continue;
        if (context.validate_against(*entry.resource, rule.profile)) continue;
        context.error("BUNDLE_RULE_PROFILE_UNKNOWN", "not-found", *entry.resource,
                      "Bundle rules: the profile is not known: " + rule.profile);
      }
    }
  }

  /// "Patient": every one; "Patient:0": the first one; "0": the first entry.
  static bool is_meant(std::string_view rule, const BundleEntry& entry, std::size_t of_type) {
    const auto is_number = [](std::string_view text) {
      return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (is_number(rule)) return rule == std::to_string(entry.index);
    const std::size_t colon = rule.find(':');
    if (rule.substr(0, colon) != entry.type) return false;
    return colon == std::string_view::npos || rule.substr(colon + 1) == std::to_string(of_type);
  }

  Symbol link_, relation_, url_, search_, mode_;
};

}  // namespace

void register_bundle_content(rules::Table& table) { table.add(std::make_unique<BundleContent>()); }

}  // namespace concord::validate
