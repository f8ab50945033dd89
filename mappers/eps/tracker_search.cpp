#include "mappers/eps/tracker_search.h"

#include <algorithm>
#include <array>
#include <optional>

#include "fhir/core/identifiers.h"
#include "fhir/tree/builder.h"

namespace concord::eps {
namespace {

using mappers::SearchParameters;
using tree::Document;
using tree::Node;

constexpr std::string_view kPrescriptions = "https://fhir.nhs.uk/Id/prescription-order-number";
constexpr std::string_view kNhsNumbers = "https://fhir.nhs.uk/Id/nhs-number";
constexpr std::string_view kStatuses = "https://fhir.nhs.uk/CodeSystem/EPS-task-business-status";

/// One parameter: whose system its token may name, and where the value stands in a Task.
struct Row {
  std::string_view name;
  std::string_view system;
};
constexpr std::array kRows{
    Row{"focus:identifier", kPrescriptions},
    Row{"identifier", kPrescriptions},
    Row{"patient:identifier", kNhsNumbers},
    Row{"business-status", kStatuses},
    Row{"authored-on", ""},
};

/// The text the tracker knows a status by. Source: eps.md section 15.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kStatusTexts{{
    {"0000", "Awaiting Release Ready"},
    {"0001", "To Be Dispensed"},
    {"0002", "With Dispenser"},
    {"0003", "With Dispenser - Active"},
    {"0004", "Expired"},
    {"0005", "Cancelled"},
    {"0006", "Dispensed"},
    {"0007", "Not Dispensed"},
    {"0008", "Claimed"},
    {"0009", "No-Claimed"},
    {"9000", "Repeat Dispense future instance"},
    {"9001", "Prescription future instance"},
    {"9005", "Cancelled future instance"},
}};

enum class Bound : std::uint8_t { equal, earliest, latest };

struct Day {
  Bound bound = Bound::equal;
  std::string date;  ///< "2026-03-02"
};

/// A search that was read.
struct Wanted {
  std::string focus, identifier, patient, status;
  std::vector<Day> days;
};

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at != 4 && at != 7 && (text[at] < '0' || text[at] > '9')) return false;
  }
  return parse_instant(std::string(text) + "T00:00:00Z").has_value();
}

std::optional<Day> day_of(std::string_view value) {
  Day day;
  if (value.starts_with("ge")) day.bound = Bound::earliest;
  if (value.starts_with("le")) day.bound = Bound::latest;
  if (day.bound != Bound::equal || value.starts_with("eq")) value.remove_prefix(2);
  if (!is_date(value)) return std::nullopt;
  day.date = value;
  return day;
}

/// Collects what is wrong with a search.
class Complaints {
 public:
  void add(std::string_view name, std::string_view what) {
    Issue issue;
    issue.code = "invalid";
    issue.text = "Query parameter " + std::string(name) + " " + std::string(what);
    error_.issues.push_back(std::move(issue));
  }
  bool any() const { return !error_.issues.empty(); }
  Error take() {
    error_.code = ErrorCode::malformed;
    return std::move(error_);
  }

 private:
  Error error_;
};

/// The value behind a system that may stand in front of it.
std::optional<std::string> token(std::string_view value, std::string_view system) {
  const auto bar = value.find('|');
  if (bar == std::string_view::npos) return std::string(value);
  if (system.empty() || value.substr(0, bar) != system) return std::nullopt;
  return std::string(value.substr(bar + 1));
}

void take(Wanted& wanted, std::string_view name, std::string value, Complaints& complaints) {
  if (name == "focus:identifier") {
    wanted.focus = std::move(value);
  } else if (name == "identifier") {
    wanted.identifier = std::move(value);
  } else if (name == "patient:identifier") {
    if (!check_nhs_number(value)) complaints.add(name, "is no NHS number");
    wanted.patient = std::move(value);
  } else if (name == "business-status") {
    const bool known = std::any_of(kStatusTexts.begin(), kStatusTexts.end(),
                                   [&](const auto& row) { return row.first == value; });
    if (!known) complaints.add(name, "is no code of its code system");
    wanted.status = std::move(value);
  } else if (auto day = day_of(value)) {
    wanted.days.push_back(*std::move(day));
  } else {
    complaints.add(name, "must be a date, with eq, le or ge in front or nothing");
  }
}

Result<Wanted> read(const SearchParameters& search) {
  Wanted wanted;
  Complaints complaints;
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : search) {
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&asked = name](const Row& known) {
      return known.name == asked;
    });
    if (row == kRows.end()) {
      complaints.add("",
                     "is not one of focus:identifier, identifier, patient:identifier, "
                     "business-status, authored-on");
      continue;
    }
    const bool repeats = std::find(seen.begin(), seen.end(), name) != seen.end();
    seen.push_back(name);
    if (repeats && name != "authored-on") {
      complaints.add(name, "must not be given more than once");
      continue;
    }
    auto plain = token(value, row->system);
    if (!plain) {
      complaints.add(name, row->system.empty()
                               ? "must not have a system"
                               : "must have the system " + std::string(row->system));
    } else if (plain->empty()) {
      complaints.add(name, "has no value");
    } else {
      take(wanted, name, *std::move(plain), complaints);
    }
  }
  if (wanted.focus.empty() && wanted.identifier.empty() && wanted.patient.empty() &&
      !complaints.any()) {
    complaints.add("focus:identifier, identifier or patient:identifier", "is required");
  }
  if (complaints.any()) return complaints.take();
  return wanted;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

