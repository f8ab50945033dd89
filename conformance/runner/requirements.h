#pragma once
/// Whether a server claims what a script asks for. One thread.

#include <optional>
#include <set>
#include <string>

#include "conformance/runner/script.h"
#include "conformance/runner/standard.h"

namespace concord::runner {

/// Why the conditions are not met; nothing when they are, or when the statement is not known.
/// A condition that cannot be evaluated counts as met and says so in `note`.
std::optional<std::string> unmet(const std::vector<Condition>& conditions,
                                 const tree::Document* statement, Standard& standard,
                                 std::string& note);

/// The same for a required capability (TestScript.metadata.capability): its links to
/// http.html#interaction for the resource types the script works with, and the interactions of a
/// CapabilityStatement that is loaded under its canonical.
std::optional<std::string> unmet(const Capability& capability, const std::set<std::string>& types,
                                 const tree::Document* statement, Standard& standard,
                                 std::string& note);

/// Whether a statement claims an interaction ("read", "search-type", "$validate", "transaction")
/// of a type; of the whole system for an empty type.
bool claims(const tree::Document& statement, const std::string& type,
            const std::string& interaction);

}  // namespace concord::runner
