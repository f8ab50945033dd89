#pragma once
/// Conditions over one resource in memory: what a store does with SQL, value by value. For
/// decisions about a change before it is stored (subscriptions), and for judging stores in tests.
/// Pure functions, safe from any thread.

#include <cstdint>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/search/criteria.h"
#include "fhir/search/index.h"

namespace concord::search {

/// One version of a resource as a condition sees it. Views.
struct Subject {
  std::string_view type;
  std::string_view id;
  Instant updated_at{};
  const IndexValues* values = nullptr;
};

/// Answers what a condition asks of other resources. Without one, Chain and Reverse never hold.
class Others {
 public:
  virtual ~Others() = default;
  virtual bool holds(const Subject& subject, const Chain& chain) const = 0;
  virtual bool holds(const Subject& subject, const Reverse& reverse) const = 0;
};

/// Whether a condition holds. Recursion: as deep as the condition, which Parameters::parse()
/// bounds.
bool matches(const Condition& condition, const Subject& subject, const Others* others = nullptr);

/// Whether a condition asks for other resources than the subject: it has a Chain or Reverse.
bool asks_others(const Condition& condition);

/// Whether a value stands to what is asked for as the comparison says. Periods are half-open.
bool compares(Comparison comparison, const Period& value, std::int64_t low, std::int64_t high);
/// The same for numbers, whose intervals are closed.
bool compares(Comparison comparison, const Number& value, double low, double high);

}  // namespace concord::search
