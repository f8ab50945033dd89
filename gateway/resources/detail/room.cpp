#include "gateway/resources/detail/room.h"

#include <algorithm>
#include <charconv>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/node.h"

namespace concord::resources::detail {

Room::Room(Parts given_parts, Settings given_settings)
    : parts(std::move(given_parts)), settings(std::move(given_settings)) {
  types = settings.types;
  if (types.empty()) {
    for (const definitions::Type* type : parts.definitions->types()) {
      if (type->is_resource() && !type->is_abstract() && type->text() != "Parameters") {
        types.emplace_back(type->text());
      }
    }
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());

  tree::Symbols& known_names = symbols();
  const auto symbol = [&](std::string_view name) { return known_names.intern(name); };
  names.id = symbol("id");
  names.meta = symbol("meta");
  names.version_id = symbol("versionId");
  names.last_updated = symbol("lastUpdated");
  names.text = symbol("text");
  names.div = symbol("div");
  names.data = symbol("data");
  names.content_type = symbol("contentType");
  names.tag = symbol("tag");
  names.system = symbol("system");
  names.code = symbol("code");
  names.reference = symbol("reference");
  names.target = symbol("target");
  names.type = symbol("type");
  names.entry = symbol("entry");
  names.full_url = symbol("fullUrl");
  names.resource = symbol("resource");
  names.request = symbol("request");
  names.method = symbol("method");
  names.url = symbol("url");
  names.if_none_match = symbol("ifNoneMatch");
  names.if_modified_since = symbol("ifModifiedSince");
  names.if_match = symbol("ifMatch");
  names.if_none_exist = symbol("ifNoneExist");
  names.base64_type = symbol("base64Binary");
  names.xhtml_type = symbol("xhtml");
  names.reference_type = symbol("Reference");
  names.meta_type = symbol("Meta");
  names.instant_type = symbol("instant");
  for (const char* name : {"uri", "url", "canonical", "oid", "uuid"}) {
    names.uri_types.push_back(symbol(name));
  }
}

bool Room::serves(std::string_view type) const noexcept {
  return std::binary_search(types.begin(), types.end(), type);
}

Result<void> Room::known(std::string_view type) const {
  if (serves(type)) return {};
  return make_error(ErrorCode::not_found, "resources of this type do not exist here");
}

const Validation& Room::validation_of(std::string_view type) const {
  static const Validation kOtherwise{};
  auto at = settings.validation.find(type);
  if (at == settings.validation.end()) at = settings.validation.find("*");
  return at == settings.validation.end() ? kOtherwise : at->second;
}

tree::Symbols& Room::symbols() const noexcept { return parts.definitions->symbols(); }

std::string_view Room::text_of(const tree::Node& node, tree::Symbol name) noexcept {
  const tree::Node* child = node.child(name);
  return child == nullptr ? std::string_view() : child->text();
}

bool is_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

std::string name_of(std::string_view type, std::string_view id) {
  std::string name;
  name.reserve(type.size() + 1 + id.size());
  name.append(type).append("/").append(id);
  return name;
}

std::optional<std::int64_t> version_in(std::string_view text) noexcept {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || version < 1) return std::nullopt;
  return version;
}

}  // namespace concord::resources::detail
