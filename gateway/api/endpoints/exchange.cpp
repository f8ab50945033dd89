// Exchanges for people: which there are, what became of one, and a person's word on those that were
// given up. Not FHIR: for the operator, as health and metrics are.
#include "fhir/json/reader.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/exchange_page.h"
#include "gateway/api/html_text.h"
#include "gateway/api/page.h"
#include "gateway/exchange/journey_search.h"
#include "gateway/exchange/journey_text.h"

namespace concord::api {
namespace {

constexpr Endpoint kSearch{
    .interaction = "service",
    .method = "GET",
    .path = "/exchange",
    .scope = "admin.read",
    .documentation =
        "Exchanges, newest first: state (open, delivered, dead, rejected, cancelled; several with "
        "commas), sender, destination, kind, subject (hash), task, request-id, message-id, since, "
        "until (instant, date, or 30m, 12h, 7d before now), limit (50; 200 at most), cursor. JSON; "
        "text/plain and, for browsers, a page. Ids, codes and times, nothing of a message.",
    .also_writes = "text/plain"};
constexpr Endpoint kShow{
    .interaction = "service",
    .method = "GET",
    .path = "/exchange/{id}",
    .scope = "admin.read",
    .documentation =
        "The journey of one exchange, by its id or that of its Task: decision, steps with times, "
        "attempts, acknowledgements by layer, dead letter, Task, lineage kept or not. Formats as "
        "/exchange.",
    .also_writes = "text/plain"};
constexpr Endpoint kReplay{
    .interaction = "service",
    .method = "POST",
    .path = "/exchange/{id}/$replay",
    .scope = "admin.write",
    .documentation =
        "Sends the dead items of an exchange again, with their ids and bytes. Body (JSON): by, "
        "why, "
        "secondApprover (needed when it is older than 7 days or superseded), dryRun. 409 when "
        "nothing of it is dead or it is refused; 429 above 10 a second.",
    .also_writes = "text/plain"};
constexpr Endpoint kReplayFound{
    .interaction = "service",
    .method = "POST",
    .path = "/exchange/$replay",
    .scope = "admin.write",
    .documentation =
        "The same for every dead item a search finds, a page at a time: parameters of /exchange, "
        "body as above. The answer says what was done and what was refused; next and waitSeconds "
        "say how to go on.",
    .also_writes = "text/plain"};
constexpr Endpoint kCancel{.interaction = "service",
                           .method = "POST",
                           .path = "/exchange/{id}/$cancel",
                           .scope = "admin.write",
                           .documentation =
                               "Takes the dead items of an exchange out of the queue; what waits "
                               "behind them goes on. Body "
                               "(JSON): by, why, dryRun. 409 when nothing of it is dead.",
                           .also_writes = "text/plain"};

enum class Shown : std::uint8_t { json, text, page };

Shown shown_as(const Call& call) {
  const std::string_view format = call.query_value("_format");
  if (format == "text" || format == "text/plain") return Shown::text;
  if (call.answering.browser) return Shown::page;
  if (!format.empty()) return Shown::json;
  return call.request.joined_field("accept").starts_with("text/plain") ? Shown::text : Shown::json;
}

/// `value` as JSON, text, or what `page` makes of it.
template <typename Value, typename Page>
http::Response shown(const Call& call, const Value& value, const Page& page) {
  http::Response response;
  switch (shown_as(call)) {
    case Shown::json:
      response.header("Content-Type", "application/json; charset=utf-8");
      response.body = exchange::to_json(value);
      break;
    case Shown::text:
      response.header("Content-Type", "text/plain; charset=utf-8");
      response.body = exchange::to_text(value);
      break;
    case Shown::page:
      response.header("Content-Type", "text/html; charset=utf-8");
      response.header("Content-Security-Policy", page_policy());
      response.body = page();
      break;
  }
  return response;
}

http::Response shown(const Call& call, const exchange::Handled& handled) {
  return shown(call, handled, [&handled] {
    std::string body = "<pre>";
    append_html(body, exchange::to_text(handled));
    return page_of("Exchanges", "", body += "</pre>\n");
  });
}

Result<exchange::Journeys*> journeys_of(const Services& use) {
  if (use.journeys != nullptr) return use.journeys;
  return make_error(ErrorCode::unsupported, "exchanges are not shown here");
}

Result<exchange::ExchangeSearch> search_of(const Call& call, const Services& use) {
  exchange::ExchangeSearch search;
  for (const auto& [name, value] : call.query) {
    if (name == "_format" || name == "_pretty") continue;
    const auto set = exchange::set_search(search, name, value, use.clock());
    if (set) continue;
    // What is wrong with an address is 400.
    Error error = set.error();
    error.code = ErrorCode::malformed;
    return error;
  }
  return search;
}

struct Order {
  exchange::PersonsWord word;
  bool dry_run = false;
};

/// A body that no page of another origin can make a browser send without asking first.
Result<Order> order_of(Call& call, const Services& use) {
  const auto type = parse_media_type(call.request.joined_field("content-type"));
  if (!type || type->type != "application/json") {
    return make_error(ErrorCode::malformed, "the body has to be application/json");
  }
  CONCORD_ASSIGN(const tree::Document document,
                 json::read_plain(std::move(call.request.body), *use.symbols, use.limits));
  Order order;
  for (const tree::Node& member : document.root().children()) {
    const std::string_view name = document.name(member);
    const std::string text(member.text());
    if (name == "by") {
      order.word.by = text;
    } else if (name == "why") {
      order.word.why = text;
    } else if (name == "secondApprover") {
      order.word.second_approver = text;
    } else if (name == "dryRun" && (text == "true" || text == "false")) {
      order.dry_run = text == "true";
    } else {
      return make_error(ErrorCode::malformed,
                        "the body holds by, why, secondApprover and dryRun (true or false)");
    }
  }
  return order;
}

Result<http::Response> search(Call& call, const Services& use) {
  CONCORD_ASSIGN(const exchange::Journeys* const journeys, journeys_of(use));
  CONCORD_ASSIGN(const exchange::ExchangeSearch asked, search_of(call, use));
  auto page = journeys->search(asked);
  if (!page) {
    Error error = std::move(page).error();
    if (error.code == ErrorCode::invalid) error.code = ErrorCode::malformed;
    return error;
  }
  return shown(call, *page, [&] { return exchange_list_page(*page, call.request.query); });
}

Result<http::Response> show(Call& call, const Services& use) {
  CONCORD_ASSIGN(const exchange::Journeys* const journeys, journeys_of(use));
  CONCORD_ASSIGN(const auto view, journeys->journey(call.path_value("id")));
  if (!view) return make_error(ErrorCode::not_found, "there is no exchange of this id");
  return shown(call, *view, [&] { return journey_page(*view, use); });
}

Result<http::Response> replay(Call& call, const Services& use) {
  CONCORD_ASSIGN(exchange::Journeys* const journeys, journeys_of(use));
  CONCORD_ASSIGN(const Order order, order_of(call, use));
  CONCORD_ASSIGN(const exchange::Handled handled,
                 journeys->replay(call.path_value("id"), order.word, order.dry_run));
  return shown(call, handled);
}

Result<http::Response> replay_found(Call& call, const Services& use) {
  CONCORD_ASSIGN(exchange::Journeys* const journeys, journeys_of(use));
  CONCORD_ASSIGN(exchange::ExchangeSearch asked, search_of(call, use));
  CONCORD_ASSIGN(const Order order, order_of(call, use));
  CONCORD_ASSIGN(const exchange::Handled handled,
                 journeys->replay_found(std::move(asked), order.word, order.dry_run));
  return shown(call, handled);
}

Result<http::Response> cancel(Call& call, const Services& use) {
  CONCORD_ASSIGN(exchange::Journeys* const journeys, journeys_of(use));
  CONCORD_ASSIGN(const Order order, order_of(call, use));
  CONCORD_ASSIGN(const exchange::Handled handled,
                 journeys->cancel(call.path_value("id"), order.word, order.dry_run));
  return shown(call, handled);
}

}  // namespace

void register_exchange(endpoints::Table& table) {
  table.add(kSearch, &search);
  table.add(kShow, &show);
  table.add(kReplay, &replay);
  table.add(kReplayFound, &replay_found);
  table.add(kCancel, &cancel);
}

}  // namespace concord::api
