#pragma once
/// One entry of a batch or transaction, understood.
/// Source: hl7.org/fhir/R4/bundle.html#Bundle.entry.request, http.html#transaction.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/resources/detail/room.h"

namespace concord::resources::detail {

enum class Method : std::uint8_t { remove, post, put, patch, get, head };

struct Entry {
  std::size_t at = 0;                    ///< its place in the Bundle, from 0
  const tree::Node* resource = nullptr;  ///< null: none
  std::string full_url;
  Method method = Method::get;

  /// What the address means.
  enum class Form : std::uint8_t {
    type,         ///< "Patient", with or without query
    instance,     ///< "Patient/1"
    version,      ///< "Patient/1/_history/2"
    history,      ///< "…/_history" of an instance, a type or the system
    compartment,  ///< "Patient/1/Observation", "Patient/1/*"
    everything,   ///< "Patient/1/$everything"
    system,       ///< a query alone
  } form = Form::type;
  std::string type, id, version;
  std::string member;  ///< of a compartment: the type searched for, or "*"
  std::string query;   ///< not decoded

  Conditions conditions;
  std::optional<std::int64_t> if_none_match;  ///< of a read: the version the caller has
  std::optional<Instant> if_modified_since;

  bool changes() const noexcept { return method != Method::get && method != Method::head; }
};

/// Reads entry `at` of a Bundle. Errors: malformed (no request, a method or address that means
/// nothing, no resource where one is needed), unsupported (operations).
Result<Entry> read_entry(const Room& room, const tree::Document& bundle, const tree::Node& node,
                         std::size_t at);

/// An error of an entry, as the Bundle's sender hears it: expressions begin at the Bundle.
Error of_entry(Error error, std::size_t at);

/// The patch of an entry's resource: a Binary with JSON Patch, or Parameters. `held` keeps the
/// Parameters. Errors: malformed.
Result<Patch> read_patch(const Room& room, const tree::Document& bundle, const Entry& entry,
                         std::optional<tree::Document>& held);

}  // namespace concord::resources::detail
