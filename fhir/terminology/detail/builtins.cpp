#include "fhir/terminology/detail/builtins.h"

#include <unicode/locid.h>
#include <unicode/region.h>
#include <unicode/strenum.h>
#include <unicode/timezone.h>
#include <unicode/ucurr.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "fhir/path/ucum.h"
#include "fhir/terminology/detail/code_table.h"

namespace concord::terminology::detail {

namespace {

constexpr std::size_t kLongestCode = 1024;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// A system told by syntax.
class Grammar final : public CodeSystem {
 public:
  using Accepts = bool (*)(std::string_view);
  Grammar(std::string_view url, std::string_view name, Accepts accepts)
      : url_(url), name_(name), accepts_(accepts) {}

  std::string_view url() const noexcept override { return url_; }
  std::string_view version() const noexcept override { return {}; }
  std::string_view name() const noexcept override { return name_; }
  std::string_view status() const noexcept override { return "active"; }
  Content content() const noexcept override { return Content::grammar; }
  std::size_t size() const noexcept override { return 0; }
  Concept find(std::string_view) const noexcept override { return kNoConcept; }
  bool has(std::string_view code) const noexcept override {
    return code.size() <= kLongestCode && accepts_(code);
  }
  std::string_view code(Concept) const noexcept override { return {}; }
  std::string_view display(Concept) const noexcept override { return {}; }
  bool is_a(Concept, Concept) const override { return false; }
  Result<ConceptSet> select(const Filter&) const override {
    return make_error(ErrorCode::unsupported,
                      "the code system " + std::string(url_) + " cannot be listed");
  }
  std::optional<bool> meets(std::string_view code, const Filter& filter) const override {
    if (filter.property != "code" && filter.property != "concept") return std::nullopt;
    const auto test = text_test(filter);
    if (!test || !*test) return std::nullopt;
    return (**test)(code);
  }

 private:
  std::string_view url_, name_;
  Accepts accepts_;
};

bool is_unit(std::string_view code) { return path::is_ucum(code); }

// ---- MIME types

bool is_restricted_name(std::string_view text) noexcept {
  static constexpr std::string_view kOther = "!#$&-^_.+";
  if (text.empty() || text.size() > 127 || !(is_letter(text[0]) || is_digit(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || kOther.find(c) != std::string_view::npos;
  });
}

bool is_token(std::string_view text) noexcept {
  static constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || kOther.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// One ";name=value" from the front; false when there is none.
bool take_parameter(std::string_view& rest) noexcept {
  rest.remove_prefix(1);
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || !is_token(trimmed(rest.substr(0, equals)))) return false;
  rest = trimmed(rest.substr(equals + 1));
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    if (!is_token(trimmed(rest.substr(0, end)))) return false;
    rest.remove_prefix(end);
    return true;
  }
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      rest = trimmed(rest.substr(at + 1));
      return rest.empty() || rest.front() == ';';
    }
  }
  return false;
}

bool mime(std::string_view text) { return is_mime_type(text); }
bool language(std::string_view text) { return is_language_tag(text); }
bool uri(std::string_view text) { return is_absolute_uri(text); }

// ---- tables of ICU

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

CodeTable::Made countries() {
  CodeTable::Made made;
  made.url = "urn:iso:std:iso:3166";
  made.name = "ISO 3166";
  for (const char* const* at = icu::Locale::getISOCountries(); *at != nullptr; ++at) {
    const icu::Locale locale("", *at);
    icu::UnicodeString name;
    locale.getDisplayCountry(icu::Locale::getEnglish(), name);
    const std::string display = utf8(name);
    made.rows.push_back({*at, display, {}});
    const std::string three = locale.getISO3Country();
    if (!three.empty()) made.rows.push_back({three, display, {}});
    UErrorCode status = U_ZERO_ERROR;
    const icu::Region* region = icu::Region::getInstance(*at, status);
    if (U_SUCCESS(status) && region != nullptr && region->getNumericCode() > 0) {
      std::string digits = std::to_string(region->getNumericCode());
      digits.insert(0, 3 - std::min<std::size_t>(3, digits.size()), '0');
      made.rows.push_back({digits, display, {}});
    }
  }
  return made;
}

CodeTable::Made currencies() {
  CodeTable::Made made;
  made.url = "urn:iso:std:iso:4217";
  made.name = "ISO 4217";
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UEnumeration, void (*)(UEnumeration*)> codes(
      ucurr_openISOCurrencies(UCURR_ALL | UCURR_NON_DEPRECATED, &status), &uenum_close);
  // Not tied to a country, so not among those: metals, tests, units of account.
  std::set<std::string> all{"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR",
                            "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"};
  std::int32_t size = 0;
  for (const char* code = U_SUCCESS(status) ? uenum_next(codes.get(), &size, &status) : nullptr;
       code != nullptr && U_SUCCESS(status); code = uenum_next(codes.get(), &size, &status)) {
    all.emplace(code, static_cast<std::size_t>(size));
  }
  for (const std::string& code : all) {
    const std::u16string wide(code.begin(), code.end());
    UErrorCode failed = U_ZERO_ERROR;
    std::int32_t length = 0;
    const char16_t* name =
        ucurr_getName(wide.c_str(), "en", UCURR_LONG_NAME, nullptr, &length, &failed);
    made.rows.push_back(
        {code, U_SUCCESS(failed) ? utf8(icu::UnicodeString(name, length)) : code, {}});
  }
  return made;
}

