#include "conformance/simulators/spine/record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace concord::spine {
namespace {

constexpr std::size_t kOldFields = 12;
constexpr std::size_t kFields = 15;

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

/// "0002 Duplicate …|5008 …"; a code of another system than prescribing has it in front: "16.34:".
std::string fault_field(const std::vector<Fault>& faults) {
  std::string out;
  for (const Fault& fault : faults) {
    if (!out.empty()) out += '|';
    if (fault.system == kDispensingCodes) out += "16.34:";
    if (fault.system == kMessagingCodes) out += "17.32:";
    std::string text = field(fault.code + " " + fault.display);
    std::replace(text.begin(), text.end(), '|', '/');
    out += text;
  }
  return out;
}

std::vector<Fault> faults_from(std::string_view text) {
  std::vector<Fault> faults;
  if (text.empty()) return faults;
  for (std::string_view part : split(text, '|')) {
    Fault fault;
    for (const auto& [mark, system] :
         {std::pair{std::string_view("16.34:"), kDispensingCodes}, {"17.32:", kMessagingCodes}}) {
      if (!part.starts_with(mark)) continue;
      fault.system = system;
      part.remove_prefix(mark.size());
    }
    const auto space = part.find(' ');
    fault.code = part.substr(0, space);
    if (space != std::string_view::npos) fault.display = part.substr(space + 1);
    faults.push_back(std::move(fault));
  }
  return faults;
}

template <typename Number>
bool number_from(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  return !text.empty() && failed == std::errc{} && at == end;
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t step = ::write(file, bytes.data(), bytes.size());
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(step));
  }
  if (!bytes.empty() || ::fdatasync(file) != 0) {
    std::fputs("concord-spine-simulator: the record cannot be written\n", stderr);
    std::_Exit(3);
  }
}

}  // namespace

std::string write_entry(const Entry& entry) {
  std::vector<std::string> items;
  for (const std::string& item : entry.items) items.push_back(field(item));
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", entry.number,
                     format_instant(entry.at), ack_code(entry.verdict), entry.what, entry.times,
                     field(entry.message_id), entry.sha256, entry.size, field(entry.short_id),
                     field(entry.long_id), fmt::join(items, ","), fault_field(entry.faults),
                     field(entry.interaction), entry.told ? "told" : "",
                     entry.bytes.size == 0
                         ? std::string()
                         : fmt::format("{}+{}", entry.bytes.offset, entry.bytes.size));
}

Result<Entry> read_entry(std::string_view line) {
  const auto wrong = [] { return make_error(ErrorCode::malformed, "no line of a record"); };
  const auto fields = split(line, '\t');
  if (fields.size() != kFields && fields.size() != kOldFields) return wrong();
  Entry entry;
  const auto at = parse_instant(fields[1]);
  if (!at || !number_from(fields[0], entry.number) || !number_from(fields[4], entry.times) ||
      !number_from(fields[7], entry.size)) {
    return wrong();
  }
  entry.at = *at;
  entry.verdict = fields[2] == "AA"   ? AckType::accept
                  : fields[2] == "AE" ? AckType::error
                                      : AckType::reject;
  entry.what = fields[3];
  entry.message_id = fields[5];
  entry.sha256 = fields[6];
  entry.short_id = fields[8];
  entry.long_id = fields[9];
  if (!fields[10].empty()) {
    for (const std::string_view item : split(fields[10], ',')) entry.items.emplace_back(item);
  }
  entry.faults = faults_from(fields[11]);
  if (fields.size() == kOldFields) return entry;
  entry.interaction = fields[12];
  entry.told = fields[13] == "told";
  if (fields[14].empty()) return entry;
  const auto plus = fields[14].find('+');
  if (plus == std::string_view::npos ||
      !number_from(fields[14].substr(0, plus), entry.bytes.offset) ||
      !number_from(fields[14].substr(plus + 1), entry.bytes.size)) {
    return wrong();
  }
  return entry;
}

Record::~Record() {
  if (lines_ >= 0) ::close(lines_);
  if (messages_ >= 0) ::close(messages_);
}

Result<void> Record::open(const std::filesystem::path& file) {
  file_ = file;
  const std::filesystem::path messages = file.string() + ".messages";
  lines_ = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  messages_ = ::open(messages.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (lines_ < 0 || messages_ < 0) {
    return make_error(ErrorCode::transient, "cannot open the record " + file.string());
  }
  return {};
}

Result<std::vector<std::string>> Record::lines() const {
  std::ifstream in(file_);
  if (!in) return make_error(ErrorCode::transient, "cannot read the record " + file_.string());
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(std::move(line));
  return all;
}

Kept Record::keep(std::string_view bytes) {
  struct stat known {};
  if (::fstat(messages_, &known) != 0) {
    std::fputs("concord-spine-simulator: the file of messages cannot be read\n", stderr);
    std::_Exit(3);
  }
  write_all(messages_, bytes);
  return {static_cast<std::uint64_t>(known.st_size), bytes.size()};
}

void Record::append(const std::string& line) { write_all(lines_, line); }

Result<std::string> Record::read(const Kept& kept) const {
  std::string bytes(kept.size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t step = ::pread(messages_, bytes.data() + have, bytes.size() - have,
                                 static_cast<off_t>(kept.offset + have));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) {
      return make_error(ErrorCode::transient, "a kept message cannot be read: " + file_.string());
    }
    have += static_cast<std::size_t>(step);
  }
  return bytes;
}

}  // namespace concord::spine
