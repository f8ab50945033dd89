#include "gateway/api/exchange_page.h"

#include "gateway/api/api.h"
#include "gateway/api/html_text.h"
#include "gateway/api/page.h"
#include "gateway/exchange/journey_text.h"
#include "gateway/http/message.h"

namespace concord::api {
namespace {

using exchange::FoundExchange;
using exchange::FoundItem;
using exchange::ItemJourney;

std::string escaped(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

std::string link_to(std::string_view address, std::string_view text) {
  return "<a href=\"" + escaped(address) + "\">" + escaped(text) + "</a>";
}

std::string exchange_link(std::string_view id) {
  return link_to("/exchange/" + http::percent_encode(id), id);
}

/// The parameters of an address without some of them.
std::string without(std::string_view query, std::initializer_list<std::string_view> names) {
  std::string rest;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::string_view name = pair.substr(0, pair.find('='));
    bool dropped = pair.empty();
    for (const std::string_view one : names) dropped = dropped || name == one;
    if (!dropped) rest.append(pair).append("&");
  }
  return rest;
}

std::string state_of(const FoundItem& item) {
  return std::string(store::exchange_state_name(store::exchange_state(item.state)));
}

void row(std::string& out, std::string_view name, std::string_view markup) {
  if (markup.empty()) return;
  out.append("<tr><th>").append(escaped(name)).append("</th><td>").append(markup);
  out.append("</td></tr>\n");
}

void item_table(std::string& out, const exchange::JourneyView& view, const ItemJourney& item) {
  const FoundItem& found = item.item;
  out += "<h2>To " + escaped(found.destination) + "</h2>\n<table>\n";
  row(out, "state",
      "<b>" + escaped(state_of(found)) + "</b>: " + escaped(exchange::standing_of(item)));
  if (found.dead) {
    const store::DeadLetter& letter = found.dead->letter;
    row(out, "given up",
        escaped(format_instant(found.dead->at) + " " + letter.reason_class + ": " + letter.reason));
    row(out, "owner", escaped(letter.owner + " until " + format_instant(letter.due_at)));
  }
  if (!item.waits_for.empty()) row(out, "waits for", exchange_link(item.waits_for));
  if (!item.superseded_by.empty()) row(out, "superseded by", exchange_link(item.superseded_by));
  for (const exchange::LayerView& layer : exchange::layers_of(view.journey, item)) {
    std::string text(layer.status);
    if (layer.at) text += " " + format_instant(*layer.at);
    if (layer.due_at) text += ", due " + format_instant(*layer.due_at);
    row(out, layer.layer, escaped(text));
  }
  if (const auto at = view.destinations.find(found.destination); at != view.destinations.end()) {
    row(out, "destination",
        std::string(at->second.paused ? "paused" : "not paused") +
            (at->second.circuit_open ? ", circuit open" : ", circuit closed"));
  }
  row(out, "item", escaped(found.id));
  row(out, "message id", escaped(found.message_id));
  row(out, "interaction", escaped(item.interaction));
  row(out, "by", escaped(item.channel + ", " + item.format + ", " + item.content_type));
  row(out, "sha256", escaped(to_hex(item.digest)));
  out += "</table>\n";
}

}  // namespace

std::string exchange_list_page(const exchange::ExchangePage& page, std::string_view query) {
  const std::string other_states = without(query, {"state", "cursor"});
  std::string nav = link_to("/exchange?" + other_states, "all");
  for (const std::string_view state : {"open", "dead", "rejected", "delivered", "cancelled"}) {
    nav += link_to("/exchange?" + other_states + "state=" + std::string(state), state);
  }
  nav += link_to("/exchange?" + without(query, {"_format"}) + "_format=json", "JSON");
  std::string body =
      "<table><tr><th>accepted</th><th>exchange</th><th>kind</th><th>sender</th>"
      "<th>where it stands</th></tr>\n";
  for (const FoundExchange& one : page.exchanges) {
    body += "<tr><td>" + escaped(format_instant(one.accepted_at)) + "</td><td>" +
            exchange_link(one.id) + "</td><td>" + escaped(one.message_kind) + "</td><td>" +
            escaped(one.sender) + "</td><td>";
    for (const FoundItem& item : one.items) {
      body += "<b>" + escaped(state_of(item)) + "</b> " + escaped(item.destination) + ": " +
              escaped(exchange::standing_of(item)) + "<br>";
    }
    body += "</td></tr>\n";
  }
  body += "</table>\n";
  if (page.exchanges.empty()) body += "<p>None.</p>\n";
  if (page.looked_back_to) {
    body += "<p>Looked back to " + escaped(format_instant(*page.looked_back_to)) +
            ", not further.</p>\n";
  }
  if (!page.next.empty()) {
    body += "<p>" +
            link_to("/exchange?" + without(query, {"cursor"}) + "cursor=" + page.next, "older") +
            "</p>\n";
  }
  return page_of("Exchanges", nav, body);
}

std::string journey_page(const exchange::JourneyView& view, const Services& use) {
  const exchange::ExchangeJourney& journey = view.journey;
  const FoundExchange& found = journey.exchange;
  std::string nav = link_to("/exchange", "exchanges");
  if (!journey.task.empty()) {
    const std::string task = link(use, "Task/" + http::percent_encode(journey.task));
    nav += link_to(task, "Task");
    nav += link_to(task + "/_history", "versions of the Task");
    if (journey.has_lineage) nav += link_to(task + "/$lineage", "lineage");
  }
  nav += link_to("?_format=json", "JSON");
  std::string body = "<table>\n";
  row(body, "kind", escaped(found.message_kind));
  row(body, "sender", escaped(found.sender));
  row(body, "door", escaped(found.door));
  row(body, "request id", escaped(found.request_id));
  row(body, "received", escaped(format_instant(found.received_at) + ", " + journey.content_type));
  row(body, "accepted", escaped(format_instant(found.accepted_at)));
  if (!found.subject.empty()) {
    row(body, "workflow",
        link_to("/exchange?subject=" + http::percent_encode(found.subject), found.subject));
  }
  std::string words = "<b>" + escaped(view.decision.outcome) + "</b>";
  for (const std::string& line : view.decision.words) words += "<br>" + escaped(line);
  row(body, "decision", words);
  if (!journey.task.empty()) {
    row(body, "Task", escaped(journey.task + " " + journey.task_status));
  }
  row(body, "sha256", escaped(to_hex(journey.digest)));
  body += "</table>\n";
  for (const ItemJourney& item : journey.items) item_table(body, view, item);
  body += "<h2>Steps</h2>\n<table><tr><th>at</th><th>until</th><th>step</th><th>what</th></tr>\n";
  for (const exchange::Hop& hop : exchange::hops_of(journey)) {
    body += "<tr><td>" + escaped(format_instant(hop.at)) + "</td><td>" +
            (hop.until ? escaped(format_instant(*hop.until)) : std::string()) + "</td><td>" +
            escaped(hop.hop) + "</td><td>" + escaped(hop.text) + "</td></tr>\n";
  }
  body += "</table>\n";
  if (journey.cut) body += "<p>Older steps are left out.</p>\n";
  return page_of("Exchange " + found.id, nav, body);
}

}  // namespace concord::api
