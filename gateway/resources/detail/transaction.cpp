// Source: hl7.org/fhir/R4/http.html#trules.

#include <algorithm>
#include <map>
#include <set>

#include "gateway/resources/detail/body.h"
#include "gateway/resources/detail/bundle.h"
#include "gateway/resources/detail/references.h"

namespace concord::resources::detail {

using store::ResourceRow;
using tree::Document;

namespace {

/// DELETE, POST, PUT and PATCH, then what only reads.
int turn(Method method) {
  switch (method) {
    case Method::remove:
      return 0;
    case Method::post:
      return 1;
    case Method::put:
    case Method::patch:
      return 2;
    case Method::get:
    case Method::head:
      return 3;
  }
  return 3;
}

/// One attempt of a transaction: who is who, then every change in its turn.
class Transaction {
 public:
  Transaction(Plan& plan, const Document& bundle, const std::vector<Entry>& entries,
              const std::vector<std::string>& new_ids, std::string_view preference)
      : plan_(plan),
        room_(plan.room),
        bundle_(bundle),
        entries_(entries),
        new_ids_(new_ids),
        preference_(preference) {}

  Result<std::vector<Answer>> run() {
    for (const Entry& entry : entries_) {
      if (!entry.changes()) continue;
      CONCORD_TRY(in_time(plan_));
      auto named = identify(entry);
      if (!named) return of_entry(std::move(named).error(), entry.at);
    }
    std::vector<const Entry*> order;
    for (const Entry& entry : entries_) order.push_back(&entry);
    std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
      return turn(a->method) < turn(b->method);
    });
    std::vector<Answer> answers(entries_.size());
    for (const Entry* entry : order) {
      CONCORD_TRY(in_time(plan_));
      auto answer = entry->changes() ? change(*entry) : foresee(*entry);
      if (!answer) return of_entry(std::move(answer).error(), entry->at);
      answers[entry->at] = *std::move(answer);
    }
    return answers;
  }

 private:
  /// Finds out which resources a change is about, and that no other change is about them.
  Result<void> identify(const Entry& entry) {
    std::string id = entry.id;
    bool changes = true;
    const bool by_query = entry.form == Entry::Form::type && entry.method != Method::post;
    const auto& none_exist = entry.conditions.if_none_exist;
    if (by_query || (entry.method == Method::post && none_exist)) {
      const std::size_t most =
          entry.method == Method::remove ? std::max<std::size_t>(room_.settings.delete_many, 1) : 1;
      CONCORD_ASSIGN(const Matches found,
                     matches(room_, plan_.caller, entry.type, by_query ? entry.query : *none_exist,
                             entry.conditions.handling,
                             by_query ? ErrorCode::precondition : ErrorCode::malformed, most + 1));
      if (found.rows.size() > most) {
        return make_error(ErrorCode::precondition, "the criteria find more than one resource");
      }
      if (found.rows.size() < 2) plan_.changes.guards.push_back(found.guard(entry.type));
      if (entry.method == Method::remove) {
        for (const ResourceRow& row : found.rows) CONCORD_TRY(claim(name_of(entry.type, row.id)));
        return {};
      }
      if (!found.rows.empty()) {
        id = found.rows[0].id;
        changes = entry.method != Method::post;
        if (!changes) found_.emplace(entry.at, found.rows[0]);
      } else if (by_query) {
        id = Room::text_of(*entry.resource, room_.names.id);
      }
    }
    if (id.empty()) id = new_ids_[entry.at];
    const std::string name = name_of(entry.type, id);
    if (changes) CONCORD_TRY(claim(name));
    if (entry.method == Method::post && none_exist && changes) {
      // Two creates with the same criteria would both find nothing.
      CONCORD_TRY(claim(entry.type + '?' + *none_exist));
    }
    if (none_exist) identities_.emplace(entry.type + '?' + *none_exist, name);
    if (entry.full_url.empty() || entry.method == Method::remove || entry.method == Method::patch) {
      return {};
    }
    const auto [at, is_new] = identities_.emplace(entry.full_url, name);
    if (is_new || at->second == name) return {};
    return make_error(ErrorCode::malformed, "another entry has the same fullUrl");
  }

  Result<void> claim(std::string name) {
    if (claimed_.insert(std::move(name)).second) return {};
    return make_error(ErrorCode::malformed,
                      "another entry of the transaction is about the same resource");
  }

  Result<std::string> conditional(std::string_view type, std::string_view query) {
    std::string asked = std::string(type) + '?' + std::string(query);
    if (const auto at = resolved_.find(asked); at != resolved_.end()) return at->second;
    if (resolved_.size() == room_.settings.bundle_entries) {
      return make_error(ErrorCode::too_costly,
                        "the transaction has too many conditional references");
    }
    CONCORD_ASSIGN(const Matches found, matches(room_, plan_.caller, type, query,
                                                search::Handling::strict, ErrorCode::malformed));
    if (found.rows.size() != 1) {
      return make_error(ErrorCode::precondition,
                        found.rows.empty() ? "the conditional reference finds no resource"
                                           : "the conditional reference finds several resources");
    }
    plan_.changes.guards.push_back(found.guard(type));
    std::string name = name_of(type, found.rows[0].id);
    resolved_.emplace(std::move(asked), name);
    return name;
  }

