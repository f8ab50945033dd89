// Documents and messages: what comes first, that what it refers to is there, and that nothing is
// there that no link leads to. Source: hl7.org/fhir/R4/documents.html#bundle, messaging.html.

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "fhir/validate/bundle_index.h"
#include "fhir/validate/canonical_types.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

constexpr int kMostSections = 100;  // one inside the other

class DocumentBundle final : public Rule {
 public:
  std::string_view id() const override { return "document-bundle"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    reference_type_ = symbols.find("Reference");
    bundle_type_ = symbols.find("Bundle");
    extension_type_ = symbols.find("Extension");
    uri_type_ = symbols.find("uri");
    url_type_ = url_ = symbols.find("url");
    system_ = symbols.find("system");
    endpoint_ = symbols.find("endpoint");
    address_ = symbols.find("address");
    link_ = symbols.find("link");
    relation_ = symbols.find("relation");
    reference_ = symbols.find("reference");
    subject_ = symbols.find("subject");
    author_ = symbols.find("author");
    encounter_ = symbols.find("encounter");
    custodian_ = symbols.find("custodian");
    attester_ = symbols.find("attester");
    party_ = symbols.find("party");
    event_ = symbols.find("event");
    detail_ = symbols.find("detail");
    section_ = symbols.find("section");
    focus_ = symbols.find("focus");
    entry_ = symbols.find("entry");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Bundle") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& bundle, Context& context) {
    static_cast<const DocumentBundle*>(data)->check(bundle, context);
  }

  void check(const Node& bundle, Context& context) const {
    const BundleIndex index(context.document(), bundle);
    const bool is_message = index.type() == "message";
    if (!is_message && index.type() != "document") return;
    if (index.entries().empty()) {
      context.error("Bundle_BUNDLE_Entry_NoFirst", "invalid", bundle,
                    "Documents or Messages must contain at least one entry");
      return;
    }
    const BundleEntry& first = index.entries().front();
    if (first.resource == nullptr) {
      context.error("Bundle_BUNDLE_Entry_NoFirstResource", "invalid", *first.node,
                    "No resource on first entry");
      return;
    }
    Links links(*this, index, is_message, context);
    if (is_message) {
      check_message(first, links, context);
    } else {
      check_document(first, links, context);
    }
    links.check();
  }

  // ---- where references lead, and what no reference leads to ---------------------------------

  class Links {
   public:
    Links(const DocumentBundle& rule, const BundleIndex& index, bool is_message, Context& context)
        : rule_(rule), index_(index), is_message_(is_message), context_(context) {}

    /// The entry a reference leads to: absolute ones by fullUrl; relative ones where the fullUrl of
    /// the entry they stand in says type and id of its resource, so that its base is known. Null
    /// with a finding, one for each source, when there is none or more than one; `must`: then it is
    /// an error in any case.
    const BundleEntry* follow(std::string_view reference, const BundleEntry& from,
                              const Node& source, bool must) {
      const SplitReference split = split_reference(reference);
      if (is_absolute_url(split.plain)) {
        if (const auto found = with_url(split.plain, split.version); found.count > 0) {
          return one_of(found, source);
        }
        if (!may_be_elsewhere(split.plain)) not_found(source, must);
        return nullptr;
      }
      const std::string url = absolute(split.plain, from);
      const auto found = url.empty() ? nameless() : with_url(url, split.version);
      if (found.count > 0) return one_of(found, source);
      const std::size_t slash = split.plain.find('/');
      if (slash == std::string_view::npos) return nullptr;
      const std::string_view type = split.plain.substr(0, slash);
      const auto* known = type.empty() ? nullptr : context_.definitions().type(type);
      if (known == nullptr || !known->is_resource()) return nullptr;
      const std::string_view rest = split.plain.substr(slash + 1);
      if (index_.with_type_and_id(type, rest.substr(0, rest.find('/'))).empty()) {
        not_found(source, must);
      } else if (is_first(source)) {
        context_.error(url.empty() ? "BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT"
                                   : "BUNDLE_BUNDLE_ENTRY_NOTFOUND_APPARENT",
                       "invalid", source,
                       "Can't find the target in the bundle. Note that there is a resource in the "
                       "bundle with the same type and id, but it does not match because of the "
                       "fullUrl based rules around matching relative references");
      }
      return nullptr;
    }

