#pragma once
/// StructureMap and ConceptMap resources → syntax tree. Internal to the room.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/ast.h"
#include "fhir/mapping/findings.h"
#include "fhir/mapping/map_set.h"
#include "fhir/tree/document.h"

namespace concord::mapping {

/// Extensions for what maps can say and StructureMap cannot.
namespace extension {
/// On a parameter or defaultValue written as text: what it is (valueCode: expression, integer,
/// decimal, boolean, temporal).
inline constexpr std::string_view kValueKind =
    "https://concord.example/StructureDefinition/map-value-kind";
/// On a source: the FHIRPath expression it runs over in place of its context.
inline constexpr std::string_view kSourceExpression =
    "https://concord.example/StructureDefinition/map-source-expression";
/// On an R4 StructureMap: a constant, as R5's StructureMap.const.
inline constexpr std::string_view kConst =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-StructureMap.const";
}  // namespace extension

/// What the reference implementation names both variables of `s.a -> t.b`.
inline constexpr std::string_view kAutomatic = "vvv";

/// Reads a StructureMap in JSON or XML, of R4 or R5. Mistakes are findings, with the place of the
/// element. `lost` gets what a map has no place for; null: nobody asks.
ast::Map parse_resource(const MapSource& source, const MapLimits& limits, Findings& findings,
                        std::vector<Issue>* lost = nullptr);

/// Reads a source of either form; its findings as an error.
Result<ast::Map> read_map(const MapSource& source, const MapLimits& limits,
                          std::vector<Issue>* not_carried);

/// Reads a ConceptMap of R4 or R5; its url is empty when it has none.
ast::Concepts read_concept_map(const tree::Document& document, const tree::Node& resource);

/// A ConceptMap the definitions bring, by url.
std::optional<ast::Concepts> carried_concepts(const definitions::Definitions& definitions,
                                              std::string_view url);

/// The name of a rule nobody named: its first source's element and type, else its place in the
/// group ("rule-2-1": the first rule inside the second).
std::string derived_name(const ast::Rule& rule, const std::string& place);

/// Whether all of a text is one FHIRPath expression, as far as a map must know.
bool is_expression(std::string_view text);

}  // namespace concord::mapping
