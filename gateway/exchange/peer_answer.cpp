// What the other side said, for the one who asked: from the bytes that were stored with the
// delivery.
#include <algorithm>

#include "fhir/json/writer.h"
#include "gateway/exchange/exchange.h"
#include "gateway/store/store.h"

namespace concord::exchange {

namespace {

using SteadyClock = std::chrono::steady_clock;
using store::ItemState;

/// How often at least the store is looked at: another gateway may be the one that delivers.
constexpr std::chrono::milliseconds kLook{500};

bool is_settled(ItemState state) {
  return state == ItemState::acked_business || state == ItemState::nacked;
}
bool is_given_up(ItemState state) {
  return state == ItemState::dead || state == ItemState::cancelled;
}

/// The attempt the answer came with: the last that brought bytes.
const store::Attempt* answered(const std::vector<store::Attempt>& attempts) {
  const auto found = std::find_if(attempts.rbegin(), attempts.rend(),
                                  [](const auto& attempt) { return !attempt.answer.empty(); });
  return found == attempts.rend() ? nullptr : &*found;
}

}  // namespace

/// The same bytes at the same instant with the same identities: the same resource each time.
Result<PeerAnswer> ExchangeService::peer_answer_of(const store::Item& item) const {
  PeerAnswer answer;
  if (is_given_up(item.state)) answer.state = PeerAnswer::State::given_up;
  const bool taken = item.state == ItemState::acked_transport;
  if (!is_settled(item.state) && !taken) return answer;
  CONCORD_ASSIGN(const auto attempts, parts_.store->attempts(item.id));
  const store::Attempt* attempt = answered(attempts);
  const mappers::Mapper* mapper = parts_.mappers->find(item.format);
  if (attempt == nullptr || mapper == nullptr) return answer;
  mappers::Parameters parameters;
  parameters.now = attempt->ended_at;
  parameters.uuids = [&item] { return uuid_v5(item.id, "answer"); };
  auto decoded = mapper->decode(attempt->answer, attempt->answer_type, parameters, nullptr);
  if (!decoded) {
    Error error = make_error(ErrorCode::internal,
                             "the answer of the other side cannot be read; it is kept as it came");
    error.log_detail = to_string(decoded.error());
    return error;
  }
  CONCORD_ASSIGN(answer.body, json::write(*decoded->resource));
  answer.status = decoded->status;
  answer.state = PeerAnswer::State::given;
  return answer;
}

Result<std::optional<PeerAnswer>> ExchangeService::peer_answer(
    std::string_view task, SteadyClock::time_point until) const {
  CONCORD_ASSIGN(const auto row, parts_.store->task(task));
  if (!row) return std::optional<PeerAnswer>{};
  std::optional<Announcements::Listening> listening;
  if (parts_.announcements != nullptr && SteadyClock::now() < until) {
    listening.emplace(*parts_.announcements, row->exchange);
  }
  for (;;) {
    CONCORD_ASSIGN(const auto items, parts_.store->items(row->exchange));
    const auto request = std::find_if(items.begin(), items.end(), [](const store::Item& item) {
      return item.purpose == "request";
    });
    if (request == items.end()) return std::optional<PeerAnswer>{};
    CONCORD_ASSIGN(PeerAnswer answer, peer_answer_of(*request));
    if (answer.state != PeerAnswer::State::pending || !listening || SteadyClock::now() >= until) {
      return std::optional<PeerAnswer>{std::move(answer)};
    }
    static_cast<void>(listening->wait(std::min(until, SteadyClock::now() + kLook)));
  }
}

}  // namespace concord::exchange
