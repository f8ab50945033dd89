// ValueSet, CodeSystem and ConceptMap as tables.
#include <algorithm>
#include <charconv>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/detail/pack_state.h"

namespace concord::definitions {

namespace {

/// sourceUri, sourceCanonical, or R5's sourceScopeUri; STU3's sourceReference.
std::string_view map_end(const View& resource, std::string_view end) {
  const View at = resource.starting(end);
  return at && !at.node().has_value() ? at.text("reference") : at.text();
}

}  // namespace

void PackWriter::State::concepts(const View& parent, std::uint32_t parent_index,
                                 Offsets<pack::Concept>& rows,
                                 std::vector<std::string_view>& codes) {
  // Recursion is bounded by the depth limit of the document.
  for (const View& at : parent.all("concept")) {
    Offsets<pack::ConceptProperty> properties;
    for (const View& property : at.all("property")) {
      const View value = property.starting("value");
      const bool coding = value && !value.node().has_value();
      const std::string type = value ? type_of_suffix(value.name().substr(5), !coding) : "";
      const auto code_at = text(property.text("code")), type_at = text(type),
                 value_at = text(coding ? value.text("code") : value.text()),
                 system_at = text(value.text("system"));
      properties.push_back(pack::CreateConceptProperty(out, code_at, type_at, value_at, system_at));
    }
    const auto named = designations(at);
    const auto code = key(at.text("code"));
    const auto display = text(at.text("display")), definition = text(at.text("definition"));
    const auto properties_at = list(properties);
    const auto designations_at = list(named);
    const auto index = static_cast<std::uint32_t>(rows.size());
    rows.push_back(pack::CreateConcept(out, code, display, parent_index, properties_at,
                                       designations_at, definition));
    codes.push_back(at.text("code"));
    concepts(at, index, rows, codes);
  }
}

Offsets<pack::Designation> PackWriter::State::designations(const View& parent) {
  Offsets<pack::Designation> rows;
  for (const View& at : parent.all("designation")) {
    const View use = at.child("use");
    const auto language = text(at.text("language")), code = text(use.text("code")),
               value = text(at.text("value")), system = text(use.text("system")),
               display = text(use.text("display"));
    rows.push_back(pack::CreateDesignation(out, language, code, value, system, display));
  }
  return rows;
}

Offset<pack::CodeSystem> PackWriter::State::code_system(const View& resource) {
  Offsets<pack::Concept> rows;
  std::vector<std::string_view> codes;
  concepts(resource, Element::kUnbounded, rows, codes);
  std::vector<std::uint32_t> order(codes.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return codes[a] < codes[b]; });
  Offsets<pack::PropertyDefinition> properties;
  for (const View& at : resource.all("property")) {
    const auto code = text(at.text("code")), uri = text(at.text("uri")),
               type = text(at.text("type"));
    properties.push_back(pack::CreatePropertyDefinition(out, code, uri, type));
  }
  const auto url = key(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), content = text(resource.text("content")),
             supplements = text(resource.text("supplements")),
             meaning = text(resource.text("hierarchyMeaning")),
             all = text(resource.text("valueSet")), title = text(resource.text("title")),
             status = text(resource.text("status")),
             standing = text(resource.extension("structuredefinition-standards-status").text()),
             language = text(resource.text("language"));
  Offsets<pack::FilterDefinition> filters;
  for (const View& at : resource.all("filter")) {
    const auto code = text(at.text("code")), value = text(at.text("value"));
    const auto operators = texts(at, "operator");
    filters.push_back(pack::CreateFilterDefinition(out, code, operators, value));
  }
  const auto filters_at = list(filters);
  const auto properties_at = list(properties);
  const auto rows_at = list(rows);
  const auto order_at = out.CreateVector(order);
  return pack::CreateCodeSystem(
      out, url, version, name, content, supplements, resource.truth("caseSensitive"), meaning, all,
      properties_at, rows_at, order_at, title, status, standing, resource.truth("experimental"),
      language, resource.truth("compositional"), resource.truth("versionNeeded"), filters_at);
}

Offsets<pack::Include> PackWriter::State::includes(const View& compose, std::string_view name) {
  Offsets<pack::Include> rows;
  for (const View& part : compose.all(name)) {
    Offsets<pack::ConceptRef> listed;
    for (const View& at : part.all("concept")) {
      const auto named = designations(at);
      const auto code = text(at.text("code")), display = text(at.text("display"));
      const auto named_at = list(named);
      listed.push_back(pack::CreateConceptRef(out, code, display, named_at));
    }
    Offsets<pack::Filter> filters;
    for (const View& at : part.all("filter")) {
      const auto property = text(at.text("property")), op = text(at.text("op")),
                 value = text(at.text("value"));
      filters.push_back(pack::CreateFilter(out, property, op, value));
    }
    const auto system = text(part.text("system")), version = text(part.text("version"));
    const auto listed_at = list(listed);
    const auto filters_at = list(filters);
    const auto sets_at = texts(part, "valueSet");
    rows.push_back(pack::CreateInclude(out, system, version, listed_at, filters_at, sets_at));
  }
  return rows;
}

