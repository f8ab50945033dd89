#pragma once
/// What a message of EPS must meet before it is translated, said in the words of the national
/// service: bundle, order, repeat dispensing, cancellation, dispense, claim, release, return and
/// withdrawal. Source: eps.md section 17 and, for the shape of the issues, section 2.

#include <cstdint>
#include <memory>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "fhir/tree/node_set.h"

namespace concord::eps {

/// Who asks. The endpoints of the national service refuse a few shapes that its translator takes
/// (and that published examples have); each row of a rule says when it applies.
enum class Asking : std::uint8_t {
  translation,  ///< what would make a wrong or unreadable message
  endpoint,     ///< that, and what the endpoints refuse
};

/// The rules of this room (rules/*.cpp), ready to be asked. Immutable; safe from any thread.
/// Costs a walk over the entries and one over what must agree between items: no allocation that
/// grows with a good message but one list of its entries.
class Rules {
 public:
  /// Interns the names the rules look for. `symbols` must outlive the rules.
  explicit Rules(tree::Symbols& symbols);
  ~Rules();
  Rules(Rules&&) noexcept;
  Rules& operator=(Rules&&) noexcept;

  /// Looks at a Bundle (prescription-order, prescription-order-update, dispense-notification), a
  /// Claim, the Parameters of a release or a Task. All that is wrong is collected, up to 100
  /// issues; each has severity, code, details, text and expression as published.
  ///
  /// `reads`, when given, takes the elements that were compared with another item's: they are not
  /// carried twice, and nothing is lost.
  ///
  /// Errors: invalid (each issue is one broken rule; a resource of another type is one too).
  Result<void> check(const tree::Document& message, Asking asking,
                     tree::NodeSet* reads = nullptr) const;

  /// One line per rule: id, messages, what it says. For documentation and tests.
  std::string describe() const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace concord::eps
