#pragma once
/// Why a message is not accepted, in published codes. Plain values.

#include <string>
#include <string_view>

namespace concord::spine {

/// The code systems faults are told in. Source: eps.md sections 14.1 and 21.1.
inline constexpr std::string_view kPrescribingCodes = "2.16.840.1.113883.2.1.3.2.4.17.22";
inline constexpr std::string_view kDispensingCodes = "2.16.840.1.113883.2.1.3.2.4.16.34";
inline constexpr std::string_view kMessagingCodes = "2.16.840.1.113883.2.1.3.2.4.17.32";

/// AA, AE or AR. `error`: AE, codes under ControlActEvent/reason or in the content. `reject`: AR,
/// codes under acknowledgement/acknowledgementDetail. Source: eps.md section 14.1.
enum class AckType : unsigned char { accept, error, reject };

/// "AA", "AE", "AR".
constexpr std::string_view ack_code(AckType type) {
  return type == AckType::accept ? "AA" : type == AckType::error ? "AE" : "AR";
}

struct Fault {
  std::string code;
  std::string display;
  std::string_view system = kPrescribingCodes;
  friend bool operator==(const Fault&, const Fault&) = default;
};

}  // namespace concord::spine
