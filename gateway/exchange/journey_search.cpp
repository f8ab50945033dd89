#include "gateway/exchange/journey_search.h"

#include <charconv>

namespace concord::exchange {
namespace {

constexpr std::size_t kMostText = 512;

/// Nothing when the text is no number, or one longer than years.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > 1'000'000) return std::nullopt;
  return value;
}

Error bad(std::string_view name, std::string_view wanted) {
  return make_error(ErrorCode::malformed,
                    "\"" + std::string(name) + "\" has to be " + std::string(wanted));
}

/// "7d" before now, a date (its midnight, UTC), or an instant.
Result<Instant> moment(std::string_view name, std::string_view text, Instant now) {
  if (text.size() >= 2 && text.size() <= 8) {
    if (const auto many = number(text.substr(0, text.size() - 1))) {
      switch (text.back()) {
        case 'm':
          return now - std::chrono::minutes{*many};
        case 'h':
          return now - std::chrono::hours{*many};
        case 'd':
          return now - std::chrono::days{*many};
        default:
          break;
      }
    }
  }
  std::string whole(text);
  if (whole.size() == 10) whole += "T00:00:00Z";
  if (auto instant = parse_instant(whole)) return instant;
  return bad(name, "a date, an instant, or a time before now as 30m, 12h or 7d");
}

Result<void> add_states(ExchangeSearch& search, std::string_view value) {
  while (true) {
    const std::size_t comma = value.find(',');
    const auto state = store::exchange_state_named(value.substr(0, comma));
    if (!state) return bad("state", "open, delivered, dead, rejected or cancelled");
    search.states.push_back(*state);
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<void> set_search(ExchangeSearch& search, std::string_view name, std::string_view value,
                        Instant now) {
  if (value.empty() || value.size() > kMostText) return bad(name, "1 to 512 characters");
  if (name == "state") return add_states(search, value);
  if (name == "since") {
    CONCORD_ASSIGN(search.since, moment(name, value, now));
    return {};
  }
  if (name == "until") {
    CONCORD_ASSIGN(search.before, moment(name, value, now));
    return {};
  }
  if (name == "limit") {
    const auto limit = number(value);
    if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(ExchangeSearch::kMostLimit)) {
      return bad(name, "1 to 200");
    }
    search.limit = static_cast<std::size_t>(*limit);
    return {};
  }
  std::string* const text = name == "sender"        ? &search.sender
                            : name == "destination" ? &search.destination
                            : name == "kind"        ? &search.message_kind
                            : name == "subject"     ? &search.subject
                            : name == "task"        ? &search.task
                            : name == "request-id"  ? &search.request_id
                            : name == "message-id"  ? &search.message_id
                            : name == "cursor"      ? &search.cursor
                                                    : nullptr;
  if (text == nullptr) {
    return make_error(ErrorCode::unsupported, "exchanges are not searched by this parameter");
  }
  *text = value;
  return {};
}

}  // namespace concord::exchange
