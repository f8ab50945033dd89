#include "conformance/simulators/spine/spine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fhir/core/digest.h"
#include "fhir/core/uuid.h"

namespace concord::spine {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
  });
  return text;
}

/// Text for one field of the record: no tab, no line end.
std::string field(std::string_view text) {
  std::string out(text.substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string fault_field(const std::vector<Fault>& faults) {
  std::string out;
  for (const Fault& fault : faults) {
    if (!out.empty()) out += '|';
    out += field(fault.code + " " + fault.display);
  }
  return out;
}

std::vector<Fault> faults_from(std::string_view text) {
  std::vector<Fault> faults;
  if (text.empty()) return faults;
  for (const std::string_view part : split(text, '|')) {
    const auto space = part.find(' ');
    faults.push_back({std::string(part.substr(0, space)),
                      space == std::string_view::npos ? "" : std::string(part.substr(space + 1))});
  }
  return faults;
}

}  // namespace

Spine::Spine(std::filesystem::path record, Options options, Clock clock)
    : record_(std::move(record)), options_(std::move(options)), clock_(std::move(clock)) {}

Spine::~Spine() {
  if (file_ >= 0) ::close(file_);
}

Result<std::unique_ptr<Spine>> Spine::open(const std::filesystem::path& record, Options options,
                                           Clock clock) {
  std::unique_ptr<Spine> spine(new Spine(record, std::move(options), std::move(clock)));
  CONCORD_TRY(spine->reload());
  spine->file_ = ::open(record.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (spine->file_ < 0) {
    return make_error(ErrorCode::transient, "cannot open the record " + record.string());
  }
  return spine;
}

Result<void> Spine::reload() {
  std::error_code failed;
  if (!std::filesystem::exists(record_, failed)) return {};
  std::ifstream in(record_);
  if (!in) return make_error(ErrorCode::transient, "cannot read the record " + record_.string());
  std::string line;
  while (std::getline(in, line)) {
    if (!recall(line)) {
      return make_error(ErrorCode::malformed, fmt::format("{}: line {} is no record",
                                                          record_.string(), counts_.arrivals + 1));
    }
  }
  return {};
}

bool Spine::recall(std::string_view line) {
  const auto fields = split(line, '\t');
  if (fields.size() != 12) return false;
  const auto at = parse_instant(fields[1]);
  if (!at) return false;
  ++counts_.arrivals;
  const std::string_view what = fields[3];
  if (what == "repeat") {
    ++counts_.repeats;
    const auto found = messages_.find(fields[5]);
    if (found == messages_.end()) return false;
    ++found->second.times;
    return true;
  }
  if (what == "conflict") ++counts_.conflicts;
  const AckType type = fields[2] == "AA"   ? AckType::accept
                       : fields[2] == "AE" ? AckType::error
                                           : AckType::reject;
  ++(type == AckType::accept ? counts_.accepted : counts_.refused);
  const std::string message_id(fields[5]);
  if (what == "unreadable" || messages_.contains(message_id)) return true;
  // The sender's ASID is not in the record: a repeat after a restart names no receiver.
  messages_.emplace(message_id,
                    Taken{std::string(fields[6]), 1, type, faults_from(fields[11]), {}, *at});
  if (type == AckType::accept) {
    prescriptions_.emplace(fields[8], message_id);
    prescriptions_.emplace(fields[9], message_id);
    for (const std::string_view item : split(fields[10], ',')) items_.emplace(item);
  }
  return true;
}

void Spine::judge(const Checked& checked, const Behaviour& told, Taken& taken,
                  bool& conflict) const {
  taken.faults = checked.faults;
  if (!checked.readable) {
    taken.type = AckType::reject;
    return;
  }
  if (told.ack != AckType::accept) {
    taken.type = told.ack;
    taken.faults = {told.ack_fault};
    return;
  }
  for (const std::string* id : {&checked.short_id, &checked.long_id}) {
    if (!id->empty() && prescriptions_.contains(upper(*id))) {
      taken.faults.push_back({"0002", "Duplicate prescription ID exists"});
      conflict = true;
      break;
    }
  }
  if (!conflict && std::any_of(checked.items.begin(), checked.items.end(),
                               [&](const auto& item) { return items_.contains(upper(item)); })) {
    taken.faults.push_back({"5008", "Duplicate item ID exists"});
    conflict = true;
  }
  taken.type = taken.faults.empty() ? AckType::accept : AckType::error;
}

Acknowledgement Spine::acknowledgement(const std::string& message_id, const Taken& taken) const {
  Acknowledgement ack;
  ack.type = taken.type;
  ack.id = upper(uuid_v5(taken.sha256, message_id + ":acknowledgement"));
  ack.message_id = message_id;
  ack.to_asid = taken.from_asid;
  ack.from_asid = options_.asid;
  ack.at = taken.at;
  ack.faults = taken.faults;
  return ack;
}

Spine::Answer Spine::receive(std::string bytes, std::string_view http_interaction,
                             const Behaviour& told) {
  const std::size_t size = bytes.size();
  Taken taken;
  taken.sha256 = to_hex(sha256(bytes));
  const Checked checked =
      check_prescription(std::move(bytes), http_interaction, options_.check, symbols_);
  const std::string message_id = upper(checked.message_id);
  taken.from_asid = checked.from_asid;

  const std::lock_guard guard(lock_);
  taken.at = clock_();
  std::string_view what = checked.readable ? "new" : "unreadable";
  std::uint64_t times = 1;
  const auto known = checked.readable ? messages_.find(message_id) : messages_.end();
  if (known != messages_.end()) {
    times = ++known->second.times;
    if (known->second.sha256 == taken.sha256) {
      what = "repeat";
      ++counts_.repeats;
      const std::string asid = taken.from_asid;
      const Instant at = taken.at;
      taken = known->second;
      taken.from_asid = asid;
      append(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", counts_.arrivals + 1,
                         format_instant(at), ack_code(taken.type), what, times, field(message_id),
                         taken.sha256, size, field(upper(checked.short_id)),
                         field(upper(checked.long_id)), "", fault_field(taken.faults)));
      ++counts_.arrivals;
      return {taken.type, write_acknowledgement(acknowledgement(message_id, taken))};
    }
    what = "conflict";
    taken.type = AckType::reject;
    taken.faults = {{"202", "Duplicate HL7 ID Error"}};
  } else {
    bool conflict = false;
    judge(checked, told, taken, conflict);
    if (conflict) what = "conflict";
  }
  std::vector<std::string> items;
  for (const std::string& item : checked.items) items.push_back(field(upper(item)));
  append(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", counts_.arrivals + 1,
                     format_instant(taken.at), ack_code(taken.type), what, times, field(message_id),
                     taken.sha256, size, field(upper(checked.short_id)),
                     field(upper(checked.long_id)), fmt::join(items, ","),
                     fault_field(taken.faults)));
  ++counts_.arrivals;
  counts_.conflicts += what == "conflict";
  ++(taken.type == AckType::accept ? counts_.accepted : counts_.refused);
  const Answer answer{taken.type, write_acknowledgement(acknowledgement(message_id, taken))};
  if (taken.type == AckType::accept) {
    prescriptions_.emplace(upper(checked.short_id), message_id);
    prescriptions_.emplace(upper(checked.long_id), message_id);
    for (std::string& item : items) items_.insert(std::move(item));
  }
  if (checked.readable && known == messages_.end()) {
    taken.times = 1;
    messages_.emplace(message_id, std::move(taken));
  }
  return answer;
}

void Spine::append(const std::string& line) {
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t step = ::write(file_, line.data() + written, line.size() - written);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) break;
    written += static_cast<std::size_t>(step);
  }
  if (written != line.size() || ::fdatasync(file_) != 0) {
    std::fputs("concord-spine-simulator: the record cannot be written\n", stderr);
    std::_Exit(3);
  }
}

Counts Spine::counts() const {
  const std::lock_guard guard(lock_);
  return counts_;
}

}  // namespace concord::spine
