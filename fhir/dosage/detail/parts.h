#pragma once
/// One function per part of a dosage text. Each gives its words, an empty text when the dosage does
/// not have the part, or the error that refuses the whole dosage.

#include <array>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::dosage::detail {

/// A Dosage under its document: where parts look things up.
class Source {
 public:
  Source(const tree::Document& document, const tree::Node& dosage)
      : document_(&document), dosage_(&dosage) {}

  const tree::Node& dosage() const noexcept { return *dosage_; }
  /// First child of that name, or null; also for a null node.
  const tree::Node* child(const tree::Node* node, std::string_view name) const noexcept;
  const tree::Node* of_dosage(std::string_view name) const noexcept { return child(dosage_, name); }
  /// timing.repeat, or null.
  const tree::Node* repeat() const noexcept { return child(of_dosage("timing"), "repeat"); }
  std::string_view name(const tree::Node& node) const noexcept { return document_->name(node); }

  Error invalid(const tree::Node& node, std::string text) const;
  Error unsupported(const tree::Node& node, std::string text) const;

  /// A value that is not empty. Errors: invalid naming `what`.
  Result<std::string_view> text(const tree::Node& parent, std::string_view name,
                                std::string_view what) const;

 private:
  const tree::Document* document_;
  const tree::Node* dosage_;
};

using Part = Result<std::string> (*)(const Source&);

Result<std::string> method(const Source& source);
Result<std::string> dose(const Source& source);
Result<std::string> rate(const Source& source);
Result<std::string> duration(const Source& source);
Result<std::string> frequency_and_period(const Source& source);
Result<std::string> offset_and_when(const Source& source);
Result<std::string> day_and_time(const Source& source);
Result<std::string> route(const Source& source);
Result<std::string> site(const Source& source);
Result<std::string> as_needed(const Source& source);
Result<std::string> bounds(const Source& source);
Result<std::string> count(const Source& source);
Result<std::string> event(const Source& source);
Result<std::string> maximum_per_period(const Source& source);
Result<std::string> maximum_per_administration(const Source& source);
Result<std::string> maximum_per_lifetime(const Source& source);
Result<std::string> additional_instruction(const Source& source);
Result<std::string> patient_instruction(const Source& source);

/// The parts behind the method, in the order of the text.
inline constexpr std::array<Part, 17> kParts{&dose,
                                             &rate,
                                             &duration,
                                             &frequency_and_period,
                                             &offset_and_when,
                                             &day_and_time,
                                             &route,
                                             &site,
                                             &as_needed,
                                             &bounds,
                                             &count,
                                             &event,
                                             &maximum_per_period,
                                             &maximum_per_administration,
                                             &maximum_per_lifetime,
                                             &additional_instruction,
                                             &patient_instruction};

}  // namespace concord::dosage::detail
