#pragma once
/// Answers as pages for people who open an address in a browser: no script, nothing from elsewhere.
/// Functions are safe from any thread.

#include <string>
#include <string_view>

#include "gateway/api/services.h"
#include "gateway/http/message.h"

namespace concord::api {

/// Turns an answer whose body is FHIR JSON into a page: the resource with its links, versions and
/// history, or the entries of a Bundle with the pages before and behind. Other answers stay as they
/// are, as does one that cannot be read.
void show_as_page(http::Response& response, const http::Request& request, const Services& use);

/// A whole page of the same look. `title` is any text; `nav` and `body` are markup whose texts went
/// through append_html().
std::string page_of(std::string_view title, std::string_view nav, std::string_view body);

/// What the page may load: its own style, by hash.
std::string page_policy();

}  // namespace concord::api
