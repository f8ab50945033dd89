#pragma once
/// Telecommunication addresses. Pure functions, safe from any thread.

#include <string>
#include <string_view>

namespace concord::eps {

/// "01234 567890" gives "tel:01234567890": all white space (Unicode's too) goes, "tel:" is put in
/// front unless it is there, also for e-mail addresses.
/// Source: eps.md section 4.1 and section 22, oddity 2.
std::string telecom_value(std::string_view value);

}  // namespace concord::eps
