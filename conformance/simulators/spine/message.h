#pragma once
/// A message as it came: its wrapper checked, its content found. Knows nothing of how Concord
/// writes one. Pure functions, safe from any thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/fault.h"
#include "fhir/tree/document.h"
#include "fhir/tree/symbols.h"

namespace concord::spine {

/// What a message asks for. Source: eps.md section 1.
enum class Kind : unsigned char {
  order,
  cancel,
  dispense,
  claim,
  patient_release,
  nominated_release,
  give_back,
  withdraw,
};

struct KindRow {
  Kind kind;
  std::string_view interaction;  ///< "PORX_IN020101SM31"
  std::string_view content;      ///< name of the content's root element
};

/// One row for each kind, in the order of the enum.
std::span<const KindRow> kinds();
inline const KindRow& row_of(Kind kind) { return kinds()[static_cast<std::size_t>(kind)]; }

struct Message {
  bool readable = false;    ///< well-formed, of a kind we know, and the wrapper names a message id
  Kind kind = Kind::order;  ///< when readable
  std::string message_id;   ///< upper case; empty when there is none
  std::string interaction;  ///< name of the root element; empty when not well-formed
  std::string from_asid;    ///< sending device
  std::vector<Fault> faults;  ///< of the wrapper: messaging codes when not readable
  std::optional<tree::Document> document;
  const tree::Node* content = nullptr;  ///< below ControlActEvent/subject; null: not there

  std::string_view bytes() const { return document ? document->source() : std::string_view{}; }
};

/// `http_interaction` is what the SOAPAction header named, empty when it did not.
Message read_message(std::string bytes, std::string_view http_interaction,
                     const tree::Symbols& symbols);

}  // namespace concord::spine
