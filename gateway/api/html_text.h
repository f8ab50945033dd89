#pragma once
/// Text that may hold anything, for pages. Pure functions, safe from any thread.

#include <string>
#include <string_view>

namespace concord::api {

/// Appends `text` so that no browser takes any of it for markup, in element and in attribute
/// position; what would change how the text around it reads (control characters, overrides of the
/// direction of writing) shows as \uXXXX.
void append_html(std::string& out, std::string_view text);

/// The same for the inside of a JSON string: quotes and backslashes escaped as JSON has them.
void append_html_json(std::string& out, std::string_view text);

}  // namespace concord::api
