#include "tests/campaign/people.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <thread>

#include "fhir/json/value.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

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
    draw_() % 3 == 0 ? by_command(letter, word) : by_request(letter, word);
    word.ended = board_.now();
    board_.history.add(word);
    if (word.status == 429) std::this_thread::sleep_for(200ms);
  }

  void by_request(const DeadLetter& letter, Word& word) {
    const auto answer = any().request("POST", "/exchange/" + letter.exchange + "/$" + word.what,
                                      {{"Content-Type", "application/json"}},
                                      R"({"by":"A Person","why":"the campaign"})");
    word.status = answer ? answer->status : 0;
    word.outcome = !answer || answer->status >= 500 || answer->status == 429 ? Outcome::unknown
                   : answer->status / 100 == 2                               ? Outcome::ok
                                                                             : Outcome::fail;
  }

  /// With `concord exchange`: its exit status, and what it printed.
  void by_command(const DeadLetter& letter, Word& word) {
    const std::filesystem::path printed = board_.plan.folder / "operator.json";
    std::error_code none;
    std::filesystem::remove(printed, none);
    const auto port = board_.ports[draw_() % board_.ports.size()];
    const auto status =
        test::run(test::built_program("concord-faulty"),
                  {.arguments = {"exchange", word.what, letter.exchange, "--by", "A Person",
                                 "--why", "the campaign", "--json", "--url",
                                 "http://127.0.0.1:" + std::to_string(port)},
                   .log = board_.plan.folder / "operator.log",
                   .output = printed},
                  30s);
    word.outcome = status == 0                       ? Outcome::ok
                   : status == 1 && refused(printed) ? Outcome::fail
                                                     : Outcome::unknown;
  }

  /// Whether the command says that nothing was done.
  static bool refused(const std::filesystem::path& printed) {
    std::ifstream in(printed, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    json::Values values;
    const auto read = values.read(text);
    const json::Member* const items = read ? (*read)->find("items") : nullptr;
    return items != nullptr && !items->value->members.empty() &&
           std::all_of(items->value->members.begin(), items->value->members.end(),
                       [](const json::Member& item) {
                         return text_at(*item.value, "result") == "refused";
                       });
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
