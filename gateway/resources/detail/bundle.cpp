#include "gateway/resources/detail/bundle.h"

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "gateway/resources/cut.h"
#include "gateway/resources/detail/body.h"
#include "gateway/resources/detail/outcome.h"
#include "gateway/resources/detail/pages.h"
#include "gateway/resources/detail/present.h"
#include "gateway/resources/detail/query.h"

namespace concord::resources::detail {

using tree::Document;
using tree::Node;

namespace {

Error wrong(std::string text, std::string expression) {
  return make_error(ErrorCode::malformed, std::move(text), std::move(expression));
}

/// Elements nobody knows between the Bundle and its resources: a misspelt ifMatch must not be
/// passed over.
Result<void> check_names(const Document& bundle, const Node& node) {
  for (const Node& child : node.children()) {
    if (child.type() == tree::Symbol::kNone) {
      return wrong("the element is not known here", bundle.path(child));
    }
  }
  return {};
}

/// One entry of a batch: a transaction of its own.
Result<Answer> run_alone(const Room& room, const Caller& caller, const Document& bundle,
                         const Entry& entry, std::string_view preference) {
  CONCORD_TRY(in_time(room, caller));
  if (!entry.changes()) return run_read(room, caller, entry);
  const std::string new_id = room.parts.uuids();
  const bool by_query = entry.form == Entry::Form::type;
  const auto change = [&](Plan& plan) -> Result<Done> {
    if (entry.method == Method::remove) {
      if (!by_query) return plan_remove(plan, entry.type, entry.id, entry.conditions);
      CONCORD_ASSIGN(std::vector<Done> all,
                     plan_remove_where(plan, entry.type, entry.query, entry.conditions));
      if (all.empty()) return Done{Done::What::nothing, {}, {}};
      return std::move(all.front());
    }
    if (entry.method == Method::patch) {
      std::optional<Document> held;
      CONCORD_ASSIGN(const Patch patch, read_patch(room, bundle, entry, held));
      return by_query ? plan_patch_where(plan, entry.type, entry.query, patch, entry.conditions)
                      : plan_patch(plan, entry.type, entry.id, patch, entry.conditions);
    }
    CONCORD_ASSIGN(Document body, alone(room, bundle, *entry.resource));
    if (entry.method == Method::post) {
      return plan_create(plan, entry.type, new_id, body, entry.conditions);
    }
    if (!by_query) return plan_update(plan, entry.type, entry.id, body, entry.conditions);
    const std::string named(Room::text_of(body.root(), room.names.id));
    return plan_update_where(plan, entry.type, entry.query, named, new_id, body, entry.conditions);
  };
  CONCORD_ASSIGN(const Done done, carry_out(room, caller, change));
  return answer_of(room, done, preference);
}

Answer failed(const Room& room, const Error& error) {
  Answer answer;
  answer.status = error_row(error.code).http_status;
  answer.outcome = write_outcome(room.symbols(), error);
  return answer;
}

std::string write_response(const Room& room, const Caller& caller, std::string_view type,
                           const std::vector<Answer>& answers) {
  const std::string base =
      base_of(caller.base_url.empty() ? room.settings.base_url : caller.base_url);
  std::string out = R"({"resourceType":"Bundle","type":")" + std::string(type) + '"';
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    out += i == 0 ? ",\"entry\":[{" : ",{";
    if (answer.row && !answer.resource.empty() && !answer.row->id.empty()) {
      out.append("\"fullUrl\":\"").append(base);
      out.append(name_of(answer.row->type, answer.row->id)).append("\",");
    }
    if (!answer.resource.empty()) out.append("\"resource\":").append(answer.resource).append(",");
    out.append("\"response\":{\"status\":\"").append(status_line(answer.status)).append("\"");
    if (answer.row && answer.row->version > 0) {
      const std::string version = std::to_string(answer.row->version);
      out.append(",\"location\":\"").append(name_of(answer.row->type, answer.row->id));
      out.append("/_history/").append(version).append("\",\"etag\":\"W/\\\"").append(version);
      out.append("\\\"\",\"lastModified\":\"").append(format_instant(answer.row->updated_at));
      out.append("\"");
    }
    if (!answer.outcome.empty()) out.append(",\"outcome\":").append(answer.outcome);
    out += "}}";
  }
  if (!answers.empty()) out += ']';
  out += '}';
  return out;
}

}  // namespace

