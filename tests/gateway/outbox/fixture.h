#pragma once
/// An outbox over a real store, with a channel and a judge that do as they are told.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <random>

#include "gateway/outbox/outbox.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

using std::chrono::milliseconds;

/// What one attempt carried.
struct Sent {
  std::string destination;
  std::string item;
  std::string message_id;
  std::string bytes;
};

/// Remembers what it carried; answers by a function, "<ok/>" when there is none.
class FakeChannel final : public channels::Channel {
 public:
  using Answer = std::function<channels::Receipt(const Sent&, std::stop_token)>;

  std::string_view name() const override { return "fake"; }
  bool knows(std::string_view) const override { return true; }

  channels::Receipt deliver(const channels::Delivery& delivery, milliseconds,
                            std::stop_token stop) override {
    Sent sent{std::string(delivery.destination), std::string(delivery.item),
              std::string(delivery.message_id), std::string(delivery.bytes)};
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(sent);
      most_at_once_ = std::max(most_at_once_, ++running_);
      answer = answer_;
    }
    changed_.notify_all();
    channels::Receipt receipt = answer ? answer(sent, std::move(stop)) : ok();
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    changed_.notify_all();
    return receipt;
  }

  void answer_with(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void answer_with(channels::Receipt receipt) {
    answer_with([receipt](const Sent&, std::stop_token) { return receipt; });
  }

  std::vector<Sent> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  bool wait_for_sent(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return sent_.size() >= count; });
  }
  int most_at_once() const {
    const std::lock_guard lock(mutex_);
    return most_at_once_;
  }

  static channels::Receipt ok() {
    return {channels::Carried::answered, 200, "<ok/>", "application/xml", std::nullopt, ""};
  }
  static channels::Receipt failed(channels::Carried carried, int code) {
    return {carried, code, "", "", std::nullopt, "HTTP status " + std::to_string(code)};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Sent> sent_;
  Answer answer_;
  int running_ = 0;
  int most_at_once_ = 0;
};

/// "<ok/>" is accepted, "<no/>" refused, "<other/>" belongs to another message; the rest says
/// nothing. Tasks are changed for real.
class FakeJudge final : public outbox::Judge {
 public:
  explicit FakeJudge(store::Store& store) : store_(&store) {}

  Result<outbox::Judgement> judge(const store::Item& item, const channels::Receipt& receipt,
                                  Instant) override {
    outbox::Judgement judgement;
    using Verdict = outbox::Judgement::Verdict;
    if (receipt.bytes == "<ok/>" || receipt.bytes == "<no/>") {
      judgement.verdict = Verdict::settled;
      judgement.state =
          receipt.bytes == "<ok/>" ? store::ItemState::acked_business : store::ItemState::nacked;
      CONCORD_ASSIGN(judgement.task,
                     task_of(item, receipt.bytes == "<ok/>" ? "completed" : "rejected"));
    } else if (receipt.bytes == "<other/>") {
      judgement.verdict = Verdict::foreign;
      judgement.refers_to = "SOMETHING-ELSE";
      judgement.reason = "names another message";
    }
    return judgement;
  }

  Result<outbox::Handover> hand_over(const store::Item& item, std::string_view reason_class,
                                     std::string_view reason, Instant now) override {
    outbox::Handover handover;
    handover.letter = {std::string(reason_class), std::string(reason), "X99001",
                       now + std::chrono::hours(24)};
    CONCORD_ASSIGN(handover.task, task_of(item, "failed"));
    return handover;
  }

 private:
  Result<std::optional<store::TaskChange>> task_of(const store::Item& item, std::string status) {
    CONCORD_ASSIGN(auto task, store_->task(item.task));
    if (!task) return std::optional<store::TaskChange>{};
    return std::optional<store::TaskChange>{
        store::TaskChange{item.task, task->version, status, "{\"status\":\"" + status + "\"}"}};
  }

  store::Store* store_;
};

class OutboxTest : public testing::Test {
 protected:
  void SetUp() override {
    open_store();
    auto channel = std::make_unique<FakeChannel>();
    channel_ = channel.get();
    channels_.add(std::move(channel));
    settings_.destinations = {{"spine", 4, milliseconds(30'000)},
                              {"pharmacy", 2, milliseconds(30'000)}};
    settings_.workers = 8;
    settings_.poll = milliseconds(5);
  }

  void open_store() {
    store::sqlite::Options options;
    options.path = folder_.path() / "concord.db";
    auto opened = store::sqlite::open(options, clock_.clock());
    ASSERT_THAT(opened, IsOk());
    store_ = std::move(*opened);
    judge_ = std::make_unique<FakeJudge>(*store_);
  }

  std::unique_ptr<outbox::Outbox> make() {
    outbox::Parts parts;
    parts.store = store_.get();
    parts.channels = &channels_;
    parts.judge = judge_.get();
    parts.clock = clock_.clock();
    parts.random = [] { return 0.5; };
    parts.observe = [this](const outbox::Notice& notice) {
      const std::lock_guard lock(notices_mutex_);
      ++notices_[std::string(outbox::notice_name(notice.kind))];
    };
    if (parts_change_) parts_change_(parts);
    return std::make_unique<outbox::Outbox>(std::move(parts), settings_);
  }
  void start() {
    outbox_ = make();
    ASSERT_THAT(outbox_->start(), IsOk());
  }

  void accept(const std::string& name, const std::string& subject = "",
              const std::string& destination = "spine") {
    ASSERT_THAT(store_->commit(sample_exchange(name, destination, subject)), IsOk());
    if (outbox_) outbox_->wake();
  }

  /// Waits until the store says so.
  bool wait_until(const std::function<bool()>& holds) const {
    for (int i = 0; i < 4000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }
  store::Counts counts() const {
    const auto counts = store_->counts();
    EXPECT_THAT(counts, IsOk());
    EXPECT_EQ(counts->difference(), 0);
    return *counts;
  }
  bool wait_for_delivered(std::int64_t count) const {
    return wait_until([&] { return counts().delivered >= count; });
  }
  store::ItemState state_of(const std::string& name) const {
    return (*store_->item("item-" + name))->state;
  }
  std::int32_t attempt_of(const std::string& name) const {
    return (*store_->item("item-" + name))->attempt;
  }
  /// How many notices of a kind were heard, once there is one: a notice follows its commit.
  int notices(const std::string& kind) {
    const auto heard = [&] {
      const std::lock_guard lock(notices_mutex_);
      return notices_[kind];
    };
    (void)wait_until([&] { return heard() > 0; });
    return heard();
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<FakeJudge> judge_;
  channels::Channels channels_;
  FakeChannel* channel_ = nullptr;
  outbox::Settings settings_;
  std::function<void(outbox::Parts&)> parts_change_;  ///< what a test wants otherwise
  std::mutex notices_mutex_;
  std::map<std::string, int> notices_;
  std::unique_ptr<outbox::Outbox> outbox_;  // last: it stops before the rest goes
};

}  // namespace concord::test
