#include "gateway/subscriptions/event_stream.h"

#include <algorithm>

#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "gateway/subscriptions/detail/made_json.h"

namespace concord::subscriptions {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kAtOnce = 200;
constexpr std::size_t kLongestState = 64;

std::string_view change_name(store::Change change) {
  switch (change) {
    case store::Change::created:
      return "created";
    case store::Change::updated:
      return "updated";
    case store::Change::patched:
      return "patched";
    case store::Change::deleted:
      return "deleted";
  }
  return "updated";
}

/// `status` at the top of a resource: a code. Empty when there is none.
std::string state_of(const store::ResourceRow& row, const tree::Symbols& symbols) {
  if (row.body.empty()) return {};
  const auto document = json::read(row.body, symbols);
  if (!document) return {};
  const tree::Symbol name = document->find("status");
  const tree::Node* status =
      name == tree::Symbol::kNone ? nullptr : document->root().child(name);
  if (status == nullptr || status->text().size() > kLongestState) return {};
  return std::string(status->text());
}

/// Line feeds would end a field.
bool is_position(std::string_view text) {
  return text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
         });
}

}  // namespace

class EventStreams::Stream final : public http::BodySource {
 public:
  Stream(EventStreams& all, std::vector<std::string> types, std::string position, bool reset)
      : all_(all),
        types_(std::move(types)),
        position_(std::move(position)),
        reset_(reset),
        last_sent_(steady_clock::now()) {}
  ~Stream() override { all_.streams_.fetch_sub(1); }

  std::optional<std::string> next(std::chrono::milliseconds patience) override {
    std::string text = opening();
    if (text.empty()) {
      if (!more_) {
        const std::uint64_t now = all_.wait(seen_, patience);
        more_ = now != seen_;
        seen_ = now;
      }
      if (more_) text = changes();
    }
    if (text.empty() && steady_clock::now() - last_sent_ >= all_.settings_.heartbeat) {
      text = ": heartbeat\n\n";
    }
    if (!text.empty()) last_sent_ = steady_clock::now();
    return text;
  }

 private:
  /// What comes before everything else, once.
  std::string opening() {
    if (opened_) return {};
    opened_ = true;
    more_ = true;  // what happened between position and now
    std::string text = "retry: 2000\n";
    if (reset_) text += "event: reset\ndata: {}\n";
    return text + "id: " + position_ + "\n\n";
  }

  std::string changes() {
    const auto page = all_.resources_.changed(position_, types_, kAtOnce);
    if (!page) return {};  // a store that does not answer is asked again
    more_ = page->rows.size() >= kAtOnce;
    std::string text;
    for (const store::ResourceRow& row : page->rows) {
      text += "event: change\n";
      // The position behind the whole page goes with its last event: who loses the connection
      // before it sees some events again.
      if (&row == &page->rows.back()) text += "id: " + page->next + "\n";
      text += "data: " + data_of(row) + "\n\n";
    }
    if (!page->next.empty()) position_ = page->next;
    return text;
  }

  std::string data_of(const store::ResourceRow& row) const {
    detail::MadeJson made;
    json::Value* data = made.object(
        {{"type", made.text(row.type)},
         {"id", made.text(row.id)},
         {"version", made.values().make(json::ValueKind::number,
                                        made.values().keep(std::to_string(row.version)))},
         {"change", made.text(std::string(change_name(row.change)))},
         {"at", made.text(format_instant(row.updated_at))}});
    if (std::string state = state_of(row, all_.symbols_); !state.empty()) {
      data->members.push_back({"status", made.text(std::move(state))});
    }
    return *json::write(*data);
  }

  EventStreams& all_;
  const std::vector<std::string> types_;
  std::string position_;
  const bool reset_;
  bool opened_ = false;
  bool more_ = false;
  std::uint64_t seen_ = 0;
  steady_clock::time_point last_sent_;
};

EventStreams::EventStreams(store::Resources& resources, const tree::Symbols& symbols,
                           StreamSettings settings)
    : resources_(resources), symbols_(symbols), settings_(std::move(settings)) {
  looking_ = std::jthread([this](const std::stop_token& stop) { look(stop); });
}

EventStreams::~EventStreams() {
  looking_.request_stop();
  wake();
}

Result<std::shared_ptr<http::BodySource>> EventStreams::open(std::vector<std::string> types,
                                                             std::string position) {
  if (types.empty() && !settings_.types.empty()) types.push_back(settings_.types.front());
  for (const std::string& type : types) {
    if (std::find(settings_.types.begin(), settings_.types.end(), type) == settings_.types.end()) {
      return make_error(ErrorCode::malformed, "\"types\" names a type that is not streamed");
    }
  }
  bool reset = false;
  if (!position.empty()) {
    const auto known = is_position(position)
                           ? resources_.changed(position, types, 1)
                           : Result<store::ResourcePage>(
                                 make_error(ErrorCode::invalid, "no position"));
    if (!known && error_row(known.error().code).retryable) return known.error();
    reset = !known;
  }
  if (position.empty() || reset) {
    CONCORD_ASSIGN(const store::ResourcePage now, resources_.changed("", types, 1));
    position = now.next;
  }
  if (streams_.fetch_add(1) >= settings_.most) {
    streams_.fetch_sub(1);
    return make_error(ErrorCode::throttled, "there are as many streams as are allowed");
  }
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
  }
  moved_.notify_all();
  return std::shared_ptr<http::BodySource>(
      std::make_shared<Stream>(*this, std::move(types), std::move(position), reset));
}

void EventStreams::wake() {
  if (streams_.load() == 0 && !looking_.get_stop_token().stop_requested()) return;
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
  }
  moved_.notify_all();
}

std::uint64_t EventStreams::wait(std::uint64_t seen, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  moved_.wait_for(lock, patience, [&] { return generation_ != seen; });
  return generation_;
}

/// Looks whether anything changed, in another gateway too.
void EventStreams::look(const std::stop_token& stop) {
  std::string position;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (streams_.load() == 0) {
        position.clear();
        moved_.wait(lock, stop, [this] { return streams_.load() > 0; });
        if (stop.stop_requested()) return;
      } else {
        moved_.wait_for(lock, stop, settings_.poll, [] { return false; });
      }
    }
    if (stop.stop_requested()) return;
    const auto page = resources_.changed(position, settings_.types, kAtOnce);
    if (!page) continue;
    // The first look has no rows, and streams that read before it may have missed something.
    const bool moved = position.empty() || !page->rows.empty();
    if (!page->next.empty()) position = page->next;
    if (!moved) continue;
    {
      const std::lock_guard lock(mutex_);
      ++generation_;
    }
    moved_.notify_all();
  }
}

}  // namespace concord::subscriptions
