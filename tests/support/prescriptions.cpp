#include "tests/support/prescriptions.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "fhir/core/digest.h"
#include "fhir/core/identifiers.h"
#include "fhir/core/uuid.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord::test {
namespace {

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kShortIdSize = 20;

bool is_short_id(std::string_view text) {
  return text.size() == kShortIdSize && text[6] == '-' && text[13] == '-' &&
         check_prescription_id(text).has_value();
}

/// Keeps the organisation in the middle, so that the order still belongs to its practice.
std::string new_short_id(std::string_view old, std::string_view seed) {
  std::string hex = to_hex(sha256(std::string(seed) + "/short/" + std::string(old)));
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string start = hex.substr(0, 6), middle{old.substr(7, 6)}, end = hex.substr(6, 5);
  return start + "-" + middle + "-" + end + prescription_check_character(start + middle + end);
}

/// The value of Bundle.identifier: the first "value" of the document stands there.
std::string first_identifier(std::string_view bundle) {
  const auto identifier = bundle.find("\"identifier\"");
  const auto name = bundle.find("\"value\"", identifier);
  const auto open = bundle.find('"', bundle.find(':', name));
  return std::string(bundle.substr(open + 1, bundle.find('"', open + 1) - open - 1));
}

}  // namespace

std::string example_prescription() {
  return read_file(std::filesystem::path(concord::test::source_dir()) /
                   "mappers/eps/examples/prescription_order.json");
}

Prescription renewed(std::string_view bundle, std::string_view series, std::uint64_t number) {
  const std::string seed = std::string(series) + "/" + std::to_string(number);
  std::map<std::string, std::string, std::less<>> made;
  Prescription result;
  std::string& out = result.bundle;
  out.reserve(bundle.size());
  for (std::size_t at = 0; at < bundle.size();) {
    const std::string_view uuid = bundle.substr(at, kUuidSize);
    const std::string_view id = bundle.substr(at, kShortIdSize);
    if (uuid.size() == kUuidSize && uuid[8] == '-' && is_uuid(uuid)) {
      auto [known, fresh] = made.try_emplace(std::string(uuid));
      if (fresh) known->second = uuid_v5(seed, uuid);
      out += known->second;
      at += kUuidSize;
    } else if (is_short_id(id)) {
      result.short_id = new_short_id(id, seed);
      out += result.short_id;
      at += kShortIdSize;
    } else {
      out += bundle[at++];
    }
  }
  result.message_id = first_identifier(out);
  return result;
}

}  // namespace concord::test
