#include "gateway/exchange/settle.h"

#include <algorithm>

#include "gateway/exchange/task.h"
#include "gateway/exchange/task_index.h"
#include "gateway/store/store.h"

namespace concord::exchange {

namespace {

using channels::Carried;
using mappers::Acknowledgement;
using outbox::Handover;
using outbox::Judgement;
using store::ItemState;

constexpr int kTaskTries = 5;

bool same_id(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           const auto lower = [](char c) {
             return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
           };
           return lower(x) == lower(y);
         });
}

/// Whether an answer that came back for an item is about it: it names the message, the item, or
/// another identity of what was sent (some answers name the act inside the message).
bool is_about(const store::Item& item, std::string_view refers_to) {
  constexpr std::size_t kShortestIdentity = 32;
  if (refers_to.empty() || same_id(refers_to, item.message_id) || same_id(refers_to, item.id)) {
    return true;
  }
  if (refers_to.size() < kShortestIdentity) return false;
  const auto found = std::search(
      item.bytes.begin(), item.bytes.end(), refers_to.begin(), refers_to.end(),
      [](char a, char b) { return same_id(std::string_view(&a, 1), std::string_view(&b, 1)); });
  return found != item.bytes.end();
}

/// Codes and public texts of an acknowledgement on one line: "AE 5000 Unable to process message".
std::string reason_of(const Acknowledgement& acknowledgement) {
  std::string reason = acknowledgement.code;
  for (const Issue& issue : acknowledgement.issues) {
    if (!reason.empty()) reason += reason == acknowledgement.code ? " " : "; ";
    if (!issue.detail_code.empty()) reason += issue.detail_code + " ";
    reason += issue.text;
  }
  return reason;
}

/// What a status of an item is called in the Task.
struct TaskWords {
  ItemState state;
  std::string_view status;
  std::string_view delivery;
};
constexpr TaskWords kTaskWords[] = {
    {ItemState::pending, "requested", "queued"},
    {ItemState::acked_transport, "received", "delivered"},
    {ItemState::acked_infrastructure, "accepted", "understood"},
    {ItemState::acked_business, "completed", "acknowledged"},
    {ItemState::nacked, "rejected", "refused"},
    {ItemState::dead, "failed", "undeliverable"},
    {ItemState::cancelled, "cancelled", "undeliverable"},
};

const TaskWords& words_of(ItemState state) {
  return *std::find_if(std::begin(kTaskWords), std::end(kTaskWords),
                       [state](const TaskWords& words) { return words.state == state; });
}

ItemState state_of(const Acknowledgement& acknowledgement) {
  if (acknowledgement.verdict == Acknowledgement::Verdict::refused) return ItemState::nacked;
  return acknowledgement.final ? ItemState::acked_business : ItemState::acked_infrastructure;
}

/// The Task of an item as it will be in `state`; nothing when the item has none.
Result<std::optional<store::TaskChange>> task_change(store::Store& store,
                                                     const tree::Symbols& symbols,
                                                     const SettlerSettings& settings,
                                                     const std::string& task_id, ItemState state,
                                                     TaskUpdate update) {
  CONCORD_ASSIGN(auto task, store.task(task_id));
  if (!task) return std::optional<store::TaskChange>{};
  const TaskWords& words = words_of(state);
  update.version = task->version + 1;
  update.status = words.status;
  if (update.delivery.empty()) update.delivery = words.delivery;
  store::TaskChange change;
  change.id = task_id;
  change.expected_version = task->version;
  change.status = std::string(words.status);
  CONCORD_ASSIGN(change.body, update_task(std::move(task->body), update, symbols));
  CONCORD_ASSIGN(change.index, index_task(change.body, settings.parameters, settings.definitions));
  if (settings.watch) {
    store::TaskRow next{
        task_id,   std::move(task->exchange), update.version, change.status, std::move(change.body),
        update.at, std::move(change.index)};
    CONCORD_ASSIGN(change.notices, settings.watch(next));
    change.body = std::move(next.body);
    change.index = std::move(next.index);
  }
  return std::optional<store::TaskChange>{std::move(change)};
}

/// `answer` is the task under which the answer is handed out; empty: it is not.
TaskUpdate acknowledged_update(const Acknowledgement& acknowledgement, std::string_view bytes,
                               std::string_view answer, Instant now) {
  TaskUpdate update;
  update.at = now;
  if (acknowledgement.verdict == Acknowledgement::Verdict::refused) {
    update.reason = reason_of(acknowledgement);
  }
  update.outputs = {{"acknowledgement", acknowledgement.code},
                    {"acknowledgement-sha256", to_hex(sha256(bytes))}};
  if (!answer.empty()) update.outputs.emplace_back("answer", "_poll/" + std::string(answer));
  return update;
}

audit::Record task_record(const store::TaskChange& change, const store::Item& item,
                          std::string_view actor, Instant now) {
  return {audit::Event::task_changed,  now,          item.exchange, item.id, std::string(actor),
          to_hex(sha256(change.body)), change.status};
}

}  // namespace

