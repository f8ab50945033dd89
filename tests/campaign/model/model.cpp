#include "tests/campaign/model/model.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "fhir/core/digest.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using store::Item;
using store::ItemState;

constexpr auto kLease = 60s;
constexpr std::size_t kNodes = 2;
constexpr std::uint64_t kSubjects = 5;
constexpr std::string_view kCanary = "MOLE Tess";  ///< in every payload, invented
constexpr std::array<std::string_view, 10> kActNames{
    "send", "repeat", "alter", "unclear", "lease", "deliver", "pause", "wait", "crash", "stop"};
constexpr std::array<std::string_view, 15> kDefectNames{"none",
                                                        "keys not unique",
                                                        "answer before commit",
                                                        "fence ignored",
                                                        "any ack counts",
                                                        "lease forgotten",
                                                        "subject order dropped",
                                                        "insert again",
                                                        "audit skipped",
                                                        "lost on shutdown",
                                                        "new ids on resend",
                                                        "silent dead letter",
                                                        "other content replayed",
                                                        "recorded before sent",
                                                        "payload in log"};

/// What a client sends.
struct Message {
  std::string key, subject, content;
};

/// What the other side does with an attempt.
enum class Peer : std::uint8_t { takes, lost, answer_lost, wrong_answer, refuses };

class World {
 public:
  World(const OpenStore& open, test::FakeClock& clock, Defect defect)
      : open_(open), clock_(clock), defect_(defect) {
    checker_.add(Began{0, "", ""});
    reopen();
  }

  void take(const Step& step) {
    if (broken_) return;
    const std::uint64_t d = step.draw;
    switch (step.act) {
      case Act::send:
        return accept(fresh(d), 'n');
      case Act::repeat:
        if (!sent_.empty()) accept(sent_[d % sent_.size()], 'n');
        return;
      case Act::alter:
        if (!sent_.empty()) {
          Message other = sent_[d % sent_.size()];
          other.content += "?";
          accept(other, 'n');
        }
        return;
      case Act::unclear:
        return accept(fresh(d), d / 7 % 2 == 0 ? 'l' : 'r');
      case Act::lease:
        return lease(d % kNodes);
      case Act::deliver:
        return deliver(d % kNodes, peer_of(d / kNodes));
      case Act::pause:
        return clock_.advance(kLease + 1s);
      case Act::wait:
        return clock_.advance(std::chrono::milliseconds(d % 4000));
      case Act::crash:
        return crash();
      case Act::stop:
        return stop();
    }
  }

  Verdict finish() {
    // The other side behaves from here on, until three rounds in a row bring nothing.
    for (int quiet = 0, round = 0; quiet < 3 && round < 500 && !broken_; ++round) {
      clock_.advance(kLease + 1s);
      ++quiet;
      for (std::size_t node = 0; node < kNodes; ++node) {
        held_[node].clear();
        lease(node);
        if (!held_[node].empty()) quiet = 0;
        while (!held_[node].empty() && !broken_) deliver(node, Peer::takes);
      }
    }
    if (!broken_) read_the_end();
    for (const std::string& line : log_) {
      if (line.find(kCanary) != std::string::npos) checker_.add(Leak{"the log"});
    }
    checker_.add(End{operations_, arrivals_, 0, true});
    return checker_.finish();
  }

 private:
  // ---- accepting ----

  Message fresh(std::uint64_t d) {
    Message message;
    message.key = "KEY-" + std::to_string(++keys_);
    message.subject = "subject-" + std::to_string(d % kSubjects);
    message.content = std::string(kCanary) + " " + message.key;
    sent_.push_back(message);
    return message;
  }

  store::NewExchange exchange_for(const Message& message) {
    const std::string name = std::to_string(++exchanges_);
    const Instant now = clock_.now();
    store::NewExchange exchange = test::sample_exchange(name, "spine", message.subject);
    exchange.payload = message.content;
    exchange.digest = sha256(message.content);
    exchange.received_at = exchange.accepted_at = exchange.task.updated_at = now;
    exchange.keys = {{"message-id", "X99001", message.key}};
    exchange.answer = "Task/task-" + name;
    store::NewItem& item = exchange.items.front();
    item.bytes = message.key + "|made for exchange " + name;  // ids are fixed at the first build
    item.digest = sha256(item.bytes);
    item.deadline = now + 72h;
    if (defect_ == Defect::keys_not_unique) exchange.keys[0].value += "#" + name;
    if (defect_ == Defect::subject_order_dropped) item.subject.clear();
    if (defect_ == Defect::audit_skipped && exchanges_ % 5 == 0) exchange.audit.clear();
    made_.push_back({message.key, item.id});
    return exchange;
  }

