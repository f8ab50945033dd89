#include "fhir/dosage/detail/quantities.h"

#include "fhir/dosage/detail/words.h"

namespace concord::dosage::detail {

Result<Amount> amount(const Source& source, const tree::Node& quantity, Plural plural) {
  if (const tree::Node* comparator = source.child(&quantity, "comparator")) {
    return source.unsupported(*comparator, "a quantity with a comparator");
  }
  Amount made;
  CONCORD_ASSIGN(made.value, source.text(quantity, "value", "a quantity needs a value"));
  CONCORD_ASSIGN(const std::string_view unit,
                 source.text(quantity, "unit", "a quantity needs a unit"));
  made.unit = plural == Plural::of_time ? counted(made.value, unit) : std::string(unit);
  return made;
}

Result<std::string> range(const Source& source, const tree::Node& node, Plural plural) {
  const tree::Node* low = source.child(&node, "low");
  const tree::Node* high = source.child(&node, "high");
  if (low == nullptr && high == nullptr) {
    return source.invalid(node, "a range needs a low or a high end");
  }
  if (high == nullptr) {
    CONCORD_ASSIGN(const Amount least, amount(source, *low, plural));
    return "at least " + least.text();
  }
  CONCORD_ASSIGN(const Amount most, amount(source, *high, plural));
  if (low == nullptr) return "up to " + most.text();
  CONCORD_ASSIGN(const Amount least, amount(source, *low, plural));
  const std::string from = least.unit == most.unit ? std::string(least.value) : least.text();
  return from + " to " + most.text();
}

Result<Ratio> ratio(const Source& source, const tree::Node& node) {
  const tree::Node* numerator = source.child(&node, "numerator");
  const tree::Node* denominator = source.child(&node, "denominator");
  if (numerator == nullptr || denominator == nullptr) {
    return source.invalid(node, "a ratio needs a numerator and a denominator");
  }
  Ratio made;
  CONCORD_ASSIGN(made.numerator, amount(source, *numerator, Plural::no));
  CONCORD_ASSIGN(made.denominator, amount(source, *denominator, Plural::no));
  return made;
}

}  // namespace concord::dosage::detail
