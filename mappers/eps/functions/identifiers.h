#pragma once
/// Identifiers as HL7 v3 writes them. Pure functions, safe from any thread.

#include <string>
#include <string_view>

namespace concord::eps {

/// A value that holds a UUID anywhere is put into upper case whole (ASCII letters); any other stays
/// as written. Source: eps.md section 3.5.
std::string global_identifier(std::string_view value);

}  // namespace concord::eps
