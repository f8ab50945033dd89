#include "tests/campaign/clients.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include "fhir/core/digest.h"
#include "tests/e2e/dispensing.h"
#include "tests/support/http_client.h"
#include "tests/support/prescriptions.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using test::Headers;
using test::HttpAnswer;
using test::HttpClient;

constexpr std::size_t kRemembered = 64;  ///< messages that may be repeated later
constexpr std::size_t kUpdates = 40;     ///< resources shared at a time
constexpr auto kPatience = 20s;          ///< for one answer
constexpr std::chrono::milliseconds kSlow{
    25};  ///< between messages of all clients, while a fault lasts

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Outcome outcome_of(const std::optional<HttpAnswer>& answer) {
  if (!answer || answer->status >= 500 || answer->status == 429) return Outcome::unknown;
  return answer->status / 100 == 2 ? Outcome::ok : Outcome::fail;
}

std::string header(const std::optional<HttpAnswer>& answer, const std::string& name) {
  if (!answer) return {};
  const auto found = answer->headers.find(name);
  return found == answer->headers.end() ? std::string() : found->second;
}

/// "http://…/FHIR/R4/Basic/7/_history/2" → "Basic/7": the two segments behind the base.
std::string place_of(std::string_view location) {
  constexpr std::string_view kBase = "/FHIR/R4/";
  if (const auto base = location.find(kBase); base != std::string_view::npos) {
    location.remove_prefix(base + kBase.size());
  }
  const auto type = location.find('/');
  if (type == std::string_view::npos) return {};
  return std::string(location.substr(0, location.find('/', type + 1)));
}

/// W/"7" → 7; 0 when there is none.
std::int64_t version_of(std::string_view etag) {
  std::int64_t number = 0;
  for (const char c : etag) {
    if (c >= '0' && c <= '9' && number < 1'000'000) number = number * 10 + (c - '0');
  }
  return number;
}

/// A message as it is sent, every time.
struct Sending {
  std::string key, subject, bundle, digest, request_id;
};

class Client {
 public:
  Client(Board& board, SharedResources& resources, std::uint64_t number)
      : board_(board),
        resources_(resources),
        number_(number),
        draw_(board.plan.seed * 1'000'003 + number),
        series_("campaign-" + std::to_string(board.plan.seed)),
        example_(test::example_prescription()) {
    for (const std::uint16_t port : board.ports) {
      gateways_.push_back(std::make_unique<HttpClient>(
          port, std::chrono::duration_cast<std::chrono::seconds>(kPatience)));
    }
  }

  void run() {
    while (const auto n = board_.take()) {
      prescription(*n);
      if (chance(board_.plan.resources, 100)) resource(*n);
      // While a fault lasts: so many messages that some are always under way, and not more.
      if (board_.is_ahead()) {
        std::this_thread::sleep_for(kSlow * board_.plan.clients * (50 + draw_() % 100) / 100);
      }
    }
  }

 private:
  bool chance(std::uint64_t of, std::uint64_t all) { return draw_() % all < of; }

  /// One request, to any gateway, in the history with its outcome.
  std::optional<HttpAnswer> ask(Operation op, std::string_view method, const std::string& path,
                                const Headers& headers, std::string_view body) {
    HttpClient& gateway = *gateways_[draw_() % gateways_.size()];
    op.client = number_;
    if (op.what == "message") board_.sent(op.key);
    op.started = board_.now();
    ++board_.waiting;
    auto answer = gateway.request(method, path, headers, body);
    --board_.waiting;
    op.ended = board_.now();
    op.outcome = outcome_of(answer);
    board_.settled += op.outcome != Outcome::unknown;
    op.status = answer ? answer->status : 0;
    if (op.what == "message") {
      op.effect = place_of(header(answer, "location"));
    } else if (op.outcome == Outcome::ok) {
      const std::string location = header(answer, "location");
      if (!location.empty()) op.effect = place_of(location);
      if (!op.effect.empty()) board_.named(op.effect);
      if (op.what == "update" || op.status == 201) op.version = version_of(header(answer, "etag"));
    }
    board_.history.add(op);
    return answer;
  }

