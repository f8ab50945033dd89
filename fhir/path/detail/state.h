#pragma once
/// The moving parts of an evaluation, behind EvalContext.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/path/context.h"
#include "fhir/path/detail/program.h"
#include "fhir/path/detail/scratch.h"

namespace concord::path {

namespace detail {

/// What the names $this and $index mean.
struct Frame {
  Collection focus;
  std::size_t index = 0;
};

/// Which System type the values of each FHIR type have, by symbol: one look per value.
class ValueTags {
 public:
  static constexpr std::uint8_t kNone = 0xFF;  ///< not known, or a complex type

  void build(const definitions::Definitions* definitions);
  std::uint8_t of(tree::Symbol type) const noexcept {
    return tree::number(type) < tags_.size() ? tags_[tree::number(type)] : kNone;
  }
  const definitions::Definitions* built_for() const noexcept { return built_for_; }

 private:
  const definitions::Definitions* built_for_ = nullptr;
  std::vector<std::uint8_t> tags_;
};

/// The resources of one Bundle by what a reference may call them: their fullUrl.
struct ResourceIndex {
  struct Entry {
    std::string_view url;
    const tree::Node* resource = nullptr;
  };
  bool built = false;
  std::uint32_t looks = 0;
  std::vector<Entry> entries;  ///< in the order of the Bundle
  /// The same, first come first served; made of large Bundles at the second dozen of look-ups.
  std::unordered_map<std::string_view, const tree::Node*> by_url;
};

}  // namespace detail

class EvalContext::State {
 public:
  explicit State(EvalLimits bounds)
      : limits(bounds), scratch(bounds.max_bytes), steps_left(bounds.max_steps) {}

  [[gnu::always_inline]] bool spend(std::uint64_t steps, const Hooks& host) {
    if (error) return false;
    if (steps > steps_left) {
      steps_left = 0;
      error = make_error(ErrorCode::too_costly, "the expression takes too many steps");
      return false;
    }
    steps_left -= steps;
    if (steps_left >= next_poll) return true;
    return poll(host);
  }
  [[gnu::always_inline]] bool poll(const Hooks& host) {
    next_poll = steps_left > kPollEvery ? steps_left - kPollEvery : 0;
    return !host.expired || !host.expired() || out_of_time();
  }
  bool out_of_time() {
    error = make_error(ErrorCode::timeout, "the time for the expression is over");
    return false;
  }
  bool out_of_memory() {
    if (!error) error = make_error(ErrorCode::too_costly, "the expression takes too much memory");
    return false;
  }

  /// One Bundle is the rule, and so looked at first.
  detail::ResourceIndex& index_of(const tree::Node* bundle) {
    for (auto& [owner, known] : indexes) {
      if (owner == bundle) return known;
    }
    constexpr std::size_t kMost = 8;  // a Bundle of Bundles starts again now and then
    if (indexes.size() < kMost) {
      return indexes.emplace_back(bundle, detail::ResourceIndex{}).second;
    }
    auto& oldest = indexes[next_index++ % kMost];
    oldest = {bundle, detail::ResourceIndex{}};
    return oldest.second;
  }

  static constexpr std::uint64_t kPollEvery = 4096;

  EvalLimits limits;
  detail::Scratch scratch;
  std::uint64_t steps_left;
  std::uint64_t next_poll = 0;
  std::optional<Error> error;
  const detail::Program* program = nullptr;  ///< the running one
  // Of the last one that ran, for what is asked about its results.
  const definitions::Definitions* definitions = nullptr;
  detail::WellKnown names;
  detail::ValueTags tags;
  Collection context;  ///< %context
  Collection total;
  std::size_t index = 0;  ///< $index where the running function was called
  std::vector<Collection> bound;
  std::vector<Collection> locals;
  std::vector<std::pair<const tree::Node*, detail::ResourceIndex>> indexes;  ///< by Bundle
  std::size_t next_index = 0;
};

}  // namespace concord::path
