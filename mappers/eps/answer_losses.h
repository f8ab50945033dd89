#pragma once
/// What a message of Spine says and its FHIR form does not. Immutable once read; safe from any
/// thread.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/tree/node_set.h"

namespace concord::eps {

/// The list of elements FHIR has no place for (tables/not_read.txt says how to read it).
class AnswerLosses {
 public:
  /// Errors: internal, naming the line.
  static Result<AnswerLosses> read(std::string_view text,
                                   const definitions::Definitions& definitions);

  /// The topmost elements at or below `from` of which nothing was read, in document order: those of
  /// the table "not-carried", the others "not-carried-unexpected", but for those that say nothing
  /// but what their model fixes. Warnings with element and
  /// position.
  std::vector<Issue> judge(const tree::Document& message, const tree::Node& from,
                           const tree::NodeSet& reads) const;

 private:
  struct Row {
    bool implied = false;
    std::string reason;
  };
  const Row* find(const tree::Document& message, const tree::Node& node) const;

  const definitions::Definitions* definitions_ = nullptr;
  /// By name of the model's type ("" for any) and of the element.
  std::map<std::pair<std::string, std::string>, Row, std::less<>> rows_;
};

}  // namespace concord::eps
