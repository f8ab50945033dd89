#pragma once
// What pack_writer.cpp and pack_terminology.cpp share: nodes with their names, rows being written.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/tree/document.h"

namespace concord::definitions {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;
template <typename T>
using Offsets = std::vector<Offset<T>>;
template <typename T>
using List = Offset<flatbuffers::Vector<Offset<T>>>;

/// A node with the names of its document; may be of no node.
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
  View starting(std::string_view prefix) const;
  /// The extension with an HL7 url, by the end of it.
  View extension_node(std::string_view url_end) const;
  /// The value of that extension.
  View extension(std::string_view url_end) const {
    return extension_node(url_end).starting("value");
  }
  /// The values of all extensions of that url.
  std::vector<View> extensions(std::string_view url_end) const;
  /// An extension by its url as written.
  View extension_by_url(std::string_view url) const;
  /// The canonical a `valueSet` names; STU3 says valueSetUri or valueSetReference.
  std::string_view value_set() const;

  Error wrong(std::string text) const {
    return make_error(ErrorCode::invalid, std::move(text), document_->path(*node_),
                      document_->position(*node_));
  }

 private:
  const tree::Document* document_;
  const tree::Node* node_;
};

/// A value of any type: a primitive's text as written, or the JSON of a complex one.
struct Value {
  std::string type;
  std::string text;
};

/// "Uri" of fixedUri → "uri"; complex type names keep their capital.
std::string type_of_suffix(std::string_view suffix, bool primitive);
/// The value of a choice such as fixed[x]; `at` may be of no node.
/// Errors: those of json::write.
Result<Value> value_of(const View& at, std::string_view prefix);

struct PackWriter::State {
  FlatBufferBuilder out{std::size_t{1} << 15};
  std::map<std::tuple<std::string, std::string, std::string, std::string, bool, bool>,
           std::uint16_t>
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
  /// There even when empty.
  Text key(std::string_view value) { return out.CreateSharedString(value.data(), value.size()); }
  template <typename T>
  List<T> list(const Offsets<T>& rows) {
    return rows.empty() ? List<T>{} : out.CreateVector(rows);
  }
  List<flatbuffers::String> texts(const View& parent, std::string_view name) {
    return texts(parent.all(name));
  }
  List<flatbuffers::String> texts(const std::vector<View>& values) {
    Offsets<flatbuffers::String> rows;
    for (const View& at : values) {
      if (!at.text().empty()) rows.push_back(text(at.text()));
    }
    return list(rows);
  }

  // pack_writer.cpp
  Result<std::uint16_t> constraint(const View& rule);
  Result<List<pack::TypeRef>> type_refs(const View& definition, std::string_view name, bool choice,
                                        std::string& regex);
  Offset<pack::Slicing> slicing(const View& slices);
  Result<List<pack::AdditionalBinding>> additional_bindings(const View& binding);
  Result<Offset<pack::Element>> element(const View& definition);
  List<pack::Context> contexts(const View& definition);
  Result<Offset<pack::StructureDefinition>> structure(const View& definition);
  Offset<pack::SearchParameter> search_parameter(const View& resource);
  Result<Offsets<pack::OperationParameter>> parameters(const View& parent, std::string_view name);
  Result<Offset<pack::OperationDefinition>> operation(const View& resource);
  Offset<pack::CompartmentDefinition> compartment(const View& resource);

  // pack_terminology.cpp
  Offsets<pack::Designation> designations(const View& parent);
  void concepts(const View& parent, std::uint32_t parent_index, Offsets<pack::Concept>& rows,
                std::vector<std::string_view>& codes);
  Offset<pack::CodeSystem> code_system(const View& resource);
  Offsets<pack::Include> includes(const View& compose, std::string_view name);
  void expansion(const View& parent, std::uint32_t parent_index,
                 Offsets<pack::ExpansionEntry>& rows);
  Offset<pack::ValueSet> value_set(const View& resource);
  Offsets<pack::MapProperty> map_properties(const View& target, std::string_view name);
  Offset<pack::ConceptMap> concept_map(const View& resource);
};

}  // namespace concord::definitions
