#pragma once
/// A reader for plain fragments: the common case of embedded XML, without a parser's setup.
/// Stateless, safe from any thread over different documents.

#include <string_view>

#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"

namespace concord::xml::detail {

/// Reads one element as read_fragment_into() does, if it is plain: printable ASCII and white space
/// only, no references, comments, CDATA, processing instructions or declarations, no prefixes, no
/// text beside elements, at most 16 levels. Null when it is not, or not well-formed, or over a
/// limit: then `parent` is as it was, and the full reader has to say what it is.
tree::Node* read_plain_fragment(tree::Builder& builder, tree::Node& parent, std::string_view xml,
                                WhiteSpace white_space);

}  // namespace concord::xml::detail