  /// `way`: normal, commit lost on the way there, result lost on the way back.
  void accept(const Message& message, char way) {
    Operation op;
    op.what = "message";
    op.key = message.key;
    op.subject = message.subject;
    op.digest = message.content;
    op.started = ++ticks_;
    ++operations_;
    store::NewExchange exchange = exchange_for(message);
    if (defect_ == Defect::answer_before_commit && way == 'n') {
      op.outcome = Outcome::ok;
      op.effect = exchange.answer;
      // A repeat would find the first: only what is new is put off.
      const auto known = store_->earlier(exchange.keys, exchange.digest);
      if (known && !*known) {
        flush();
        uncommitted_ = std::move(exchange);
        return record(std::move(op));
      }
    }
    flush();
    if (way == 'l') {
      op.outcome = Outcome::unknown;
      return record(std::move(op));
    }
    const auto keys = exchange.keys;
    auto committed = store_->commit(std::move(exchange));
    if (way == 'r') {
      op.outcome = Outcome::unknown;
      if (defect_ == Defect::insert_again) {
        store::NewExchange again = exchange_for(message);
        again.keys[0].value += "#again";
        static_cast<void>(store_->commit(std::move(again)));
      }
      return record(std::move(op));
    }
    if (committed) {
      op.outcome = Outcome::ok;
      op.effect = committed->answer;
    } else if (committed.error().code != ErrorCode::conflict) {
      return give_up("commit", committed.error());
    } else if (defect_ == Defect::other_content_replayed) {
      op.outcome = Outcome::ok;
      op.effect = "the first answer";
    } else {
      op.outcome = Outcome::fail;
    }
    record(std::move(op));
  }

  void record(Operation op) {
    op.ended = ++ticks_;
    checker_.add(std::move(op));
  }

  /// The commit that was answered already (a planted defect).
  void flush() {
    if (!uncommitted_) return;
    static_cast<void>(store_->commit(std::move(*uncommitted_)));
    uncommitted_.reset();
  }

  // ---- delivering ----

  static std::string node_name(std::size_t node) { return "node-" + std::to_string(node); }
  std::int64_t millis() const { return clock_.now().time_since_epoch().count(); }

  void lease(std::size_t node) {
    flush();
    store::LeaseRequest request{"spine", node_name(node), 2, clock_.now(), clock_.now() + kLease};
    const auto until = request.until;
    if (defect_ == Defect::lease_forgotten) request.until = request.now;
    auto items = store_->lease(request);
    if (!items) return give_up("lease", items.error());
    for (Item& item : *items) {
      checker_.add(
          Lease{item.id, node_name(node), item.fence, millis(), until.time_since_epoch().count()});
      held_[node].push_back(std::move(item));
    }
  }

  static Peer peer_of(std::uint64_t d) {
    // Of sixteen: eight are taken, two each go wrong in the ways that end well, one is refused.
    constexpr std::array kWays{Peer::takes, Peer::lost,         Peer::takes, Peer::answer_lost,
                               Peer::takes, Peer::wrong_answer, Peer::takes, Peer::refuses,
                               Peer::takes, Peer::lost,         Peer::takes, Peer::answer_lost,
                               Peer::takes, Peer::wrong_answer, Peer::takes, Peer::takes};
    return kWays[d % kWays.size()];
  }

  void arrive(const Item& item) {
    std::string bytes = item.bytes;
    if (defect_ == Defect::new_ids_on_resend && item.attempt > 0) {
      bytes += " again " + std::to_string(item.attempt);
    }
    const std::string key = bytes.substr(0, bytes.find('|'));
    ++arrivals_;
    checker_.add(
        Arrival{"spine", key, to_hex(sha256(bytes)), subjects_of(key), "do " + key, "new", 0});
  }
  std::string subjects_of(const std::string& key) const {
    for (const Message& message : sent_) {
      if (message.key == key) return message.subject;
    }
    return {};
  }

