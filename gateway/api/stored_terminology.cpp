#include "gateway/api/stored_terminology.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "gateway/api/resource_builder.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

using terminology::Terminology;
using tree::Document;
using tree::Node;

constexpr std::size_t kMostStored = 200;
constexpr std::size_t kMostNames = 1000;
constexpr std::size_t kViewsKept = 16;

const Node* child(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string_view text_of(const Document& document, const Node& node, std::string_view name) {
  const Node* at = child(document, node, name);
  return at == nullptr ? std::string_view{} : at->text();
}

void add(std::vector<CanonicalName>& names, std::string_view type, std::string_view url,
         std::string_view version = {}) {
  if (url.empty()) return;
  CanonicalName name{std::string(type), std::string(url)};
  if (!version.empty() && url.find('|') == std::string_view::npos) {
    name.canonical.append("|").append(version);
  }
  names.push_back(std::move(name));
}

/// A registry of the few resources of one question, and terminology over it.
struct View {
  explicit View(const definitions::Definitions& core) : registry(core), terms(registry) {}
  packages::Registry registry;
  Terminology terms;
};

/// A stored resource with its version, so that the same text need not be compiled twice.
struct Found {
  std::string identity;
  std::string text;
};

}  // namespace

std::vector<CanonicalName> drawn_on(const Document& document, const Node& resource) {
  std::vector<CanonicalName> names;
  if (const Node* compose = child(document, resource, "compose")) {
    for (const std::string_view part : {"include", "exclude"}) {
      for (const Node* at = child(document, *compose, part); at != nullptr; at = at->next_same()) {
        add(names, "CodeSystem", text_of(document, *at, "system"),
            text_of(document, *at, "version"));
        for (const Node* set = child(document, *at, "valueSet"); set != nullptr;
             set = set->next_same()) {
          add(names, "ValueSet", set->text());
        }
      }
    }
  }
  add(names, "CodeSystem", text_of(document, resource, "supplements"));
  for (const Node* at = child(document, resource, "group"); at != nullptr; at = at->next_same()) {
    add(names, "CodeSystem", text_of(document, *at, "source"));
    add(names, "CodeSystem", text_of(document, *at, "target"));
    if (const Node* unmapped = child(document, *at, "unmapped")) {
      add(names, "ConceptMap", text_of(document, *unmapped, "url"));
    }
  }
  return names;
}

std::string canonical_of(const Document& document, const Node& resource) {
  std::string canonical(text_of(document, resource, "url"));
  const std::string_view version = text_of(document, resource, "version");
  if (!canonical.empty() && !version.empty()) canonical.append("|").append(version);
  return canonical;
}

struct StoredTerminology::Kept {
  explicit Kept(const Services& services) : use(services) {}

  Result<std::optional<Found>> find(const CanonicalName& name) const;
  Result<std::shared_ptr<const Terminology>> view(const std::string& identity,
                                                  const std::vector<std::string>& texts);

  const Services& use;
  std::mutex mutex;
  std::deque<std::pair<std::string, std::shared_ptr<const View>>> views;  ///< latest use last
};

/// The resource stored last under a canonical url.
Result<std::optional<Found>> StoredTerminology::Kept::find(const CanonicalName& name) const {
  const std::size_t bar = name.canonical.find('|');
  std::string query;
  append_criterion(query, "url", std::string_view(name.canonical).substr(0, bar));
  if (bar != std::string::npos) {
    append_criterion(query, "version", std::string_view(name.canonical).substr(bar + 1));
  }
  query += "&_count=1&_sort=-_lastUpdated";
  CONCORD_ASSIGN(const resources::Page page,
                 use.resources->search({}, name.type, query, search::Handling::strict));
  for (const auto& entry : page.entries) {
    if (entry.included) continue;
    const store::ResourceRow& row = entry.row;
    return std::optional<Found>(
        Found{row.type + "/" + row.id + "/" + std::to_string(row.version), row.body});
  }
  return std::optional<Found>{};
}

Result<std::shared_ptr<const Terminology>> StoredTerminology::Kept::view(
    const std::string& identity, const std::vector<std::string>& texts) {
  {
    const std::lock_guard lock(mutex);
    const auto at = std::find_if(views.begin(), views.end(),
                                 [&](const auto& kept) { return kept.first == identity; });
    if (at != views.end()) {
      auto found = std::move(*at);
      views.erase(at);
      views.push_back(found);
      return std::shared_ptr<const Terminology>(found.second, &found.second->terms);
    }
  }
  const auto made = std::make_shared<View>(use.terminology->registry().core());
  std::size_t number = 0;
  for (const std::string& text : texts) {
    // One that is no definition names nothing; whoever asks for it hears that it is not known.
    static_cast<void>(made->registry.add_text(std::to_string(number++) + ".json", text));
  }
  const std::lock_guard lock(mutex);
  if (views.size() == kViewsKept) views.pop_front();
  views.emplace_back(identity, made);
  return std::shared_ptr<const Terminology>(made, &made->terms);
}

