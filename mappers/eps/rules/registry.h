#pragma once
/// The rules of this room: each rules/X.cpp defines register_X(), found at configure time. A file
/// holds the rules of one group of messages. All are pure.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "mappers/eps/rules/detail/message.h"
#include "mappers/eps/rules/rules.h"

namespace concord::eps {

namespace rules {

/// Rules of the national profile validator, which runs before the rules of the service: when one of
/// them is broken, nothing else is asked.
enum class Stage : std::uint8_t { profile, service };

/// One rule. `text` is said of the rule in documentation; what a finding says is in its handler.
struct Row {
  std::string_view id;  ///< "order.status"
  std::uint16_t kinds;  ///< the messages it looks at: Kind values, or-ed
  Stage stage;
  Asking from;  ///< Asking::endpoint: not asked by a mere translation
  std::string_view text;
  void (*check)(const Message& message, Findings& findings);
};

class Table {
 public:
  /// `rows` must be static.
  void add(std::span<const Row> rows) { rows_.insert(rows_.end(), rows.begin(), rows.end()); }
  std::span<const Row> rows() const noexcept { return rows_; }

 private:
  std::vector<Row> rows_;
};

}  // namespace rules

/// Adds every rule. Generated from the folder.
void register_rules(rules::Table& table);

}  // namespace concord::eps
