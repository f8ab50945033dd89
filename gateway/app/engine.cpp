#include "gateway/app/engine.h"

#include <algorithm>
#include <fstream>
#include <iostream>

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
  CONCORD_ASSIGN(auto mapper, eps::make_mapper(*definitions_, options));
  mappers_.add(std::move(mapper));
  return {};
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