void PackWriter::State::expansion(const View& parent, std::uint32_t parent_index,
                                  Offsets<pack::ExpansionEntry>& rows) {
  // Recursion is bounded by the depth limit of the document.
  for (const View& at : parent.all("contains")) {
    const auto named = designations(at);
    const auto system = text(at.text("system")), version = text(at.text("version")),
               code = text(at.text("code")), display = text(at.text("display"));
    const auto named_at = list(named);
    const auto index = static_cast<std::uint32_t>(rows.size());
    rows.push_back(pack::CreateExpansionEntry(out, system, version, code, display,
                                              at.truth("abstract"), at.truth("inactive"),
                                              parent_index, named_at));
    expansion(at, index, rows);
  }
}

Offset<pack::ValueSet> PackWriter::State::value_set(const View& resource) {
  const View compose = resource.child("compose"), published = resource.child("expansion");
  const auto include = includes(compose, "include"), exclude = includes(compose, "exclude");
  Offsets<pack::ExpansionEntry> entries;
  expansion(published, Element::kUnbounded, entries);
  const std::string_view total = published.text("total");
  std::size_t promised = 0;
  std::from_chars(total.data(), total.data() + total.size(), promised);
  const bool incomplete = published.extension_node("valueset-unclosed") ||
                          published.extension_node("valueset-toocostly") ||
                          (!entries.empty() && promised > entries.size());
  const std::string_view inactive = compose.text("inactive");
  const auto url = key(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), title = text(resource.text("title")),
             status = text(resource.text("status")),
             standing = text(resource.extension("structuredefinition-standards-status").text()),
             language = text(resource.text("language")), locked = text(compose.text("lockedDate"));
  const auto include_at = list(include), exclude_at = list(exclude);
  const auto entries_at = list(entries);
  const auto supplements_at = texts(resource.extensions("valueset-supplement"));
  const std::uint8_t inactive_at = inactive == "true" ? 2 : inactive == "false" ? 1 : 0;
  return pack::CreateValueSet(out, url, version, name, include_at, exclude_at, title, status,
                              standing, resource.truth("experimental"), language,
                              static_cast<bool>(compose), inactive_at, supplements_at, entries_at,
                              resource.truth("immutable"), locked, incomplete);
}

Offsets<pack::MapProperty> PackWriter::State::map_properties(const View& target,
                                                             std::string_view name) {
  Offsets<pack::MapProperty> rows;
  for (const View& at : target.all(name)) {
    const auto property = text(at.text("property")), system = text(at.text("system")),
               value = text(at.text("value")), display = text(at.text("display"));
    rows.push_back(pack::CreateMapProperty(out, property, system, value, display));
  }
  return rows;
}

Offset<pack::ConceptMap> PackWriter::State::concept_map(const View& resource) {
  Offsets<pack::MapGroup> groups;
  for (const View& group : resource.all("group")) {
    Offsets<pack::MapElement> elements;
    for (const View& at : group.all("element")) {
      Offsets<pack::MapTarget> targets;
      for (const View& target : at.all("target")) {
        const auto depends = map_properties(target, "dependsOn"),
                   products = map_properties(target, "product");
        const auto code = text(target.text("code")), display = text(target.text("display")),
                   equivalence = text(target.text("equivalence")),
                   comment = text(target.text("comment")),
                   relationship = text(target.text("relationship"));
        const auto depends_at = list(depends), products_at = list(products);
        targets.push_back(pack::CreateMapTarget(out, code, display, equivalence, depends_at,
                                                products_at, comment, relationship));
      }
      const auto code = text(at.text("code")), display = text(at.text("display"));
      const auto targets_at = list(targets);
      elements.push_back(pack::CreateMapElement(out, code, display, targets_at, at.truth("noMap")));
    }
    const View unmapped = group.child("unmapped");
    const auto source = text(group.text("source")), target = text(group.text("target")),
               mode = text(unmapped.text("mode")), code = text(unmapped.text("code")),
               url = text(unmapped.child("otherMap") ? unmapped.text("otherMap")
                                                     : unmapped.text("url")),
               display = text(unmapped.text("display")),
               source_version = text(group.text("sourceVersion")),
               target_version = text(group.text("targetVersion"));
    const auto elements_at = list(elements);
    groups.push_back(pack::CreateMapGroup(out, source, target, elements_at, mode, code, url,
                                          display, source_version, target_version));
  }
  const auto url = key(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), source = text(map_end(resource, "source")),
             target = text(map_end(resource, "target")), title = text(resource.text("title")),
             status = text(resource.text("status"));
  const auto groups_at = list(groups);
  return pack::CreateConceptMap(out, url, version, name, source, target, groups_at, title, status);
}

}  // namespace concord::definitions
