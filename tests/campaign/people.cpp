#include "tests/campaign/people.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <random>
#include <thread>

#include "fhir/json/value.h"
#include "tests/support/http_client.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using test::HttpClient;

std::string text_at(const json::Value& object, std::string_view name) {
  const json::Member* const member = object.find(name);
  return member == nullptr ? std::string() : std::string(member->value->text);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// A message that was given up, as a person sees it in the list.
struct DeadLetter {
  std::string exchange, task, key;
};

std::vector<DeadLetter> dead_letters(const std::string& list) {
  std::vector<DeadLetter> found;
  json::Values values;
  const auto read = values.read(list);
  const json::Member* const exchanges = read ? (*read)->find("exchanges") : nullptr;
  if (exchanges == nullptr) return found;
  for (const json::Member& exchange : exchanges->value->members) {
    const json::Member* const items = exchange.value->find("items");
    if (items == nullptr) continue;
    for (const json::Member& item : items->value->members) {
      if (text_at(*item.value, "state") != "dead") continue;
      found.push_back({text_at(*exchange.value, "id"), text_at(*item.value, "task"),
                       upper(text_at(*item.value, "messageId"))});
    }
  }
  return found;
}

class Person {
 public:
  explicit Person(Board& board) : board_(board), draw_(board.plan.seed * 7'919 + 1) {
    for (const std::uint16_t port : board.ports) {
      gateways_.push_back(std::make_unique<HttpClient>(port, 10s));
    }
  }

  void look() {
    const auto list =
        any().request("GET", "/exchange?state=dead&limit=20", {{"Accept", "application/json"}});
    if (!list || list->status != 200) return;
    for (const DeadLetter& letter : dead_letters(list->body)) {
      if (!board_.all_given && draw_() % 4 == 0) continue;  // later
      say(letter, draw_() % 4 == 0 ? "cancel" : "replay");
    }
  }

 private:
  HttpClient& any() { return *gateways_[draw_() % gateways_.size()]; }

  void say(const DeadLetter& letter, const std::string& what) {
    Word word;
    word.what = what;
    word.key = letter.key;
    see(letter.task, word);
    word.started = board_.now();
    const auto answer = any().request("POST", "/exchange/" + letter.exchange + "/$" + what,
                                      {{"Content-Type", "application/json"}},
                                      R"({"by":"A Person","why":"the campaign"})");
    word.ended = board_.now();
    word.status = answer ? answer->status : 0;
    word.outcome = !answer || answer->status >= 500 || answer->status == 429 ? Outcome::unknown
                   : answer->status / 100 == 2                               ? Outcome::ok
                                                                             : Outcome::fail;
    board_.history.add(word);
    if (word.status == 429) std::this_thread::sleep_for(200ms);
  }

  /// What its Task says, read once more from the store.
  void see(const std::string& task, Word& word) {
    const auto answer = any().request("GET", "/FHIR/R4/Task/" + task);
    if (!answer || answer->status != 200) return;
    json::Values values;
    const auto read = values.read(answer->body);
    if (!read) return;
    word.task_status = text_at(**read, "status");
    const json::Member* const owner = (*read)->find("owner");
    const json::Member* const id = owner ? owner->value->find("identifier") : nullptr;
    if (id != nullptr) word.owner = text_at(*id->value, "value");
  }

  Board& board_;
  std::mt19937_64 draw_;
  std::vector<std::unique_ptr<HttpClient>> gateways_;
};

}  // namespace

void look_after_dead_letters(Board& board, const std::stop_token& stop) {
  Person person(board);
  while (!stop.stop_requested()) {
    person.look();
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace concord::campaign
