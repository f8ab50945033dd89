#include "fhir/definitions/pack_writer.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/json/writer.h"

namespace concord::definitions {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;
template <typename T>
using Offsets = std::vector<Offset<T>>;

constexpr std::string_view kExtensions = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kSystemType = "http://hl7.org/fhirpath/System.";

/// A node with the names of its document.
class View {
 public:
  View(const tree::Document& document, const tree::Node* node)
      : document_(&document), node_(node) {}

  explicit operator bool() const { return node_ != nullptr; }
  const tree::Document& document() const { return *document_; }
  const tree::Node& node() const { return *node_; }
  std::string_view name() const { return document_->name(*node_); }

  View child(std::string_view name) const {
    return {*document_, node_ == nullptr ? nullptr : node_->child(document_->find(name))};
  }
  std::string_view text() const { return node_ == nullptr ? std::string_view{} : node_->text(); }
  std::string_view text(std::string_view name) const { return child(name).text(); }
  bool truth(std::string_view name) const { return text(name) == "true"; }

  /// Every child of that name.
  std::vector<View> all(std::string_view name) const {
    std::vector<View> found;
    for (View at = child(name); at; at = {*document_, at.node_->next_same()}) found.push_back(at);
    return found;
  }
  /// The only or first child whose name starts with `prefix` and goes on ("fixed" → fixedUri).
  View starting(std::string_view prefix) const {
    for (const tree::Node& at : node_->children()) {
      const std::string_view name = document_->name(at);
      if (name.size() > prefix.size() && name.starts_with(prefix)) return {*document_, &at};
    }
    return {*document_, nullptr};
  }
  /// The value of an HL7 extension, by the end of its url.
  View extension(std::string_view url_end) const {
    if (node_ == nullptr) return *this;
    for (const View& at : all("extension")) {
      const std::string_view url = at.text("url");
      if (url.starts_with(kExtensions) && url.substr(kExtensions.size()) == url_end) {
        return at.starting("value");
      }
    }
    return {*document_, nullptr};
  }
  Error wrong(std::string text) const {
    return make_error(ErrorCode::invalid, std::move(text), document_->path(*node_),
                      document_->position(*node_));
  }

 private:
  const tree::Document* document_;
  const tree::Node* node_;
};

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

/// "Uri" of fixedUri → "uri"; complex type names keep their capital.
std::string type_of_suffix(std::string_view suffix, bool primitive) {
  std::string type(suffix);
  if (primitive && !type.empty() && type[0] >= 'A' && type[0] <= 'Z') {
    type[0] = static_cast<char>(type[0] - 'A' + 'a');
  }
  return type;
}

}  // namespace

struct PackWriter::State {
  FlatBufferBuilder out{std::size_t{1} << 20};
  std::map<std::tuple<std::string, std::string, std::string, bool, bool>, std::uint16_t>
      known_rules;
  Offsets<pack::Constraint> constraints;
  Offsets<pack::StructureDefinition> types, profiles;
  Offsets<pack::CodeSystem> code_systems;
  Offsets<pack::ValueSet> value_sets;
  Offsets<pack::ConceptMap> concept_maps;
  Offsets<pack::SearchParameter> search_parameters;
  std::map<std::pair<std::string, std::string>, std::string> search_index;  // (base, code) → url
  std::vector<std::string> search_urls;
  bool search_twice = false;
  Offsets<pack::OperationDefinition> operations;
  Offsets<pack::CompartmentDefinition> compartments;

  /// Nothing for an empty text: absent reads as empty.
  Text text(std::string_view value) {
    return value.empty() ? Text{} : out.CreateSharedString(value.data(), value.size());
  }
  template <typename T>
  Offset<flatbuffers::Vector<Offset<T>>> list(const Offsets<T>& rows) {
    return rows.empty() ? Offset<flatbuffers::Vector<Offset<T>>>{} : out.CreateVector(rows);
  }
  Offset<flatbuffers::Vector<Text>> texts(const View& parent, std::string_view name) {
    std::vector<Text> rows;
    for (const View& at : parent.all(name)) {
      if (!at.text().empty()) rows.push_back(text(at.text()));
    }
    return rows.empty() ? Offset<flatbuffers::Vector<Text>>{} : out.CreateVector(rows);
  }

