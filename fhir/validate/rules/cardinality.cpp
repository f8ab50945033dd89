// How often an element may stand. Source: hl7.org/fhir/R4/conformance-rules.html#cardinality

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Child;
using definitions::Element;
using definitions::Type;
using tree::Node;

constexpr std::string_view kMinimum = "Validation_VAL_Profile_Minimum";
constexpr std::string_view kMaximum = "Validation_VAL_Profile_Maximum";

constexpr std::uint32_t kMany = 255;  // where counts end

/// What a type allows of each child, by Element::order, filled up as counts are. Read for every
/// node, so packed for a loop without branches: a count is good when count - least, which wraps
/// below least, is at most spread.
struct Bounds {
  const Type* type;
  std::vector<std::uint8_t> least;
  std::vector<std::uint8_t> spread;
};

class Cardinality final : public Rule {
 public:
  std::string_view id() const override { return "cardinality"; }
  Runs runs() const override { return Runs::always; }

  void compile(const Type& type, Plan& plan) override {
    const std::size_t size = padded(type.elements().size());
    Bounds bounds{&type, std::vector<std::uint8_t>(size, 0), std::vector<std::uint8_t>(size, 255)};
    bool bounded = false;
    for (const Element& element : type.elements()) {
      bounded = bounded || element.min > 0 || element.max != Element::kUnbounded;
      // Bounds that counts cannot tell are checked with every count they may be: 254 and more.
      const std::uint32_t min = std::min(element.min, kMany - 1);
      const std::uint32_t max =
          element.max == Element::kUnbounded ? kMany : std::min(element.max, kMany - 1);
      bounds.least[element.order] = static_cast<std::uint8_t>(min);
      bounds.spread[element.order] = static_cast<std::uint8_t>(std::max(max, min) - min);
    }
    if (bounded) plan.on_children(&check, &bounds_.emplace_back(std::move(bounds)));
  }

 private:
  static void check(const void* data, const Node& node, Counts counts, Context& context) {
    const Bounds& bounds = *static_cast<const Bounds*>(data);
    const std::uint8_t* count = counts.data();
    const std::uint8_t* least = bounds.least.data();
    const std::uint8_t* spread = bounds.spread.data();
    for (std::size_t left = counts.size() / 16; left > 0; --left) {
      std::uint8_t bad = 0;
      for (int i = 0; i < 16; ++i) {
        const auto over = static_cast<std::uint8_t>(count[i] - least[i]);
        bad = static_cast<std::uint8_t>(bad | (over > spread[i]));
      }
      if (bad != 0) [[unlikely]]
        return check_exactly(*bounds.type, node, context);
      count += 16;
      least += 16;
      spread += 16;
    }
  }

  /// Counts anew, without an end.
  static void check_exactly(const Type& type, const Node& node, Context& context) {
    std::vector<std::uint32_t> counts(type.elements().size(), 0);
    for (const Node& child : node.children()) {
      if (const Child found = type.child(child.name())) ++counts[found.element->order];
    }
    for (const Element& element : type.elements()) {
      const std::uint32_t count = counts[element.order];
      if (count < element.min || count > element.max) wrong(element, count, node, context);
    }
  }

  static void wrong(const Element& element, std::uint32_t count, const Node& node,
                    Context& context) {
    const std::string_view name = context.definitions().symbols().text(element.name);
    if (count < element.min) {
      context.error(kMinimum, "required", node, "needs at least " + std::to_string(element.min),
                    name);
    } else if (element.is_choice) {
      context.error(kMaximum, "structure", node, "may stand with one of its types only", name);
    } else if (!node.child(element.name)->is(tree::Flag::in_array)) {  // else said by structure
      context.error(kMaximum, "structure", node, "allows at most " + std::to_string(element.max),
                    name);
    }
  }

  std::deque<Bounds> bounds_;
};

}  // namespace

void register_cardinality(rules::Table& table) { table.add(std::make_unique<Cardinality>()); }

}  // namespace concord::validate
