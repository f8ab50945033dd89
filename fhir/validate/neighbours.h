#pragma once
/// Resources beside the one that is validated, for references that lead to them.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/context.h"

namespace concord::validate {

/// Documents by "Type/id", and the files "<type>-<id>.json" and ".xml" (lower case) of one folder,
/// read when a reference first leads there. Filled by one thread, then asked from any.
class FileNeighbours final : public Neighbours {
 public:
  /// `folder` empty: only what is added. The definitions must outlive it.
  explicit FileNeighbours(const definitions::Definitions& definitions,
                          std::filesystem::path folder = {},
                          std::size_t max_bytes = std::size_t{16} << 20);

  /// Adds a resource by its type and id. False when the text is no resource, or has no id.
  bool add(std::string text);

  /// Adds every resource of a registry that has an id. It must outlive this object.
  void add(const packages::Registry* registry) { registry_ = registry; }

  const tree::Document* find(std::string_view reference) const override;

 private:
  const tree::Document* read_file(std::string_view type, std::string_view id) const;

  const definitions::Definitions& definitions_;
  std::filesystem::path folder_;
  std::size_t max_bytes_;
  const packages::Registry* registry_ = nullptr;
  mutable std::mutex reading_;
  mutable std::map<std::string, std::unique_ptr<tree::Document>, std::less<>> known_;
};

}  // namespace concord::validate