    void check() {
      const auto entries = index_.entries();
      targets_.resize(entries.size());
      sources_.resize(entries.size());
      reached_.resize(entries.size());
      const BundleEntry* first = nullptr;
      for (const BundleEntry& entry : entries) {
        if (entry.resource == nullptr) continue;
        if (first == nullptr) first = &entry;
        find_links(entry);
      }
      if (first != nullptr) reach(first->index);
      reach_stylesheets();
      take_reverse();
      for (const BundleEntry& entry : entries) {
        if (entry.resource == nullptr || reached_[entry.index]) continue;
        if (is_message_) {
          context_.warning("Bundle_BUNDLE_Entry_Orphan_MESSAGE", "informational", *entry.node,
                           "Entry isn't reachable by traversing links (forward or backward) from "
                           "the MessageHeader, so its presence should be reviewed (is it needed to "
                           "process the message?)");
        } else {
          context_.error("Bundle_BUNDLE_Entry_Orphan_DOCUMENT", "informational", *entry.node,
                         "Entry isn't reachable by traversing links (forward or backward) from the "
                         "Composition");
        }
      }
    }

   private:
    struct Matches {
      const BundleEntry* first = nullptr;
      std::size_t count = 0;  ///< 2: or more
    };

    Matches with_url(std::string_view url, std::string_view version) const {
      constexpr std::size_t kMostLooked = 64;
      Matches found;
      std::size_t looked = 0;
      for (const std::uint32_t i : index_.with_url(url)) {
        const BundleEntry& entry = index_.entries()[i];
        if (++looked > kMostLooked || found.count == 2) break;
        if (!version.empty() && entry.version != version) continue;
        if (found.count++ == 0) found.first = &entry;
      }
      return found;
    }

    /// Entries without fullUrl: where a relative reference has no base, the only one is taken.
    Matches nameless() {
      if (!nameless_) {
        nameless_ = Matches{};
        for (const BundleEntry& entry : index_.entries()) {
          if (!entry.full_url.empty()) continue;
          if (nameless_->count < 2 && nameless_->count++ == 0) nameless_->first = &entry;
        }
      }
      return *nameless_;
    }

    std::string absolute(std::string_view plain, const BundleEntry& from) const {
      if (from.id.empty() || !is_restful_url(from.full_url, context_.definitions())) return {};
      const std::string tail = std::string(from.type) + "/" + std::string(from.id);
      if (!from.full_url.ends_with(tail)) return {};
      std::string url(from.full_url.substr(0, from.full_url.size() - tail.size()));
      url += plain;
      return url;
    }

    /// Definitions are not expected to travel with what uses them.
    bool may_be_elsewhere(std::string_view url) const {
      if (!is_restful_url(url, context_.definitions())) return false;
      const std::string_view path = url.substr(0, url.rfind('/'));
      return has_canonical_url(path.substr(path.rfind('/') + 1));
    }

    bool is_first(const Node& source) { return said_.insert(&source).second; }

    void not_found(const Node& source, bool must) {
      if (!is_first(source)) return;
      context_.report(must ? Severity::error : Severity::information,
                      "Bundle_BUNDLE_Entry_NotFound", "not-found", source,
                      "Can't find the target in the bundle");
    }

    const BundleEntry* one_of(const Matches& found, const Node& source) {
      if (found.count == 1) return found.first;
      if (is_first(source)) {
        context_.error("BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE", "invalid", source,
                       "Found multiple matches for the reference in the bundle");
      }
      return nullptr;
    }

    void find_links(const BundleEntry& entry) {
      std::vector<const Node*> open{entry.resource};
      while (!open.empty()) {
        const Node* node = open.back();
        open.pop_back();
        if (node->type() == rule_.reference_type_) {
          const Node* value = node->child(rule_.reference_);
          if (value != nullptr) link(value->text(), entry, *node);
        }
        for (const Node& child : node->children()) {
          if (child.has_value() && rule_.is_link(child, *node)) link(child.text(), entry, child);
          if (child.first_child() != nullptr && child.type() != rule_.bundle_type_) {
            open.push_back(&child);
          }
        }
      }
    }

    void link(std::string_view reference, const BundleEntry& entry, const Node& source) {
      if (reference.empty() || reference.starts_with('#')) return;
      const BundleEntry* target = follow(reference, entry, source, false);
      if (target == nullptr || target == &entry || target->resource == nullptr) return;
      targets_[entry.index].push_back(target->index);
      sources_[target->index].push_back(entry.index);
    }

    /// Everything links lead to from one entry.
    void reach(std::uint32_t from) {
      if (reached_[from]) return;
      std::vector<std::uint32_t> open{from};
      reached_[from] = true;
      newly_.push_back(from);
      while (!open.empty()) {
        const std::uint32_t at = open.back();
        open.pop_back();
        for (const std::uint32_t target : targets_[at]) {
          if (reached_[target]) continue;
          reached_[target] = true;
          newly_.push_back(target);
          open.push_back(target);
        }
      }
    }

