// Documents and messages: what comes first, that what it refers to is there, and that nothing is
// there that no link leads to. Source: hl7.org/fhir/R4/documents.html#bundle, messaging.html.

#include <algorithm>
#include <string>
#include <vector>

#include "fhir/validate/bundle_index.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

constexpr std::size_t kMostNarrativeNodes = 200'000;
constexpr int kMostSections = 100;  // one inside the other

class DocumentBundle final : public Rule {
 public:
  std::string_view id() const override { return "document-bundle"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    reference_type_ = symbols.find("Reference");
    xhtml_type_ = symbols.find("xhtml");
    uri_ = definitions.type("uri");
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
    if (is_message) {
      check_message(index, first, context);
    } else {
      check_document(index, first, context);
    }
    Links(*this, index, is_message, context).check();
  }

  // ---- the first entry -----------------------------------------------------------------------

  void check_message(const BundleIndex& index, const BundleEntry& first, Context& context) const {
    if (first.type != "MessageHeader") {
      context.error("Validation_BUNDLE_Message", "invalid", *first.resource,
                    "The first entry in a message must be a MessageHeader");
      return;
    }
    check_each(*first.resource, focus_, "MessageHeader Data", index, first, context);
  }

  void check_document(const BundleIndex& index, const BundleEntry& first, Context& context) const {
    if (first.type != "Composition") {
      context.error("Bundle_BUNDLE_Entry_Document", "invalid", *first.resource,
                    "The first entry in a document must be a composition");
      return;
    }
    const Node& composition = *first.resource;
    check_each(composition, subject_, "Composition.subject", index, first, context);
    check_each(composition, author_, "Composition.author", index, first, context);
    check_each(composition, encounter_, "Composition.encounter", index, first, context);
    check_each(composition, custodian_, "Composition.custodian", index, first, context);
    for (const Node* at = composition.child(attester_); at != nullptr; at = at->next_same()) {
      check_each(*at, party_, "Composition.attester.party", index, first, context);
    }
    for (const Node* at = composition.child(event_); at != nullptr; at = at->next_same()) {
      check_each(*at, detail_, "Composition.event.detail", index, first, context);
    }
    check_sections(composition, index, first, kMostSections, context);
  }

  void check_sections(const Node& parent, const BundleIndex& index, const BundleEntry& first,
                      int deeper, Context& context) const {
    if (deeper == 0) return;
    for (const Node* at = parent.child(section_); at != nullptr; at = at->next_same()) {
      check_each(*at, author_, "Section.author", index, first, context);
      check_each(*at, focus_, "Section.focus", index, first, context);
      check_each(*at, entry_, "Section Entry", index, first, context);
      check_sections(*at, index, first, deeper - 1, context);
    }
  }

  /// Each Reference of that name leads to an entry.
  void check_each(const Node& parent, Symbol name, std::string_view label, const BundleIndex& index,
                  const BundleEntry& from, Context& context) const {
    for (const Node* at = parent.child(name); at != nullptr; at = at->next_same()) {
      const Node* value = at->child(reference_);
      if (value == nullptr || value->text().empty() || value->text().starts_with('#')) continue;
      if (resolve(value->text(), from, index, context.definitions()) != nullptr) continue;
      const std::string_view plain = split_reference(value->text()).plain;
      const std::size_t slash = plain.find('/');
      const bool near =
          !is_absolute_url(plain) && slash != std::string_view::npos &&
          !index.with_type_and_id(plain.substr(0, slash), plain.substr(slash + 1)).empty();
      if (near) {
        context.error("BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT", "invalid", *at,
                      "Can't find the target in the bundle (" + std::string(label) +
                          "). Note that there is a resource in the bundle with the same type and "
                          "id, but it does not match because of the fullUrl based rules around "
                          "matching relative references");
      } else {
        context.error("Bundle_BUNDLE_Entry_NotFound", "not-found", *at,
                      "Can't find the target in the bundle (" + std::string(label) + ")");
      }
    }
  }

