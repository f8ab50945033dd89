#include "fhir/validate/detail/plans.h"

#include "fhir/definitions/r4_generated.h"
#include "fhir/path/context.h"
#include "fhir/validate/detail/plan_compiler.h"

namespace concord::validate::detail {

namespace {
constexpr std::size_t kMostPooled = 64;
}

std::optional<snapshot::Profile> find_definition(const Parts& parts, std::string_view canonical,
                                                 const packages::Entry* asked_from,
                                                 std::string* why) {
  if (parts.profiles != nullptr) {
    auto found = parts.profiles->find(canonical, asked_from);
    if (found) return *std::move(found);
    const Error& error = found.error();
    if (why != nullptr && error.code != ErrorCode::not_found) {
      *why = error.issues.empty() ? "it has no snapshot" : error.issues.front().text;
    }
    return std::nullopt;
  }
  const auto* core = parts.definitions->structure(canonical.substr(0, canonical.find('|')));
  if (core == nullptr || !core->has_snapshot()) return std::nullopt;
  return snapshot::Profile{core, &parts.definitions->pack(), nullptr, {}};
}

Plans::Plans(const Parts& parts) : parts_(parts), invariants_(*parts.definitions) {}
Plans::~Plans() = default;

const ProfilePlan* Plans::find(std::string_view canonical, const packages::Entry* asked_from,
                               std::string* why) const {
  Key key{std::string(canonical), asked_from};
  {
    const std::shared_lock lock(reading_);
    if (const auto at = by_name_.find(key); at != by_name_.end()) return at->second;
  }
  const auto found = find_definition(parts_, canonical, asked_from, why);
  if (!found) return nullptr;
  const std::lock_guard compiling(compiling_);
  const ProfilePlan* made = PlanCompiler(*this).plan(*found);
  if (made == nullptr || made->root == nullptr) return nullptr;
  const std::unique_lock lock(reading_);
  by_name_.emplace(std::move(key), made);
  return made;
}

std::unique_ptr<path::EvalContext> Plans::borrow() const {
  {
    const std::lock_guard lock(pool_lock_);
    if (!pool_.empty()) {
      auto context = std::move(pool_.back());
      pool_.pop_back();
      return context;
    }
  }
  return std::make_unique<path::EvalContext>();
}

void Plans::give_back(std::unique_ptr<path::EvalContext> context) const {
  context->reset();
  context->hooks = {};
  const std::lock_guard lock(pool_lock_);
  if (pool_.size() < kMostPooled) pool_.push_back(std::move(context));
}

}  // namespace concord::validate::detail
