#pragma once
/// What a rule is made of. A rule is one file in rules/: it compiles itself into checks for the
/// types it cares about; checks are plain functions and know nothing of definitions' tables.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/validate/validator.h"

namespace concord::validate {

/// One run over one document: what checks may look at, and where findings go. One thread.
class Context {
 public:
  Context(const tree::Document& document, const definitions::Definitions& definitions,
          const Options& options)
      : document_(document), definitions_(definitions), options_(options) {}

  const tree::Document& document() const noexcept { return document_; }
  const definitions::Definitions& definitions() const noexcept { return definitions_; }
  const Options& options() const noexcept { return options_; }

  /// A finding at a node, or at the child `member` it lacks. `type` is the FHIR issue type
  /// ("structure", "required", "value"), `text` says what is wrong without the value.
  void report(Severity severity, std::string_view rule, std::string_view type,
              const tree::Node& node, std::string text, std::string_view member = {});
  void error(std::string_view rule, std::string_view type, const tree::Node& node, std::string text,
             std::string_view member = {}) {
    report(Severity::error, rule, type, node, std::move(text), member);
  }
  void warning(std::string_view rule, std::string_view type, const tree::Node& node,
               std::string text, std::string_view member = {}) {
    report(Severity::warning, rule, type, node, std::move(text), member);
  }
  /// The same with the severity of a policy; nothing when it accepts.
  void apply(Policy policy, std::string_view rule, std::string_view type, const tree::Node& node,
             std::string text) {
    if (policy == Policy::accept) return;
    report(policy == Policy::refuse ? Severity::error : Severity::warning, rule, type, node,
           std::move(text));
  }

  /// Every Reference met, with what its element says of it, for the rule that looks at them once
  /// the walk is over.
  std::vector<std::pair<const tree::Node*, const void*>> references;

  /// The findings in order of the document. Ends the run.
  Report finish();

 private:
  struct Finding {
    Severity severity;
    std::uint32_t ordinal;
    const tree::Node* node;
    std::string_view rule;
    std::string_view type;
    std::string_view member;
    std::string text;
  };
  const tree::Document& document_;
  const definitions::Definitions& definitions_;
  const Options& options_;
  std::vector<Finding> findings_;
  std::uint32_t found_ = 0;
  std::size_t errors_ = 0;
};

/// Runs on one node. `data` is what the rule gave at compile time.
using NodeCheck = void (*)(const void* data, const tree::Node& node, Context& context);
/// How often each child of a node is there, by Element::order. 255 means as often or more. Filled
/// up with zeros to a multiple of 16.
using Counts = std::span<const std::uint8_t>;
constexpr std::size_t padded(std::size_t elements) { return (elements + 15) / 16 * 16; }

/// Runs on one node and the counts of its children.
using ChildrenCheck = void (*)(const void* data, const tree::Node& node, Counts counts,
                               Context& context);

/// The checks of one type.
class Plan {
 public:
  /// For every node of the type.
  void on_node(NodeCheck check, const void* data = nullptr) { nodes_.push_back({check, data}); }
  /// For every child that is `element`.
  void on_element(const definitions::Element& element, NodeCheck check,
                  const void* data = nullptr) {
    elements_.push_back({element.order, {check, data}});
  }
  /// For every node of the type, once its children are counted.
  void on_children(ChildrenCheck check, const void* data = nullptr) {
    children_.push_back({check, data});
  }

 private:
  friend class Validator;
  template <typename Function>
  struct Bound {
    Function run;
    const void* data;
  };
  struct ElementBound {
    std::uint16_t order;
    Bound<NodeCheck> check;
  };
  /// Sorts the checks of elements and notes where those of each begin.
  void freeze(std::size_t elements);

  std::vector<Bound<NodeCheck>> nodes_;
  std::vector<ElementBound> elements_;
  std::vector<std::uint16_t> first_;  ///< by Element::order, and the end
  std::vector<Bound<ChildrenCheck>> children_;
};

/// One rule. Compiled once at load by one thread; what `data` points to must live as long as the
/// rule or the definitions.
class Rule {
 public:
  virtual ~Rule() = default;
  /// The name findings carry.
  virtual std::string_view id() const = 0;
  /// Before any type: names to look up, tables to build.
  virtual void prepare(const definitions::Definitions&) {}
  /// Adds the checks of one type.
  virtual void compile(const definitions::Type& type, Plan& plan) = 0;
  /// After the walk: what needs the whole document.
  virtual void finish(Context&) const {}
};

}  // namespace concord::validate