CodeTable::Made time_zones(std::string_view url) {
  CodeTable::Made made;
  made.url = url;
  made.name = "IANA time zones";
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::StringEnumeration> zones(
      icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, nullptr, nullptr, status));
  while (zones != nullptr && U_SUCCESS(status)) {
    const icu::UnicodeString* zone = zones->snext(status);
    if (zone == nullptr) break;
    made.rows.push_back({utf8(*zone), {}, {}});
  }
  return made;
}

bool is_known_language(std::string_view tag) {
  static const std::set<std::string, std::less<>> kLanguages = [] {
    std::set<std::string, std::less<>> all{"iw", "in", "ji", "sh", "mo", "no", "tl"};
    for (const char* const* at = uloc_getISOLanguages(); *at != nullptr; ++at) all.emplace(*at);
    return all;
  }();
  std::string low;
  for (const char c : tag) low += lower(c);
  return kLanguages.contains(low);
}

bool is_known_region(std::string_view tag) {
  static const std::set<std::string, std::less<>> kRegions = [] {
    std::set<std::string, std::less<>> all{"AA", "ZZ", "QM", "EU", "UN", "AN", "CS", "YU",
                                           "SU", "TP", "ZR", "BU", "DD", "FX", "NT", "YD"};
    for (const char* const* at = uloc_getISOCountries(); *at != nullptr; ++at) all.emplace(*at);
    return all;
  }();
  std::string high;
  for (const char c : tag) high += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  // Private use: XA to XZ, QM to QZ.
  return kRegions.contains(high) || high[0] == 'X' || (high[0] == 'Q' && high[1] >= 'M');
}

}  // namespace

bool is_mime_type(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 11> kTop{"application", "audio", "example", "font",
                                                  "haptics",     "image", "message", "model",
                                                  "multipart",   "text",  "video"};
  if (text != trimmed(text)) return false;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view top = text.substr(0, slash);
  const bool registered = std::any_of(kTop.begin(), kTop.end(),
                                      [&](std::string_view at) { return same_letters(at, top); });
  const bool private_use = top.size() > 2 && same_letters(top.substr(0, 2), "x-");
  if (!registered && !(private_use && is_restricted_name(top))) return false;
  std::string_view rest = text.substr(slash + 1);
  const std::size_t end = std::min(rest.find(';'), rest.size());
  if (!is_restricted_name(trimmed(rest.substr(0, end)))) return false;
  rest.remove_prefix(end);
  while (!rest.empty()) {
    if (!take_parameter(rest)) return false;
  }
  return true;
}

bool is_language_tag(std::string_view text) {
  if (text.empty() || text.size() > 100 || text.front() == '-' || text.back() == '-') return false;
  // The first part by hand: ICU takes any two letters.
  const std::size_t end = std::min(text.find('-'), text.size());
  const std::string_view first = text.substr(0, end);
  const bool irregular = same_letters(first, "i") || same_letters(first, "x");
  if (!irregular && first.size() == 2 && !is_known_language(first)) return false;
  // Four letters are reserved, and no longer ones were ever registered.
  if (!irregular && (first.size() < 2 || first.size() > 3)) return false;
  const std::string tag(text);
  std::array<char, 160> locale{};
  std::int32_t parsed = 0;
  UErrorCode status = U_ZERO_ERROR;
  uloc_forLanguageTag(tag.c_str(), locale.data(), static_cast<std::int32_t>(locale.size()), &parsed,
                      &status);
  if (U_FAILURE(status) || parsed != static_cast<std::int32_t>(tag.size())) return false;
  std::array<char, 16> country{};
  status = U_ZERO_ERROR;
  const std::int32_t size = uloc_getCountry(locale.data(), country.data(),
                                            static_cast<std::int32_t>(country.size()), &status);
  if (U_FAILURE(status)) return false;
  return size != 2 || is_known_region({country.data(), static_cast<std::size_t>(size)});
}