    /// A stylesheet is linked to from the Bundle itself.
    void reach_stylesheets() {
      for (const Node* at = index_.bundle().child(rule_.link_); at != nullptr;
           at = at->next_same()) {
        const Node* relation = at->child(rule_.relation_);
        const Node* url = at->child(rule_.url_);
        if (relation == nullptr || url == nullptr || relation->text() != "stylesheet") continue;
        const std::size_t slash = url->text().find('/');
        if (slash == std::string_view::npos) continue;
        const auto found =
            index_.with_type_and_id(url->text().substr(0, slash), url->text().substr(slash + 1));
        if (!found.empty()) reach(found.front());
      }
    }

    /// Entries that refer to what was reached, and what they lead to: each entry once.
    void take_reverse() {
      while (!newly_.empty()) {
        const std::uint32_t at = newly_.back();
        newly_.pop_back();
        for (const std::uint32_t source : sources_[at]) {
          if (reached_[source]) continue;
          say_reverse(index_.entries()[source]);
          reach(source);
        }
      }
    }

    void say_reverse(const BundleEntry& entry) {
      if (entry.type == "Provenance") return;  // refers to what it is about, as a rule
      if (is_message_) {
        context_.information("BUNDLE_BUNDLE_ENTRY_REVERSE_MSG", "informational", *entry.node,
                             "Entry isn't reachable by traversing forwards from the MessageHeader. "
                             "Check that this is meant to be included (needed to process the "
                             "message)");
      } else {
        context_.warning("BUNDLE_BUNDLE_ENTRY_REVERSE_R4", "invalid", *entry.node,
                         "Entry isn't reachable by traversing forwards from the Composition, and "
                         "isn't a Provenance");
      }
    }

    const DocumentBundle& rule_;
    const BundleIndex& index_;
    bool is_message_;
    Context& context_;
    std::optional<Matches> nameless_;
    std::unordered_set<const Node*> said_;
    std::vector<std::vector<std::uint32_t>> targets_, sources_;
    std::vector<bool> reached_;
    std::vector<std::uint32_t> newly_;
  };

  /// Urls that may lead to an entry: not those that name systems, profiles or places.
  bool is_link(const Node& node, const Node& parent) const {
    if (node.type() != uri_type_ && node.type() != url_type_) return false;
    if (node.name() == system_ || node.name() == endpoint_) return false;
    return !(node.name() == url_ && parent.type() == extension_type_) && node.name() != address_;
  }

  // ---- the first entry -----------------------------------------------------------------------

  void check_message(const BundleEntry& first, Links& links, Context& context) const {
    if (first.type != "MessageHeader") {
      context.error("Validation_BUNDLE_Message", "invalid", *first.resource,
                    "The first entry in a message must be a MessageHeader");
      return;
    }
    check_each(*first.resource, focus_, links, first);
  }

  void check_document(const BundleEntry& first, Links& links, Context& context) const {
    if (first.type != "Composition") {
      context.error("Bundle_BUNDLE_Entry_Document", "invalid", *first.resource,
                    "The first entry in a document must be a composition");
      return;
    }
    const Node& composition = *first.resource;
    for (const Symbol name : {subject_, author_, encounter_, custodian_}) {
      check_each(composition, name, links, first);
    }
    for (const Node* at = composition.child(attester_); at != nullptr; at = at->next_same()) {
      check_each(*at, party_, links, first);
    }
    for (const Node* at = composition.child(event_); at != nullptr; at = at->next_same()) {
      check_each(*at, detail_, links, first);
    }
    check_sections(composition, links, first, kMostSections);
  }

  void check_sections(const Node& parent, Links& links, const BundleEntry& first,
                      int deeper) const {
    if (deeper == 0) return;
    for (const Node* at = parent.child(section_); at != nullptr; at = at->next_same()) {
      for (const Symbol name : {author_, focus_, entry_}) check_each(*at, name, links, first);
      check_sections(*at, links, first, deeper - 1);
    }
  }

  /// Each Reference of that name leads to an entry.
  void check_each(const Node& parent, Symbol name, Links& links, const BundleEntry& from) const {
    for (const Node* at = parent.child(name); at != nullptr; at = at->next_same()) {
      const Node* value = at->child(reference_);
      if (value == nullptr || value->text().empty() || value->text().starts_with('#')) continue;
      links.follow(value->text(), from, *at, true);
    }
  }

  Symbol reference_type_, bundle_type_, extension_type_, uri_type_, url_type_, system_, endpoint_,
      address_, url_, link_, relation_, reference_, subject_, author_, encounter_, custodian_,
      attester_, party_, event_, detail_, section_, focus_, entry_;
};

}  // namespace

void register_document_bundle(rules::Table& table) {
  table.add(std::make_unique<DocumentBundle>());
}

}  // namespace concord::validate
