#pragma once
/// One run over one document: what checks may look at, and where findings go. One thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/validate/options.h"
#include "fhir/validate/parts.h"
#include "fhir/validate/report.h"

namespace concord::path {
class EvalContext;
}

namespace concord::validate {

/// Where a reference leads.
struct Target {
  enum class How : std::uint8_t {
    contained,  ///< "#id" in the resource around it, or the container itself ("#")
    bundled,    ///< an entry of the Bundle around it
    loaded,     ///< a resource given beside the document (Neighbours)
  };
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;
  How how = How::contained;
};

/// Resources beside the document that references may lead to: other files of the same call. May be
/// asked from several threads.
class Neighbours {
 public:
  virtual ~Neighbours() = default;
  /// The annotated document a reference ("Patient/1", "http://a/Patient/1") names, or null. It
  /// lives as long as this object.
  virtual const tree::Document* find(std::string_view reference) const = 0;
};

/// How an element did against a profile.
struct Conformance {
  bool known = false;      ///< there is such a profile, and it has a snapshot
  std::size_t errors = 0;  ///< found; 0 and known: it conforms
};

class Engine;  // of detail/: runs profiles; not for rules

class Context {
 public:
  Context(const tree::Document& document, const Parts& parts, const Options& options,
          const Neighbours* neighbours = nullptr)
      : document_(&document), parts_(parts), options_(options), neighbours_(neighbours) {}

  /// The document the nodes at hand belong to.
  const tree::Document& document() const noexcept { return *document_; }
  const definitions::Definitions& definitions() const noexcept { return *parts_.definitions; }
  const Options& options() const noexcept { return options_; }
  const packages::Registry* registry() const noexcept { return parts_.registry; }  ///< or null
  const snapshot::Profiles* profiles() const noexcept { return parts_.profiles; }  ///< or null
  const terminology::Terminology* terminology() const noexcept {
    return parts_.terminology;
  }  ///< or null

  /// A finding at a node, or at the child `member` it lacks. `id` is the message id of the
  /// reference validator ("Validation_VAL_Profile_Minimum"; its text must outlive the run: a
  /// literal), `type` the FHIR issue type ("structure", "required", "value"), `text` says what is
  /// wrong without the value. The same id and text at the same place are reported once; where two
  /// findings differ in the value only, which the text does not show, give what sets them apart as
  /// `distinct`.
  void report(Severity severity, std::string_view id, std::string_view type, const tree::Node& node,
              std::string text, std::string_view member = {}, std::string_view distinct = {});
  void error(std::string_view id, std::string_view type, const tree::Node& node, std::string text,
             std::string_view member = {}, std::string_view distinct = {}) {
    report(Severity::error, id, type, node, std::move(text), member, distinct);
  }
  void warning(std::string_view id, std::string_view type, const tree::Node& node, std::string text,
               std::string_view member = {}, std::string_view distinct = {}) {
    report(Severity::warning, id, type, node, std::move(text), member, distinct);
  }
  void information(std::string_view id, std::string_view type, const tree::Node& node,
                   std::string text, std::string_view member = {}, std::string_view distinct = {}) {
    report(Severity::information, id, type, node, std::move(text), member, distinct);
  }
  /// The same with the severity of a policy; nothing when it accepts.
  void apply(Policy policy, std::string_view id, std::string_view type, const tree::Node& node,
             std::string text) {
    if (policy == Policy::accept) return;
    report(policy == Policy::refuse ? Severity::error : Severity::warning, id, type, node,
           std::move(text));
  }

  /// Where a reference leads, seen from `from`: "#id" in the resource around it, an entry of the
  /// Bundle around it (fullUrl; relative references against the base of the entry's own fullUrl),
  /// a resource given beside the document. Nothing when it leads nowhere we know.
  std::optional<Target> resolve(std::string_view reference, const tree::Node& from);

  /// Checks a node against a profile by its canonical url and reports what it finds, as where an
  /// element's type names that profile. False when the profile is unknown (which is not reported).
  bool validate_against(const tree::Node& node, std::string_view profile);
  /// The same without reporting: only whether it would conform. Other documents' nodes may be
  /// asked about too, with their document.
  Conformance conforms(const tree::Document& document, const tree::Node& node,
                       std::string_view profile);

  /// For FHIRPath: budget, clock and hooks (resolve, memberOf, conformsTo) set. Null in depth
  /// intake. Results live until the next evaluation of the engine.
  path::EvalContext* evaluation() noexcept;

  /// Of this run; in depth full only, and not for rules.
  Engine& engine() noexcept { return *engine_; }

  /// Every Reference met, with what its element says of it, for the rule that looks at them once
  /// the walk is over (depth intake).
  std::vector<std::pair<const tree::Node*, const void*>> references;

  /// The findings in order of the document. Ends the run.
  Report finish();

 private:
  friend class Engine;
  struct Finding {
    Severity severity;
    std::uint32_t ordinal;
    const tree::Node* node;
    std::string_view id;
    std::string_view type;
    std::string_view member;
    std::string text;
    std::uint32_t distinct;  ///< hash of what the text leaves out; 0: nothing
    const void* origin;      ///< the profile plan it was found by; null: the base pass
  };
  /// The entries of one Bundle by fullUrl.
  struct Entries {
    const tree::Node* bundle = nullptr;
    std::vector<std::pair<std::string_view, const tree::Node*>> rows;
  };
  void drop_repeated();
  const Entries& entries_of(const tree::Node& bundle);
  std::optional<Target> in_bundle(std::string_view reference, const tree::Node& entry,
                                  const tree::Node& bundle);

  const tree::Document* document_;
  Parts parts_;
  const Options& options_;
  std::vector<Finding> findings_;
  std::uint32_t found_ = 0;
  std::size_t beyond_ = 0;         ///< found when no more were kept
  std::size_t errors_beyond_ = 0;  ///< errors among them
  std::size_t milder_ = 0;         ///< before it only errors are left
  Engine* engine_ = nullptr;
  const Neighbours* neighbours_ = nullptr;
  std::vector<std::unique_ptr<Entries>> entries_;
  const void* origin_ = nullptr;
};

}  // namespace concord::validate
