#pragma once
/// Maps in the FHIR Mapping Language: compiled once at load, run many times.
///
/// A MapSet is immutable: any number of threads may run it at the same time. The Definitions and
/// function table it was compiled with must outlive it.
/// Source: hl7.org/fhir/R4/mapping-language.html and its R5 form; README.md has the grammar, the
/// semantics and the supersets.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "fhir/mapping/lineage.h"
#include "fhir/mapping/reach.h"
#include "fhir/mapping/trace.h"
#include "fhir/tree/document.h"
#include "fhir/tree/node_set.h"

namespace concord::definitions {
class Definitions;
}
namespace concord::path {
class EvalContext;
class FunctionTable;
}  // namespace concord::path

namespace concord::mapping {

/// One map: a text of the language, or a StructureMap resource of R4 or R5 in JSON or XML. `name`
/// stands in errors and traces ("maps/parent_prescription.map").
struct MapSource {
  std::string name;
  std::string text;
};

/// What is wrong with a map, or looks wrong.
struct Finding {
  Severity severity = Severity::error;  ///< error: the map does not compile; warning: it does
  std::string file;                     ///< MapSource::name
  Position position{};
  std::string code;  ///< of the list in README.md: "unknown-element", "unused-variable" …
  std::string text;
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Bounds on what is compiled. Past one of them: too_long.
struct MapLimits {
  std::size_t max_bytes = std::size_t{4} << 20;  ///< of one source
  std::size_t max_depth = 64;                    ///< nesting of rules
  std::size_t max_rules = 100'000;               ///< of all sources together
  std::size_t max_instances = 20'000;            ///< groups times the types they are called with
};

struct CompileOptions {
  /// FHIRPath functions of the maps; null: the standard ones. `fail()` is added to either.
  const path::FunctionTable* functions = nullptr;
  /// Names a caller may give at run time: "from_asid" is %from_asid in the maps. The use of any
  /// other is a compile error.
  std::vector<std::string> parameters;
  /// ConceptMap resources `translate` may name by url, beside those inside the maps.
  std::span<const tree::Document> concept_maps;
  /// Other releases of FHIR (packages::load_release) with the symbols of the definitions; their
  /// types are named by versioned url, `uses
  /// "http://hl7.org/fhir/3.0/StructureDefinition/Patient"`. Any other name is one of the
  /// definitions. They must outlive the MapSet.
  std::span<const definitions::Definitions* const> releases;
  /// Profiles of FHIR types by canonical url, with the name of the type each constrains: maps that
  /// name one work on the type. Those of R4 itself are known.
  std::map<std::string, std::string, std::less<>> profiles;
  /// Unknown elements inside FHIRPath are errors where types are known, as are structures and
  /// imports nobody brought and variables nobody uses. Off for maps of others.
  bool strict = true;
  MapLimits limits;
};

namespace detail {
struct Program;
struct Instance;
}  // namespace detail

/// A group to start with, found once by MapSet::entry(). Valid as long as the MapSet.
class Entry {
 public:
  Entry() = default;
  explicit operator bool() const noexcept { return instance_ != nullptr; }

 private:
  friend class MapSet;
  const detail::Instance* instance_ = nullptr;
};

/// A source of the run; node null: the root. Its tree must be annotated
/// (definitions::annotate, with the definitions of its own release) and made with the symbols of
/// the Definitions.
struct Input {
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;
};

struct RunOptions {
  Instant now{};  ///< now(), today() and dateOp()
  /// uuid(); empty: the transform `uuid` fails with internal.
  UuidSource uuids;
  /// Values of CompileOptions::parameters; absent ones are the empty collection.
  const std::map<std::string, std::string, std::less<>>* parameters = nullptr;
  TraceSink* trace = nullptr;      ///< null costs nothing
  tree::NodeSet* reads = nullptr;  ///< gets every source node that was read; null costs nothing
  /// Memory of the evaluation, reset by run(); one per thread, reused to save its making.
  path::EvalContext* context = nullptr;
  std::uint64_t max_steps = 2'000'000;  ///< rules executed, items visited; more: too_costly
  std::size_t max_depth = 200;          ///< groups calling groups; more: too_costly
};

/// What a run did.
struct RunReport {
  std::uint64_t steps = 0;
  std::uint64_t writes = 0;
};

class MapSet {
 public:
  /// Compiles maps together. Order matters for overlays: a source with the `map` url of an earlier
  /// one overlays it, its groups take the place of the earlier ones of the same name.
  ///
  /// Errors, each issue with expression = name of the source, position, detail_code = code of the
  /// finding: malformed (syntax), invalid (types, names, numbers of parameters …), too_long.
  static Result<MapSet> compile(std::span<const MapSource> sources,
                                const definitions::Definitions& definitions,
                                const CompileOptions& options = {});

  MapSet(MapSet&&) noexcept;
  MapSet& operator=(MapSet&&) noexcept;
  ~MapSet();

  /// The group of that name in the map of that url; without a name its first group. A group to
  /// start with has typed parameters: sources first, then exactly one target. A parameter of the
  /// first group without type has the one structure the map `uses` as source or as target.
  /// Errors: not_found (no such map or group), invalid (the group is none to start with).
  Result<Entry> entry(std::string_view map_url, std::string_view group = {}) const;

  /// Runs a group: `inputs` are its source parameters in order, the root of `target` (an empty
  /// document with the same symbols) its target. The root gets the type, name and namespace of the
  /// parameter's type. On error the target is unfinished and to be thrown away.
  ///
  /// Errors: invalid (a check, a cardinality or fail(): issue with FHIRPath, line and column of the
  /// source node, text, and the documented code as detail_code; log_detail names file, line and
  /// rule), too_long (nodes of the target; its depth is the writers' to refuse), too_costly (steps,
  /// calls), internal (no uuid source).
  Result<RunReport> run(const Entry& entry, std::span<const Input> inputs, tree::Document& target,
                        const RunOptions& options) const;

  /// Warnings found by compile().
  const std::vector<Finding>& warnings() const noexcept;
  /// Urls of the maps, in order.
  std::vector<std::string_view> maps() const;
  /// Its rules, as traces number them; shared, for who keeps lineage longer than the maps.
  const RuleTable& rules() const noexcept;
  std::shared_ptr<const RuleTable> rule_table() const noexcept;
  /// Every place the rules may write to when a run begins with `entry`, in the order of the rules.
  std::vector<PossibleWrite> possible_writes(const Entry& entry,
                                             const ReachLimits& limits = {}) const;

 private:
  explicit MapSet(std::unique_ptr<detail::Program> program);
  std::unique_ptr<detail::Program> program_;
};

/// Everything found in the sources, errors and warnings, in order of file and position. Never
/// fails: what stops the compiler is the last error of the list.
std::vector<Finding> lint(std::span<const MapSource> sources,
                          const definitions::Definitions& definitions,
                          const CompileOptions& options = {});

/// Findings as lines `file:line:column: error: text [code]`.
std::string findings_text(std::span<const Finding> findings);

/// The elements below `from` that `reads` does not hold, as deep as needed: an element of which
/// nothing was read is one issue, an element read in part is looked into. Warnings with expression
/// and position, in document order. Primitive elements named in `ignored` (as "Bundle.type", by the
/// type they stand in) are left out.
std::vector<Issue> unread(const tree::NodeSet& reads, const tree::Document& document,
                          const tree::Node& from, std::span<const std::string_view> ignored = {});

}  // namespace concord::mapping
