#include "tests/mappers/eps/corpus.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "fhir/core/instant.h"
#include "fhir/core/uuid.h"
#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

/// A manifest, and the texts of it by name.
class Manifest {
 public:
  explicit Manifest(const fs::path& folder)
      : document_(json::read_plain(concord::test::read_file(folder / "manifest.json"),
                                   World::get().symbols)) {
    if (!document_) ADD_FAILURE() << folder << ": " << to_string(document_.error());
  }
  std::string text(std::string_view name, std::string_view within = {}) const {
    if (!document_) return {};
    const tree::Node* node = &document_->root();
    if (!within.empty()) node = node->child(document_->find(within));
    if (node != nullptr) node = node->child(document_->find(name));
    if (node == nullptr) {
      ADD_FAILURE() << "the manifest has no " << name;
      return {};
    }
    return std::string(node->text());
  }
  /// Whether the list of what changes from run to run has this row.
  bool lets_change(std::string_view row) const {
    const tree::Node* at =
        document_ ? document_->root().child(document_->find("volatile")) : nullptr;
    for (; at != nullptr; at = at->next_same()) {
      if (at->text() == row) return true;
    }
    return false;
  }

 private:
  Result<tree::Document> document_;
};

/// Calls `visit` with each node below `node`, in document order.
template <typename Visit>
void each_below(const tree::Node& node, const Visit& visit) {
  for (const tree::Node& child : node.children()) {
    visit(child);
    each_below(child, visit);
  }
}

/// Values of the elements of that name of which `counts` holds, in document order, each once.
template <typename Counts>
std::vector<std::string> values(const Result<tree::Document>& document, std::string_view name,
                                const Counts& counts) {
  std::vector<std::string> found;
  EXPECT_THAT(document, IsOk());
  if (!document) return found;
  each_below(document->root(), [&](const tree::Node& node) {
    if (document->name(node) != name || !counts(*document, node)) return;
    const std::string value(node.text());
    if (std::find(found.begin(), found.end(), value) == found.end()) found.push_back(value);
  });
  return found;
}

/// Identities in an HL7 v3 message that stand below an element of that name ("": any).
std::vector<std::string> identities_below(const std::string& xml, std::string_view owner) {
  return values(xml::read(xml, World::get().symbols), "root",
                [&](const tree::Document& document, const tree::Node& node) {
                  return is_uuid(node.text()) && document.name(*node.parent()) == "id" &&
                         (owner.empty() || document.name(*node.parent()->parent()) == owner);
                });
}

/// Numbers of the dispensed items in a FHIR message.
std::vector<std::string> dispensed_items(const std::string& json) {
  return values(json::read_plain(json, World::get().symbols), "value",
                [](const tree::Document& document, const tree::Node& node) {
                  const tree::Node* system = node.parent()->child(document.find("system"));
                  return system != nullptr &&
                         system->text() ==
                             "https://fhir.nhs.uk/Id/prescription-dispense-item-number";
                });
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// The item numbers of the request in the place of those of the published answer. They differ in
/// nothing but their digits, so each is known by the order in which they come.
std::string with_item_numbers_of(const std::string& request, std::string expected) {
  const auto asked = dispensed_items(request);
  const auto written = identities_below(expected, "actRef");
  EXPECT_EQ(asked.size(), written.size());
  for (std::size_t at = 0; at < std::min(asked.size(), written.size()); ++at) {
    replace_all(expected, written[at], upper(asked[at]));
  }
  return expected;
}

/// Identities one after the other.
UuidSource numbered(std::vector<std::string> identities) {
  auto left = std::make_shared<std::vector<std::string>>(std::move(identities));
  return [left, next = std::size_t{0}]() mutable {
    EXPECT_LT(next, left->size()) << "more identities were made than the answer holds";
    return next < left->size() ? (*left)[next++] : std::string();
  };
}

PublishedPair read_pair(const fs::path& folder, std::string name) {
  const Manifest manifest(folder);
  PublishedPair pair;
  pair.name = std::move(name);
  pair.operation = folder.parent_path().filename().string();
  pair.interaction = manifest.text("interactionId");
  pair.request = concord::test::read_file(folder / "request.json");
  pair.expected = concord::test::read_file(folder / "expected.xml");
  if (pair.expected.ends_with('\n')) pair.expected.pop_back();

  const auto now = parse_instant(manifest.text("clock"));
  EXPECT_THAT(now, IsOk());
  if (now) pair.parameters.now = *now;
  pair.parameters.values = {{"from_asid", manifest.text("from_asid", "identities")},
                            {"to_asid", manifest.text("to_asid", "identities")},
                            {"user_id", manifest.text("sds_user_id", "identities")},
                            {"role_id", manifest.text("sds_role_profile_id", "identities")}};
  if (manifest.lets_change("subject/*/id/@root")) {
    pair.parameters.uuids = numbered(identities_below(pair.expected, ""));
  }
  if (manifest.lets_change("line-item id/@root")) {
    pair.expected = with_item_numbers_of(pair.request, std::move(pair.expected));
  }
  return pair;
}

}  // namespace

std::vector<PublishedPair> published_pairs() {
  std::vector<PublishedPair> pairs;
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) return pairs;
  for (const char* part : {"convert", "convert-generated"}) {
    for (const fs::path& operation : concord::test::case_folders(*corpus / part)) {
      for (const fs::path& folder : concord::test::case_folders(operation)) {
        pairs.push_back(read_pair(folder, std::string(part) + '/' + operation.filename().string() +
                                              '/' + folder.filename().string()));
      }
    }
  }
  return pairs;
}

}  // namespace concord::eps::test