Settler::Settler(const mappers::Mappers& mappers, store::Store& store, const tree::Symbols& symbols,
                 SettlerSettings settings)
    : mappers_(&mappers), store_(&store), symbols_(&symbols), settings_(std::move(settings)) {}

Result<Judgement> Settler::judge(const store::Item& item, const channels::Receipt& receipt,
                                 Instant now) {
  Judgement judgement;
  const mappers::Mapper* mapper = mappers_->find(item.format);
  Result<Acknowledgement> read =
      mapper == nullptr || receipt.bytes.empty()
          ? make_error(ErrorCode::unsupported, "no acknowledgement in the answer")
          : mapper->read_acknowledgement(receipt.bytes, receipt.content_type);
  if (!read) {
    // Taken by the transport and nothing more: said as such, and the rest is waited for.
    if (receipt.carried != Carried::answered) return judgement;
    judgement.verdict = Judgement::Verdict::settled;
    judgement.state = ItemState::acked_transport;
    judgement.reason = "transport " + std::to_string(receipt.peer_code);
    judgement.expect = store::Expectation{"business", now + settings_.acknowledgement_due};
    TaskUpdate update;
    update.at = now;
    CONCORD_ASSIGN(judgement.task, task_change(*store_, *symbols_, settings_, item.task,
                                               judgement.state, std::move(update)));
    return judgement;
  }
  judgement.refers_to = read->refers_to;
  judgement.reason = reason_of(*read);
  if (!is_about(item, read->refers_to)) {
    judgement.verdict = Judgement::Verdict::foreign;
    return judgement;
  }
  judgement.verdict = Judgement::Verdict::settled;
  judgement.state = state_of(*read);
  if (judgement.state == ItemState::acked_infrastructure) {
    judgement.expect = store::Expectation{"business", now + settings_.acknowledgement_due};
  }
  CONCORD_ASSIGN(judgement.task,
                 task_change(*store_, *symbols_, settings_, item.task, judgement.state,
                             acknowledged_update(*read, receipt.bytes, item.task, now)));
  return judgement;
}

Result<Handover> Settler::hand_over(const store::Item& item, std::string_view reason_class,
                                    std::string_view reason, Instant now) {
  const auto route =
      std::find_if(settings_.routes.routes.begin(), settings_.routes.routes.end(),
                   [&](const Route& row) { return row.destination == item.destination; });
  Handover handover;
  handover.letter.reason_class = std::string(reason_class);
  handover.letter.reason = std::string(reason);
  if (route != settings_.routes.routes.end()) handover.letter.owner = route->owner;
  handover.letter.due_at = now + settings_.dead_letter_due;
  TaskUpdate update;
  update.at = now;
  update.reason = std::string(reason_class) + ": " + std::string(reason);
  update.owner = handover.letter.owner;
  update.due_at = handover.letter.due_at;
  CONCORD_ASSIGN(handover.task, task_change(*store_, *symbols_, settings_, item.task,
                                            ItemState::dead, std::move(update)));
  return handover;
}

Result<LateResult> Settler::acknowledge(const LateAcknowledgement& late, Instant now) {
  const mappers::Mapper* mapper = mappers_->find(late.format);
  if (mapper == nullptr) {
    return make_error(ErrorCode::unsupported, "there is no such format");
  }
  CONCORD_ASSIGN(const Acknowledgement read,
                 mapper->read_acknowledgement(late.bytes, late.content_type));
  for (int i = 0; i < kTaskTries; ++i) {
    CONCORD_ASSIGN(const auto item,
                   read.refers_to.empty()
                       ? Result<std::optional<store::Item>>(std::nullopt)
                       : store_->item_by_message(late.destination, read.refers_to));
    if (!item) {
      CONCORD_TRY(keep_unmatched(late, read.refers_to, now));
      return LateResult::unmatched;
    }
    const bool refused = read.verdict == Acknowledgement::Verdict::refused;
    store::Acknowledged word;
    word.item = item->id;
    // One word of each kind counts: a second "accepted" changes nothing, and neither does a
    // "refused" after the matter was settled.
    word.effect = read.final ? "acknowledged" : "understood";
    word.now = now;
    word.state = state_of(read);
    CONCORD_ASSIGN(word.task, task_change(*store_, *symbols_, settings_, item->task, word.state,
                                          acknowledged_update(read, late.bytes, "", now)));
    word.audit.push_back({refused ? audit::Event::item_rejected : audit::Event::item_delivered, now,
                          item->exchange, item->id, settings_.node, to_hex(sha256(late.bytes)),
                          reason_of(read)});
    if (word.task) word.audit.push_back(task_record(*word.task, *item, settings_.node, now));
    auto changed = store_->acknowledge(std::move(word));
    if (changed) return *changed ? LateResult::settled : LateResult::repeated;
    if (changed.error().code != ErrorCode::conflict) return std::move(changed).error();
  }
  return make_error(ErrorCode::transient, "the Task of this message is being changed too often");
}

