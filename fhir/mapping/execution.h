#pragma once
/// Runs a Program. Internal to the room.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/program.h"
#include "fhir/path/context.h"
#include "fhir/tree/builder.h"

namespace concord::mapping::detail {

/// Frames of groups, given back in the order opposite to taking. Addresses stay.
class FrameStack {
 public:
  struct Mark {
    std::size_t chunk = 0, used = 0;
  };
  path::Collection* take(std::size_t slots) {
    if (chunks_.empty() || used_ + slots > chunks_[chunk_].size) next(slots);
    path::Collection* frame = chunks_[chunk_].slots.get() + used_;
    used_ += slots;
    for (std::size_t i = 0; i < slots; ++i) frame[i] = path::Collection();
    return frame;
  }
  Mark mark() const noexcept { return {chunk_, used_}; }
  void release(Mark mark) noexcept {
    chunk_ = mark.chunk;
    used_ = mark.used;
  }

 private:
  struct Chunk {
    std::unique_ptr<path::Collection[]> slots;
    std::size_t size = 0;
  };
  void next(std::size_t slots);
  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
};

/// One run. Every step gives false once `error_` is set.
class Execution final : public transforms::Host {
 public:
  Execution(const Program& program, tree::Document& target, const RunOptions& options,
            path::EvalContext& context);

  /// Calls a group; `arguments` as its parameters.
  bool start(const Instance& instance, std::span<const path::Collection> arguments);
  /// The type of a node by the release of its document; null for other values and untyped nodes.
  const definitions::Type* type_of(const path::Value& value) const;
  /// Puts the target in order; after a start that succeeded.
  void finish();
  Error take_error() { return std::move(error_); }
  RunReport report() const noexcept { return {steps_, writes_}; }
  /// Where expressions note what they look at.
  tree::NodeSet* reads_of_expressions() noexcept {
    return follow_ != nullptr ? &looked_at_ : options_.reads;
  }

  // transforms::Host
  path::EvalContext& evaluation() override { return context_; }
  std::optional<std::string> uuid() override;
  tree::Builder& builder() override { return builder_; }
  bool is_target(const path::Value& value) const override {
    return value.is_node() && &value.document() == &target_;
  }
  bool put(tree::Node& parent, std::string_view name, std::string_view text) override;
  tree::Node* make(tree::Node& parent, std::string_view name) override;

  /// Gives a new root or element its type and what comes with it.
  bool dress(tree::Node& node, const definitions::Type& type, const Template* fixed);

 private:
  using Frame = path::Collection*;

  // run.cpp: groups, blocks, rules
  bool call(const Instance& instance, std::span<const path::Collection> arguments);
  bool call(const CallOp& op, Frame frame);
  bool block(const Block& block, Frame frame);
  bool rule(const RuleOp& op, Frame frame);
  bool body(const RuleOp& op, Frame frame);
  bool followed_body(const RuleOp& op, Frame frame);
  bool cases(const RuleOp& op, Frame frame);
  bool step() {
    if (++steps_ <= options_.max_steps) [[likely]]
      return true;
    return too_costly();
  }
  bool too_costly();

  // run_sources.cpp
  bool sources(const RuleOp& op, std::size_t index, Frame frame);
  bool collect(const SourceOp& op, Frame frame);
  bool keep_those(const SourceOp& op, std::size_t from, Frame frame);
  bool count(const SourceOp& op, std::size_t from, Frame frame);
  bool check(const SourceOp& op, std::size_t from, Frame frame);
  void pick(const SourceOp& op, std::size_t from);
  bool is_of(const TypeTest& test, const path::Value& value) const;
  enum class Alone : std::uint8_t { done, stopped, open };
  Alone alone(const RuleOp& op, std::size_t index, Frame frame);
  void reading(const SourceOp& op, const path::Value& value) {
    if (!reads_ || !value.is_node()) return;
    if (op.whole) {
      read_all(value.node());
    } else if (op.leaf) {
      read(value.node());
    }
  }
  /// Only when `reads_`.
  void read(const tree::Node& node) {
    if (options_.reads != nullptr) options_.reads->insert(node);
    if (follow_ != nullptr) [[unlikely]]
      follow_->read(info_ == nullptr ? 0 : info_->id, node);
  }
  void follow_reads();
  void read_all(const tree::Node& node);
  void read_text(const path::Value& value) {
    if (reads_ && value.is_node()) read(value.node());
  }

