#pragma once
/// StructureDefinitions at work: read once, their snapshots generated once.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/snapshot/detail/element.h"
#include "fhir/snapshot/generator.h"

namespace concord::packages {
struct Entry;
}

namespace concord::snapshot {

/// Where StructureDefinitions come from.
class Source {
 public:
  struct Found {
    const tree::Document* document = nullptr;  ///< null: unknown
    const packages::Entry* entry = nullptr;
  };
  virtual ~Source() = default;
  /// The definition of "url" or "url|version". The document stays as long as the source.
  /// Errors: it is known and cannot be read.
  virtual Result<Found> find(std::string_view canonical, const packages::Entry* asked_from) = 0;
};

/// One StructureDefinition.
struct Definition {
  enum class State : std::uint8_t {
    published,   ///< read; the snapshot, if it has one, is the one it came with
    generating,  ///< `snapshot` grows
    generated,
    failed,  ///< `error` says why; there is no snapshot
  };

  const tree::Document* document = nullptr;
  const packages::Entry* entry = nullptr;
  std::string_view url, version, name, type, kind, derivation, base;
  bool is_abstract = false;
  bool synthetic = false;  ///< an extension of another FHIR version, made up from its url
  State state = State::published;
  List differential;
  List snapshot;
  std::vector<Issue> messages;
  Error error;

  // What the lists point to.
  std::deque<Element> elements;
  std::deque<Slicing> slicings;

  bool has_snapshot() const { return !snapshot.empty(); }
  bool is_constraint() const { return derivation == "constraint"; }
  bool is_extension() const { return type == "Extension"; }
  /// The name of the type elements' paths begin with.
  std::string_view type_name() const { return type.substr(type.rfind('/') + 1); }
  Element& make(Element element) { return elements.emplace_back(std::move(element)); }
  /// The extensions of the definition itself of that url.
  std::vector<const tree::Node*> extensions(std::string_view wanted) const;
  /// The snapshot element of that id, or null.
  const Element* by_id(std::string_view id) const;
};

/// Definitions by canonical. One thread at a time.
class Store {
 public:
  Store(Source& source, const tree::Symbols& symbols, const Limits& limits);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The definition of a canonical, what stands after # put aside; null when nobody knows it or it
  /// cannot be read. Never generates anything.
  Definition* find(std::string_view canonical, const Definition* asked_from);
  /// The same; of an unknown extension of another FHIR version a permissive definition.
  Definition* find_or_make(std::string_view canonical, const Definition* asked_from);
  /// A type by name ("Quantity") or url; null when unknown.
  Definition* type(std::string_view name);
  /// A document that is in no registry. It must outlive the store.
  Definition* add(const tree::Document& document, const packages::Entry* entry = nullptr);

  /// Sees to it that there is a snapshot: published, generated, or growing on this very stack.
  /// Errors: those of generate(), the same each time.
  Result<void> prepare(Definition& definition);
  /// As prepare(); null in place of an error or of a definition without any snapshot element.
  Definition* prepared(Definition* definition);

  /// Generates anew from the differential, whatever snapshot was published.
  Result<void> regenerate(Definition& definition, bool sort_differential);

  /// Nodes made on the way; one document for all.
  tree::Document& scratch() { return scratch_; }
  tree::Builder builder() { return tree::Builder(scratch_); }
  std::string_view keep(std::string_view text) { return scratch_.arena().copy(text); }
  const Limits& limits() const { return limits_; }
  /// Whether wrong names of type slices are put right instead of refused; as the reference does for
  /// definitions that are used and not asked about.
  bool fix_slice_names() const { return fix_slice_names_; }
  void set_fix_slice_names(bool fix) { fix_slice_names_ = fix; }
  /// GenerateOptions::complete_slicing.
  bool complete_slicing() const { return complete_slicing_; }
  void set_complete_slicing(bool complete) { complete_slicing_ = complete; }

 private:
  Result<void> generate(Definition& definition, bool sort_differential);
  Definition* made_up(std::string_view url);

  Source& source_;
  Limits limits_;
  bool fix_slice_names_ = false;
  bool complete_slicing_ = false;
  tree::Document scratch_;
  std::deque<Definition> definitions_;
  std::deque<tree::Document> documents_;  // of definitions made up
  std::unordered_map<const tree::Document*, Definition*> by_document_;
  std::unordered_map<std::string, Definition*> made_;  // by url
  std::vector<const Definition*> stack_;               // being generated
};

/// Whether a url names an extension of another FHIR version, as
/// http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.animal does.
/// Source: hl7.org/fhir/R4/versions.html#extensions.
bool is_cross_version(std::string_view url);

}  // namespace concord::snapshot
