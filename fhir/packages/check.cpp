#include "fhir/packages/check.h"

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "fhir/definitions/r4_generated.h"

namespace concord::packages {

namespace pack = definitions::pack;

namespace {

using Texts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.triggeredBy"
bool is_cross_version(std::string_view url) {
  constexpr std::string_view kBase = "http://hl7.org/fhir/";
  if (!url.starts_with(kBase)) return false;
  url.remove_prefix(kBase.size());
  return url.size() > 4 && url[0] >= '1' && url[0] <= '9' && url[1] == '.' &&
         url.substr(url.find('/') + 1).starts_with("StructureDefinition/extension-");
}

class Checking {
 public:
  explicit Checking(const Registry& registry) : registry_(registry) {}

  std::vector<Issue> run() {
    for (const Entry* entry : registry_.all()) {
      at_ = entry;
      look_for_twin();
      const auto tables = registry_.tables(*entry);
      if (!tables) {
        report(Severity::error, to_string(tables.error()));
        continue;
      }
      for (const auto* row : *(*tables)->types()) definition(*row);
      if ((*tables)->profiles() != nullptr) {
        for (const auto* row : *(*tables)->profiles()) definition(*row);
      }
      if ((*tables)->value_sets() != nullptr) {
        for (const auto* row : *(*tables)->value_sets()) value_set(*row);
      }
      if ((*tables)->code_systems() != nullptr) {
        for (const auto* row : *(*tables)->code_systems()) {
          set(view(row->value_set()));
          system(view(row->supplements()));
        }
      }
      if ((*tables)->concept_maps() != nullptr) {
        for (const auto* row : *(*tables)->concept_maps()) {
          set(view(row->source()));
          set(view(row->target()));
        }
      }
    }
    return std::move(issues_);
  }

 private:
  void report(Severity severity, std::string text) {
    issues_.push_back({severity,
                       std::string(at_->package) + ": " + std::string(at_->file),
                       std::move(text),
                       {},
                       {},
                       {}});
  }

  void look_for_twin() {
    if (at_->url.empty()) return;
    const auto [found, is_new] =
        seen_.try_emplace({at_->resource_type, at_->url, at_->version}, at_);
    if (is_new) return;
    const Entry& other = *found->second;
    report(other.package == at_->package ? Severity::error : Severity::warning,
           "the same canonical and version as " + std::string(other.file) +
               (other.package == at_->package ? "" : " of " + std::string(other.package)));
  }

  void missing(std::string_view kind, std::string_view canonical) {
    if (missing_.emplace(std::string(kind) + ' ' + std::string(canonical)).second) {
      report(Severity::warning,
             "nobody defines the " + std::string(kind) + ' ' + std::string(canonical));
    }
  }

  void profile(std::string_view canonical) {
    // "url#element" names an element of a profile; models of CDA have types of their own.
    const std::string_view url = canonical.substr(0, canonical.find('#'));
    if (url.empty() || is_cross_version(url)) return;
    if (!registry_.structure(url, at_)) missing("StructureDefinition", canonical);
  }
  void profiles(const Texts* canonicals) {
    if (canonicals == nullptr) return;
    for (const auto* canonical : *canonicals) profile(view(canonical));
  }
  void set(std::string_view canonical) {
    if (canonical.empty() || canonical.front() == '#') return;
    if (!registry_.value_set(canonical, at_)) missing("ValueSet", canonical);
  }
  void system(std::string_view canonical) {
    if (!canonical.starts_with("http://hl7.org/fhir/") &&
        !canonical.starts_with("http://terminology.hl7.org/")) {
      return;
    }
    if (!registry_.code_system(canonical, at_)) missing("CodeSystem", canonical);
  }

  void definition(const pack::StructureDefinition& row) {
    profile(view(row.base()));
    profiles(row.impose_profiles());
    for (const pack::Element* element : *row.elements()) {
      set(view(element->value_set()));
      set(view(element->max_value_set()));
      if (element->types() == nullptr) continue;
      for (const pack::TypeRef* type : *element->types()) {
        profiles(type->profiles());
        profiles(type->target_profiles());
      }
    }
  }

  void value_set(const pack::ValueSet& row) {
    for (const auto* parts : {row.include(), row.exclude()}) {
      if (parts == nullptr) continue;
      for (const pack::Include* part : *parts) {
        system(view(part->system()));
        if (part->value_sets() == nullptr) continue;
        for (const auto* canonical : *part->value_sets()) set(view(canonical));
      }
    }
  }

  const Registry& registry_;
  const Entry* at_ = nullptr;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, const Entry*> seen_;
  std::set<std::string> missing_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> check(const Registry& registry) { return Checking(registry).run(); }

}  // namespace concord::packages