  void deliver(std::size_t node, Peer peer) {
    if (held_[node].empty()) return;
    const Item item = std::move(held_[node].front());
    held_[node].erase(held_[node].begin());
    if (defect_ == Defect::recorded_before_sent) {
      // The crash of the next step would come in between: here it does, for one attempt in eight.
      settle(node, item, ItemState::acked_business, "completed");
      if (peer == Peer::lost) return crash();
      return arrive(item);
    }
    switch (peer) {
      case Peer::takes:
        arrive(item);
        return settle(node, item, ItemState::acked_business, "completed");
      case Peer::lost:
        if (defect_ == Defect::payload_in_log) {
          log_.push_back("attempt failed: " + payload_of(item));
        } else {
          log_.push_back("attempt failed: " + item.id);
        }
        return settle(node, item, ItemState::pending, "");
      case Peer::answer_lost:
        arrive(item);
        return settle(node, item, ItemState::pending, "");
      case Peer::wrong_answer:
        // An acknowledgement comes back, but it names another message; this one never arrived.
        if (defect_ == Defect::any_ack_counts) {
          return settle(node, item, ItemState::acked_business, "completed");
        }
        return settle(node, item, ItemState::pending, "");
      case Peer::refuses:
        return settle(node, item, ItemState::dead, "failed");
    }
  }

  std::string payload_of(const Item& item) const {
    const std::string key = item.bytes.substr(0, item.bytes.find('|'));
    for (const Message& message : sent_) {
      if (message.key == key) return message.content;
    }
    return {};
  }

  void settle(std::size_t node, const Item& item, ItemState state, const std::string& task_status) {
    store::Settlement settlement = test::sample_settlement(item, state, clock_.now());
    settlement.next_at = clock_.now() + 5s;
    if (state == ItemState::dead) {
      settlement.dead = store::DeadLetter{"permanent", "refused", "X99001", clock_.now() + 24h};
    }
    const bool silent = defect_ == Defect::silent_dead_letter && state == ItemState::dead;
    if (!task_status.empty() && !silent) {
      const auto task = store_->task(item.task);
      if (!task || !*task) return;  // the end will tell
      settlement.task = store::TaskChange{
          item.task,
          (*task)->version,
          task_status,
          R"({"resourceType":"Task","status":")" + task_status + R"(","owner":"X99001"})",
          {}};
    }
    auto settled = store_->settle(settlement);
    if (!settled && settled.error().code == ErrorCode::conflict &&
        defect_ == Defect::fence_ignored) {
      const auto current = store_->item(item.id);
      if (current && *current) {
        settlement.fence = (*current)->fence;
        settled = store_->settle(settlement);
      }
    }
    if (settled) {
      checker_.add(Settled{item.id, node_name(node), item.fence, millis()});
    } else if (settled.error().code != ErrorCode::conflict) {
      give_up("settle", settled.error());
    }
  }

  // ---- ending ----

  void reopen() {
    store_.reset();
    auto opened = open_();
    if (!opened) return give_up("open", opened.error());
    store_ = std::move(*opened);
  }

  void crash() {
    uncommitted_.reset();
    for (auto& items : held_) items.clear();
    reopen();
    if (!broken_) give_back();
  }

  void stop() {
    flush();
    for (std::size_t node = 0; node < kNodes; ++node) {
      for (const Item& item : held_[node]) {
        if (defect_ == Defect::lost_on_shutdown) {
          settle(node, item, ItemState::acked_business, "completed");
        }
      }
      held_[node].clear();
    }
    give_back();
    reopen();
  }

  /// What a node does with its own leases when it stops, or starts after a crash. They end here.
  void give_back() {
    for (std::size_t node = 0; node < kNodes; ++node) {
      if (const auto released = store_->release(node_name(node), clock_.now()); !released) {
        return give_up("release", released.error());
      }
    }
    // For the checker a lease that was given back is over: time passes until it would have ended.
    clock_.advance(kLease + 1s);
  }

  void give_up(std::string_view what, const Error& error) {
    broken_ = true;
    log_.push_back(std::string(what) + ": " + to_string(error));
  }