  std::uint16_t constraint(const View& rule);
  Result<Offset<pack::Element>> element(const View& definition);
  Result<Offset<pack::StructureDefinition>> structure(const View& definition);
  void concepts(const View& parent, std::uint32_t parent_index, Offsets<pack::Concept>& rows,
                std::vector<std::string_view>& codes);
  Offsets<pack::Designation> designations(const View& parent);
  Offset<pack::CodeSystem> code_system(const View& resource);
  Offsets<pack::Include> includes(const View& compose, std::string_view name);
  void expansion(const View& parent, std::uint32_t parent_index,
                 Offsets<pack::ExpansionEntry>& rows);
  Offset<pack::ValueSet> value_set(const View& resource);
  Offsets<pack::MapProperty> map_properties(const View& target, std::string_view name);
  Offset<pack::ConceptMap> concept_map(const View& resource);
  Offset<pack::SearchParameter> search_parameter(const View& resource);
  Result<Offsets<pack::OperationParameter>> parameters(const View& parent, std::string_view name);
  Result<Offset<pack::OperationDefinition>> operation(const View& resource);
  Offset<pack::CompartmentDefinition> compartment(const View& resource);
};

// ---- structure definitions
// ------------------------------------------------------------------------

std::uint16_t PackWriter::State::constraint(const View& rule) {
  const bool warning = rule.text("severity") == "warning";
  const bool practice = rule.extension("elementdefinition-bestpractice").text() == "true";
  const auto [at, is_new] =
      known_rules.try_emplace({std::string(rule.text("key")), std::string(rule.text("expression")),
                               std::string(rule.text("human")), warning, practice},
                              static_cast<std::uint16_t>(known_rules.size()));
  if (is_new) {
    const auto key = text(rule.text("key")), human = text(rule.text("human")),
               expression = text(rule.text("expression"));
    constraints.push_back(pack::CreateConstraint(out, key, human, expression, warning, practice));
  }
  return at->second;
}

