#include "mappers/eps/rules/rules.h"

#include <utility>

#include "mappers/eps/rules/registry.h"

namespace concord::eps {

struct Rules::Parts {
  rules::Names names;
  rules::Table table;
};

Rules::Rules(tree::Symbols& symbols) {
  auto parts = std::make_unique<Parts>(Parts{rules::Names(symbols), {}});
  register_rules(parts->table);
  parts_ = std::move(parts);
}

Rules::~Rules() = default;
Rules::Rules(Rules&&) noexcept = default;
Rules& Rules::operator=(Rules&&) noexcept = default;

Result<void> Rules::check(const tree::Document& document, Asking asking,
                          tree::NodeSet* reads) const {
  rules::Message message(document, parts_->names);
  message.reads = reads;
  rules::Findings findings;
  for (const rules::Stage stage : {rules::Stage::profile, rules::Stage::service}) {
    for (const rules::Row& row : parts_->table.rows()) {
      if (row.stage != stage) continue;
      if (row.from == Asking::endpoint && asking == Asking::translation) continue;
      if ((row.kinds & message.kind) != 0 || row.kinds == rules::kAnyKind) {
        row.check(message, findings);
      }
    }
    if (!findings.empty()) break;
  }
  if (findings.empty()) return {};
  Error error;
  error.code = ErrorCode::invalid;
  error.issues = findings.take();
  return error;
}

std::string Rules::describe() const {
  constexpr std::pair<rules::Kind, std::string_view> kWords[] = {
      {rules::kOrder, "order"},      {rules::kCancel, "cancel"},   {rules::kDispense, "dispense"},
      {rules::kClaim, "claim"},      {rules::kRelease, "release"}, {rules::kReturn, "return"},
      {rules::kWithdraw, "withdraw"}};
  std::string text;
  for (const rules::Row& row : parts_->table.rows()) {
    text += row.id;
    text += '\t';
    bool first = true;
    for (const auto& [kind, word] : kWords) {
      if ((row.kinds & kind) == 0) continue;
      if (!std::exchange(first, false)) text += ' ';
      text += word;
    }
    text += '\t';
    text += row.from == Asking::endpoint ? "endpoints only\t" : "always\t";
    text += row.text;
    text += '\n';
  }
  return text;
}

}  // namespace concord::eps
