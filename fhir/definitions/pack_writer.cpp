#include "fhir/definitions/pack_writer.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/detail/pack_state.h"
#include "fhir/json/writer.h"

namespace concord::definitions {

namespace {

constexpr std::string_view kExtensions = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kTools = "http://hl7.org/fhir/tools/StructureDefinition/";
constexpr std::string_view kSystemType = "http://hl7.org/fhirpath/System.";

std::optional<std::uint32_t> count_of(std::string_view text) {
  if (text == "*") return Element::kUnbounded;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

BindingStrength strength_of(std::string_view code) {
  if (code == "required") return BindingStrength::required;
  if (code == "extensible") return BindingStrength::extensible;
  if (code == "preferred") return BindingStrength::preferred;
  return code == "example" ? BindingStrength::example : BindingStrength::none;
}

Representation representation_of(const View& definition) {
  auto found = Representation::element;
  for (const View& at : definition.all("representation")) {
    if (at.text() == "xmlAttr") found = Representation::attribute;
    if (at.text() == "xmlText") found = Representation::text;
    if (at.text() == "xhtml") found = Representation::xhtml;
  }
  return found;
}

/// The XML namespace a definition or element names: by R4's extension, or by the one of the tools
/// CDA's models use.
std::string_view namespace_of(const View& definition) {
  if (const View own = definition.extension("elementdefinition-namespace")) return own.text();
  return definition.extension_by_url("http://hl7.org/fhir/tools/StructureDefinition/xml-namespace")
      .starting("value")
      .text();
}

}  // namespace

View View::starting(std::string_view prefix) const {
  if (node_ == nullptr) return *this;
  for (const tree::Node& at : node_->children()) {
    const std::string_view name = document_->name(at);
    if (name.size() > prefix.size() && name.starts_with(prefix)) return {*document_, &at};
  }
  return {*document_, nullptr};
}

View View::extension_node(std::string_view url_end) const {
  if (node_ == nullptr) return *this;
  for (const View& at : all("extension")) {
    const std::string_view url = at.text("url");
    if (url.starts_with(kExtensions) && url.substr(kExtensions.size()) == url_end) return at;
  }
  return {*document_, nullptr};
}

std::vector<View> View::extensions(std::string_view url_end) const {
  std::vector<View> found;
  for (const View& at : node_ == nullptr ? std::vector<View>{} : all("extension")) {
    const std::string_view url = at.text("url");
    if (!url.starts_with(kExtensions) || url.substr(kExtensions.size()) != url_end) continue;
    if (const View value = at.starting("value")) found.push_back(value);
  }
  return found;
}

View View::extension_by_url(std::string_view url) const {
  if (node_ == nullptr) return *this;
  for (const View& at : all("extension")) {
    if (at.text("url") == url) return at;
  }
  return {*document_, nullptr};
}

std::string_view View::value_set() const {
  if (const View at = child("valueSet")) return at.text();
  if (const View at = child("valueSetUri")) return at.text();
  return child("valueSetReference").text("reference");
}

std::string type_of_suffix(std::string_view suffix, bool primitive) {
  std::string type(suffix);
  if (primitive && !type.empty() && type[0] >= 'A' && type[0] <= 'Z') {
    type[0] = static_cast<char>(type[0] - 'A' + 'a');
  }
  return type;
}

Result<Value> value_of(const View& at, std::string_view prefix) {
  if (!at) return Value{};
  Value value{type_of_suffix(at.name().substr(prefix.size()), at.node().has_value()), {}};
  if (at.node().has_value()) {
    value.text = at.text();
    return value;
  }
  CONCORD_ASSIGN(value.text, json::write(at.document(), at.node()));
  return value;
}

// ---- structure definitions
// ------------------------------------------------------------------------

Result<std::uint16_t> PackWriter::State::constraint(const View& rule) {
  const bool warning = rule.text("severity") == "warning";
  const bool practice = rule.extension("elementdefinition-bestpractice").text() == "true";
  if (known_rules.size() > std::numeric_limits<std::uint16_t>::max()) {
    return rule.wrong("more than 65,536 different constraints");
  }
  const auto [at, is_new] = known_rules.try_emplace(
      {std::string(rule.text("key")), std::string(rule.text("expression")),
       std::string(rule.text("human")), std::string(rule.text("source")), warning, practice},
      static_cast<std::uint16_t>(known_rules.size()));
  if (is_new) {
    const auto key = text(rule.text("key")), human = text(rule.text("human")),
               expression = text(rule.text("expression")), source = text(rule.text("source"));
    constraints.push_back(
        pack::CreateConstraint(out, key, human, expression, warning, practice, source));
  }
  return at->second;
}

/// The types of an element. STU3 repeats a type for each profile; here they are one row.
Result<List<pack::TypeRef>> PackWriter::State::type_refs(const View& definition,
                                                         std::string_view name, bool choice,
                                                         std::string& regex) {
  struct Row {
    std::string code;
    std::vector<View> profiles, targets, aggregation;
    std::string_view versioning;
  };
  std::vector<Row> rows;
  for (const View& type : definition.all("type")) {
    std::string code{type.text("code")};
    if (code.starts_with(kSystemType)) {
      const View published = type.extension("structuredefinition-fhir-type");
      code = published ? std::string(published.text())
                       : type_of_suffix(code.substr(kSystemType.size()), true);
      // Published as string; the page of Resource says id.
      if (definition.text("path") == "Resource.id" ||
          definition.child("base").text("path") == "Resource.id") {
        code = "id";
      }
    }
    for (const char* url : {"structuredefinition-regex", "regex"}) {  // STU3's first
      if (const View found = type.extension(url)) regex = found.text();
    }
    if (code.empty()) continue;  // the value of STU3's primitives
    auto at =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.code == code; });
    if (at == rows.end()) at = rows.insert(at, Row{std::move(code), {}, {}, {}, {}});
    for (const View& found : type.all("profile")) at->profiles.push_back(found);
    for (const View& found : type.all("targetProfile")) at->targets.push_back(found);
    if (at->aggregation.empty()) at->aggregation = type.all("aggregation");
    if (at->versioning.empty()) at->versioning = type.text("versioning");
  }
  Offsets<pack::TypeRef> made;
  for (const Row& row : rows) {
    std::string written(name);
    if (choice) {
      written += row.code;
      char& first = written[name.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    }
    const auto code_at = text(row.code), written_at = text(written),
               versioning = text(row.versioning);
    // A profile may be one element of a definition: "url#Composition.section:codeA".
    Offsets<flatbuffers::String> named;
    for (const View& at : row.profiles) {
      std::string canonical(at.text());
      if (const View part = at.extension("elementdefinition-profile-element")) {
        canonical.append("#").append(part.text());
      }
      named.push_back(text(canonical));
    }
    const auto profiles_at = list(named), targets = texts(row.targets),
               aggregation = texts(row.aggregation);
    made.push_back(pack::CreateTypeRef(out, code_at, written_at, profiles_at, targets, aggregation,
                                       versioning));
  }
  return list(made);
}

Offset<pack::Slicing> PackWriter::State::slicing(const View& slices) {
  if (!slices) return {};
  Offsets<pack::Discriminator> discriminators;
  for (const View& at : slices.all("discriminator")) {
    const auto type_at = text(at.text("type")), path_at = text(at.text("path"));
    discriminators.push_back(pack::CreateDiscriminator(out, type_at, path_at));
  }
  const auto list_at = list(discriminators);
  const auto rules_at = text(slices.text("rules")), description = text(slices.text("description"));
  return pack::CreateSlicing(out, list_at, slices.truth("ordered"), rules_at, description);
}

Result<List<pack::AdditionalBinding>> PackWriter::State::additional_bindings(const View& binding) {
  Offsets<pack::AdditionalBinding> rows;
  const auto take = [&](std::string_view purpose, std::string_view value_set,
                        const std::vector<View>& usages, bool any) -> Result<void> {
    Offsets<flatbuffers::String> usages_at;
    for (const View& usage : usages) {
      CONCORD_ASSIGN(const std::string json, json::write(usage.document(), usage.node()));
      usages_at.push_back(text(json));
    }
    const auto purpose_at = text(purpose), set_at = text(value_set);
    const auto list_at = list(usages_at);
    rows.push_back(pack::CreateAdditionalBinding(out, purpose_at, set_at, list_at, any));
    return {};
  };
  for (const View& at : binding ? binding.all("additional") : std::vector<View>{}) {
    CONCORD_TRY(take(at.text("purpose"), at.text("valueSet"), at.all("usage"), at.truth("any")));
  }
  for (const View& at : binding ? binding.all("extension") : std::vector<View>{}) {
    const std::string_view url = at.text("url");
    const bool known = url == std::string(kTools) + "additional-binding" ||
                       url == std::string(kExtensions) + "additional-binding";
    if (!known) continue;
    std::vector<View> usages;
    for (const View& part : at.all("extension")) {
      if (part.text("url") != "usage") continue;
      if (const View value = part.starting("value")) usages.push_back(value);
    }
    CONCORD_TRY(take(at.extension_by_url("purpose").starting("value").text(),
                     at.extension_by_url("valueSet").starting("value").text(), usages,
                     at.extension_by_url("any").starting("value").text() == "true"));
  }
  return list(rows);
}

Result<Offset<pack::Element>> PackWriter::State::element(const View& definition) {
  const std::string_view path = definition.text("path");
  if (path.empty()) return definition.wrong("the element has no path");
  std::string_view name = path.substr(path.rfind('.') + 1);
  const bool choice = name.ends_with("[x]");
  if (choice) name.remove_suffix(3);
  if (name.empty()) return definition.wrong("the path of the element ends without a name");

  const auto min = count_of(definition.child("min") ? definition.text("min") : "0");
  const auto max = count_of(definition.child("max") ? definition.text("max") : "1");
  if (!min || !max) return definition.wrong("min or max is no count");
  const View base = definition.child("base");
  const auto base_min = count_of(base.child("min") ? base.text("min") : "0");
  const auto base_max = base.child("max") ? count_of(base.text("max")) : max;
  if (!base_min || !base_max) return definition.wrong("base.min or base.max is no count");

  std::string regex;
  CONCORD_ASSIGN(const auto types_at, type_refs(definition, name, choice, regex));

  std::vector<std::uint16_t> rules;
  for (const View& rule : definition.all("constraint")) {
    CONCORD_ASSIGN(const std::uint16_t index, constraint(rule));
    rules.push_back(index);
  }
  const auto rules_at =
      rules.empty() ? Offset<flatbuffers::Vector<std::uint16_t>>{} : out.CreateVector(rules);

  const View fixed = definition.starting("fixed"), pattern = definition.starting("pattern");
  CONCORD_ASSIGN(const Value value,
                 fixed ? value_of(fixed, "fixed") : value_of(pattern, "pattern"));
  const auto rule = fixed     ? FixedValue::Rule::fixed
                    : pattern ? FixedValue::Rule::pattern
                              : FixedValue::Rule::none;
  CONCORD_ASSIGN(const Value standard,
                 value_of(definition.starting("defaultValue"), "defaultValue"));
  CONCORD_ASSIGN(const Value least, value_of(definition.starting("minValue"), "minValue"));
  CONCORD_ASSIGN(const Value most, value_of(definition.starting("maxValue"), "maxValue"));
  CONCORD_ASSIGN(const Value units,
                 value_of(definition.extension("elementdefinition-allowedUnits"), "value"));

  std::uint32_t max_length = 0, min_length = 0;
  if (const View bound = definition.child("maxLength")) {
    const auto length = count_of(bound.text());
    if (!length) return definition.wrong("maxLength is no count");
    max_length = *length;
  }
  if (const View bound = definition.extension("minLength")) {
    const auto length = count_of(bound.text());
    if (!length) return definition.wrong("minLength is no count");
    min_length = *length;
  }
  std::int32_t places = -1;
  if (const View bound = definition.extension("maxDecimalPlaces")) {
    const auto count = count_of(bound.text());
    if (!count || *count > 1000) return definition.wrong("maxDecimalPlaces is no count");
    places = static_cast<std::int32_t>(*count);
  }

  const View binding = definition.child("binding");
  CONCORD_ASSIGN(const auto additional_at, additional_bindings(binding));
  const auto slicing_at = slicing(definition.child("slicing"));
  const auto path_at = text(path), name_at = text(name), id_at = text(definition.text("id")),
             short_at = text(definition.text("short")), base_at = text(base.text("path")),
             slice_at = text(definition.text("sliceName")),
             reference_at = text(definition.text("contentReference")),
             value_set_at = text(binding.value_set()),
             max_set_at = text(binding.extension("elementdefinition-maxValueSet").text()),
             min_set_at = text(binding.extension("elementdefinition-minValueSet").text()),
             type_at = text(value.type), value_at = text(value.text),
             default_at = text(standard.text), default_type_at = text(standard.type),
             namespace_at = text(namespace_of(definition)), regex_at = text(regex),
             own_regex_at = text(definition.extension("regex").text()),
             min_value_at = text(least.text), min_type_at = text(least.type),
             max_value_at = text(most.text), max_type_at = text(most.type),
             max_size_at = text(definition.extension("maxSize").text()),
             units_at = text(units.text), units_type_at = text(units.type);
  const auto conditions_at = texts(definition, "condition");
  pack::ElementBuilder row(out);
  row.add_path(path_at);
  row.add_name(name_at);
  row.add_slice_name(slice_at);
  row.add_min(*min);
  row.add_max(*max);
  row.add_array(*base_max > 1);
  row.add_types(types_at);
  row.add_content_reference(reference_at);
  row.add_binding(static_cast<std::uint8_t>(strength_of(binding.text("strength"))));
  row.add_value_set(value_set_at);
  row.add_max_value_set(max_set_at);
  row.add_value_rule(static_cast<std::uint8_t>(rule));
  row.add_value_type(type_at);
  row.add_value(value_at);
  row.add_default_value(default_at);
  row.add_constraints(rules_at);
  row.add_modifier(definition.truth("isModifier"));
  row.add_summary(definition.truth("isSummary"));
  row.add_must_support(definition.truth("mustSupport"));
  row.add_representation(static_cast<std::uint8_t>(representation_of(definition)));
  row.add_xml_namespace(namespace_at);
  row.add_regex(regex_at);
  row.add_max_length(max_length);
  row.add_min_value(min_value_at);
  row.add_max_value(max_value_at);
  row.add_slicing(slicing_at);
  row.add_id(id_at);
  row.add_short_(short_at);
  row.add_base_path(base_at);
  row.add_base_min(*base_min);
  row.add_base_max(*base_max);
  row.add_min_value_type(min_type_at);
  row.add_max_value_type(max_type_at);
  row.add_default_value_type(default_type_at);
  row.add_slice_is_constraining(definition.truth("sliceIsConstraining"));
  row.add_conditions(conditions_at);
  row.add_min_value_set(min_set_at);
  row.add_additional_bindings(additional_at);
  row.add_element_regex(own_regex_at);
  row.add_min_length(min_length);
  row.add_max_decimal_places(places);
  row.add_max_size(max_size_at);
  row.add_allowed_units(units_at);
  row.add_allowed_units_type(units_type_at);
  return row.Finish();
}

/// Where an extension may stand. STU3 has one contextType for all and plain texts; both its
/// "resource" and "datatype" name elements.
List<pack::Context> PackWriter::State::contexts(const View& definition) {
  Offsets<pack::Context> rows;
  for (const View& at : definition.all("context")) {
    const bool plain = at.node().has_value();
    const std::string_view stu3 =
        definition.text("contextType") == "extension" ? "extension" : "element";
    const auto type_at = text(plain ? stu3 : at.text("type")),
               expression_at = text(plain ? at.text() : at.text("expression"));
    rows.push_back(pack::CreateContext(out, type_at, expression_at));
  }
  return list(rows);
}

Result<Offset<pack::StructureDefinition>> PackWriter::State::structure(const View& definition) {
  View listed = definition.child("snapshot");
  const bool has_snapshot{listed};
  if (!has_snapshot) listed = definition.child("differential");
  Offsets<pack::Element> rows;
  for (const View& at : listed ? listed.all("element") : std::vector<View>{}) {
    CONCORD_ASSIGN(const auto row, element(at));
    rows.push_back(row);
  }
  if (rows.empty()) return definition.wrong("the StructureDefinition lists no element");
  const auto url = text(definition.text("url")), name = text(definition.text("name")),
             type = text(definition.text("type")), kind = text(definition.text("kind")),
             base = text(definition.text("baseDefinition")), space = text(namespace_of(definition)),
             version = text(definition.text("version")), status = text(definition.text("status")),
             derivation = text(definition.text("derivation")), id = text(definition.text("id")),
             fhir_version = text(definition.text("fhirVersion"));
  const auto rows_at = list(rows);
  const auto contexts_at = contexts(definition);
  const auto invariants_at = texts(definition, "contextInvariant");
  const auto imposed_at = texts(definition.extensions("structuredefinition-imposeProfile"));
  return pack::CreateStructureDefinition(out, url, name, type, kind, definition.truth("abstract"),
                                         base, definition.text("derivation") == "constraint", space,
                                         has_snapshot, rows_at, contexts_at, invariants_at, version,
                                         status, derivation, id, fhir_version, imposed_at);
}

// ---- search, operations, compartments
// -------------------------------------------------------------

Offset<pack::SearchParameter> PackWriter::State::search_parameter(const View& resource) {
  for (const View& base : resource.all("base")) {
    const auto [at, is_new] = search_index.try_emplace(
        {std::string(base.text()), std::string(resource.text("code"))}, resource.text("url"));
    search_twice = search_twice || !is_new;
  }
  search_urls.emplace_back(resource.text("url"));
  Offsets<pack::SearchComponent> components;
  for (const View& at : resource.all("component")) {
    const auto definition = text(at.text("definition")), expression = text(at.text("expression"));
    components.push_back(pack::CreateSearchComponent(out, definition, expression));
  }
  const auto url = text(resource.text("url")), name = text(resource.text("name")),
             code = text(resource.text("code")), type = text(resource.text("type")),
             expression = text(resource.text("expression"));
  const auto base = texts(resource, "base"), target = texts(resource, "target"),
             comparators = texts(resource, "comparator");
  const auto components_at = list(components);
  return pack::CreateSearchParameter(out, url, name, code, base, type, expression, target,
                                     comparators, resource.truth("multipleOr"),
                                     resource.truth("multipleAnd"), components_at);
}

Result<Offsets<pack::OperationParameter>> PackWriter::State::parameters(const View& parent,
                                                                        std::string_view name) {
  // Recursion is bounded by the depth limit of the document.
  Offsets<pack::OperationParameter> rows;
  for (const View& at : parent.all(name)) {
    CONCORD_ASSIGN(const auto parts, parameters(at, "part"));
    const auto min = count_of(at.text("min")), max = count_of(at.text("max"));
    if (!min || !max) return at.wrong("min or max is no count");
    const auto own = text(at.text("name")), use = text(at.text("use")),
               type = text(at.text("type")), search = text(at.text("searchType"));
    const auto targets = texts(at, "targetProfile");
    const auto parts_at = list(parts);
    rows.push_back(
        pack::CreateOperationParameter(out, own, use, *min, *max, type, search, targets, parts_at));
  }
  return rows;
}

Result<Offset<pack::OperationDefinition>> PackWriter::State::operation(const View& resource) {
  CONCORD_ASSIGN(const auto rows, parameters(resource, "parameter"));
  const auto url = text(resource.text("url")), name = text(resource.text("name")),
             code = text(resource.text("code"));
  const auto resources = texts(resource, "resource");
  const auto rows_at = list(rows);
  return pack::CreateOperationDefinition(out, url, name, code, resource.text("kind") == "query",
                                         resource.truth("affectsState"), resources,
                                         resource.truth("system"), resource.truth("type"),
                                         resource.truth("instance"), rows_at);
}

Offset<pack::CompartmentDefinition> PackWriter::State::compartment(const View& resource) {
  Offsets<pack::CompartmentResource> rows;
  for (const View& at : resource.all("resource")) {
    const auto code = text(at.text("code"));
    const auto params = texts(at, "param");
    rows.push_back(pack::CreateCompartmentResource(out, code, params));
  }
  const auto url = text(resource.text("url")), code = text(resource.text("code"));
  const auto rows_at = list(rows);
  return pack::CreateCompartmentDefinition(out, url, code, rows_at);
}

// ---- the writer
// -----------------------------------------------------------------------------------

PackWriter::PackWriter() : state_(std::make_unique<State>()) {}
PackWriter::~PackWriter() = default;

Result<void> PackWriter::add(const tree::Document& document, const tree::Node& resource) {
  const View view(document, &resource);
  const std::string_view type = document.text(resource.type());
  State& to = *state_;
  const bool kept = type == "StructureDefinition" || type == "CodeSystem" || type == "ValueSet" ||
                    type == "ConceptMap" || type == "SearchParameter" ||
                    type == "OperationDefinition" || type == "CompartmentDefinition";
  if (!kept) return {};
  // Those of terminology are contained in others without a url of their own.
  const bool inner = type == "ValueSet" || type == "CodeSystem" || type == "ConceptMap";
  if (view.text("url").empty() && !inner) return view.wrong("the definition has no url");
  if (type == "StructureDefinition") {
    CONCORD_ASSIGN(const auto row, to.structure(view));
    (view.text("derivation") == "constraint" ? to.profiles : to.types).push_back(row);
  } else if (type == "CodeSystem") {
    to.code_systems.push_back(to.code_system(view));
  } else if (type == "ValueSet") {
    to.value_sets.push_back(to.value_set(view));
  } else if (type == "ConceptMap") {
    to.concept_maps.push_back(to.concept_map(view));
  } else if (type == "SearchParameter") {
    to.search_parameters.push_back(to.search_parameter(view));
  } else if (type == "OperationDefinition") {
    CONCORD_ASSIGN(const auto row, to.operation(view));
    to.operations.push_back(row);
  } else {
    to.compartments.push_back(to.compartment(view));
  }
  return {};
}

Result<std::string> PackWriter::finish(std::string_view fhir_version) {
  State& from = *state_;
  if (from.search_twice) {
    return make_error(ErrorCode::invalid, "two search parameters share a code and a base");
  }
  std::sort(from.search_urls.begin(), from.search_urls.end());
  Offsets<pack::SearchEntry> entries;
  for (const auto& [key, url] : from.search_index) {
    const auto at = std::lower_bound(from.search_urls.begin(), from.search_urls.end(), url);
    const auto base = from.key(key.first), code = from.key(key.second);
    entries.push_back(pack::CreateSearchEntry(
        from.out, base, code, static_cast<std::uint32_t>(at - from.search_urls.begin())));
  }
  auto& out = from.out;
  const auto version = from.text(fhir_version);
  const auto constraints = out.CreateVector(from.constraints);
  const auto types = out.CreateVectorOfSortedTables(&from.types);
  const auto profiles = out.CreateVectorOfSortedTables(&from.profiles);
  const auto code_systems = out.CreateVectorOfSortedTables(&from.code_systems);
  const auto value_sets = out.CreateVectorOfSortedTables(&from.value_sets);
  const auto concept_maps = out.CreateVectorOfSortedTables(&from.concept_maps);
  const auto parameters = out.CreateVectorOfSortedTables(&from.search_parameters);
  const auto index = out.CreateVector(entries);
  const auto operations = out.CreateVectorOfSortedTables(&from.operations);
  const auto compartments = out.CreateVectorOfSortedTables(&from.compartments);
  pack::FinishPackBuffer(
      out, pack::CreatePack(out, kFormat, version, constraints, types, profiles, code_systems,
                            value_sets, concept_maps, parameters, index, operations, compartments));
  return std::string(reinterpret_cast<const char*>(out.GetBufferPointer()), out.GetSize());
}

}  // namespace concord::definitions
