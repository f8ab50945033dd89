#include "fhir/snapshot/generator.h"

#include "fhir/snapshot/detail/generate_from.h"
#include "fhir/snapshot/detail/output.h"
#include "fhir/snapshot/detail/registry_source.h"

namespace concord::snapshot {

Result<Generated> generate_from(Source& source, const tree::Document& structure_definition,
                                const definitions::Definitions& definitions,
                                const GenerateOptions& options) {
  const tree::Node& root = structure_definition.root();
  if (structure_definition.text(root.type()) != "StructureDefinition") {
    return make_error(ErrorCode::invalid, "the resource is no StructureDefinition");
  }
  Store store(source, structure_definition.symbols(), options.limits);
  store.set_fix_slice_names(options.fix_slice_names);
  store.set_complete_slicing(options.complete_slicing);
  Definition& definition = *store.add(structure_definition);
  CONCORD_TRY(store.regenerate(definition, options.sort_differential));
  const Definition* base = store.find(definition.base, &definition);
  CONCORD_ASSIGN(tree::Document document,
                 write_definition(definition, base, definitions, Content::everything));
  return Generated{std::move(document), std::move(definition.messages)};
}

Result<Generated> generate(const tree::Document& structure_definition,
                           const packages::Registry& registry, const GenerateOptions& options) {
  RegistrySource source(registry);
  return generate_from(source, structure_definition, registry.core(), options);
}

}  // namespace concord::snapshot
