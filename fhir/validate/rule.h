#pragma once
/// What a rule is made of. A rule is one file in rules/: it compiles itself into checks for the
/// types it cares about; checks are plain functions and know nothing of definitions' tables.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/validate/context.h"

namespace concord::validate {

/// Runs on one node. `data` is what the rule gave at compile time.
using NodeCheck = void (*)(const void* data, const tree::Node& node, Context& context);
/// How often each child of a node is there, by Element::order. 255 means as often or more. Filled
/// up with zeros to a multiple of 16.
using Counts = std::span<const std::uint8_t>;
constexpr std::size_t padded(std::size_t elements) { return (elements + 15) / 16 * 16; }

/// Runs on one node and the counts of its children.
using ChildrenCheck = void (*)(const void* data, const tree::Node& node, Counts counts,
                               Context& context);

/// In which depth a rule runs.
enum class Runs : std::uint8_t {
  always,
  intake,  ///< depth intake only: the full depth has the reference's own rule for it
  full,    ///< depth full only
};

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
  friend class Engine;
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
  /// The name of the rule: of its file.
  virtual std::string_view id() const = 0;
  virtual Runs runs() const { return Runs::full; }
  /// Before any type: names to look up, tables to build. Override the one that says enough.
  virtual void prepare(const definitions::Definitions&) {}
  virtual void load(const Parts& parts) { prepare(*parts.definitions); }
  /// Adds the checks of one type.
  virtual void compile(const definitions::Type& type, Plan& plan) = 0;
  /// After the walk: what needs the whole document.
  virtual void finish(Context&) const {}
};

}  // namespace concord::validate