Answer answer_of(const Room& room, const Done& done, std::string_view preference) {
  Answer answer;
  answer.row = done.row;
  switch (done.what) {
    case Done::What::created:
      answer.status = 201;
      break;
    case Done::What::deleted:
    case Done::What::nothing:
      answer.status = 204;
      break;
    case Done::What::read:
    case Done::What::updated:
    case Done::What::unchanged:
    case Done::What::found:
      answer.status = 200;
      break;
  }
  if (preference.empty() || preference == "representation") {
    answer.resource = std::move(answer.row->body);
  }
  answer.row->body.clear();
  if (!done.issues.empty() || preference == "OperationOutcome") {
    answer.outcome = write_outcome(room.symbols(), done.issues, "informational");
  }
  return answer;
}

Result<Answer> run_read(const Room& room, const Caller& caller, const Entry& entry) {
  using Form = Entry::Form;
  Answer answer;
  const auto of_page = [&](Result<Page> page) -> Result<Answer> {
    if (!page) return std::move(page).error();
    CONCORD_ASSIGN(answer.resource, write_page(room, *page, caller.base_url));
    if (entry.method == Method::head) answer.resource.clear();
    return std::move(answer);
  };
  const search::Handling handling = room.settings.handling;
  switch (entry.form) {
    case Form::type:
    case Form::system:
      return of_page(search_page(room, caller, entry.type, entry.query, handling, {}));
    case Form::compartment:
      return of_page(search_page(room, caller, entry.member, entry.query, handling,
                                 search::Compartment{entry.type, entry.id}));
    case Form::history:
      return of_page(history_page(room, caller, entry.type, entry.id, entry.query));
    case Form::everything:
      return of_page(everything_page(room, caller, entry.id, entry.query));
    case Form::instance:
    case Form::version:
      break;
  }
  auto done = entry.form == Form::instance ? read_now(room, entry.type, entry.id)
                                           : read_then(room, entry.type, entry.id, entry.version);
  if (!done) return std::move(done).error();
  answer.row = std::move(done->row);
  answer.resource = std::move(answer.row->body);
  answer.row->body.clear();
  if ((entry.if_none_match && *entry.if_none_match == answer.row->version) ||
      (entry.if_modified_since && answer.row->updated_at <= *entry.if_modified_since)) {
    answer.status = 304;
    answer.resource.clear();
  }
  CONCORD_ASSIGN(const search::QueryParameters parameters, read_query(entry.query));
  CONCORD_ASSIGN(const Cut cut, cut_asked(parameters));
  if (cut.summary == search::SummaryMode::count) return count_is_for_searches();
  if (entry.method == Method::head) answer.resource.clear();
  if (cut.any() && !answer.resource.empty()) {
    CONCORD_ASSIGN(answer.resource, cut_body(room, std::move(answer.resource), cut));
  }
  return answer;
}

Result<std::string> run_bundle(const Room& room, const Caller& caller, Document bundle,
                               std::string_view preference) {
  if (bundle.text(bundle.root().type()) != "Bundle") {
    return wrong("a Bundle is needed here", "resourceType");
  }
  {
    tree::Builder builder(bundle);
    definitions::annotate(builder, *room.parts.definitions);
  }
  const std::string_view type = Room::text_of(bundle.root(), room.names.type);
  const bool transaction = type == "transaction";
  if (type.empty()) return wrong("the Bundle says not of what type it is", "Bundle.type");
  if (!transaction && type != "batch") {
    return make_error(ErrorCode::unsupported,
                      "only a batch or a transaction can be carried out; messages go to "
                      "$process-message, other Bundles are stored at Bundle",
                      "Bundle.type");
  }
  CONCORD_TRY(check_names(bundle, bundle.root()));
  if (bundle.root().count(room.names.entry) > room.settings.bundle_entries) {
    return make_error(ErrorCode::too_long, "the Bundle has too many entries", "Bundle.entry");
  }
  std::vector<Answer> answers;
  std::vector<Entry> entries;
  std::size_t at = 0;
  for (const Node* node = bundle.root().child(room.names.entry); node != nullptr;
       node = node->next_same(), ++at) {
    const auto read = [&]() -> Result<Entry> {
      CONCORD_TRY(check_names(bundle, *node));
      if (const Node* request = node->child(room.names.request); request != nullptr) {
        CONCORD_TRY(check_names(bundle, *request));
      }
      return read_entry(room, bundle, *node, at);
    };
    auto entry = read();
    if (transaction) {
      if (!entry) return of_entry(std::move(entry).error(), at);
      entries.push_back(*std::move(entry));
      continue;
    }
    auto answer = entry ? run_alone(room, caller, bundle, *entry, preference)
                        : Result<Answer>(std::move(entry).error());
    answers.push_back(answer ? *std::move(answer)
                             : failed(room, of_entry(std::move(answer).error(), at)));
  }
  if (transaction) {
    CONCORD_ASSIGN(answers, run_transaction(room, caller, bundle, entries, preference));
  }
  return write_response(room, caller, transaction ? "transaction-response" : "batch-response",
                        answers);
}

}  // namespace concord::resources::detail
