#pragma once
/// What a Bundle says and the message does not. Immutable once read; safe from any thread.

#include <memory>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/tree/node_set.h"

namespace concord::eps {

/// The list of elements EPS has no place for (tables/not_carried.txt says how to read it).
class LossTable {
 public:
  /// Errors: internal, naming the line.
  static Result<LossTable> read(std::string_view text, definitions::Definitions& definitions);

  LossTable(LossTable&&) noexcept;
  LossTable& operator=(LossTable&&) noexcept;
  ~LossTable();

  /// Goes through what `reads` does not hold: the topmost element of each unread part. Expected and
  /// unexpected losses come as warnings in document order, with FHIRPath and position.
  /// Errors: unsupported (an unread element that changes the meaning of what is read: modifier
  /// elements and extensions, and what the table refuses), one issue each.
  Result<std::vector<Issue>> judge(const tree::Document& bundle, const tree::NodeSet& reads) const;

 private:
  struct Rows;
  explicit LossTable(std::unique_ptr<const Rows> rows);
  std::unique_ptr<const Rows> rows_;
};

}  // namespace concord::eps
