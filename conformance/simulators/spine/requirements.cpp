#include "conformance/simulators/spine/requirements.h"

#include <algorithm>

#include "conformance/simulators/spine/elements.h"
#include "fhir/core/uuid.h"

namespace concord::spine {
namespace {

bool has_form(std::string_view text, Form form) {
  switch (form) {
    case Form::present:
      return true;
    case Form::uuid:
      return is_uuid(text);
    case Form::date_time:
      return text.size() == 14 && v3_instant(text).has_value();
    case Form::date:
      return text.size() == 8 && v3_instant(text).has_value();
    case Form::digits:
      return all_digits(text);
  }
  return false;
}

}  // namespace

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void require(const tree::Document& document, const tree::Node& from, std::string_view where,
             std::span<const Required> rows, std::vector<Fault>& faults) {
  for (const Required& row : rows) {
    const tree::Node* found = find(document, from, row.path);
    const std::string path = std::string(where) + "/" + std::string(row.path);
    if (found == nullptr) {
      faults.push_back({"0008", "Missing value - " + path});
    } else if (!has_form(found->text(), row.form)) {
      const bool date = row.form == Form::date || row.form == Form::date_time;
      faults.push_back(
          {date ? "9006" : "0009", (date ? "Invalid date format - " : "Invalid value - ") + path});
    }
  }
}

}  // namespace concord::spine
