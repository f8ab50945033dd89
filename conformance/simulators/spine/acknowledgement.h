#pragma once
/// MCCI_IN010000UK13, the application acknowledgement. Pure functions, safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/prescription_check.h"
#include "fhir/core/instant.h"

namespace concord::spine {

/// `accept`: AA. `error`: AE, codes under ControlActEvent/reason. `reject`: AR, codes under
/// acknowledgement/acknowledgementDetail. Source: EPS, answers of the national service.
enum class AckType : unsigned char { accept, error, reject };

/// "AA", "AE", "AR".
std::string_view ack_code(AckType type);

struct Acknowledgement {
  AckType type = AckType::accept;
  std::string id;          ///< message id of the answer, upper case
  std::string message_id;  ///< what it answers; may be empty when the message named none
  std::string to_asid;     ///< who sent the message
  std::string from_asid;   ///< this side
  Instant at{};
  std::vector<Fault> faults;
};

/// The XML, with the prefix hl7 as the national service writes it.
std::string write_acknowledgement(const Acknowledgement& acknowledgement);

}  // namespace concord::spine
