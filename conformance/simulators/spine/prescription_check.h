#pragma once
/// Whether a message is a whole prescription in HL7 v3, as the other side would look at it. Knows
/// nothing of how Concord writes one. Pure functions, safe from any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"

namespace concord::spine {

/// The code systems faults are told in. Source: EPS, answers of the national service.
inline constexpr std::string_view kPrescribingCodes = "2.16.840.1.113883.2.1.3.2.4.17.22";
inline constexpr std::string_view kMessagingCodes = "2.16.840.1.113883.2.1.3.2.4.17.32";

/// Why a message is not accepted.
struct Fault {
  std::string code;
  std::string display;
  friend bool operator==(const Fault&, const Fault&) = default;
};

struct CheckOptions {
  bool check_digits = true;  ///< refuse a prescription id whose check character is wrong
};

/// What a message says of itself, and what is wrong with it.
struct Checked {
  bool readable = false;           ///< well-formed, and the wrapper names a message id
  std::string message_id;          ///< as written; empty when not readable
  std::string interaction;         ///< name of the root element; empty when not well-formed
  std::string from_asid;           ///< sending device
  std::string to_asid;             ///< receiving device
  std::string short_id;            ///< "24F5DA-A83008-7EFE6Z"
  std::string long_id;             ///< UUID
  std::vector<std::string> items;  ///< line item ids
  std::vector<Fault> faults;       ///< of the wrapper (messaging codes) when not readable, else of
                                   ///< the prescription
};

/// Reads and checks. `http_interaction` is what the SOAPAction header named, empty when it did not.
Checked check_prescription(std::string bytes, std::string_view http_interaction,
                           const CheckOptions& options, const tree::Symbols& symbols);

}  // namespace concord::spine
