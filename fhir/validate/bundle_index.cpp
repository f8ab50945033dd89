#include "fhir/validate/bundle_index.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace concord::validate {

namespace {

using tree::Document;
using tree::Node;
using tree::Symbol;

std::string_view value_of(const Node* node, Symbol name) {
  if (node == nullptr || name == Symbol::kNone) return {};
  const Node* found = node->child(name);
  return found == nullptr ? std::string_view{} : found->text();
}

constexpr bool is_id_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}

bool is_resource_name(std::string_view name, const definitions::Definitions& definitions) {
  const definitions::Type* type = name.empty() ? nullptr : definitions.type(name);
  return type != nullptr && type->is_resource() && !type->is_abstract() && type->text() == name;
}

/// What stands before and after the last slash.
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

BundleIndex::BundleIndex(const Document& document, const Node& bundle) : bundle_(&bundle) {
  const Symbol entry = document.find("entry"), resource = document.find("resource");
  const Symbol full_url = document.find("fullUrl"), id = document.find("id");
  const Symbol meta = document.find("meta"), version = document.find("versionId");
  type_ = value_of(&bundle, document.find("type"));
  const Node* at = entry == Symbol::kNone ? nullptr : bundle.child(entry);
  for (; at != nullptr; at = at->next_same()) {
    BundleEntry made;
    made.node = at;
    made.index = static_cast<std::uint32_t>(entries_.size());
    made.full_url = value_of(at, full_url);
    made.resource = resource == Symbol::kNone ? nullptr : at->child(resource);
    if (made.resource != nullptr) {
      made.type = document.text(made.resource->type());
      made.id = value_of(made.resource, id);
      made.version =
          value_of(meta == Symbol::kNone ? nullptr : made.resource->child(meta), version);
    }
    entries_.push_back(made);
  }
  by_url_.resize(entries_.size());
  std::iota(by_url_.begin(), by_url_.end(), 0u);
  by_id_ = by_url_;
  std::erase_if(by_url_, [&](std::uint32_t i) { return entries_[i].full_url.empty(); });
  std::erase_if(by_id_, [&](std::uint32_t i) { return entries_[i].id.empty(); });
  std::stable_sort(by_url_.begin(), by_url_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return entries_[a].full_url < entries_[b].full_url;
  });
  std::stable_sort(by_id_.begin(), by_id_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(entries_[a].type, entries_[a].id) < std::tie(entries_[b].type, entries_[b].id);
  });
}

BundleIndex::Indices BundleIndex::with_url(std::string_view full_url) const noexcept {
  const auto first = std::partition_point(by_url_.begin(), by_url_.end(), [&](std::uint32_t i) {
    return entries_[i].full_url < full_url;
  });
  const auto last = std::partition_point(
      first, by_url_.end(), [&](std::uint32_t i) { return entries_[i].full_url == full_url; });
  return {first, last};
}

BundleIndex::Indices BundleIndex::with_type_and_id(std::string_view type,
                                                   std::string_view id) const noexcept {
  const auto key = std::tie(type, id);
  const auto first = std::partition_point(by_id_.begin(), by_id_.end(), [&](std::uint32_t i) {
    return std::tie(entries_[i].type, entries_[i].id) < key;
  });
  const auto last = std::partition_point(first, by_id_.end(), [&](std::uint32_t i) {
    return entries_[i].type == type && entries_[i].id == id;
  });
  return {first, last};
}

SplitReference split_reference(std::string_view reference) noexcept {
  reference = reference.substr(0, reference.find('#'));
  constexpr std::string_view kHistory = "/_history/";
  const std::size_t at = reference.find(kHistory);
  if (at == std::string_view::npos) return {reference, {}};
  return {reference.substr(0, at), reference.substr(at + kHistory.size())};
}

bool is_absolute_url(std::string_view url) noexcept {
  const std::size_t end = url.find_first_of(":/?#");
  return end != std::string_view::npos && end > 0 && url[end] == ':';
}

bool is_restful_url(std::string_view url, const definitions::Definitions& definitions) noexcept {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return false;
  const auto [path, id] = split_last(split_reference(url).plain);
  if (id.empty() || id.size() > 64 || !std::all_of(id.begin(), id.end(), is_id_byte)) return false;
  const auto [base, type] = split_last(path);
  return base.size() > 7 && is_resource_name(type, definitions);
}

bool is_search_url(std::string_view url, const definitions::Definitions& definitions) noexcept {
  const std::size_t mark = url.find('?');
  if (mark == std::string_view::npos || !is_resource_name(url.substr(0, mark), definitions)) {
    return false;
  }
  std::string_view rest = url.substr(mark + 1);
  while (true) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    const std::size_t equals = parameter.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 == parameter.size() ||
        parameter.find('=', equals + 1) != std::string_view::npos) {
      return false;
    }
    if (end == rest.size()) return true;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace concord::validate