bool is_absolute_uri(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return false;
  const std::string_view scheme = text.substr(0, colon), rest = text.substr(colon + 1);
  if (!std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
      })) {
    return false;
  }
  if (rest.empty()) return false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return false;
    if (std::string_view("<>\"{}|\\^`").find(c) != std::string_view::npos) return false;
    if (c == '%' && (i + 2 >= rest.size() || !is_hex(rest[i + 1]) || !is_hex(rest[i + 2]))) {
      return false;
    }
  }
  if (!same_letters(scheme, "urn")) return true;
  const std::size_t second = rest.find(':');
  if (second == std::string_view::npos || second == 0) return false;
  const std::string_view space = rest.substr(0, second), name = rest.substr(second + 1);
  if (same_letters(space, "oid")) {
    if (name.empty() || name.front() < '0' || name.front() > '2') return false;
    bool digit_before = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '.') {
        if (!digit_before) return false;
        digit_before = false;
      } else if (is_digit(name[i])) {
        const bool starts = i == 0 || name[i - 1] == '.';
        if (starts && name[i] == '0' && i + 1 < name.size() && is_digit(name[i + 1])) return false;
        digit_before = true;
      } else {
        return false;
      }
    }
    return digit_before && name.find('.') != std::string_view::npos;
  }
  if (same_letters(space, "uuid")) {
    if (name.size() != 36) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen ? name[i] != '-' : !is_hex(name[i])) return false;
    }
  }
  return !name.empty();
}

bool needs_release(std::string_view url) noexcept {
  constexpr std::array kSystems{
      std::string_view("http://snomed.info/sct"),
      std::string_view("https://dmd.nhs.uk"),
      std::string_view("http://loinc.org"),
      std::string_view("http://www.nlm.nih.gov/research/umls/rxnorm"),
      std::string_view("http://www.ama-assn.org/go/cpt"),
      std::string_view("http://www.whocc.no/atc"),
      std::string_view("http://fdasis.nlm.nih.gov"),
      std::string_view("http://dicom.nema.org/resources/ontology/DCM"),
      std::string_view("http://nucc.org/provider-taxonomy"),
      std::string_view("http://www.orpha.net"),
      std::string_view("http://human-phenotype-ontology.org"),
      std::string_view("http://www.genenames.org"),
      std::string_view("http://www.genenames.org/geneId"),
      std::string_view("http://varnomen.hgvs.org"),
      std::string_view("http://sequenceontology.org"),
      std::string_view("http://www.sequenceontology.org"),
      std::string_view("http://clinicaltrials.gov"),
      std::string_view("http://www.radlex.org"),
      std::string_view("http://read.info/readv2"),
      std::string_view("http://read.info/ctv3"),
      std::string_view("http://standardterms.edqm.eu"),
      std::string_view("http://cancer.sanger.ac.uk/cancergenome/projects/cosmic"),
      std::string_view("http://www.ncbi.nlm.nih.gov/clinvar"),
      std::string_view("http://www.ncbi.nlm.nih.gov/nuccore"),
      std::string_view("http://www.ncbi.nlm.nih.gov/projects/SNP"),
      std::string_view("http://www.iccbba.org/"),
      std::string_view("http://ncimeta.nci.nih.gov"),
      std::string_view("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
      std::string_view("urn:iso:std:iso:11073:10101"),
      std::string_view("urn:iso:std:iso:3166:-2"),
      std::string_view("http://www.cms.gov/Medicare/Coding/ICD10"),
      std::string_view("http://id.who.int/icd/release/11/mms"),
      std::string_view("http://unstats.un.org/unsd/methods/m49/m49.htm"),
      std::string_view("https://www.usps.com/"),
  };
  // ICD, CVX, NDC and the like stand below one address.
  constexpr std::array kBelow{std::string_view("http://hl7.org/fhir/sid/"),
                              std::string_view("http://snomed.info/sct/"),
                              std::string_view("http://snomed.info/xsct")};
  return std::find(kSystems.begin(), kSystems.end(), url) != kSystems.end() ||
         std::any_of(kBelow.begin(), kBelow.end(),
                     [&](std::string_view prefix) { return url.starts_with(prefix); });
}

std::unique_ptr<const CodeSystem> built_in(std::string_view url) {
  struct Row {
    std::string_view url, name;
    Grammar::Accepts accepts;
  };
  constexpr std::array kGrammars{
      Row{"urn:ietf:bcp:13", "MIME types", &mime},
      Row{"urn:ietf:bcp:47", "Language tags", &language},
      Row{"urn:ietf:rfc:3986", "URIs", &uri},
      Row{"http://unitsofmeasure.org", "UCUM", &is_unit},
  };
  for (const Row& row : kGrammars) {
    if (row.url == url) return std::make_unique<Grammar>(row.url, row.name, row.accepts);
  }
  if (url == "urn:iso:std:iso:3166") return std::make_unique<CodeTable>(countries());
  if (url == "urn:iso:std:iso:4217") return std::make_unique<CodeTable>(currencies());
  // R4's address, and the one of later releases.
  if (url == "https://www.iana.org/time-zones" || url == "https://www.iana.org/timezones") {
    return std::make_unique<CodeTable>(time_zones(url));
  }
  return nullptr;
}

}  // namespace concord::terminology::detail
