#pragma once
/// Gives every node of a tree its type. Stateless, safe from any thread over different documents.

#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/builder.h"

namespace concord::definitions {

/// Sets `type()` on every node below the root of a FHIR document, whose resources the readers have
/// marked: choice types by their name, children listed in place by their path, contained resources
/// by their own type. Nodes the definitions do not know stay untyped, with all below them, for the
/// validator to report. Nodes that no JSON reader made also get what JSON writes down: the kinds
/// number and boolean, and Flag::in_array.
void annotate(tree::Builder& builder, const Definitions& definitions);

/// The same for one part of a tree whose type is known: a logical model, a fragment, a resource
/// that was just built.
void annotate(tree::Builder& builder, tree::Node& node, const Type& type,
              const Definitions& definitions);

/// Puts the children of every typed node below the root into the order of their definition, as FHIR
/// XML asks for; those nobody knows keep theirs, behind the others. Stable, so repeats stay as they
/// are.
void put_in_order(tree::Builder& builder, const Definitions& definitions);

/// FHIRPath of a node of an annotated tree, with indices: "Bundle.entry[1].resource.value" where
/// `Document::path` gives the name as written, "valueCoding".
std::string expression(const tree::Document& document, const tree::Node& node,
                       const Definitions& definitions);

}  // namespace concord::definitions
