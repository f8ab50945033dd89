// Where references lead. Source: hl7.org/fhir/R4/references.html, bundle.html#references.
#include <algorithm>

#include "fhir/validate/context.h"

namespace concord::validate {

namespace {

using tree::Document;
using tree::Flag;
using tree::Node;

/// The resource a node stands in, itself included.
const Node* resource_around(const Node* node) {
  while (node != nullptr && !node->is(Flag::resource)) node = node->parent();
  return node;
}

const Node* member(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

/// "https://a/fhir/Patient/1" → "https://a/fhir/"; empty when the url is not of that form.
std::string_view rest_base(std::string_view full_url) {
  if (!full_url.starts_with("http://") && !full_url.starts_with("https://")) return {};
  const std::size_t id = full_url.rfind('/');
  const std::size_t type = id == 0 ? id : full_url.rfind('/', id - 1);
  return type == std::string_view::npos || type < 8 ? std::string_view{}
                                                    : full_url.substr(0, type + 1);
}

/// The resource of that type and id among Parameters and their parts.
const Node* in_parameters(const Document& document, const Node& from, std::string_view reference) {
  for (const Node& child : from.children()) {
    const std::string_view name = document.name(child);
    if (name == "resource" && child.is(Flag::resource)) {
      const Node* id = member(document, child, "id");
      const std::string_view type = document.text(child.type());
      if (id != nullptr && reference.size() == type.size() + 1 + id->text().size() &&
          reference.starts_with(type) && reference[type.size()] == '/' &&
          reference.ends_with(id->text())) {
        return &child;
      }
    } else if (name == "parameter" || name == "part") {
      if (const Node* found = in_parameters(document, child, reference)) return found;
    }
  }
  return nullptr;
}

bool is_absolute(std::string_view reference) {
  const std::size_t end = reference.find_first_of(":/?#");
  return end != std::string_view::npos && reference[end] == ':';
}

}  // namespace

const Context::Entries& Context::entries_of(const Node& bundle) {
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& at) { return at->bundle == &bundle; });
  if (known != entries_.end()) return **known;
  auto made = std::make_unique<Entries>();
  made->bundle = &bundle;
  const tree::Symbol entry = document_->find("entry");
  if (entry != tree::Symbol::kNone) {
    for (const Node* at = bundle.child(entry); at != nullptr; at = at->next_same()) {
      const Node* url = member(*document_, *at, "fullUrl");
      const Node* resource = member(*document_, *at, "resource");
      if (url != nullptr && resource != nullptr) made->rows.emplace_back(url->text(), resource);
    }
  }
  std::stable_sort(made->rows.begin(), made->rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return *entries_.emplace_back(std::move(made));
}

std::optional<Target> Context::resolve(std::string_view reference, const Node& from) {
  const Node* resource = resource_around(&from);
  if (resource == nullptr || reference.empty()) return std::nullopt;
  if (reference.front() == '#') {
    const bool inside = resource->parent() != nullptr && document_->name(*resource) == "contained";
    const Node* container = inside ? resource_around(resource->parent()) : resource;
    if (container == nullptr) return std::nullopt;
    const std::string_view id = reference.substr(1);
    if (id.empty()) return Target{document_, container, Target::How::contained};
    const tree::Symbol contained = document_->find("contained");
    if (contained == tree::Symbol::kNone) return std::nullopt;
    for (const Node* at = container->child(contained); at != nullptr; at = at->next_same()) {
      const Node* own = member(*document_, *at, "id");
      if (own != nullptr && own->text() == id) {
        return Target{document_, at, Target::How::contained};
      }
    }
    return std::nullopt;
  }
  const std::string_view whole = reference;
  reference = reference.substr(0, reference.find('#'));
  for (const Node* at = resource; at != nullptr && at->parent() != nullptr;) {
    const Node* entry = at->parent();
    const Node* bundle = resource_around(entry);
    if (bundle == nullptr) break;
    if (document_->name(*entry) == "entry" && document_->text(bundle->type()) == "Bundle") {
      if (auto found = in_bundle(reference, *entry, *bundle)) return found;
    }
    if (document_->text(bundle->type()) == "Parameters") {
      if (const Node* found = in_parameters(*document_, *bundle, reference)) {
        return Target{document_, found, Target::How::bundled};
      }
    }
    at = bundle;
  }
  if (neighbours_ != nullptr) {
    if (const Document* found = neighbours_->find(whole)) {
      return Target{found, &found->root(), Target::How::loaded};
    }
  }
  return std::nullopt;
}

std::optional<Target> Context::in_bundle(std::string_view reference, const Node& entry,
                                         const Node& bundle) {
  const Entries& entries = entries_of(bundle);
  const auto find = [&](std::string_view url, std::string_view version) -> std::optional<Target> {
    auto at = std::lower_bound(entries.rows.begin(), entries.rows.end(), url,
                               [](const auto& row, std::string_view u) { return row.first < u; });
    for (; at != entries.rows.end() && at->first == url; ++at) {
      if (!version.empty()) {
        const Node* meta = member(*document_, *at->second, "meta");
        const Node* own = meta == nullptr ? nullptr : member(*document_, *meta, "versionId");
        if (own == nullptr || own->text() != version) continue;
      }
      return Target{document_, at->second, Target::How::bundled};
    }
    return std::nullopt;
  };
  const std::size_t history = reference.find("/_history/");
  const std::string_view version =
      history == std::string_view::npos ? std::string_view{} : reference.substr(history + 10);
  const std::string_view plain = reference.substr(0, history);
  if (is_absolute(plain)) return find(plain, version);
  const Node* full_url = member(*document_, entry, "fullUrl");
  if (full_url == nullptr) return std::nullopt;
  const std::string_view own = full_url->text();
  std::string absolute;
  if (const std::string_view base = rest_base(own); !base.empty()) {
    absolute = base;
    absolute += plain;
  } else if (own.starts_with("urn:uuid:") || own.starts_with("urn:oid:")) {
    // The base of a urn is the urn without its last part.
    absolute = own.substr(0, own.rfind(':') + 1);
    absolute += plain.substr(plain.rfind('/') + 1);
  } else {
    return std::nullopt;
  }
  return find(absolute, version);
}

}  // namespace concord::validate
