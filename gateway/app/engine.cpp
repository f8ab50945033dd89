#include "gateway/app/engine.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <fstream>
#include <iostream>
#include <set>

#include "mappers/eps/eps.h"

namespace concord::app {

Result<std::unique_ptr<Engine>> Engine::load() {
  std::unique_ptr<Engine> engine(new Engine);
  CONCORD_ASSIGN(definitions::Definitions read, definitions::Definitions::r4(*engine->symbols_));
  engine->definitions_ = std::make_unique<definitions::Definitions>(std::move(read));
  return engine;
}

Result<void> Engine::add_mappers(const std::vector<mapping::MapSource>& eps_overlays,
                                 eps::TrustSource eps_trust, eps::Asking asking) {
  eps::MapperOptions options;
  options.overlays = eps_overlays;
  options.trust = std::move(eps_trust);
  options.asking = asking;
  return add_mappers(std::move(options));
}

Result<void> Engine::add_mappers(eps::MapperOptions options) {
  CONCORD_ASSIGN(std::shared_ptr<const mappers::Mapper> mapper,
                 eps::make_mapper(*definitions_, options));
  auto replaceable = std::make_unique<mappers::ReplaceableMapper>(std::move(mapper));
  eps_ = replaceable.get();
  mappers_.add(std::move(replaceable));
  eps_options_ = std::move(options);
  eps_options_.overlays.clear();
  return {};
}

namespace {

/// Words of the texts that are no names yet: at most so many will become some. Names are never
/// forgotten, and there is room for 32,767.
std::size_t new_names(const std::vector<mapping::MapSource>& sources,
                      const tree::Symbols& symbols) {
  std::set<std::string_view> words;
  for (const mapping::MapSource& source : sources) {
    const std::string_view text = source.text;
    const auto in_word = [&](std::size_t at) {
      const auto c = static_cast<unsigned char>(text[at]);
      return std::isalnum(c) != 0 || c == '_' || c >= 0x80;
    };
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && in_word(end)) ++end;
      if (end > at) words.insert(text.substr(at, end - at));
      at = std::max(end, at + 1);
    }
  }
  return static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [&](auto word) {
    return symbols.find(word) == tree::Symbol::kNone;
  }));
}

Result<std::vector<mappers::GoldenCase>> all_cases(const Overlays& overlays) {
  CONCORD_ASSIGN(auto shipped, eps::shipped_cases());
  return mappers::with_site_cases(std::move(shipped), overlays.cases);
}

}  // namespace

Result<Engine::Replaced> Engine::replace_maps(const Overlays& overlays) {
  constexpr std::size_t kMostNames = 30'000;
  const std::scoped_lock lock(replacing_);
  if (symbols_->size() + new_names(overlays.maps, *symbols_) > kMostNames) {
    return make_error(ErrorCode::too_costly,
                      "too many new names since the start: start the gateway anew");
  }
  eps::MapperOptions options = eps_options_;
  options.overlays = overlays.maps;
  CONCORD_ASSIGN(std::shared_ptr<const mappers::Mapper> next,
                 eps::make_mapper(*definitions_, options));
  CONCORD_ASSIGN(const auto cases, all_cases(overlays));
  CONCORD_TRY(mappers::check_golden_cases(cases, *next, *definitions_));
  Replaced replaced{next->version(), next->version() != eps_->version(), cases.size()};
  eps_->replace(std::move(next));
  return replaced;
}

Result<void> Engine::check_cases(const Overlays& overlays) const {
  CONCORD_ASSIGN(const auto cases, all_cases(overlays));
  return mappers::check_golden_cases(cases, *eps_, *definitions_);
}

Result<std::vector<mapping::MapSource>> read_maps(const std::filesystem::path& folder) {
  std::vector<mapping::MapSource> sources;
  if (folder.empty()) return sources;
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".map") files.push_back(entry.path());
  }
  if (failed) return make_error(ErrorCode::not_found, "cannot read the folder " + folder.string());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    CONCORD_ASSIGN(std::string text, read_whole(file, std::size_t{4} << 20));
    sources.push_back({file.string(), std::move(text)});
  }
  return sources;
}

Result<Overlays> read_overlays(const std::filesystem::path& folder) {
  constexpr std::size_t kMostCases = 1000;
  constexpr std::size_t kLongestFile = std::size_t{16} << 20;
  Overlays overlays;
  CONCORD_ASSIGN(overlays.maps, read_maps(folder));
  if (folder.empty() || !std::filesystem::is_directory(folder / "cases")) return overlays;
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  std::size_t folders = 0;
  for (const auto& below : std::filesystem::directory_iterator(folder / "cases", failed)) {
    if (!below.is_directory()) continue;
    if (++folders > kMostCases) {
      return make_error(ErrorCode::too_long, "more than " + std::to_string(kMostCases) + " cases",
                        folder.string());
    }
    for (const auto& file : std::filesystem::directory_iterator(below.path(), failed)) {
      files.push_back(file.path());
    }
  }
  if (failed) return make_error(ErrorCode::not_found, "cannot read the folder " + folder.string());
  // Names and texts stay where they are: golden_cases() takes views.
  std::deque<std::string> kept;
  std::vector<Resource> resources;
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    if (!name.starts_with("input.") && !name.starts_with("expected.") && name != "parameters.txt") {
      continue;
    }
    CONCORD_ASSIGN(std::string text, read_whole(file, kLongestFile));
    kept.push_back("cases/" + file.parent_path().filename().string() + "/" + name);
    const std::string_view stored_name = kept.back();
    kept.push_back(std::move(text));
    resources.push_back({stored_name, kept.back()});
  }
  CONCORD_ASSIGN(overlays.cases, mappers::golden_cases(resources, (folder / "").string()));
  return overlays;
}

Result<std::string> read_whole(const std::filesystem::path& file, std::size_t limit) {
  std::ifstream opened;
  const bool standard_input = file == "-";
  if (!standard_input) opened.open(file, std::ios::binary);
  std::istream& in = standard_input ? std::cin : opened;
  if (!in || (!standard_input && std::filesystem::is_directory(file))) {
    return make_error(ErrorCode::not_found, "cannot read " + file.string());
  }
  std::string text;
  constexpr std::size_t kPart = 64 * 1024;
  while (in && text.size() <= limit) {
    const std::size_t start = text.size();
    text.resize(start + kPart);
    in.read(text.data() + start, static_cast<std::streamsize>(kPart));
    text.resize(start + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return make_error(ErrorCode::not_found, "cannot read " + file.string());
  if (text.size() > limit) {
    return make_error(ErrorCode::too_long, (standard_input ? "standard input" : file.string()) +
                                               " is longer than " + std::to_string(limit) +
                                               " bytes");
  }
  return text;
}

}  // namespace concord::app
