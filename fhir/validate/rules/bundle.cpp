// What holds between the entries of a Bundle, and between its type and its elements: the
// invariants bdl-1 to bdl-12, checked without FHIRPath. Source: hl7.org/fhir/R4/bundle.html.

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

constexpr std::string_view kId = "bundle";

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  for (const std::string_view at : codes) {
    if (at == code) return true;
  }
  return false;
}

/// An entry by the name that must be its own.
struct Named {
  std::string_view url;
  std::string_view version;
  std::size_t order;
  const Node* full_url;
};

class Bundle final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::intake; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    type_ = symbols.find("type");
    entry_ = symbols.find("entry");
    total_ = symbols.find("total");
    identifier_ = symbols.find("identifier");
    system_ = symbols.find("system");
    value_ = symbols.find("value");
    timestamp_ = symbols.find("timestamp");
    full_url_ = symbols.find("fullUrl");
    resource_ = symbols.find("resource");
    search_ = symbols.find("search");
    request_ = symbols.find("request");
    response_ = symbols.find("response");
    meta_ = symbols.find("meta");
    version_ = symbols.find("versionId");
    id_ = symbols.find("id");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Bundle") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& bundle, Context& context) {
    static_cast<const Bundle*>(data)->check(bundle, context);
  }

  void check(const Node& bundle, Context& context) const {
    const Node* kind = bundle.child(type_);
    if (kind == nullptr) return;  // said by cardinality
    const std::string_view code = kind->text();
    const Node* total = bundle.child(total_);
    if (total != nullptr && !is_one_of(code, {"searchset", "history"})) {
      context.error(kId, "invariant", *total, "stands in a searchset or history only (bdl-1)");
    }
    if (code == "document") check_document(bundle, context);
    if (code == "message") check_first(bundle, "MessageHeader", "message", "(bdl-12)", context);
    check_entries(bundle, code, context);
  }

  void check_document(const Node& bundle, Context& context) const {
    const Node* identifier = bundle.child(identifier_);
    if (identifier == nullptr || identifier->child(system_) == nullptr ||
        identifier->child(value_) == nullptr) {
      context.error(kId, "invariant", bundle, "a document needs a system and a value (bdl-9)",
                    "identifier");
    }
    if (bundle.child(timestamp_) == nullptr) {
      context.error(kId, "invariant", bundle, "a document needs its time (bdl-10)", "timestamp");
    }
    check_first(bundle, "Composition", "document", "(bdl-11)", context);
  }

  /// The first entry decides what the Bundle says.
  void check_first(const Node& bundle, std::string_view type, std::string_view kind,
                   std::string_view rule, Context& context) const {
    const Node* entry = bundle.child(entry_);
    const Node* resource = entry == nullptr ? nullptr : entry->child(resource_);
    if (resource != nullptr && context.document().text(resource->type()) == type) return;
    std::string text = "the first entry of a ";
    text.append(kind).append(" must be a ").append(type).append(" ").append(rule);
    if (resource != nullptr) {
      context.error(kId, "invariant", *resource, std::move(text));
    } else {
      context.error(kId, "invariant", bundle, std::move(text), "entry");
    }
  }

  /// What an entry holds.
  struct Entry {
    const Node* full_url = nullptr;
    const Node* resource = nullptr;
    const Node* search = nullptr;
    const Node* request = nullptr;
    const Node* response = nullptr;
  };

  Entry read(const Node& node) const {
    Entry entry;
    for (const Node& child : node.children()) {
      const Symbol name = child.name();
      if (name == full_url_) entry.full_url = &child;
      if (name == resource_) entry.resource = &child;
      if (name == search_) entry.search = &child;
      if (name == request_) entry.request = &child;
      if (name == response_) entry.response = &child;
    }
    return entry;
  }

  void check_entries(const Node& bundle, std::string_view code, Context& context) const {
    const bool is_request = is_one_of(code, {"transaction", "batch", "history"});
    const bool is_response = is_one_of(code, {"transaction-response", "batch-response", "history"});
    const bool is_search = code == "searchset";
    const bool urls = code == "history" || !(is_request || is_response);
    std::vector<Named> named;
    for (const Node* at = bundle.child(entry_); at != nullptr; at = at->next_same()) {
      const Entry entry = read(*at);
      check_member(*at, entry.search, "search", is_search, false, "(bdl-2)", context);
      check_member(*at, entry.request, "request", is_request, is_request, "(bdl-3)", context);
      check_member(*at, entry.response, "response", is_response, is_response, "(bdl-4)", context);
      if (entry.resource == nullptr && entry.request == nullptr && entry.response == nullptr) {
        context.error(kId, "invariant", *at, "an entry needs a resource here (bdl-5)", "resource");
      }
      if (entry.full_url == nullptr) {
        if (urls && entry.resource != nullptr) {
          context.warning(kId, "invariant", *at, "an entry needs a fullUrl here", "fullUrl");
        }
        continue;
      }
      check_full_url(*entry.full_url, entry.resource, context);
      if (code == "history") continue;
      const Node* meta = entry.resource == nullptr ? nullptr : entry.resource->child(meta_);
      const Node* version = meta == nullptr ? nullptr : meta->child(version_);
      named.push_back({entry.full_url->text(),
                       version == nullptr ? std::string_view{} : version->text(), named.size(),
                       entry.full_url});
    }
    check_names(named, context);
  }

  static void check_names(std::vector<Named>& named, Context& context) {
    std::sort(named.begin(), named.end(), [](const Named& a, const Named& b) {
      return std::tie(a.url, a.version, a.order) < std::tie(b.url, b.version, b.order);
    });
    for (std::size_t i = 1; i < named.size(); ++i) {
      if (named[i].url == named[i - 1].url && named[i].version == named[i - 1].version) {
        context.error(kId, "duplicate", *named[i].full_url,
                      "another entry has this fullUrl and no other versionId (bdl-7)");
      }
    }
  }

  static void check_member(const Node& entry, const Node* found, std::string_view name,
                           bool allowed, bool required, std::string_view rule, Context& context) {
    if (found != nullptr && !allowed) {
      context.error(kId, "invariant", *found,
                    "may not stand in a Bundle of this type " + std::string(rule));
    } else if (found == nullptr && required) {
      context.error(kId, "invariant", entry,
                    "must stand in a Bundle of this type " + std::string(rule), name);
    }
  }

  void check_full_url(const Node& full_url, const Node* resource, Context& context) const {
    const std::string_view url = full_url.text();
    if (url.find(':') == std::string_view::npos) {
      context.error(kId, "value", full_url, "must be an absolute url");
    }
    if (url.find("/_history/") != std::string_view::npos) {
      context.error(kId, "invariant", full_url, "may not name a version (bdl-8)");
    }
    // Where the url says type and id, they are those of the resource.
    const Node* id = resource == nullptr ? nullptr : resource->child(id_);
    if (id == nullptr || !(url.starts_with("http://") || url.starts_with("https://"))) return;
    const std::string_view type = context.document().text(resource->type());
    const std::size_t slash = url.rfind('/');
    if (url.substr(slash + 1) != id->text() || !url.substr(0, slash).ends_with(type)) {
      context.warning(kId, "value", full_url, "does not end in type and id of the resource");
    }
  }

  Symbol type_, entry_, total_, identifier_, system_, value_, timestamp_, full_url_, resource_,
      search_, request_, response_, meta_, version_, id_;
};

}  // namespace

void register_bundle(rules::Table& table) { table.add(std::make_unique<Bundle>()); }

}  // namespace concord::validate
