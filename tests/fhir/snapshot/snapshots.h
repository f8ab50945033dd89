#pragma once
/// What the tests of this folder share: definitions, documents, and elements told in one line each.

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/detail/generate_from.h"
#include "fhir/snapshot/detail/registry_source.h"

namespace concord::snapshot::test {

/// R4 as carried in the binary, loaded once per program.
struct Engine {
  tree::Symbols symbols;
  std::unique_ptr<definitions::Definitions> definitions;
  std::unique_ptr<packages::Registry> registry;  ///< with nothing loaded
};
Engine& engine();

/// A resource from JSON or XML, typed; an empty document when it cannot be read.
tree::Document resource(std::string text);
tree::Document resource(const std::filesystem::path& file);

/// A member of the root, as text.
std::string member(const tree::Document& document, std::string_view name);

/// Documents by url, before R4.
class Overlay final : public Source {
 public:
  void add(const tree::Document& document) { by_url_[member(document, "url")] = &document; }
  void add(std::string text) { add(kept_.emplace_back(resource(std::move(text)))); }
  Result<Found> find(std::string_view canonical, const packages::Entry* asked_from) override;

 private:
  std::map<std::string, const tree::Document*, std::less<>> by_url_;
  std::deque<tree::Document> kept_;
  RegistrySource core_{*engine().registry};
};

/// The elements of a snapshot (or of the differential), each as the lines "field: value" that
/// matter, by id in their order.
struct Told {
  std::string id;
  std::map<std::string, std::string> fields;
};
std::vector<Told> told(const tree::Document& document, std::string_view view = "snapshot");

/// How two snapshots differ, with text "id: field: expected | actual". Empty when they do not.
struct Difference {
  std::string id;
  std::string field;  ///< empty: the element as a whole
  std::string text;
};
std::vector<Difference> differences(const std::vector<Told>& expected,
                                    const std::vector<Told>& actual);

/// Whether a field of an element is what R4 has of it: in the type the element is inherited from,
/// or in a definition of R4 its type names. Expected snapshots that were made on other releases
/// differ from ours there.
bool is_of_r4(const std::vector<Told>& all, const Told& element, const std::string& field);

/// The lines of known_failures.txt: "name: reason".
std::map<std::string, std::string> read_known_failures(const std::filesystem::path& file);

}  // namespace concord::snapshot::test
