#pragma once
/// XML into the tree. Pure functions, safe from any thread; no exception leaves.
///
/// Refused in every mode: document types and so entities of any kind, processing instructions,
/// encodings but UTF-8, more than 512 attributes on one element. Nothing is ever fetched.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/document.h"
#include "fhir/tree/reading.h"

namespace concord::xml {

/// Reads one FHIR resource: the `value` attribute becomes the text of its element, `id` and `url`
/// attributes become children, the narrative's `div` is kept as its exact source text, a resource
/// inside `contained`, `resource` or `outcome` becomes that element itself with Flag::resource and
/// its type. Kinds are string or element until definitions annotate the tree.
///
/// Errors:
///   malformed  not well-formed XML, not UTF-8, a document type, a processing instruction
///   invalid    other namespace than http://hl7.org/fhir, an attribute FHIR does not have, text or
///              CDATA between elements, an element without content, repeats that do not stand
///              together, not exactly one resource in a resource element
///   too_long   over a limit of `limits`, or more than 32,768 names nobody knows
/// Source: hl7.org/fhir/R4/xml.html.
Result<tree::Document> read_fhir(std::string source, const tree::Symbols& symbols,
                                 const tree::Limits& limits = {});

/// Reads one FHIR resource as `read_fhir` does, but goes on after what only FHIR forbids and
/// reports each: other namespaces, processing instructions, another encoding declared, attributes
/// FHIR does not have, text and CDATA between elements, empty elements, more than one resource in a
/// place for one. Repeats that do not stand together are put together; their offsets tell where
/// they stood. What is wrong only by the definitions (unknown elements, order) is left in the tree
/// as it was written, for fhir/validate. Narratives that lean on namespaces declared outside are
/// written out so that they stand for themselves.
///
/// A text that is not well-formed, has a document type or is over a limit is one fatal finding.
tree::Reading read_fhir_collecting(std::string source, const tree::Symbols& symbols,
                                   const tree::Limits& limits = {});

/// Reads any XML: attributes are children with Flag::attribute before the elements, an element with
/// text only carries it as `text()`, text between elements becomes children of Kind::text (white
/// space between elements without other text is dropped), `xml_namespace()` is the namespace name.
/// Prefixes, comments and namespace declarations are not kept.
///
/// Errors: malformed and too_long as above; unsupported (an element without namespace inside one
/// with, which the tree cannot tell from an inherited one).
Result<tree::Document> read(std::string source, const tree::Symbols& symbols,
                            const tree::Limits& limits = {});

enum class WhiteSpace : bool { keep, drop };  ///< of text that is nothing else

/// Parses one XML element, as `read` does, and appends it to `parent`. Texts are copied; the nodes
/// carry no offsets. With WhiteSpace::drop an element that holds only white space is empty.
/// Returns the new node.
/// Errors: as `read`, positions within `xml`; the document of `builder` gives the limits. On an
/// error `parent` is as it was before.
Result<tree::Node*> read_fragment_into(tree::Builder& builder, tree::Node& parent,
                                       std::string_view xml,
                                       WhiteSpace white_space = WhiteSpace::keep);

}  // namespace concord::xml
