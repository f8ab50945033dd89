#include "gateway/agreements/facts.h"

#include <algorithm>
#include <array>

#include "gateway/agreements/detail/yaml.h"

namespace concord::agreements {
namespace {

constexpr std::array kCatalogue{
    FactKind{"days_since_last_issue", FactType::integer,
             "whole days since the same medicine was last issued to this patient"},
    FactKind{"fbc_months", FactType::integer, "whole months since the last full blood count"},
    FactKind{"issues_since_review_due", FactType::integer,
             "issues since the medication review became due"},
    FactKind{"lft_months", FactType::integer, "whole months since the last liver function test"},
    FactKind{"lithium_level_months", FactType::integer,
             "whole months since the last lithium level"},
    FactKind{"months_since_review", FactType::integer,
             "whole months since the last structured medication review"},
    FactKind{"nominated_pharmacy", FactType::string,
             "ODS code of the patient's nominated pharmacy in PDS"},
    FactKind{"patient_in_care_home", FactType::boolean, "the patient lives in a care home"},
    FactKind{"pharmacy_active", FactType::boolean, "the performer's ODS record is active"},
    FactKind{"pharmacy_open_within_2h", FactType::boolean,
             "the performer is open at some time in the next two hours"},
    FactKind{"review_due_on", FactType::date, "when the next medication review is due"},
};

constexpr bool catalogue_is_sorted() {
  for (std::size_t i = 1; i < kCatalogue.size(); ++i) {
    if (!(kCatalogue[i - 1].name < kCatalogue[i].name)) return false;
  }
  return true;
}
static_assert(catalogue_is_sorted());

bool is_decimal(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const auto dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction =
      dot == std::string_view::npos ? std::string_view("0") : text.substr(dot + 1);
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return text.size() <= 30 && digits(whole) && digits(fraction);
}

bool is_of_type(FactType type, std::string_view text) {
  switch (type) {
    case FactType::boolean:
      return text == "true" || text == "false";
    case FactType::integer: {
      const auto number = detail::parse_whole(text);
      return number && *number >= INT32_MIN && *number <= INT32_MAX;
    }
    case FactType::decimal:
      return is_decimal(text);
    case FactType::date:
      return detail::parse_day(text).has_value();
    case FactType::string:
      return !text.empty();
  }
  return false;
}

}  // namespace

std::span<const FactKind> fact_catalogue() { return kCatalogue; }

const FactKind* find_fact(std::string_view name) {
  const auto found = std::lower_bound(
      kCatalogue.begin(), kCatalogue.end(), name,
      [](const FactKind& kind, std::string_view wanted) { return kind.name < wanted; });
  return found != kCatalogue.end() && found->name == name ? &*found : nullptr;
}

Result<void> Facts::set(std::string_view name, std::string text) {
  const FactKind* kind = find_fact(name);
  if (kind == nullptr) {
    return make_error(ErrorCode::not_found, "there is no fact '" + std::string(name) + "'");
  }
  if (!is_of_type(kind->type, text)) {
    return make_error(ErrorCode::invalid,
                      "the value of fact '" + std::string(name) + "' is not of its type");
  }
  values_.insert_or_assign(std::string(name), std::move(text));
  return {};
}

}  // namespace concord::agreements
