#include "gateway/resources/detail/plan.h"

#include <algorithm>
#include <array>

#include "fhir/core/digest.h"
#include "fhir/definitions/annotate.h"
#include "fhir/patch/patch.h"
#include "fhir/tree/prune.h"
#include "gateway/resources/detail/body.h"
#include "gateway/resources/detail/query.h"

namespace concord::resources::detail {

using store::Change;
using store::ResourceRow;
using tree::Document;

namespace {

Error gone() { return make_error(ErrorCode::gone, "the resource was deleted"); }
Error absent() { return make_error(ErrorCode::not_found, "there is no such resource"); }
Error no_such_version() {
  return make_error(ErrorCode::precondition, "the resource is not at the version of If-Match");
}
Error several() {
  return make_error(ErrorCode::precondition, "the criteria find more than one resource");
}

bool is_there(const std::optional<ResourceRow>& row) {
  return row && row->change != Change::deleted;
}

audit::Event event_of(Change change) {
  switch (change) {
    case Change::created:
      return audit::Event::resource_created;
    case Change::deleted:
      return audit::Event::resource_deleted;
    case Change::updated:
    case Change::patched:
      break;
  }
  return audit::Event::resource_updated;
}

/// Only an exchange changes its Task.
Result<void> may_change(const Plan& plan, std::string_view type, std::string_view id) {
  if (type != "Task" || !plan.room.parts.of_exchange) return {};
  CONCORD_ASSIGN(const bool owned, plan.room.parts.of_exchange(id));
  if (!owned) return {};
  return make_error(ErrorCode::forbidden,
                    "this Task says where a message stands; only its exchange changes it");
}

/// Adds a version to the plan with its record, and lets the observer see it.
Result<Done> add(Plan& plan, Done::What what, Change change, std::string_view type,
                 std::string_view id, const std::optional<ResourceRow>& before, std::string body,
                 search::IndexValues index, const Document* after, std::vector<Issue> issues) {
  Done done;
  done.what = what;
  done.issues = std::move(issues);
  done.row.row = before ? before->row : 0;
  done.row.type = type;
  done.row.id = id;
  done.row.version = before ? before->version + 1 : 1;
  done.row.updated_at = plan.now;
  done.row.change = change;
  done.row.body = body;

  audit::Record record;
  record.event = event_of(change);
  record.at = plan.now;
  record.actor =
      plan.caller.organisation.empty() ? plan.room.settings.node : plan.caller.organisation;
  if (!body.empty()) record.digest = to_hex(sha256(body));
  record.detail = name_of(type, id) + '/' + std::to_string(done.row.version);
  plan.changes.audit.push_back(std::move(record));

  store::ResourceWrite write;
  write.change = change;
  write.type = done.row.type;
  write.id = done.row.id;
  write.expected_version = done.row.version - 1;
  write.updated_at = plan.now;
  write.body = std::move(body);
  write.index = std::move(index);
  if (plan.room.parts.observer != nullptr) {
    const bool had = is_there(before);
    CONCORD_TRY(
        plan.room.parts.observer->changing(had ? &*before : nullptr, after, write, plan.changes));
  }
  plan.changes.writes.push_back(std::move(write));
  return done;
}

/// Checks and adds a body that takes the place of `before`. The body is annotated.
Result<Done> put(Plan& plan, Done::What what, Change change, std::string_view type,
                 std::string_view id, const std::optional<ResourceRow>& before, Document& body) {
  const Room& room = plan.room;
  const std::int64_t version = before ? before->version + 1 : 1;
  if (is_there(before)) {
    // The same content keeps its version.
    CONCORD_TRY(stamp(room, body, {id, before->version, before->updated_at}));
    CONCORD_ASSIGN(const std::string same, write_body(room, body));
    if (same == before->body) return Done{Done::What::unchanged, *before, {}};
  }
  CONCORD_TRY(stamp(room, body, {id, version, plan.now}));
  CONCORD_ASSIGN(std::vector<Issue> issues, check(room, type, body));
  CONCORD_ASSIGN(search::IndexValues index, room.parts.parameters->extract(body, body.root()));
  CONCORD_ASSIGN(std::string text, write_body(room, body));
  return add(plan, what, change, type, id, before, std::move(text), std::move(index), &body,
             std::move(issues));
}

/// The resource a patch or delete is about. Errors: not_found, gone, precondition.
Result<ResourceRow> present(const Plan& plan, std::string_view type, std::string_view id,
                            const Conditions& conditions) {
  CONCORD_TRY(plan.room.known(type));
  CONCORD_ASSIGN(std::optional<ResourceRow> row, plan.room.parts.store->read(type, id));
  if (!row) return absent();
  if (row->change == Change::deleted) return gone();
  if (conditions.if_match && *conditions.if_match != row->version) return no_such_version();
  return *std::move(row);
}

/// What the server alone writes; a patch that touches it is refused.
struct Fixed {
  std::string type, id, version, updated;
  friend bool operator==(const Fixed&, const Fixed&) = default;
};
Fixed fixed_of(const Room& room, const Document& body) {
  Fixed fixed;
  fixed.type = body.text(body.root().type());
  fixed.id = Room::text_of(body.root(), room.names.id);
  if (const tree::Node* meta = body.root().child(room.names.meta); meta != nullptr) {
    fixed.version = Room::text_of(*meta, room.names.version_id);
    fixed.updated = Room::text_of(*meta, room.names.last_updated);
  }
  return fixed;
}

/// The store measures the time by another clock.
constexpr std::chrono::milliseconds kNearDeadline{50};

}  // namespace

Result<void> in_time(const Room& room, const Caller& caller) {
  if (caller.deadline == Instant{} || room.parts.clock() <= caller.deadline) return {};
  return make_error(ErrorCode::timeout, "the deadline of the request passed");
}

store::Guard Matches::guard(std::string_view type) const {
  store::Guard guard;
  guard.type = type;
  guard.where = where;
  for (const ResourceRow& row : rows) {
    if (guard.ids.size() < 2) guard.ids.push_back(row.id);
  }
  return guard;
}

Result<Matches> matches(const Room& room, const Caller& caller, std::string_view type,
                        std::string_view query, search::Handling handling, ErrorCode none,
                        std::size_t limit) {
  CONCORD_TRY(room.known(type));
  CONCORD_ASSIGN(search::QueryParameters parameters, read_query(query));
  // What shapes an answer chooses nothing.
  std::erase_if(parameters, [](const auto& parameter) {
    constexpr std::array<std::string_view, 10> kShape{
        "_format", "_pretty", "_summary", "_elements",   "_count",
        "_total",  "_sort",   "_include", "_revinclude", "_cursor"};
    return std::find(kShape.begin(), kShape.end(), parameter.first) != kShape.end();
  });
  if (parameters.empty()) return make_error(none, "the criteria are empty");
  search::Parameters::Reading reading;
  reading.value_set = room.parts.value_set;
  reading.handling = handling;
  reading.limits = room.settings.query;
  reading.base_url = room.settings.base_url;
  reading.now = room.parts.clock();
  auto query_read = room.parts.parameters->parse(type, parameters, reading);
  if (!query_read) return of_query(std::move(query_read).error());
  Matches found;
  found.where = std::move(query_read->where.front());
  if (query_read->used.empty()) {  // lenient, and nothing was understood
    return make_error(none, "no parameter of the criteria is known");
  }
  store::ResourceSearch search;
  search.parts.push_back({std::string(type), found.where, {}});
  search.limit = limit;
  search.deadline = caller.deadline;
  auto page = room.parts.store->search(search);
  if (!page) {
    // A store that did not answer until time was over is not the fault of the criteria: whoever is
    // told so may come again.
    const bool late =
        caller.deadline != Instant{} && room.parts.clock() + kNearDeadline >= caller.deadline;
    if (late && page.error().code == ErrorCode::too_costly) {
      return make_error(ErrorCode::timeout, "the criteria were not looked up in time");
    }
    return std::move(page).error();
  }
  found.rows = std::move(page->rows);
  return found;
}

Result<Done> read_now(const Room& room, std::string_view type, std::string_view id) {
  CONCORD_TRY(room.known(type));
  CONCORD_ASSIGN(std::optional<ResourceRow> row, room.parts.store->read(type, id));
  if (!row) return absent();
  if (row->change == Change::deleted) return gone();
  return Done{Done::What::read, *std::move(row), {}};
}

Result<Done> read_then(const Room& room, std::string_view type, std::string_view id,
                       std::string_view version) {
  CONCORD_TRY(room.known(type));
  const std::optional<std::int64_t> number = version_in(version);
  if (!number) return make_error(ErrorCode::not_found, "there is no such version");
  CONCORD_ASSIGN(std::optional<ResourceRow> row, room.parts.store->read_version(type, id, *number));
  if (!row) return make_error(ErrorCode::not_found, "there is no such version");
  if (row->change == Change::deleted) return gone();
  return Done{Done::What::read, *std::move(row), {}};
}

Result<void> set_target(const Room& room, Document& provenance, const ResourceRow& row) {
  tree::Builder builder(provenance);
  CONCORD_TRY(annotate(room, "Provenance", provenance));
  tree::keep_children(builder, builder.root(),
                      [&](tree::Node& node) { return node.name() != room.names.target; });
  tree::Node* target = builder.append(builder.root(), room.names.target);
  tree::Node* reference = target == nullptr
                              ? nullptr
                              : builder.append(*target, room.names.reference, tree::Kind::string);
  if (reference == nullptr) {
    return make_error(ErrorCode::too_long, "the resource has too many elements");
  }
  builder.set_flag(*target, tree::Flag::in_array);
  builder.set_type(*target, room.names.reference_type);
  builder.set_copy(*reference,
                   name_of(row.type, row.id) + "/_history/" + std::to_string(row.version));
  definitions::annotate(builder, *room.parts.definitions);
  return {};
}

Result<Done> plan_create(Plan& plan, std::string_view type, std::string_view id, Document& body,
                         const Conditions& conditions) {
  CONCORD_TRY(plan.room.known(type));
  CONCORD_TRY(annotate(plan.room, type, body));
  if (conditions.if_none_exist) {
    CONCORD_ASSIGN(Matches found, matches(plan.room, plan.caller, type, *conditions.if_none_exist,
                                          conditions.handling, ErrorCode::malformed));
    if (found.rows.size() > 1) return several();
    if (found.rows.size() == 1) return Done{Done::What::found, std::move(found.rows[0]), {}};
    plan.changes.guards.push_back(found.guard(type));
  }
  return put(plan, Done::What::created, Change::created, type, id, std::nullopt, body);
}

Result<Done> plan_update(Plan& plan, std::string_view type, std::string_view id, Document& body,
                         const Conditions& conditions) {
  const Room& room = plan.room;
  CONCORD_TRY(room.known(type));
  if (!is_id(id)) {
    return make_error(ErrorCode::malformed,
                      "the id of the address may hold letters, digits, '-' and '.' only, at most "
                      "64 of them");
  }
  CONCORD_TRY(annotate(room, type, body));
  if (Room::text_of(body.root(), room.names.id) != id) {
    return make_error(ErrorCode::malformed, "the id of the body is not the one of the address",
                      std::string(type) + ".id");
  }
  CONCORD_ASSIGN(const std::optional<ResourceRow> before, room.parts.store->read(type, id));
  const bool there = is_there(before);
  if (conditions.if_match && (!there || *conditions.if_match != before->version)) {
    return no_such_version();
  }
  if (conditions.if_none_match_any && there) {
    return make_error(ErrorCode::precondition, "there is such a resource already");
  }
  if (!before && !room.settings.update_creates) {
    return make_error(ErrorCode::not_found,
                      "there is no such resource, and an update does not make one here");
  }
  if (before) CONCORD_TRY(may_change(plan, type, id));
  return there ? put(plan, Done::What::updated, Change::updated, type, id, before, body)
               : put(plan, Done::What::created, Change::created, type, id, before, body);
}

Result<Done> plan_update_where(Plan& plan, std::string_view type, std::string_view query,
                               std::string_view named, std::string_view new_id, Document& body,
                               const Conditions& conditions) {
  const Room& room = plan.room;
  auto found =
      matches(room, plan.caller, type, query, conditions.handling, ErrorCode::precondition);
  if (!found) return std::move(found).error();
  CONCORD_TRY(annotate(room, type, body));
  if (found->rows.size() > 1) return several();
  plan.changes.guards.push_back(found->guard(type));
  if (found->rows.empty()) {
    if (!named.empty()) {
      if (is_id(named)) CONCORD_TRY(stamp(room, body, {named, 1, plan.now}));
      return plan_update(plan, type, named, body, conditions);
    }
    if (conditions.if_match) return no_such_version();
    return put(plan, Done::What::created, Change::created, type, new_id, std::nullopt, body);
  }
  const std::string& id = found->rows[0].id;
  if (!named.empty() && named != id) {
    return make_error(ErrorCode::malformed,
                      "the id of the body is not that of the resource the criteria find",
                      std::string(type) + ".id");
  }
  CONCORD_TRY(stamp(room, body, {id, 1, plan.now}));
  return plan_update(plan, type, id, body, conditions);
}

Result<Done> plan_patch(Plan& plan, std::string_view type, std::string_view id, const Patch& patch,
                        const Conditions& conditions) {
  const Room& room = plan.room;
  CONCORD_ASSIGN(const ResourceRow row, present(plan, type, id, conditions));
  CONCORD_TRY(may_change(plan, type, id));
  CONCORD_ASSIGN(const Document before, read_body(room, row.body));
  patch::Limits limits;
  limits.document = room.settings.limits;
  if (patch.kind == Patch::Kind::fhirpath_patch && patch.parameters == nullptr) {
    return make_error(ErrorCode::malformed, "a FHIRPath Patch is a Parameters resource");
  }
  std::optional<Document> own;  // the caller's Parameters may not have been annotated
  const Document* parameters = patch.parameters;
  if (parameters != nullptr && !is_annotated(*parameters)) {
    CONCORD_ASSIGN(own, alone(room, *parameters, parameters->root()));
    tree::Builder builder(*own);
    definitions::annotate(builder, *room.parts.definitions);
    parameters = &*own;
  }
  auto changed = patch.kind == Patch::Kind::json_patch
                     ? patch::apply_json_patch(before, patch.text, *room.parts.definitions, limits)
                     : patch::apply_fhirpath_patch(before, *parameters, *room.parts.definitions,
                                                   *room.parts.functions, limits);
  if (!changed) return std::move(changed).error();
  if (fixed_of(room, *changed) != fixed_of(room, before)) {
    return make_error(ErrorCode::malformed,
                      "a patch may not change resourceType, id, meta.versionId or "
                      "meta.lastUpdated");
  }
  return put(plan, Done::What::updated, Change::patched, type, id, row, *changed);
}

Result<Done> plan_patch_where(Plan& plan, std::string_view type, std::string_view query,
                              const Patch& patch, const Conditions& conditions) {
  CONCORD_ASSIGN(const Matches found, matches(plan.room, plan.caller, type, query,
                                              conditions.handling, ErrorCode::precondition));
  if (found.rows.empty()) {
    return make_error(ErrorCode::not_found, "the criteria find no resource");
  }
  if (found.rows.size() > 1) return several();
  plan.changes.guards.push_back(found.guard(type));
  return plan_patch(plan, type, found.rows[0].id, patch, conditions);
}

Result<Done> plan_remove(Plan& plan, std::string_view type, std::string_view id,
                         const Conditions& conditions) {
  CONCORD_TRY(plan.room.known(type));
  CONCORD_ASSIGN(std::optional<ResourceRow> row, plan.room.parts.store->read(type, id));
  if (!row) {
    Done nothing;
    nothing.what = Done::What::nothing;
    nothing.row.type = type;
    nothing.row.id = id;
    return nothing;
  }
  if (row->change == Change::deleted) return Done{Done::What::nothing, *std::move(row), {}};
  if (conditions.if_match && *conditions.if_match != row->version) return no_such_version();
  CONCORD_TRY(may_change(plan, type, id));
  return add(plan, Done::What::deleted, Change::deleted, type, id, row, {}, {}, nullptr, {});
}

Result<std::vector<Done>> plan_remove_where(Plan& plan, std::string_view type,
                                            std::string_view query, const Conditions& conditions) {
  const std::size_t most = std::max<std::size_t>(plan.room.settings.delete_many, 1);
  CONCORD_ASSIGN(const Matches found,
                 matches(plan.room, plan.caller, type, query, conditions.handling,
                         ErrorCode::precondition, most + 1));
  if (found.rows.size() > most) {
    if (most == 1) return several();
    return make_error(ErrorCode::precondition,
                      "the criteria find more resources than one call may delete");
  }
  if (found.rows.size() == 1) plan.changes.guards.push_back(found.guard(type));
  std::vector<Done> all;
  for (const ResourceRow& row : found.rows) {
    CONCORD_ASSIGN(Done done, plan_remove(plan, type, row.id, conditions));
    all.push_back(std::move(done));
  }
  return all;
}

Result<bool> commit(Plan& plan) {
  if (plan.changes.writes.empty()) return true;  // nothing to store, so nothing to guard
  ChangeObserver* observer = plan.room.parts.observer;
  store::ResourceChanges told;
  if (observer != nullptr) told = plan.changes;
  CONCORD_ASSIGN(const store::ResourcesWritten written,
                 plan.room.parts.store->write(std::move(plan.changes)));
  if (written.end != store::ResourcesWritten::End::done) return false;
  if (observer != nullptr) observer->changed(told);
  return true;
}

}  // namespace concord::resources::detail
