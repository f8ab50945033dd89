#pragma once
/// Spine's answers to what was sent. Immutable once read; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "mappers/core/mapper.h"

namespace concord::eps {

/// The meaning of Spine's codes (tables/spine_codes.txt says how to read it).
class SpineCodes {
 public:
  /// Errors: internal, naming the line.
  static Result<SpineCodes> read(std::string_view text);

  /// The issue for a code. `display` is what Spine calls it: public text, cut to 200 bytes.
  Issue issue(std::string_view system, std::string_view code, std::string_view display) const;

 private:
  struct Row {
    std::string system, code, issue_type, published, text;
  };
  std::vector<Row> rows_;
};

/// Reads an acknowledgement (MCCI_IN010000UK13) as it comes over the wire: alone, inside a SOAP
/// envelope, or as a part of a MIME package. Namespaces and prefixes do not matter.
///
/// AA is accepted; AE and ER are refused for the codes of ControlActEvent/reason, AR for those of
/// acknowledgementDetail.
///
/// Errors: unsupported (none of the parts holds an acknowledgement), malformed (not XML), too_long,
/// invalid (no messageRef, or an unknown typeCode). Source: eps.md section 14.1.
Result<mappers::Acknowledgement> read_acknowledgement(std::string_view bytes,
                                                      const SpineCodes& codes,
                                                      const tree::Symbols& symbols);

}  // namespace concord::eps
