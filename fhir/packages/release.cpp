#include "fhir/packages/release.h"

#include <algorithm>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "fhir/definitions/pack_writer.h"
#include "fhir/packages/archive.h"
#include "fhir/packages/detail/store.h"
#include "fhir/packages/manifest.h"
#include "fhir/packages/package_folder.h"

namespace concord::packages {

namespace fs = std::filesystem;

namespace {

std::string_view text_of(const tree::Document& document, std::string_view name) {
  const tree::Node* at = document.root().child(document.find(name));
  return at == nullptr ? std::string_view{} : at->text();
}

/// Takes the definitions of types out of whatever files come.
class Collecting {
 public:
  explicit Collecting(const tree::Symbols& symbols) : symbols_(symbols) {}

  static bool wanted(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return path == "package/package.json" ||
           (path.starts_with("package/") && path.find('/', 8) == std::string_view::npos &&
            !name.starts_with('.') && name.ends_with(".json"));
  }

  Result<void> take(std::string_view path, std::string bytes) {
    if (path == "package/package.json") {
      CONCORD_ASSIGN(const Manifest manifest, read_manifest(std::move(bytes), symbols_));
      if (!manifest.fhir_versions.empty()) version_ = manifest.fhir_versions.front();
      return {};
    }
    // Most files of a core package are examples, terminology and extensions: no need to read them.
    if (bytes.find("\"StructureDefinition\"") == std::string::npos) return {};
    CONCORD_ASSIGN(const ReadResource read, read_resource(std::move(bytes), symbols_));
    const tree::Document& document = read.document;
    const std::string_view kind = text_of(document, "kind");
    if (document.text(document.root().type()) != "StructureDefinition" ||
        text_of(document, "derivation") == "constraint" ||
        (kind != "primitive-type" && kind != "complex-type" && kind != "resource")) {
      return {};
    }
    if (!types_.emplace(text_of(document, "type")).second) return {};
    if (version_.empty()) version_ = text_of(document, "fhirVersion");
    return writer_.add(document, document.root());
  }

  Result<definitions::Definitions> finish(tree::Symbols& symbols) {
    if (!types_.contains("Resource") || !types_.contains("Element")) {
      return make_error(ErrorCode::invalid,
                        "no core package of FHIR: it defines no Resource or no Element");
    }
    CONCORD_ASSIGN(std::string pack, writer_.finish(version_));
    return definitions::Definitions::made(std::move(pack), symbols);
  }

 private:
  const tree::Symbols& symbols_;
  definitions::PackWriter writer_;
  std::string version_;
  std::set<std::string, std::less<>> types_;
};

Result<void> read_folder(const fs::path& root, const Bounds& bounds, Collecting& collecting) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(root, failed), end; !failed && at != end; at.increment(failed)) {
    if (files.size() >= bounds.max_entries) {
      return make_error(ErrorCode::too_long, root.string() + ": more files than allowed");
    }
    files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  std::size_t total = 0;
  for (const fs::path& file : files) {
    const std::string name = "package/" + file.filename().string();
    if (!Collecting::wanted(name)) continue;
    CONCORD_ASSIGN(std::string bytes, read_file(file, bounds.max_file));
    total += bytes.size();
    if (total > bounds.max_total) {
      return make_error(ErrorCode::too_long, root.string() + ": longer than allowed");
    }
    CONCORD_TRY(collecting.take(name, std::move(bytes)));
  }
  return {};
}

}  // namespace

Result<definitions::Definitions> load_release(const fs::path& core_package, tree::Symbols& symbols,
                                              const Bounds& bounds) {
  Collecting collecting(symbols);
  std::error_code failed;
  Result<void> read;
  if (fs::is_directory(core_package, failed)) {
    read = read_folder(package_root(core_package).value_or(core_package), bounds, collecting);
  } else {
    read = read_archive(core_package, bounds, &Collecting::wanted,
                        [&](std::string_view path, std::string bytes) -> Result<bool> {
                          CONCORD_TRY(collecting.take(path, std::move(bytes)));
                          return true;
                        });
  }
  auto made = read ? collecting.finish(symbols) : Result<definitions::Definitions>(read.error());
  if (!made) {
    for (Issue& issue : made.error().issues) {
      issue.text = core_package.filename().string() + ": " + issue.text;
    }
  }
  return made;
}

}  // namespace concord::packages
