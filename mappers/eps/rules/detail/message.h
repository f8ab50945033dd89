#pragma once
/// A message as the rules see it: its kind and its resources by type, found in one walk.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"
#include "fhir/tree/node_set.h"
#include "mappers/eps/rules/detail/names.h"

namespace concord::eps::rules {

/// Messages of EPS, as bits. `other`: none of them.
enum Kind : std::uint16_t {
  kOther = 0,
  kOrder = 1,      ///< Bundle prescription-order
  kCancel = 2,     ///< Bundle prescription-order-update
  kDispense = 4,   ///< Bundle dispense-notification
  kClaim = 8,      ///< Claim
  kRelease = 16,   ///< Parameters
  kReturn = 32,    ///< Task, status rejected
  kWithdraw = 64,  ///< Task, status in-progress
  kTask = 128,     ///< Task of another status
  kAnyBundle = kOrder | kCancel | kDispense,
  kAnyTask = kReturn | kWithdraw | kTask,
  kAnyKind = 0xFFFF,  ///< these, and what is none of them
};

inline constexpr std::string_view kRepeatInformation =
    "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-RepeatInformation";
inline constexpr std::string_view kMedicationRepeatInformation =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation";
inline constexpr std::string_view kResponsiblePractitioner =
    "https://fhir.nhs.uk/StructureDefinition/Extension-DM-ResponsiblePractitioner";
inline constexpr std::string_view kPrescriptionType =
    "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionType";
inline constexpr std::string_view kPerformerSiteType =
    "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PerformerSiteType";

using Nodes = std::vector<const tree::Node*>;

class Message {
 public:
  /// `document` and `names` must outlive it.
  Message(const tree::Document& document, const Names& names);

  const tree::Document& document;
  const Names& names;
  Kind kind = kOther;
  bool is_bundle = false;
  const tree::Node* event = nullptr;  ///< MessageHeader.eventCoding.code
  tree::NodeSet* reads = nullptr;     ///< takes what is compared, when given

  // Resources that are entries of the Bundle, in its order.
  Nodes medication_requests, medication_dispenses, roles, practitioners, organizations;

  const tree::Node& root() const noexcept { return document.root(); }

  /// Says that an element has the one value it may have: nothing is lost when it is not carried.
  void settled(const tree::Node* node) const {
    if (node != nullptr && reads != nullptr) reads->insert(*node);
  }

  /// The resource a Reference names: an entry by its fullUrl, or one contained in `within` ("#id").
  /// Null when it names none, or `reference` is null.
  const tree::Node* resolve(const tree::Node* reference, const tree::Node* within = nullptr) const;

  /// The Reference to the responsible practitioner of a MedicationRequest; null: none.
  const tree::Node* responsible(const tree::Node& request) const;

  /// The first extension of that url; null: none.
  const tree::Node* extension(const tree::Node* node, std::string_view url) const;

  /// The child that ends a walk along names; null as soon as one is missing.
  template <typename... More>
  static const tree::Node* at(const tree::Node* node, tree::Symbol name, More... more) {
    if (node == nullptr) return nullptr;
    node = node->child(name);
    if constexpr (sizeof...(more) == 0) {
      return node;
    } else {
      return at(node, more...);
    }
  }
  /// Its text; "" when there is none.
  template <typename... More>
  static std::string_view text(const tree::Node* node, More... names) {
    if constexpr (sizeof...(names) > 0) node = at(node, names...);
    return node == nullptr ? std::string_view() : node->text();
  }

  /// The first Coding or Identifier among the siblings that begin with `first` whose system is
  /// `system`; null: none.
  const tree::Node* of_system(const tree::Node* first, std::string_view system) const;

 private:
  struct Entry {
    std::string_view full_url;
    const tree::Node* resource;
  };
  std::vector<Entry> entries_;  // in the Bundle's order, or by fullUrl when there are many
  bool sorted_ = false;
};

/// Whether two elements, with those of their name that follow, say the same: values as written,
/// members in any order, lists in theirs. Two that are absent do. What was compared goes to
/// `reads`. Depth is bounded by the document's.
bool same(const tree::Node* a, const tree::Node* b, tree::NodeSet* reads);
/// The same for one element of a list, not the list it begins.
bool same_one(const tree::Node* a, const tree::Node* b, tree::NodeSet* reads);

/// What is wrong with a message.
class Findings {
 public:
  /// A rule that names a field: diagnostics, no details.
  void add(std::string_view code, std::string text, std::string expression,
           Severity severity = Severity::error);
  /// The same with a code in details; `system` may be empty.
  void add_coded(std::string_view code, std::string text, std::string expression,
                 std::string_view detail_code, std::string_view system);
  void add(Issue issue);

  bool empty() const noexcept { return issues_.empty(); }
  std::vector<Issue> take() { return std::move(issues_); }

 private:
  static constexpr std::size_t kMost = 100;
  std::vector<Issue> issues_;
};

/// "Bundle.entry.resource.ofType(MedicationRequest).status".
std::string entry_path(std::string_view type, std::string_view field);

}  // namespace concord::eps::rules