  // run_values.cpp
  bool evaluate(const Expr& expr, Frame frame, const path::Collection& focus,
                path::Collection& result);
  bool holds(const Expr& expr, Frame frame, const path::Collection& focus, bool& result);
  void bind(const Expr& expr, Frame frame);
  bool value(const ValueOp& op, Frame frame, path::Collection& result);
  std::optional<std::string_view> text(const path::Value& value);

  // run_targets.cpp
  bool target(const TargetOp& op, Frame frame);
  bool subtree(const RuleOp& op, const Subtree& part, Frame frame);
  bool make(const TargetOp& op, Frame frame);
  bool write(const TargetOp& op, Frame frame);
  bool fill(const TargetOp& op, Frame frame);
  bool write_value(const TargetOp& op, tree::Node& context, const path::Value& value,
                   tree::Node*& made);
  bool write_text(const Destination& into, Fit fits, tree::Node& context, const path::Value& value,
                  tree::Node*& made);
  bool write_copy(const Destination& into, tree::Node& context, const path::Value& value,
                  tree::Node*& made);
  bool write_quantity(const Destination& into, tree::Node& context, const path::Value& value,
                      tree::Node*& made);
  bool write_self(const TargetOp& op, tree::Node& context, const path::Value& value);
  bool choose(const Destination& into, const path::Value& value, Destination& chosen) const;
  bool text_for(const Destination& into, Fit fits, const path::Value& value,
                std::optional<std::string_view>& text);
  bool occupied(const Destination& into, const path::Value& value);
  tree::Node* element(const Destination& into, tree::Node& context);
  tree::Node* existing(const Destination& into, const tree::Node& context) const;
  void place(const definitions::Type& owner, tree::Node& parent, const tree::Node* last,
             tree::Symbol name, std::uint16_t order);
  bool instantiate(tree::Node& node, const Template& fixed);
  void trace(const path::Value* source, const tree::Node& target);
  void skipped(Skip why) {
    if (follow_ != nullptr) [[unlikely]]
      follow_->skipped(info_->id, why);
  }
  void came_to_nothing(Skip why) {
    if (follow_ != nullptr) [[unlikely]]
      follow_->came_to_nothing(info_->id, why, part_);
  }
  void prune();
  bool is_foreign(const path::Value& value) const {
    return value.is_node() && &release_of(value.document()) != target_release_;
  }
  const definitions::Definitions& release_of(const tree::Document& document) const;
  bool adopt(tree::Node& copy, const definitions::Type& type, const path::Value& from);

  // errors
  bool refuse(std::string_view code, std::string text, const path::Value* at,
              std::string_view element = {});
  bool fail(ErrorCode code, std::string text);
  bool fail(Error error);
  const path::Value* current() const noexcept { return item_; }

  const Program& program_;
  const definitions::Definitions* target_release_;
  /// Sources of another release than the program's own definitions.
  std::vector<std::pair<const tree::Document*, const definitions::Definitions*>> foreign_;
  tree::Document& target_;
  const RunOptions& options_;
  path::EvalContext& context_;
  TraceSink* const follow_;            ///< the sink, if it wants the steps between writes
  const bool reads_;                   ///< somebody wants to know what is read
  tree::NodeSet looked_at_;            ///< by one expression, for `follow_`
  Skip nothing_ = Skip::source_empty;  ///< why a source has no items, for `follow_`
  std::uint32_t part_ = 0;             ///< target or call being done, for `follow_`
  tree::Builder builder_;
  FrameStack frames_;
  std::vector<path::Collection> parameters_;
  std::vector<path::Collection> lets_;
  std::vector<path::Value> items_;  ///< of the sources being run over, as a stack
  std::vector<tree::Node*> unsorted_;
  std::vector<tree::Node*> put_;       ///< of the image put last
  const RuleInfo* info_ = nullptr;     ///< of the rule being run
  const path::Value* item_ = nullptr;  ///< of its first source
  std::uint64_t steps_ = 0;
  std::uint64_t writes_ = 0;
  std::size_t depth_ = 0;
  bool made_fhir_ = false;  ///< there may be empty elements to take away
  Error error_;
};

}  // namespace concord::mapping::detail
