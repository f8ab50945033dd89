#include "gateway/agreements/agreement_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "fhir/core/resource.h"
#include "gateway/agreements/detail/compiled.h"
#include "gateway/agreements/detail/compiler.h"
#include "gateway/agreements/detail/yaml.h"

namespace concord::agreements {

std::span<const Resource> resources();  // generated: starter/*.yaml and calendars/*.yaml

namespace {

namespace fs = std::filesystem;
using detail::YamlFile;

std::vector<Source> carried(std::string_view folder) {
  std::vector<Source> sources;
  for (const Resource& resource : resources()) {
    if (resource.name.substr(0, folder.size()) == folder) {
      sources.push_back({std::string(resource.name), std::string(resource.bytes)});
    }
  }
  return sources;
}

Result<std::vector<Source>> read_folder(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".yaml") files.push_back(at->path());
  }
  if (failed) {
    return make_error(ErrorCode::transient, "cannot list " + folder.string());
  }
  std::sort(files.begin(), files.end());
  std::vector<Source> sources;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || !text) return make_error(ErrorCode::transient, "cannot read " + file.string());
    sources.push_back({file.string(), std::move(text).str()});
  }
  return sources;
}

void append_issues(std::vector<Issue>& all, std::vector<Issue>&& some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

/// The shipped calendars, then the operator's; a later one of the same id replaces.
void compile_calendars(const std::vector<Source>& own, AgreementSet::Compiled& compiled,
                       std::vector<Issue>& issues) {
  for (const auto& sources : {carried("calendars/"), own}) {
    std::map<std::string, std::string> seen;
    for (const Source& source : sources) {
      auto calendar = read_calendar(source.text, source.name);
      if (!calendar) {
        append_issues(issues, std::move(calendar.error().issues));
        continue;
      }
      const auto [first, fresh] = seen.emplace(calendar->id, source.name);
      if (!fresh) {
        Issue issue;
        issue.text = fmt::format("{}: calendar '{}' is already in {}", source.name, calendar->id,
                                 first->second);
        issues.push_back(std::move(issue));
        continue;
      }
      std::string id = calendar->id;
      compiled.calendars.insert_or_assign(std::move(id), *std::move(calendar));
    }
  }
}

detail::Names intern_names(tree::Symbols& symbols) {
  for (const FactKind& kind : fact_catalogue()) symbols.intern(kind.name);
  return {
      .entry = symbols.intern("entry"),
      .resource = symbols.intern("resource"),
      .medication_request = symbols.intern("MedicationRequest"),
      .facts = symbols.intern("facts"),
      .fact_types = {symbols.intern("boolean"), symbols.intern("integer"),
                     symbols.intern("decimal"), symbols.intern("string"), symbols.intern("date")}};
}

}  // namespace

AgreementSet::AgreementSet() : compiled_(std::make_unique<const Compiled>()) {}
AgreementSet::AgreementSet(AgreementSet&&) noexcept = default;
AgreementSet& AgreementSet::operator=(AgreementSet&&) noexcept = default;
AgreementSet::~AgreementSet() = default;

Result<AgreementSet> AgreementSet::compile(const std::vector<Source>& agreements,
                                           const std::vector<Source>& calendars,
                                           const definitions::Definitions& definitions,
                                           const path::FunctionTable& functions) {
  auto compiled = std::make_unique<Compiled>();
  std::vector<Issue> issues;
  compiled->symbols = &definitions.symbols();
  compiled->names = intern_names(definitions.symbols());
  compiled->london = detail::Zone::find("Europe/London");
  if (compiled->london == nullptr) {
    return make_error(ErrorCode::internal, "ICU does not know the time zone Europe/London");
  }
  compile_calendars(calendars, *compiled, issues);

  const detail::CompileInput input{definitions, functions, compiled->calendars};
  std::map<std::pair<std::string, std::uint32_t>, std::string> seen;
  for (const Source& source : agreements) {
    YamlFile file(source.name);
    auto agreement = detail::compile_agreement(file, source.text, input);
    if (agreement) {
      const auto [first, fresh] =
          seen.emplace(std::pair(agreement->id, agreement->version), source.name);
      if (!fresh) {
        file.fail(Position{1, 1}, fmt::format("agreement '{}' version {} is already in {}",
                                              agreement->id, agreement->version, first->second));
      }
      compiled->agreements.push_back(*std::move(agreement));
    }
    append_issues(issues, std::move(file.issues()));
  }
  if (!issues.empty()) {
    Error error;
    error.code = ErrorCode::invalid;
    error.issues = std::move(issues);
    return error;
  }
  if (!compiled->agreements.empty()) {
    CONCORD_ASSIGN(compiled->reading, detail::compile_reading(input));
  }
  std::stable_sort(compiled->agreements.begin(), compiled->agreements.end(),
                   [](const detail::Agreement& a, const detail::Agreement& b) {
                     const auto key = [](const detail::Agreement& agreement) {
                       return std::tuple(-agreement.specificity(),
                                         -agreement.start.time_since_epoch(),
                                         -static_cast<std::int64_t>(agreement.version));
                     };
                     return key(a) != key(b) ? key(a) < key(b) : a.id < b.id;
                   });
  AgreementSet set;
  set.compiled_ = std::move(compiled);
  return set;
}

Result<AgreementSet> AgreementSet::load(const fs::path& folder,
                                        const definitions::Definitions& definitions,
                                        const path::FunctionTable& functions) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return make_error(ErrorCode::not_found, "there is no folder " + folder.string());
  }
  CONCORD_ASSIGN(const auto agreements, read_folder(folder));
  std::vector<Source> calendars;
  if (fs::is_directory(folder / "calendars", ignored)) {
    CONCORD_ASSIGN(calendars, read_folder(folder / "calendars"));
  }
  return compile(agreements, calendars, definitions, functions);
}

std::vector<Source> AgreementSet::starter() { return carried("starter/"); }

std::vector<AgreementSummary> AgreementSet::agreements() const {
  std::vector<AgreementSummary> list;
  for (const detail::Agreement& agreement : compiled_->agreements) {
    list.push_back(
        {agreement.id, agreement.version, agreement.enforcement, agreement.rules.size()});
  }
  return list;
}

}  // namespace concord::agreements
