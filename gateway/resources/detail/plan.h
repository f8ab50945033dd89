#pragma once
/// Changes before they are stored: each interaction looks at what is there and adds what should
/// become of it; the store then takes all of them or, when something moved in between, none, and
/// the plan is made anew.

#include <string>
#include <string_view>
#include <utility>

#include "gateway/resources/detail/room.h"

namespace concord::resources::detail {

/// One attempt. One thread.
struct Plan {
  Plan(const Room& of, const Caller& by) : room(of), caller(by), now(of.parts.clock()) {}
  const Room& room;
  const Caller& caller;
  const Instant now;
  store::ResourceChanges changes;
};

/// Errors: timeout (the caller's deadline passed).
Result<void> in_time(const Room& room, const Caller& caller);
inline Result<void> in_time(const Plan& plan) { return in_time(plan.room, plan.caller); }

/// What criteria find: at most `limit` rows, in any order.
struct Matches {
  search::Condition where;
  std::vector<store::ResourceRow> rows;
  /// That it is so still when the change is stored.
  store::Guard guard(std::string_view type) const;
};
/// Errors: `none` (no criteria at all: malformed for a create, precondition elsewhere), malformed
/// (criteria that cannot be understood), too_costly.
Result<Matches> matches(const Room& room, const Caller& caller, std::string_view type,
                        std::string_view query, search::Handling handling, ErrorCode none,
                        std::size_t limit = 2);

/// As ResourceService::read() and vread().
Result<Done> read_now(const Room& room, std::string_view type, std::string_view id);
Result<Done> read_then(const Room& room, std::string_view type, std::string_view id,
                       std::string_view version);

/// Makes a version the target of a Provenance, in place of any it names. Errors: too_long.
Result<void> set_target(const Room& room, tree::Document& provenance,
                        const store::ResourceRow& row);

/// A new resource under a new id, or the one that `if_none_exist` finds.
Result<Done> plan_create(Plan& plan, std::string_view type, std::string_view id,
                         tree::Document& body, const Conditions& conditions);
Result<Done> plan_update(Plan& plan, std::string_view type, std::string_view id,
                         tree::Document& body, const Conditions& conditions);
/// `named` is the id the body came with, or empty: an attempt before may have written another into
/// it. `new_id` is taken when nothing is found and none was named.
Result<Done> plan_update_where(Plan& plan, std::string_view type, std::string_view query,
                               std::string_view named, std::string_view new_id,
                               tree::Document& body, const Conditions& conditions);
Result<Done> plan_patch(Plan& plan, std::string_view type, std::string_view id, const Patch& patch,
                        const Conditions& conditions);
Result<Done> plan_patch_where(Plan& plan, std::string_view type, std::string_view query,
                              const Patch& patch, const Conditions& conditions);
Result<Done> plan_remove(Plan& plan, std::string_view type, std::string_view id,
                         const Conditions& conditions);
Result<std::vector<Done>> plan_remove_where(Plan& plan, std::string_view type,
                                            std::string_view query, const Conditions& conditions);

/// Stores what was planned. True: done. False: something moved, plan anew.
Result<bool> commit(Plan& plan);

/// Plans and stores, several times over when others change the same things at the same time.
/// `make(Plan&)` gives a Result. Errors: those of `make` and of the store; conflict (too many
/// others).
template <typename Make>
auto carry_out(const Room& room, const Caller& caller, Make&& make)
    -> decltype(make(std::declval<Plan&>())) {
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Plan plan(room, caller);
    auto made = make(plan);
    if (!made) return made;
    CONCORD_ASSIGN(const bool stored, commit(plan));
    if (stored) return made;
  }
  return make_error(ErrorCode::conflict, "others change the same resources at the same time");
}

}  // namespace concord::resources::detail