Result<std::optional<Escalated>> Settler::escalate(const store::Overdue& overdue, Instant now) {
  std::vector<std::chrono::minutes> steps{std::chrono::minutes{0}};
  steps.insert(steps.end(), settings_.escalation.begin(), settings_.escalation.end());
  for (int i = 0; i < kTaskTries; ++i) {
    CONCORD_ASSIGN(const std::optional<store::Item> item, store_->item(overdue.item));
    if (!item) return std::optional<Escalated>{};
    Escalated done{item->id,      item->exchange,   item->destination,
                   overdue.layer, overdue.step + 1, static_cast<std::int32_t>(steps.size()),
                   overdue.due_at};
    store::Escalation step;
    step.item = item->id;
    step.layer = overdue.layer;
    step.expected_step = overdue.step;
    step.now = now;
    const auto at = static_cast<std::size_t>(overdue.step);
    // From now on, so that a gateway that was away does not take all steps at once.
    if (at + 1 < steps.size()) step.next_at = now + (steps[at + 1] - steps[at]);

    TaskUpdate update;
    update.at = now;
    update.delivery = "overdue";
    update.reason = "the " + overdue.layer + " acknowledgement is overdue since " +
                    format_instant(overdue.due_at) + ", step " + std::to_string(done.step) +
                    " of " + std::to_string(done.steps);
    const auto route =
        std::find_if(settings_.routes.routes.begin(), settings_.routes.routes.end(),
                     [&](const Route& row) { return row.destination == item->destination; });
    if (route != settings_.routes.routes.end()) update.owner = route->owner;
    update.due_at = step.next_at.value_or(now + settings_.dead_letter_due);
    auto changed =
        task_change(*store_, *symbols_, settings_, item->task, item->state, std::move(update));
    if (!changed && changed.error().code == ErrorCode::transient) return changed.error();
    // A Task that cannot be read keeps nobody from hearing of it.
    const std::optional<store::TaskChange> task = changed ? *std::move(changed) : std::nullopt;
    step.audit.push_back({audit::Event::acknowledgement_overdue, now, item->exchange, item->id,
                          settings_.node, "",
                          overdue.layer + " step " + std::to_string(done.step)});
    if (task) {
      step.task = &*task;
      step.audit.push_back(task_record(*task, *item, settings_.node, now));
    }
    auto taken = store_->watch().escalate(step);
    if (taken) return *taken ? std::optional<Escalated>(std::move(done)) : std::nullopt;
    if (taken.error().code == ErrorCode::not_found) return std::optional<Escalated>{};
    if (taken.error().code != ErrorCode::conflict) return std::move(taken).error();
  }
  return make_error(ErrorCode::transient, "the Task of this message is being changed too often");
}

Result<void> Settler::keep_unmatched(const LateAcknowledgement& late, std::string_view refers_to,
                                     Instant now) {
  store::Unmatched unmatched;
  unmatched.destination = late.destination;
  unmatched.refers_to = std::string(refers_to);
  unmatched.reason = "names a message that was never sent";
  unmatched.content_type = late.content_type;
  unmatched.bytes = late.bytes;
  unmatched.at = now;
  unmatched.audit = {audit::Event::answer_unmatched,
                     now,
                     "",
                     "",
                     settings_.node,
                     to_hex(sha256(late.bytes)),
                     late.destination};
  return store_->keep_unmatched(std::move(unmatched));
}

Result<void> Settler::replay(std::string_view id, std::string_view actor, Instant now,
                             std::string_view why) {
  CONCORD_ASSIGN(const auto item, store_->item(id));
  if (!item) return make_error(ErrorCode::not_found, "there is no such outbox item");
  const auto allowed = item->deadline - item->created_at;
  TaskUpdate update;
  update.at = now;
  update.due_at = now + allowed;
  CONCORD_ASSIGN(auto task, task_change(*store_, *symbols_, settings_, item->task,
                                        ItemState::pending, std::move(update)));
  std::vector<audit::Record> records{{audit::Event::item_replayed, now, item->exchange, item->id,
                                      std::string(actor), to_hex(item->digest), std::string(why)}};
  if (task) records.push_back(task_record(*task, *item, actor, now));
  return store_->replay(id, now, now + allowed, std::move(task), std::move(records));
}

Result<void> Settler::cancel(std::string_view id, std::string_view actor, Instant now,
                             std::string_view why) {
  CONCORD_ASSIGN(const auto item, store_->item(id));
  if (!item) return make_error(ErrorCode::not_found, "there is no such outbox item");
  TaskUpdate update;
  update.at = now;
  update.reason = "taken out of the queue by a person";
  CONCORD_ASSIGN(auto task, task_change(*store_, *symbols_, settings_, item->task,
                                        ItemState::cancelled, std::move(update)));
  std::vector<audit::Record> records{{audit::Event::item_cancelled, now, item->exchange, item->id,
                                      std::string(actor), to_hex(item->digest), std::string(why)}};
  if (task) records.push_back(task_record(*task, *item, actor, now));
  return store_->cancel(id, now, std::move(task), std::move(records));
}

}  // namespace concord::exchange
