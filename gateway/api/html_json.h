#pragma once
/// A resource as indented JSON that can be read and followed in a browser. One thread at a time.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "fhir/tree/document.h"

namespace concord::api {

/// Where a text of a resource leads on this server; empty: nowhere. Never anything but an address
/// of this server.
using LinkOf = std::function<std::string(std::string_view text)>;

struct HtmlJsonLimits {
  std::size_t max_bytes = std::size_t{2} << 20;  ///< of the page's part
  std::size_t max_text = 4000;                   ///< bytes shown of one value
};

/// Appends the JSON of `node` with two spaces for each level, every text escaped, values that lead
/// somewhere as links. False: it was cut at a limit.
bool append_html_json(std::string& out, const tree::Document& document, const tree::Node& node,
                      const LinkOf& link_of, const HtmlJsonLimits& limits = {});

}  // namespace concord::api