/// "2026-03-02" → "20260302".
std::string digits(std::string_view date) {
  std::string out(date);
  std::erase(out, '-');
  return out;
}

std::string target_of(const Wanted& wanted) {
  const std::string& id = wanted.focus.empty() ? wanted.identifier : wanted.focus;
  if (!id.empty()) {
    return "/mm/nhs111itemdetails?prescriptionId=" + encoded(id) + "&issueNumber=1";
  }
  std::string target = "/mm/nhs111itemsummary?nhsNumber=" + encoded(wanted.patient);
  for (const auto& [code, text] : kStatusTexts) {
    if (code == wanted.status) target += "&prescriptionStatus=" + encoded(text);
  }
  std::string earliest, latest;
  for (const Day& day : wanted.days) {
    if (day.bound != Bound::latest) earliest = std::max(earliest, day.date);
    if (day.bound != Bound::earliest)
      latest = latest.empty() ? day.date : std::min(latest, day.date);
  }
  if (!earliest.empty()) target += "&earliestDate=" + digits(earliest);
  if (!latest.empty()) target += "&latestDate=" + digits(latest);
  return target;
}

std::string_view text_at(const Document& document, const Node& from,
                         std::initializer_list<std::string_view> path) {
  const Node* at = &from;
  for (const std::string_view name : path) {
    const tree::Symbol symbol = document.find(name);
    at = symbol == tree::Symbol::kNone ? nullptr : at->child(symbol);
    if (at == nullptr) return {};
  }
  return at->text();
}

bool same(std::string_view wanted, std::string_view have) {
  if (wanted.empty()) return true;
  return wanted.size() == have.size() &&
         std::equal(wanted.begin(), wanted.end(), have.begin(), [](char a, char b) {
           const auto upper = [](char c) {
             return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
           };
           return upper(a) == upper(b);
         });
}

bool lets_through(const Wanted& wanted, const Document& document, const Node& task) {
  const std::string_view focus = text_at(document, task, {"focus", "identifier", "value"});
  const std::string_view day = text_at(document, task, {"authoredOn"}).substr(0, 10);
  const auto within = [day](const Day& bound) {
    if (bound.bound == Bound::earliest) return day >= bound.date;
    if (bound.bound == Bound::latest) return day <= bound.date;
    return day == bound.date;
  };
  return same(wanted.focus, focus) && same(wanted.identifier, focus) &&
         same(wanted.patient, text_at(document, task, {"for", "identifier", "value"})) &&
         same(wanted.status, text_at(document, task, {"businessStatus", "coding", "code"})) &&
         std::all_of(wanted.days.begin(), wanted.days.end(), within);
}

/// Takes out what the search does not ask for, and counts anew.
void filter(const Wanted& wanted, Document& bundle) {
  const tree::Symbol entry = bundle.find("entry");
  if (bundle.text(bundle.root().type()) != "Bundle" || entry == tree::Symbol::kNone) return;
  tree::Builder builder(bundle);
  const tree::Symbol resource = bundle.find("resource");
  std::vector<Node*> out;
  std::size_t kept = 0;
  for (const Node* at = bundle.root().child(entry); at != nullptr; at = at->next_same()) {
    const Node* task = resource == tree::Symbol::kNone ? nullptr : at->child(resource);
    if (task != nullptr && lets_through(wanted, bundle, *task)) {
      ++kept;
    } else {
      out.push_back(&tree::Builder::mutable_node(*at));
    }
  }
  for (Node* node : out) builder.detach(*node);
  const tree::Symbol total = bundle.find("total");
  const Node* count = total == tree::Symbol::kNone ? nullptr : bundle.root().child(total);
  if (count != nullptr) {
    builder.set_copy(tree::Builder::mutable_node(*count), std::to_string(kept));
  }
}

class TrackerSearch final : public mappers::Search {
 public:
  explicit TrackerSearch(const mappers::Mapper& mapper) : mapper_(mapper) {}

  Result<mappers::Query> query(std::string_view resource_type, const SearchParameters& search,
                               const mappers::Parameters& parameters) const override {
    if (resource_type != "Task") {
      return make_error(ErrorCode::unsupported, "eps searches for Tasks only");
    }
    CONCORD_ASSIGN(const Wanted wanted, read(search));
    mappers::Query query;
    query.target = target_of(wanted);
    const auto header = [&](std::string name, std::string_view value) {
      if (!value.empty()) query.headers.emplace_back(std::move(name), value);
    };
    header("Spine-From-Asid", parameters.value("from_asid"));
    header("Spine-UserId", parameters.value("user_id"));
    header("Spine-RoleProfileId", parameters.value("role_id"));
    return query;
  }

  Result<mappers::Decoded> found(std::string_view bytes, std::string_view content_type,
                                 const SearchParameters& search,
                                 const mappers::Parameters& parameters) const override {
    CONCORD_ASSIGN(const Wanted wanted, read(search));
    CONCORD_ASSIGN(mappers::Decoded decoded,
                   mapper_.decode(bytes, content_type, parameters, nullptr));
    // Made for this call: nobody else holds it yet.
    filter(wanted, *std::const_pointer_cast<Document>(decoded.resource));
    return decoded;
  }

 private:
  const mappers::Mapper& mapper_;
};

}  // namespace

std::unique_ptr<mappers::Search> make_tracker_search(const mappers::Mapper& mapper) {
  return std::make_unique<TrackerSearch>(mapper);
}

}  // namespace concord::eps
