#include "fhir/snapshot/detail/registry_source.h"

#include "fhir/definitions/r4_generated.h"

namespace concord::snapshot {

namespace {

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// "4.0" of "4.0.1".
std::string_view release(std::string_view version) {
  const std::size_t dot = version.find('.');
  return version.substr(0, version.find('.', dot == std::string_view::npos ? dot : dot + 1));
}

}  // namespace

Named resolve(const packages::Registry& registry, std::string_view canonical,
              const packages::Entry* asked_from) {
  const std::size_t bar = canonical.find('|');
  const std::string_view url = canonical.substr(0, bar);
  const std::string_view version =
      bar == std::string_view::npos ? std::string_view{} : canonical.substr(bar + 1);
  const auto* core = registry.core().structure(url);
  const auto* entry = registry.find("StructureDefinition", canonical, asked_from);
  if (core == nullptr) return {entry, nullptr};
  const std::string_view core_version = view(core->version());
  if (entry != nullptr && version.empty() && !entry->fhir_version.empty() &&
      release(entry->fhir_version) != release(core_version)) {
    entry = nullptr;
  }
  if (entry != nullptr) return {entry, nullptr};
  const bool fits = version.empty() || core_version == version ||
                    core_version.starts_with(std::string(version) + ".");
  return {nullptr, fits ? core : nullptr};
}

Result<Source::Found> RegistrySource::find(std::string_view canonical,
                                           const packages::Entry* asked_from) {
  const Named named = resolve(registry_, canonical, asked_from);
  if (named.entry != nullptr) {
    CONCORD_ASSIGN(const tree::Document* const document, registry_.document(*named.entry));
    return Found{document, named.entry};
  }
  if (named.core == nullptr) return Found{};
  const auto [at, is_new] = core_.try_emplace(named.core, nullptr);
  if (is_new) {
    auto written = registry_.core_document(*named.core);
    if (!written) {
      core_.erase(at);
      return std::move(written).error();
    }
    at->second = &documents_.emplace_back(*std::move(written));
  }
  return Found{at->second, nullptr};
}

}  // namespace concord::snapshot