  Result<Document> body_of(const Entry& entry) {
    CONCORD_ASSIGN(Document body, alone(room_, bundle_, *entry.resource));
    CONCORD_TRY(rewrite_references(room_, body, identities_, entry.full_url,
                                   [this](std::string_view type, std::string_view query) {
                                     return conditional(type, query);
                                   }));
    return body;
  }

  Result<Answer> change(const Entry& entry) {
    const bool by_query = entry.form == Entry::Form::type;
    const std::string& new_id = new_ids_[entry.at];
    switch (entry.method) {
      case Method::remove: {
        if (!by_query) return answer(plan_remove(plan_, entry.type, entry.id, entry.conditions));
        CONCORD_ASSIGN(const std::vector<Done> all,
                       plan_remove_where(plan_, entry.type, entry.query, entry.conditions));
        for (const Done& done : all) removed_.insert(name_of(done.row.type, done.row.id));
        if (all.empty()) return answer(Done{Done::What::nothing, {}, {}});
        return answer(Result<Done>(all.front()));
      }
      case Method::patch: {
        std::optional<Document> held;
        CONCORD_ASSIGN(Patch patch, read_patch(room_, bundle_, entry, held));
        if (held) {
          CONCORD_ASSIGN(*held, body_of(entry));
          patch.parameters = &*held;
        }
        return answer(
            by_query ? plan_patch_where(plan_, entry.type, entry.query, patch, entry.conditions)
                     : plan_patch(plan_, entry.type, entry.id, patch, entry.conditions));
      }
      case Method::post: {
        // If-None-Exist was looked at and is guarded.
        if (const auto there = found_.find(entry.at); there != found_.end()) {
          return answer(Done{Done::What::found, there->second, {}});
        }
        CONCORD_ASSIGN(Document body, body_of(entry));
        return answer(plan_create(plan_, entry.type, new_id, body, {}));
      }
      case Method::put: {
        CONCORD_ASSIGN(Document body, body_of(entry));
        if (!by_query) {
          return answer(plan_update(plan_, entry.type, entry.id, body, entry.conditions));
        }
        const std::string named(Room::text_of(body.root(), room_.names.id));
        return answer(plan_update_where(plan_, entry.type, entry.query, named, new_id, body,
                                        entry.conditions));
      }
      case Method::get:
      case Method::head:
        break;
    }
    return make_error(ErrorCode::internal, "a read is no change");
  }

  Result<Answer> answer(Result<Done> done) {
    if (!done) return std::move(done).error();
    if (done->what == Done::What::deleted) removed_.insert(name_of(done->row.type, done->row.id));
    return answer_of(room_, *done, preference_);
  }

  /// A read is carried out after the changes are stored; one that must fail fails all before.
  Result<Answer> foresee(const Entry& entry) {
    if (entry.form == Entry::Form::instance) {
      const std::string name = name_of(entry.type, entry.id);
      if (removed_.contains(name)) {
        return make_error(ErrorCode::gone, "the transaction deletes the resource");
      }
      if (claimed_.contains(name)) return Answer{};
    }
    return run_read(room_, plan_.caller, entry);
  }

  Plan& plan_;
  const Room& room_;
  const Document& bundle_;
  const std::vector<Entry>& entries_;
  const std::vector<std::string>& new_ids_;
  const std::string_view preference_;
  Identities identities_;
  std::map<std::size_t, ResourceRow> found_;  ///< what conditional creates found
  std::set<std::string, std::less<>> claimed_;
  std::set<std::string, std::less<>> removed_;
  std::map<std::string, std::string, std::less<>> resolved_;
};

}  // namespace

Result<std::vector<Answer>> run_transaction(const Room& room, const Caller& caller,
                                            const Document& bundle,
                                            const std::vector<Entry>& entries,
                                            std::string_view preference) {
  std::vector<std::string> new_ids(entries.size());
  for (const Entry& entry : entries) {
    if (entry.method == Method::post || entry.method == Method::put) {
      new_ids[entry.at] = room.parts.uuids();
    }
  }
  CONCORD_ASSIGN(std::vector<Answer> answers, carry_out(room, caller, [&](Plan& plan) {
                   return Transaction(plan, bundle, entries, new_ids, preference).run();
                 }));
  for (const Entry& entry : entries) {
    if (entry.changes()) continue;
    auto read = run_read(room, caller, entry);
    if (read) {
      answers[entry.at] = *std::move(read);
    } else {  // the changes are stored all the same
      answers[entry.at] = Answer{};
      answers[entry.at].status = error_row(read.error().code).http_status;
    }
  }
  return answers;
}

}  // namespace concord::resources::detail
