#pragma once
/// Sample resources for the tests of stores. Invented; bodies are texts, not FHIR.

#include <string>
#include <vector>

#include "gateway/store/resources.h"
#include "tests/gateway/samples.h"

namespace concord::test {

inline constexpr search::IndexKey kTokenKey = 11;

inline std::string body_of(const std::string& type, const std::string& id, std::int64_t version) {
  return "{\"resourceType\":\"" + type + "\",\"id\":\"" + id + "\",\"meta\":{\"versionId\":\"" +
         std::to_string(version) + "\"}," + std::string(600, ' ') + "}";
}

inline store::ResourceWrite changed(const std::string& type, const std::string& id,
                                    std::int64_t expected_version, store::Change change,
                                    std::int64_t seconds) {
  store::ResourceWrite write;
  write.change = change;
  write.type = type;
  write.id = id;
  write.expected_version = expected_version;
  write.updated_at = at(seconds);
  if (change != store::Change::deleted) write.body = body_of(type, id, expected_version + 1);
  return write;
}

inline store::ResourceWrite created(const std::string& type, const std::string& id,
                                    std::int64_t seconds) {
  return changed(type, id, 0, store::Change::created, seconds);
}

inline store::ResourceChanges only(store::ResourceWrite write) {
  store::ResourceChanges changes;
  changes.writes.push_back(std::move(write));
  return changes;
}

inline search::Condition token(std::int64_t code) {
  return {search::TokenIs{kTokenKey, code, std::nullopt}};
}

inline store::ResourceSearch one_part(const std::string& type, search::Condition where) {
  store::ResourceSearch search;
  search.parts.push_back({type, std::move(where), {}});
  return search;
}

inline std::vector<std::string> ids(const std::vector<store::ResourceRow>& rows) {
  std::vector<std::string> names;
  for (const store::ResourceRow& row : rows) names.push_back(row.id);
  return names;
}

}  // namespace concord::test
