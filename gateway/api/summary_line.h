#pragma once
/// A resource in one line, for lists. Pure function, safe from any thread.

#include <string>

#include "fhir/tree/document.h"

namespace concord::api {

/// What a person tells resources of the type apart by: name, title, code, medicine, status, dates;
/// at most about 160 bytes. Not escaped. Empty when there is nothing of the kind.
std::string summary_line(const tree::Document& document, const tree::Node& resource);

}  // namespace concord::api
