#include "gateway/exchange/journey_text.h"

namespace concord::exchange {
namespace {

/// Lines of text that no id can break out of: a terminal takes control characters for commands.
class Lines {
 public:
  Lines& add(std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      text_ += byte < 0x20 || byte >= 0x7f ? '?' : c;
    }
    return *this;
  }
  /// With blanks behind it up to a width, and one more.
  Lines& cell(std::string_view text, std::size_t width) {
    add(text);
    text_.append(text.size() < width ? width - text.size() + 1 : 1, ' ');
    return *this;
  }
  /// "  name        value", when there is a value.
  Lines& row(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += "  ";
    return cell(name, 14).add(value).end();
  }
  Lines& end() {
    text_ += '\n';
    return *this;
  }
  std::string done() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string state_of(const FoundItem& item) {
  return std::string(store::exchange_state_name(store::exchange_state(item.state)));
}

std::string layer_text(const LayerView& layer) {
  std::string text(layer.status);
  if (layer.at) text += " " + format_instant(*layer.at);
  if (layer.due_at) text += ", due " + format_instant(*layer.due_at);
  return text;
}

void item_lines(Lines& lines, const JourneyView& view, const ItemJourney& item) {
  const FoundItem& found = item.item;
  lines.end().add("item " + found.id + " to " + found.destination).end();
  lines.row("state", state_of(found) + ": " + standing_of(item));
  if (found.dead) {
    const store::DeadLetter& letter = found.dead->letter;
    lines.row("given up", format_instant(found.dead->at) + " " + letter.reason_class +
                              (letter.reason.empty() ? "" : ": " + letter.reason));
    lines.row("owner", letter.owner + " until " + format_instant(letter.due_at));
  }
  lines.row("superseded by", item.superseded_by);
  lines.row("message id", found.message_id);
  lines.row("interaction", item.interaction);
  lines.row("by", item.channel + ", " + item.format + ", " + item.content_type);
  lines.row("sha256", to_hex(item.digest));
  if (found.state == store::ItemState::pending) {
    lines.row("gives up", format_instant(found.deadline));
  }
  if (const auto at = view.destinations.find(found.destination); at != view.destinations.end()) {
    std::string state = at->second.paused ? "paused" : "not paused";
    state += at->second.circuit_open ? ", circuit open" : ", circuit closed";
    lines.row("destination", state);
  }
  for (const LayerView& layer : layers_of(view.journey, item)) {
    lines.row(layer.layer, layer_text(layer));
  }
}

}  // namespace

std::string to_text(const ExchangePage& page) {
  Lines lines;
  for (const FoundExchange& exchange : page.exchanges) {
    lines.cell(format_instant(exchange.accepted_at), 24).cell(exchange.id, 36);
    lines.cell(exchange.message_kind, 20).cell(exchange.sender, 6);
    bool first = true;
    for (const FoundItem& item : exchange.items) {
      lines.add(first ? "" : "; ").add(state_of(item)).add(" ").add(item.destination);
      if (item.attempts > 0) lines.add(" (attempts " + std::to_string(item.attempts) + ")");
      if (item.dead) {
        lines.add(" " + item.dead->letter.reason_class + ", " + item.dead->letter.owner + " by " +
                  format_instant(item.dead->letter.due_at));
      }
      first = false;
    }
    lines.end();
  }
  if (page.exchanges.empty()) lines.add("none").end();
  if (page.looked_back_to) {
    lines.add("looked back to " + format_instant(*page.looked_back_to) + ", not further").end();
  }
  if (!page.next.empty()) lines.add("more: --cursor " + page.next).end();
  return std::move(lines).done();
}

std::string to_text(const JourneyView& view) {
  const ExchangeJourney& journey = view.journey;
  const FoundExchange& exchange = journey.exchange;
  Lines lines;
  lines.add("exchange " + exchange.id).end();
  lines.row("kind", exchange.message_kind);
  lines.row("sender", exchange.sender);
  lines.row("door", exchange.door);
  lines.row("request id", exchange.request_id);
  lines.row("subject", exchange.subject);
  lines.row("received", format_instant(exchange.received_at) + ", " + journey.content_type);
  lines.row("accepted", format_instant(exchange.accepted_at));
  lines.row("sha256", to_hex(journey.digest));
  lines.row("decision", view.decision.outcome);
  for (const std::string& line : view.decision.words) lines.row("", line);
  if (!journey.task.empty()) {
    lines.row("Task", journey.task + " " + journey.task_status + ", " +
                          std::to_string(journey.task_versions.size()) + " versions");
  }
  lines.row("lineage", journey.has_lineage ? "kept" : "none");
  for (const ItemJourney& item : journey.items) item_lines(lines, view, item);
  lines.end().add("steps").end();
  for (const Hop& hop : hops_of(journey)) {
    lines.add("  ").cell(format_instant(hop.at), 24).cell(hop.hop, 11).add(hop.text).end();
  }
  if (journey.cut) lines.add("  (older ones are left out)").end();
  return std::move(lines).done();
}

std::string to_text(const Handled& handled) {
  Lines lines;
  std::size_t done = 0;
  std::size_t refused = 0;
  for (const HandledItem& item : handled.items) {
    const bool no = item.end == HandledItem::End::refused;
    ++(no ? refused : done);
    lines.cell(no ? "refused" : handled.dry_run ? "would be" : "done", 8);
    lines.cell(item.exchange, 36).cell(item.destination, 12);
    lines.cell(format_instant(item.accepted_at), 24).add(item.reason).end();
  }
  lines.add(std::to_string(done) + (handled.dry_run ? " would be done, " : " done, ") +
            std::to_string(refused) + " refused");
  return std::move(lines.end()).done();
}

}  // namespace concord::exchange