StoredTerminology::StoredTerminology(const Services& use) : kept_(std::make_unique<Kept>(use)) {}
StoredTerminology::~StoredTerminology() = default;

Result<std::optional<Document>> StoredTerminology::stored(std::string_view type,
                                                          std::string_view id) const {
  const Services& use = kept_->use;
  if (use.resources == nullptr || !use.resources->serves(type)) return std::optional<Document>{};
  auto done = use.resources->read(type, id);
  if (!done) {
    const ErrorCode code = done.error().code;
    if (code == ErrorCode::not_found || code == ErrorCode::gone) return std::optional<Document>{};
    return std::move(done).error();
  }
  CONCORD_ASSIGN(Document document, json::read(std::move(done->row.body), *use.symbols));
  if (text_of(document, document.root(), "url").empty()) {
    ResourceBuilder out(std::move(document));
    out.text(out.root(), "url", "urn:concord:" + std::string(type) + ":" + std::string(id));
    document = std::move(out.document());
  }
  return std::optional<Document>(std::move(document));
}

Result<Terms> StoredTerminology::over(std::vector<CanonicalName> names) const {
  const Services& use = kept_->use;
  if (use.resources == nullptr) return Terms(*use.terminology);
  const packages::Registry& loaded = use.terminology->registry();
  std::set<std::pair<std::string, std::string>> seen;
  std::vector<std::string> loaded_texts, stored_texts;
  std::string identity;
  for (std::size_t at = 0; at < names.size(); ++at) {
    const CanonicalName name = names[at];
    if (!seen.emplace(name.type, name.canonical).second || !use.resources->serves(name.type)) {
      continue;
    }
    if (seen.size() > kMostNames || stored_texts.size() == kMostStored) {
      return make_error(ErrorCode::too_costly, "what it draws on is too much to look through");
    }
    std::vector<CanonicalName> more;
    CONCORD_ASSIGN(std::optional<Found> found, kept_->find(name));
    if (found) {
      CONCORD_ASSIGN(const Document document, json::read(found->text, *use.symbols));
      more = drawn_on(document, document.root());
      identity.append(found->identity).append(" ");
      stored_texts.push_back(std::move(found->text));
    } else if (const packages::Entry* entry = loaded.find(name.type, name.canonical)) {
      CONCORD_ASSIGN(const Document* document, loaded.document(*entry));
      more = drawn_on(*document, document->root());
      CONCORD_ASSIGN(std::string text, loaded.text(*entry));
      identity.append(entry->package).append("/").append(entry->file).append(" ");
      loaded_texts.push_back(std::move(text));
    }
    names.insert(names.end(), more.begin(), more.end());
  }
  if (stored_texts.empty()) return Terms(*use.terminology);
  // Of two with the same canonical the one added last is taken.
  loaded_texts.insert(loaded_texts.end(), stored_texts.begin(), stored_texts.end());
  CONCORD_ASSIGN(auto view, kept_->view(identity, loaded_texts));
  return Terms(std::move(view));
}

Result<search::ValueSetSource> StoredTerminology::value_set(std::string_view asked) const {
  constexpr std::string_view kLocal = "ValueSet/";
  if (kept_->use.terminology == nullptr) {
    return make_error(ErrorCode::unsupported, "this server has no terminology");
  }
  const std::string& base = kept_->use.base_url;
  std::string_view local = asked;
  if (!base.empty() && local.starts_with(base) && local.substr(base.size()).starts_with('/')) {
    local.remove_prefix(base.size() + 1);
  }
  if (!local.starts_with(kLocal)) {
    CONCORD_ASSIGN(const Terms terms, over({{"ValueSet", std::string(asked)}}));
    return search::ValueSetSource{terms.share(), nullptr};
  }
  CONCORD_ASSIGN(const auto document, stored("ValueSet", local.substr(kLocal.size())));
  if (!document) return make_error(ErrorCode::not_found, "there is no such value set here");
  CONCORD_ASSIGN(const Terms terms, over(drawn_on(*document, document->root())));
  CONCORD_ASSIGN(auto compiled, terms->compile(*document, document->root()));
  return search::ValueSetSource{terms.share(), std::move(compiled)};
}

}  // namespace concord::api
