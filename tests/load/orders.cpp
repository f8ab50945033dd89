#include "tests/load/orders.h"

#include <fmt/format.h>

#include "fhir/core/identifiers.h"
#include "fhir/core/uuid.h"

namespace concord::load {
namespace {

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kShortIdSize = 20;

}  // namespace

Orders::Orders(std::string_view bundle, std::uint64_t series) : bundle_(bundle) {
  fmt::format_to_n(series_.begin(), series_.size(), "{:04x}", series & 0xffff);
  for (std::size_t at = 0; at < bundle_.size();) {
    const std::string_view uuid = bundle.substr(at, kUuidSize);
    const std::string_view id = bundle.substr(at, kShortIdSize);
    if (uuid.size() == kUuidSize && uuid[8] == '-' && is_uuid(uuid)) {
      uuids_.push_back(at);
      at += kUuidSize;
    } else if (id.size() == kShortIdSize && id[6] == '-' && id[13] == '-' &&
               check_prescription_id(id)) {
      short_ids_.push_back(at);
      at += kShortIdSize;
    } else {
      ++at;
    }
  }
}

std::string Orders::order(std::uint64_t number) const {
  // A UUID: eight digits of the number, four of the series, the rest of the old one. A short form
  // id: the organisation in its middle stays, so that the order still belongs to its practice.
  const std::string digits = fmt::format("{:08x}", number & 0xffffffff);
  const std::string start = fmt::format("{:02X}{}", (number >> 20) & 0xff,
                                        std::string_view(series_.data(), series_.size()));
  const std::string end = fmt::format("{:05X}", number & 0xfffff);
  std::string made = bundle_;
  for (const std::size_t at : uuids_) {
    made.replace(at, digits.size(), digits);
    made.replace(at + 9, series_.size(), series_.data(), series_.size());
  }
  for (const std::size_t at : short_ids_) {
    std::string id = start;
    for (char& c : id) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    const std::string middle = made.substr(at + 7, 6);
    const char check = prescription_check_character(id + middle + end);
    made.replace(at, kShortIdSize, id + "-" + middle + "-" + end + check);
  }
  return made;
}

}  // namespace concord::load