  void read_the_end() {
    flush();
    for (const auto& [key, id] : made_) {
      const auto item = store_->item(id);
      if (!item) return give_up("item", item.error());
      if (!*item) continue;  // a repeat, or it was never committed
      const auto task = store_->task((*item)->task);
      Final last;
      last.key = key;
      const ItemState state = (*item)->state;
      last.state = state == ItemState::pending ? "pending"
                   : state == ItemState::dead  ? "dead"
                                               : "delivered";
      if (task && *task) {
        last.task = (*task)->id;
        last.task_status = (*task)->status;
        last.owner = (*task)->body.find("\"owner\"") != std::string::npos ? "X99001" : "";
      }
      // Behind a dead letter its subject stands still until a person acts.
      if (last.state == "pending") waiting_for_a_person(**item, last);
      checker_.add(last);
    }
    const auto c = store_->counts();
    if (!c) return give_up("counts", c.error());
    checker_.add(Counts{c->accepted, c->delivered, c->pending, c->dead, c->rejected, c->cancelled});
    const auto verdict = store::verify_audit(*store_);
    if (!verdict) return give_up("audit", verdict.error());
    Audit audit{!verdict->broken, verdict->links, 0, verdict->broken ? verdict->broken->text : ""};
    const auto links = store_->audit_links(0, 100'000);
    if (links) {
      for (const auto& link : *links) {
        audit.accepted += link.body.find("exchange.accepted") != std::string::npos;
      }
    }
    checker_.add(audit);
  }

  void waiting_for_a_person(const Item& item, Final& last) {
    for (const auto& [key, id] : made_) {
      if (id == item.id) return;
      const auto earlier = store_->item(id);
      if (earlier && *earlier && (*earlier)->subject == item.subject &&
          (*earlier)->state == ItemState::dead) {
        // Held: told to the checker as what a person does about it, who takes it out.
        last.state = "cancelled", last.task_status = "cancelled";
        checker_.add(Word{"cancel", last.key, ticks_, ticks_, Outcome::ok, 200, "", ""});
        return;
      }
    }
  }

  const OpenStore& open_;
  test::FakeClock& clock_;
  Defect defect_;
  Checker checker_;
  std::unique_ptr<store::Store> store_;
  std::optional<store::NewExchange> uncommitted_;
  std::vector<Message> sent_;
  std::vector<std::pair<std::string, std::string>> made_;  ///< key, item; in order
  std::array<std::vector<Item>, kNodes> held_;
  std::vector<std::string> log_;
  std::uint64_t keys_ = 0, exchanges_ = 0, operations_ = 0, arrivals_ = 0;
  std::int64_t ticks_ = 0;
  bool broken_ = false;
};

}  // namespace

std::string_view defect_name(Defect defect) {
  return kDefectNames.at(static_cast<std::size_t>(defect));
}

std::vector<Step> random_steps(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  constexpr std::array kActs{Act::send,    Act::send,    Act::send,    Act::repeat,  Act::repeat,
                             Act::alter,   Act::unclear, Act::lease,   Act::lease,   Act::lease,
                             Act::deliver, Act::deliver, Act::deliver, Act::deliver, Act::deliver,
                             Act::pause,   Act::wait,    Act::wait,    Act::crash,   Act::stop};
  std::vector<Step> steps(count);
  for (Step& step : steps) step = {kActs[random() % kActs.size()], random() % 100'000};
  return steps;
}

Verdict play(const std::vector<Step>& steps, const OpenStore& open, test::FakeClock& clock,
             Defect defect) {
  World world(open, clock, defect);
  for (const Step& step : steps) world.take(step);
  return world.finish();
}

std::vector<Step> shrink(std::vector<Step> steps,
                         const std::function<bool(const std::vector<Step>&)>& fails) {
  for (std::size_t part = steps.size() / 2; part > 0;) {
    bool shorter = false;
    for (std::size_t at = 0; at < steps.size();) {
      std::vector<Step> fewer(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(at));
      const std::size_t rest = std::min(at + part, steps.size());
      fewer.insert(fewer.end(), steps.begin() + static_cast<std::ptrdiff_t>(rest), steps.end());
      if (fails(fewer)) {
        steps = std::move(fewer);
        shorter = true;
      } else {
        at += part;
      }
    }
    if (!shorter || part > steps.size()) part = std::min(part / 2, steps.size());
  }
  return steps;
}

std::string to_text(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    if (!text.empty()) text += ", ";
    text.append(kActNames.at(static_cast<std::size_t>(step.act)))
        .append(" ")
        .append(std::to_string(step.draw));
  }
  return text;
}

}  // namespace concord::campaign
