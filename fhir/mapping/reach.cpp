#include "fhir/mapping/reach.h"

#include <algorithm>

#include "fhir/mapping/map_set.h"
#include "fhir/mapping/program.h"

namespace concord::mapping {
namespace detail {
namespace {

/// Where the value of a slot stands in the target.
struct Spot {
  bool known = false;
  std::string path;
  std::string in_resource;
};

class Walk {
 public:
  Walk(const Program& program, const ReachLimits& limits) : program_(program), limits_(limits) {}

  std::vector<PossibleWrite> from(const Instance& entry) {
    const definitions::Type& type = *entry.shapes.back().type;
    Spot root{true, std::string(type.label()), {}};
    if (type.is_resource()) root.in_resource = root.path;
    std::vector<Spot> arguments(entry.shapes.size());
    arguments.back() = root;
    if (entry.root_template != nullptr) fixed(*entry.root_template, root, 0);
    call(entry, arguments);
    return std::move(found_);
  }

 private:
  using Frame = std::vector<Spot>;

  void call(const Instance& group, const std::vector<Spot>& arguments) {
    if (open_.size() >= limits_.max_depth || found_.size() >= limits_.max_writes) return;
    if (std::find(open_.begin(), open_.end(), &group) != open_.end()) return;
    open_.push_back(&group);
    Frame frame(std::max<std::size_t>(group.slots, arguments.size()));
    std::copy(arguments.begin(), arguments.end(), frame.begin());
    if (group.base.group != nullptr) call(*group.base.group, arguments);
    block(group.body, frame);
    open_.pop_back();
  }

  void block(const Block& block, Frame& frame) {
    for (const RuleOp& rule : block.rules) {
      if (found_.size() >= limits_.max_writes) return;
      chain_.push_back(rule.info->id);
      for (const SourceOp& source : rule.sources) frame[source.variable] = {};
      for (std::size_t i = 0; i < rule.targets.size(); ++i) {
        target(rule.targets[i], static_cast<std::uint32_t>(i), frame);
      }
      for (const Case& one : rule.cases) {
        target(one.target, 0, frame);
        if (one.group == nullptr || one.target.variable == kNoSlot) continue;
        call(*one.group, {Spot{}, frame[one.target.variable]});
      }
      for (const CallOp& one : rule.calls) {
        std::vector<Spot> arguments;
        for (const ValueOp& argument : one.arguments) arguments.push_back(spot_of(argument, frame));
        call(*one.group, arguments);
      }
      if (rule.nested != nullptr) this->block(*rule.nested, frame);
      chain_.pop_back();
    }
  }

  static Spot spot_of(const ValueOp& value, const Frame& frame) {
    return value.kind == ValueOp::Kind::slot ? frame[value.slot] : Spot{};
  }

  void target(const TargetOp& op, std::uint32_t part, Frame& frame) {
    Spot spot;
    switch (op.kind) {
      case TargetOp::Kind::bind:
        spot = spot_of(op.value, frame);
        break;
      case TargetOp::Kind::alone:
        break;  // attached to nothing until it is copied
      case TargetOp::Kind::self:
        spot = frame[op.into.context];
        add(spot, part, false, false);
        break;
      case TargetOp::Kind::make:
      case TargetOp::Kind::write:
      case TargetOp::Kind::fill: {
        const Spot& context = frame[op.into.context];
        if (!context.known) break;
        spot = op.into.on_parent || op.into.element == nullptr ? context : below(context, op.into);
        const bool copied = op.kind != TargetOp::Kind::make &&
                            (op.into.type == nullptr || !op.into.type->is_primitive());
        add(spot, part, copied, false);
        if (op.into.fixed != nullptr) fixed(*op.into.fixed, spot, part);
        break;
      }
    }
    if (op.variable != kNoSlot) frame[op.variable] = std::move(spot);
  }

  Spot below(const Spot& context, const Destination& into) const {
    std::string name(program_.definitions->symbols().text(into.name));
    if (into.name == tree::Symbol::kNone) {  // a choice that only the value decides
      name = std::string(program_.definitions->symbols().text(into.element->name)) + "[x]";
    }
    Spot spot = step(context, name);
    if (into.type != nullptr && into.type->is_resource()) spot.in_resource = into.type->label();
    return spot;
  }

  static Spot step(const Spot& context, std::string_view name) {
    Spot spot = context;
    spot.path += '.';
    spot.path += name;
    if (!spot.in_resource.empty()) {
      spot.in_resource += '.';
      spot.in_resource += name;
    }
    return spot;
  }

  /// What comes with an element.
  void fixed(const Template& items, const Spot& with, std::uint32_t part) {
    std::vector<Spot> made;
    for (const Template::Item& item : items.items) {
      const Spot& parent = item.parent == 0 ? with : made[item.parent - 1];
      if (item.on_parent) {
        made.push_back(parent);
        continue;
      }
      made.push_back(step(parent, program_.definitions->symbols().text(item.name)));
      add(made.back(), part, false, true);
    }
  }

  void add(const Spot& spot, std::uint32_t part, bool whole, bool fixed) {
    if (!spot.known || found_.size() >= limits_.max_writes) return;
    found_.push_back({spot.path, spot.in_resource, chain_, part, whole, fixed});
  }

  const Program& program_;
  const ReachLimits& limits_;
  std::vector<const Instance*> open_;
  std::vector<std::uint32_t> chain_;
  std::vector<PossibleWrite> found_;
};

}  // namespace

}  // namespace detail

std::vector<PossibleWrite> MapSet::possible_writes(const Entry& entry,
                                                   const ReachLimits& limits) const {
  if (!entry) return {};
  return detail::Walk(*program_, limits).from(*entry.instance_);
}

}  // namespace concord::mapping