  /// Until an answer settles it, however often the gateway dies. One in fifty gives up earlier.
  std::optional<HttpAnswer> deliver(const Sending& sending) {
    const bool impatient = chance(1, 50);
    for (int time = 0; !board_.over; ++time) {
      Operation op;
      op.what = "message";
      op.key = sending.key;
      op.subject = sending.subject;
      op.digest = sending.digest;
      auto answer = ask(std::move(op), "POST", "/FHIR/R4/$process-message",
                        {{"Content-Type", "application/fhir+json"},
                         {"X-Request-ID", sending.request_id},
                         {"Prefer", "respond-async"}},
                        sending.bundle);
      if (outcome_of(answer) != Outcome::unknown) return answer;
      if (impatient && time == 1) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + draw_() % (time < 10 ? 20 : 100)));
    }
    return std::nullopt;
  }

  bool accepted(const Sending& sending) {
    const auto answer = deliver(sending);
    if (!answer) return false;
    if (outcome_of(answer) == Outcome::ok) {
      ++board_.accepted;
      return true;
    }
    if (!board_.over) {
      board_.trouble("a sound message got status " + std::to_string(answer->status));
    }
    return false;
  }

  void prescription(std::uint64_t n) {
    const test::Prescription order = test::renewed(example_, series_, n);
    Sending sending{upper(order.message_id), upper(order.short_id), order.bundle,
                    to_hex(sha256(order.bundle)), series_ + "-" + std::to_string(n)};
    const bool kept = accepted(sending);
    if (chance(1, 10)) static_cast<void>(deliver(sending));
    if (!earlier_.empty() && chance(1, 10)) {
      static_cast<void>(deliver(earlier_[draw_() % earlier_.size()]));
    }
    if (kept && chance(1, 50)) altered(sending);
    if (kept && chance(1, 10)) cancel(n, sending);
    earlier_.push_back(std::move(sending));
    if (earlier_.size() > kRemembered) earlier_.pop_front();
  }

  /// The same identity, one space more: it has to be refused.
  void altered(Sending sending) {
    sending.bundle += ' ';
    sending.digest = to_hex(sha256(sending.bundle));
    static_cast<void>(deliver(sending));
  }

  void cancel(std::uint64_t n, const Sending& of) {
    const test::Ordered order = test::ordered(series_, n);
    const std::size_t items = std::min<std::size_t>(order.items.size(), 1 + draw_() % 2);
    for (std::size_t item = 0; item < items; ++item) {
      const std::string name =
          series_ + "-" + std::to_string(n) + "-cancel-" + std::to_string(item);
      const std::string id = test::uuid_for(name);
      Sending cancellation{upper(id), of.subject, test::cancellation(order, id, item), "", name};
      cancellation.digest = to_hex(sha256(cancellation.bundle));
      static_cast<void>(accepted(cancellation));
    }
  }

  static std::string body(std::string_view id, std::string_view name, std::string_view key) {
    std::string text = R"({"resourceType":"Basic",)";
    if (!id.empty()) text.append(R"("id":")").append(id).append(R"(",)");
    return text.append(R"("identifier":[{"system":"urn:campaign:name","value":")")
        .append(name)
        .append(R"("},{"system":"urn:campaign:value","value":")")
        .append(key)
        .append(R"("}],"code":{"text":"campaign"}})");
  }

  void resource(std::uint64_t n) {
    const std::string name = series_ + "-resource-" + std::to_string(n);
    std::string place;
    {
      const std::scoped_lock guard(resources_.lock);
      if (resources_.places.size() >= kUpdates / 2 && chance(4, 5)) {
        place = resources_.places[draw_() % resources_.places.size()];
      }
    }
    place.empty() ? create(name) : update(place, name);
  }

  void create(const std::string& name) {
    for (int time = 0; time < 50 && !board_.over; ++time) {
      Operation op;
      op.what = "create";
      op.key = name;
      const auto answer = ask(op, "POST", "/FHIR/R4/Basic",
                              {{"Content-Type", "application/fhir+json"},
                               {"If-None-Exist", "identifier=urn:campaign:name|" + name}},
                              body("", name, name));
      if (outcome_of(answer) == Outcome::fail) {
        return board_.trouble("a create got status " + std::to_string(answer->status));
      }
      if (outcome_of(answer) == Outcome::ok) {
        std::string place = place_of(header(answer, "location"));
        if (place.empty()) return;
        const std::scoped_lock guard(resources_.lock);
        if (resources_.places.size() >= kUpdates)
          resources_.places.erase(resources_.places.begin());
        return resources_.places.push_back(std::move(place));
      }
      std::this_thread::sleep_for(20ms);
    }
  }

  /// Reads, and writes over what it read. Another client may have been faster: then it is refused.
  void update(const std::string& place, const std::string& key) {
    HttpClient& gateway = *gateways_[draw_() % gateways_.size()];
    const auto read = gateway.request("GET", "/FHIR/R4/" + place);
    if (!read || read->status != 200) return;
    Operation op;
    op.what = "update";
    op.key = key;
    op.subject = op.effect = place;
    op.expected = version_of(header(read, "etag"));
    static_cast<void>(ask(op, "PUT", "/FHIR/R4/" + place,
                          {{"Content-Type", "application/fhir+json"},
                           {"If-Match", "W/\"" + std::to_string(op.expected) + "\""}},
                          body(place.substr(place.find('/') + 1), "of-" + place, key)));
  }

  Board& board_;
  SharedResources& resources_;
  std::uint64_t number_;
  std::mt19937_64 draw_;
  std::string series_, example_;
  std::vector<std::unique_ptr<HttpClient>> gateways_;
  std::deque<Sending> earlier_;
};

}  // namespace

void run_client(Board& board, SharedResources& resources, std::uint64_t number) {
  Client(board, resources, number).run();
  --board.working;
}

}  // namespace concord::campaign
