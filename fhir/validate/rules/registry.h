#pragma once
/// The rules of this folder, each added by its register_<file>(). Used once, at load.

#include <memory>
#include <vector>

#include "fhir/validate/rule.h"

namespace concord::validate::rules {

class Table {
 public:
  void add(std::unique_ptr<Rule> rule) { rules_.push_back(std::move(rule)); }
  std::vector<std::unique_ptr<Rule>> take() { return std::move(rules_); }

 private:
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace concord::validate::rules

namespace concord::validate {

/// Generated from the files of this folder.
void register_rules(rules::Table& table);

}  // namespace concord::validate
