#include "gateway/audit/record.h"

#include <array>
#include <charconv>

namespace concord::audit {

namespace {

constexpr std::array<std::string_view, 20> kEventNames{"exchange.accepted",
                                                       "decision.recorded",
                                                       "item.queued",
                                                       "item.delivered",
                                                       "item.retried",
                                                       "item.rejected",
                                                       "item.dead",
                                                       "item.replayed",
                                                       "item.cancelled",
                                                       "task.changed",
                                                       "answer.unmatched",
                                                       "store.migrated",
                                                       "statuses.recorded",
                                                       "resource.created",
                                                       "resource.updated",
                                                       "resource.deleted",
                                                       "acknowledgement.overdue",
                                                       "counts.differ",
                                                       "destination.paused",
                                                       "destination.resumed"};
static_assert(kEventNames.size() == static_cast<std::size_t>(Event::destination_resumed) + 1);

constexpr std::string_view kFirstLine = "concord-audit 1\nsequence ";

/// One line; control characters, '%' and DEL are percent-encoded, so that a value is one line and
/// two different values are never the same text.
void append_line(std::string& to, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  to += name;
  to += ' ';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '%') {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      to += '%';
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    } else {
      to += c;
    }
  }
  to += '\n';
}

}  // namespace

std::string_view event_name(Event event) { return kEventNames[static_cast<std::size_t>(event)]; }

Sha256 genesis() { return Sha256{}; }

std::string canonical(const Record& record, std::int64_t sequence) {
  std::string body;
  body.reserve(320);
  body += kFirstLine;
  body += std::to_string(sequence);
  body += '\n';
  append_line(body, "at", format_instant(record.at));
  append_line(body, "event", event_name(record.event));
  append_line(body, "exchange", record.exchange);
  append_line(body, "item", record.item);
  append_line(body, "actor", record.actor);
  append_line(body, "digest", record.digest);
  append_line(body, "detail", record.detail);
  return body;
}

Sha256 chain_hash(const Sha256& previous, std::string_view body) {
  std::string both;
  both.reserve(previous.size() + body.size());
  both.append(reinterpret_cast<const char*>(previous.data()), previous.size());
  both += body;
  return sha256(both);
}

Link make_link(const Record& record, std::int64_t sequence, const Sha256& previous) {
  Link link;
  link.sequence = sequence;
  link.body = canonical(record, sequence);
  link.hash = chain_hash(previous, link.body);
  return link;
}

Result<std::int64_t> sequence_of(std::string_view body) {
  if (!body.starts_with(kFirstLine)) {
    return make_error(ErrorCode::malformed, "not an audit record of version 1");
  }
  body.remove_prefix(kFirstLine.size());
  std::int64_t sequence = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), sequence);
  if (error != std::errc{} || end == body.data() + body.size() || *end != '\n') {
    return make_error(ErrorCode::malformed, "an audit record without a sequence number");
  }
  return sequence;
}

}  // namespace concord::audit