Result<Offset<pack::Element>> PackWriter::State::element(const View& definition) {
  const std::string_view path = definition.text("path");
  if (path.empty()) return definition.wrong("the element has no path");
  std::string_view name = path.substr(path.rfind('.') + 1);
  const bool choice = name.ends_with("[x]");
  if (choice) name.remove_suffix(3);

  const auto min = count_of(definition.child("min") ? definition.text("min") : "0");
  const auto max = count_of(definition.child("max") ? definition.text("max") : "1");
  if (!min || !max) return definition.wrong("min or max is no count");
  const std::string_view base_max = definition.child("base").text("max");
  const auto base = base_max.empty() ? max : count_of(base_max);
  if (!base) return definition.wrong("base.max is no count");

  Offsets<pack::TypeRef> choices;
  std::string regex;
  for (const View& type : definition.all("type")) {
    std::string code{type.text("code")};
    if (code.starts_with(kSystemType)) {
      const View published = type.extension("structuredefinition-fhir-type");
      code = published ? std::string(published.text())
                       : type_of_suffix(code.substr(kSystemType.size()), true);
      // Published as string; the page of Resource says id.
      if (path == "Resource.id" || definition.child("base").text("path") == "Resource.id") {
        code = "id";
      }
    }
    if (const View found = type.extension("regex")) regex = found.text();
    std::string written(name);
    if (choice) {
      written += code;
      char& first = written[name.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    }
    const auto code_at = text(code), written_at = text(written);
    const auto profiles_at = texts(type, "profile"), targets = texts(type, "targetProfile");
    choices.push_back(pack::CreateTypeRef(out, code_at, written_at, profiles_at, targets));
  }

  std::vector<std::uint16_t> rules;
  for (const View& rule : definition.all("constraint")) rules.push_back(constraint(rule));
  const auto rules_at =
      rules.empty() ? Offset<flatbuffers::Vector<std::uint16_t>>{} : out.CreateVector(rules);

  auto rule = FixedValue::Rule::fixed;
  std::string_view prefix = "fixed";
  View value = definition.starting(prefix);
  if (!value) {
    rule = FixedValue::Rule::pattern;
    prefix = "pattern";
    value = definition.starting(prefix);
  }
  std::string value_type, value_text;
  if (value) {
    value_type = type_of_suffix(value.name().substr(prefix.size()), value.node().has_value());
    if (value.node().has_value()) {
      value_text = value.text();
    } else {
      CONCORD_ASSIGN(value_text, json::write(value.document(), value.node()));
    }
  }

  Offset<pack::Slicing> slicing;
  if (const View slices = definition.child("slicing")) {
    Offsets<pack::Discriminator> discriminators;
    for (const View& at : slices.all("discriminator")) {
      const auto type_at = text(at.text("type")), path_at = text(at.text("path"));
      discriminators.push_back(pack::CreateDiscriminator(out, type_at, path_at));
    }
    const auto list_at = list(discriminators);
    const auto rules_text = text(slices.text("rules"));
    slicing = pack::CreateSlicing(out, list_at, slices.truth("ordered"), rules_text);
  }

  auto representation = Representation::element;
  for (const View& at : definition.all("representation")) {
    if (at.text() == "xmlAttr") representation = Representation::attribute;
    if (at.text() == "xmlText") representation = Representation::text;
    if (at.text() == "xhtml") representation = Representation::xhtml;
  }
  const View binding = definition.child("binding");
  std::uint32_t max_length = 0;
  if (const View bound = definition.child("maxLength")) {
    const auto length = count_of(bound.text());
    if (!length) return definition.wrong("maxLength is no count");
    max_length = *length;
  }

  const auto path_at = text(path), name_at = text(name),
             slice_at = text(definition.text("sliceName")),
             reference_at = text(definition.text("contentReference")),
             value_set_at = text(binding.text("valueSet")),
             max_set_at = text(binding.extension("elementdefinition-maxValueSet").text()),
             type_at = text(value_type), value_at = text(value_text),
             default_at = text(definition.starting("defaultValue").text()),
             namespace_at = text(definition.extension("elementdefinition-namespace").text()),
             regex_at = text(regex), min_value_at = text(definition.starting("minValue").text()),
             max_value_at = text(definition.starting("maxValue").text());
  const auto types_at = list(choices);
  pack::ElementBuilder row(out);
  row.add_path(path_at);
  row.add_name(name_at);
  row.add_slice_name(slice_at);
  row.add_min(*min);
  row.add_max(*max);
  row.add_array(*base > 1);
  row.add_types(types_at);
  row.add_content_reference(reference_at);
  row.add_binding(static_cast<std::uint8_t>(strength_of(binding.text("strength"))));
  row.add_value_set(value_set_at);
  row.add_max_value_set(max_set_at);
  row.add_value_rule(static_cast<std::uint8_t>(value ? rule : FixedValue::Rule::none));
  row.add_value_type(type_at);
  row.add_value(value_at);
  row.add_default_value(default_at);
  row.add_constraints(rules_at);
  row.add_modifier(definition.truth("isModifier"));
  row.add_summary(definition.truth("isSummary"));
  row.add_must_support(definition.truth("mustSupport"));
  row.add_representation(static_cast<std::uint8_t>(representation));
  row.add_xml_namespace(namespace_at);
  row.add_regex(regex_at);
  row.add_max_length(max_length);
  row.add_min_value(min_value_at);
  row.add_max_value(max_value_at);
  row.add_slicing(slicing);
  return row.Finish();
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
  Offsets<pack::Context> contexts;
  for (const View& at : definition.all("context")) {
    const auto type_at = text(at.text("type")), expression_at = text(at.text("expression"));
    contexts.push_back(pack::CreateContext(out, type_at, expression_at));
  }
  const auto url = text(definition.text("url")), name = text(definition.text("name")),
             type = text(definition.text("type")), kind = text(definition.text("kind")),
             base = text(definition.text("baseDefinition")),
             space = text(definition.extension("elementdefinition-namespace").text());
  const auto rows_at = list(rows);
  const auto contexts_at = list(contexts);
  const auto invariants_at = texts(definition, "contextInvariant");
  return pack::CreateStructureDefinition(out, url, name, type, kind, definition.truth("abstract"),
                                         base, definition.text("derivation") == "constraint", space,
                                         has_snapshot, rows_at, contexts_at, invariants_at);
}

// ---- terminology
// ----------------------------------------------------------------------------------

void PackWriter::State::concepts(const View& parent, std::uint32_t parent_index,
                                 Offsets<pack::Concept>& rows,
                                 std::vector<std::string_view>& codes) {
  // Recursion is bounded by the depth limit of the document.
  for (const View& at : parent.all("concept")) {
    Offsets<pack::ConceptProperty> properties;
    for (const View& property : at.all("property")) {
      const View value = property.starting("value");
      const std::string type = value ? type_of_suffix(value.name().substr(5), true) : "";
      const std::string_view shown =
          value && !value.node().has_value() ? value.text("code") : value.text();
      const auto code_at = text(property.text("code")), type_at = text(type),
                 value_at = text(shown);
      properties.push_back(pack::CreateConceptProperty(out, code_at, type_at, value_at));
    }
    const auto named = designations(at);
    const auto code = out.CreateSharedString(at.text("code").data(), at.text("code").size());
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
  const auto url = text(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), content = text(resource.text("content")),
             supplements = text(resource.text("supplements")),
             meaning = text(resource.text("hierarchyMeaning")),
             all = text(resource.text("valueSet")), title = text(resource.text("title")),
             status = text(resource.text("status")),
             standing = text(resource.extension("structuredefinition-standards-status").text()),
             language = text(resource.text("language"));
  const auto properties_at = list(properties);
  const auto rows_at = list(rows);
  const auto order_at = out.CreateVector(order);
  return pack::CreateCodeSystem(out, url, version, name, content, supplements,
                                resource.truth("caseSensitive"), meaning, all, properties_at,
                                rows_at, order_at, title, status, standing,
                                resource.truth("experimental"), language);
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
  const View compose = resource.child("compose");
  const auto include = includes(compose, "include"), exclude = includes(compose, "exclude");
  Offsets<pack::ExpansionEntry> entries;
  if (!compose) expansion(resource.child("expansion"), Element::kUnbounded, entries);
  std::vector<Text> supplements;
  for (const View& at : resource.all("extension")) {
    if (at.text("url") == "http://hl7.org/fhir/StructureDefinition/valueset-supplement") {
      const std::string_view named = at.starting("value").text();
      if (!named.empty()) supplements.push_back(text(named));
    }
  }
  const std::string_view inactive = compose.text("inactive");
  const auto url = text(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), title = text(resource.text("title")),
             status = text(resource.text("status")),
             standing = text(resource.extension("structuredefinition-standards-status").text()),
             language = text(resource.text("language"));
  const auto include_at = list(include), exclude_at = list(exclude);
  const auto entries_at = list(entries);
  const auto supplements_at = supplements.empty() ? Offset<flatbuffers::Vector<Text>>{}
                                                  : out.CreateVector(supplements);
  const std::uint8_t inactive_at = inactive == "true" ? 2 : inactive == "false" ? 1 : 0;
  return pack::CreateValueSet(out, url, version, name, include_at, exclude_at, title, status,
                              standing, resource.truth("experimental"), language,
                              static_cast<bool>(compose), inactive_at, supplements_at, entries_at);
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
                   comment = text(target.text("comment"));
        const auto depends_at = list(depends), products_at = list(products);
        targets.push_back(
            pack::CreateMapTarget(out, code, display, equivalence, depends_at, products_at,
                                  comment));
      }
      const auto code = text(at.text("code")), display = text(at.text("display"));
      const auto targets_at = list(targets);
      elements.push_back(pack::CreateMapElement(out, code, display, targets_at));
    }
    const View unmapped = group.child("unmapped");
    const auto source = text(group.text("source")), target = text(group.text("target")),
               mode = text(unmapped.text("mode")), code = text(unmapped.text("code")),
               url = text(unmapped.text("url")), display = text(unmapped.text("display")),
               source_version = text(group.text("sourceVersion")),
               target_version = text(group.text("targetVersion"));
    const auto elements_at = list(elements);
    groups.push_back(pack::CreateMapGroup(out, source, target, elements_at, mode, code, url,
                                          display, source_version, target_version));
  }
  const auto url = text(resource.text("url")), version = text(resource.text("version")),
             name = text(resource.text("name")), source = text(resource.starting("source").text()),
             target = text(resource.starting("target").text()),
             title = text(resource.text("title")), status = text(resource.text("status"));
  const auto groups_at = list(groups);
  return pack::CreateConceptMap(out, url, version, name, source, target, groups_at, title, status);
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
  if (view.text("url").empty()) return view.wrong("the definition has no url");
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
    const auto base = from.text(key.first), code = from.text(key.second);
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