  /// The entry a reference leads to: absolute ones by fullUrl; relative ones where the fullUrl of
  /// the entry they stand in says type and id of its resource, so that its base is known.
  static const BundleEntry* resolve(std::string_view reference, const BundleEntry& from,
                                    const BundleIndex& index,
                                    const definitions::Definitions& definitions) {
    const SplitReference split = split_reference(reference);
    std::string url;
    if (is_absolute_url(split.plain)) {
      url = split.plain;
    } else {
      if (!is_restful_url(from.full_url, definitions)) return nullptr;
      const std::string tail = std::string(from.type) + "/" + std::string(from.id);
      if (from.id.empty() || !from.full_url.ends_with("/" + tail)) return nullptr;
      url = from.full_url.substr(0, from.full_url.size() - tail.size());
      url += split.plain;
    }
    constexpr std::size_t kMostLooked = 64;
    std::size_t looked = 0;
    for (const std::uint32_t i : index.with_url(url)) {
      const BundleEntry& entry = index.entries()[i];
      if (entry.resource == nullptr || ++looked > kMostLooked) continue;
      if (split.version.empty() || entry.version == split.version) return &entry;
    }
    return nullptr;
  }

  // ---- reachability --------------------------------------------------------------------------

  class Links {
   public:
    Links(const DocumentBundle& rule, const BundleIndex& index, bool is_message, Context& context)
        : rule_(rule), index_(index), is_message_(is_message), context_(context) {}

    void check() {
      const auto entries = index_.entries();
      targets_.resize(entries.size());
      sources_.resize(entries.size());
      reached_.resize(entries.size());
      for (const BundleEntry& entry : entries) {
        if (entry.resource != nullptr) find_links(entry);
      }
      reach(0);
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
    void find_links(const BundleEntry& entry) {
      std::vector<const Node*> open{entry.resource};
      while (!open.empty()) {
        const Node* node = open.back();
        open.pop_back();
        if (node->type() == rule_.reference_type_) {
          const Node* value = node->child(rule_.reference_);
          if (value != nullptr) note(value->text(), entry, *node);
        }
        for (const Node& child : node->children()) {
          if (child.first_child() != nullptr) open.push_back(&child);
          if (child.type() == rule_.xhtml_type_) {
            find_narrative_links(child, entry);
          } else if (child.has_value() && child.name() != rule_.reference_) {
            const auto* type = context_.definitions().type(child.type());
            if (type != nullptr && type->is(*rule_.uri_)) note(child.text(), entry, child);
          }
        }
      }
    }

    void find_narrative_links(const Node& div, const BundleEntry& entry) {
      if (div.text().find("href") == std::string_view::npos &&
          div.text().find("src") == std::string_view::npos) {
        return;
      }
      tree::Limits limits = context_.document().limits();
      limits.max_nodes = kMostNarrativeNodes;
      const auto narrative = xml::read_xhtml(div.text(), limits);
      if (!narrative) return;
      for (const xml::XhtmlNode& node : narrative->nodes()) {
        if (node.name == "a") link(narrative->attribute(node, "href"), entry);
        if (node.name == "img") link(narrative->attribute(node, "src"), entry);
      }
    }

    bool link(std::string_view reference, const BundleEntry& entry) {
      if (reference.empty() || reference.starts_with('#')) return true;
      const BundleEntry* target = resolve(reference, entry, index_, context_.definitions());
      if (target == nullptr) return false;
      if (target != &entry) {
        targets_[entry.index].push_back(target->index);
        sources_[target->index].push_back(entry.index);
      }
      return true;
    }

    void note(std::string_view reference, const BundleEntry& entry, const Node& node) {
      if (link(reference, entry) || node.type() != rule_.reference_type_) return;
      if (!reference.starts_with("urn:uuid:") && !reference.starts_with("urn:oid:")) return;
      context_.information("Bundle_BUNDLE_Entry_NotFound", "not-found", node,
                           "Can't find the target in the bundle");
    }

    /// Everything links lead to from one entry.
    void reach(std::uint32_t from) {
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
        context_.warning("BUNDLE_BUNDLE_ENTRY_REVERSE_R4", "informational", *entry.node,
                         "Entry isn't reachable by traversing forwards from the Composition, and "
                         "isn't a Provenance");
      }
    }

    const DocumentBundle& rule_;
    const BundleIndex& index_;
    bool is_message_;
    Context& context_;
    std::vector<std::vector<std::uint32_t>> targets_, sources_;
    std::vector<bool> reached_;
    std::vector<std::uint32_t> newly_;
  };

  const definitions::Type* uri_ = nullptr;
  Symbol reference_type_, xhtml_type_, reference_, subject_, author_, encounter_, custodian_,
      attester_, party_, event_, detail_, section_, focus_, entry_;
};

}  // namespace

void register_document_bundle(rules::Table& table) {
  table.add(std::make_unique<DocumentBundle>());
}

}  // namespace concord::validate
