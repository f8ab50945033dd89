// What becomes of notifications, and what that makes of their subscriptions.
#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "fhir/json/writer.h"
#include "fhir/patch/patch.h"
#include "gateway/subscriptions/detail/made_json.h"
#include "gateway/subscriptions/subscriptions.h"

namespace concord::subscriptions {

using outbox::Handover;
using outbox::Judgement;
using store::ItemState;

namespace {

constexpr int kTries = 5;

bool is_ours(const store::Item& item) { return item.channel == kChannel; }

/// The JSON Patch that gives a subscription another status.
Result<std::string> status_patch(const store::ResourceRow& row, Instant now, std::string_view to,
                                 std::string_view error, bool had_error) {
  detail::MadeJson made;
  json::Value* patch = made.array();
  const auto add = [&](std::string op, std::string path, std::string value) {
    detail::MadeJson::add(*patch, made.object({{"op", made.text(std::move(op))},
                                               {"path", made.text(std::move(path))},
                                               {"value", made.text(std::move(value))}}));
  };
  add("replace", "/status", std::string(to));
  add("replace", "/meta/versionId", std::to_string(row.version + 1));
  add("replace", "/meta/lastUpdated", format_instant(now));
  if (!error.empty()) {
    add("add", "/error", std::string(error));
  } else if (had_error) {
    detail::MadeJson::add(
        *patch, made.object({{"op", made.text("remove")}, {"path", made.text("/error")}}));
  }
  return json::write(*patch);
}

}  // namespace

/// Gives a subscription another status, unless it is not `from` any more (or, with a version, not
/// in it).
Result<void> Subscriptions::set_status(std::string_view id, std::string_view from,
                                       std::int64_t version, std::string_view to,
                                       std::string_view error) {
  for (int i = 0; i < kTries; ++i) {
    CONCORD_ASSIGN(const auto row, parts_.resources->read("Subscription", id));
    if (!row || row->change == store::Change::deleted) return {};
    if (version != 0 && row->version != version) return {};
    CONCORD_ASSIGN(tree::Document document, json::read(row->body, parts_.definitions->symbols()));
    const tree::Symbol status = document.find("status");
    const tree::Node* now_is =
        status == tree::Symbol::kNone ? nullptr : document.root().child(status);
    if (now_is == nullptr || now_is->text() != from) return {};
    const tree::Symbol error_name = document.find("error");
    const bool had_error =
        error_name != tree::Symbol::kNone && document.root().child(error_name) != nullptr;

    const Instant now = parts_.clock();
    CONCORD_ASSIGN(const std::string text, status_patch(*row, now, to, error, had_error));
    CONCORD_ASSIGN(const tree::Document next,
                   patch::apply_json_patch(document, text, *parts_.definitions));
    store::ResourceWrite write;
    write.change = store::Change::updated;
    write.type = "Subscription";
    write.id = row->id;
    write.expected_version = row->version;
    write.updated_at = now;
    CONCORD_ASSIGN(write.body, json::write(next));
    CONCORD_ASSIGN(write.index, parts_.parameters->extract(next, next.root()));
    store::ResourceChanges changes;
    changes.audit.push_back({audit::Event::resource_updated, now, "", "", settings_.node,
                             to_hex(sha256(write.body)),
                             "Subscription/" + row->id + "/" + std::to_string(row->version + 1)});
    changes.writes.push_back(std::move(write));
    CONCORD_ASSIGN(const store::ResourcesWritten written,
                   parts_.resources->write(std::move(changes)));
    if (written.end == store::ResourcesWritten::End::done) {
      registry_.forget_age();
      if (parts_.tell) parts_.tell(id, to);
      return {};
    }
  }
  return make_error(ErrorCode::transient, "the subscription is being changed too often");
}

Result<bool> Subscriptions::wanted(const store::Item& item, Instant now) {
  if (!is_ours(item)) {
    return parts_.others == nullptr ? Result<bool>(true) : parts_.others->wanted(item, now);
  }
  CONCORD_ASSIGN(const Event event, read_event(item.bytes));
  CONCORD_ASSIGN(const WatchPointer watch, registry_.read(event.subscription));
  if (watch == nullptr) return false;
  const Definition& definition = watch->definition;
  if (definition.end && *definition.end <= now) return false;
  if (event.kind == Event::Kind::handshake) {
    return definition.status == "requested" && watch->version == event.subscription_version;
  }
  return definition.status == "active";
}

Result<Judgement> Subscriptions::judge(const store::Item& item, const channels::Receipt& receipt,
                                       Instant now) {
  if (!is_ours(item)) {
    return parts_.others == nullptr ? Judgement{} : parts_.others->judge(item, receipt, now);
  }
  Judgement judgement;
  if (receipt.carried != channels::Carried::answered) return judgement;
  CONCORD_ASSIGN(const Event event, read_event(item.bytes));
  if (event.kind == Event::Kind::handshake) {
    // Before the item is settled: should this be the last thing that happens, it is shaken again.
    CONCORD_TRY(
        set_status(event.subscription, "requested", event.subscription_version, "active", ""));
  }
  judgement.verdict = Judgement::Verdict::settled;
  judgement.state = ItemState::acked_business;
  judgement.reason = "transport " + std::to_string(receipt.peer_code);
  return judgement;
}

Result<Handover> Subscriptions::hand_over(const store::Item& item, std::string_view reason_class,
                                          std::string_view reason, Instant now) {
  if (!is_ours(item)) {
    return parts_.others == nullptr ? Handover{}
                                    : parts_.others->hand_over(item, reason_class, reason, now);
  }
  Handover handover;
  handover.state = ItemState::cancelled;  // who subscribed sees it in the subscription's status
  CONCORD_ASSIGN(const Event event, read_event(item.bytes));
  const std::string why = std::string(reason_class) + ": " + std::string(reason);
  if (event.kind == Event::Kind::handshake) {
    CONCORD_TRY(set_status(event.subscription, "requested", event.subscription_version, "error",
                           "The handshake was not answered (" + why + ")."));
  } else if (event.kind == Event::Kind::event) {
    CONCORD_TRY(set_status(event.subscription, "active", 0, "error",
                           "A notification was given up (" + why + ")."));
  }
  return handover;
}

std::vector<outbox::DestinationSettings> Subscriptions::destinations() {
  std::vector<outbox::DestinationSettings> all;
  const auto watches = registry_.current();
  if (!watches) return all;
  const Instant now = parts_.clock();
  const auto add = [&](std::string destination, std::chrono::seconds timeout) {
    outbox::DestinationSettings settings;
    settings.name = std::move(destination);
    settings.concurrency = settings_.concurrency;
    settings.timeout =
        timeout.count() > 0 ? std::min(timeout, settings_.timeout) : settings_.timeout;
    all.push_back(std::move(settings));
  };
  for (const auto& [id, watch] : (*watches)->by_id) {
    const Definition& definition = watch->definition;
    // Once every gateway knows of it: what changes after it is active is then missed by none.
    const bool requested =
        definition.status == "requested" && now >= watch->updated_at + 2 * settings_.fresh;
    if (requested || definition.status == "active") add(destination_of(id), definition.timeout);
  }
  const std::lock_guard lock(mutex_);
  for (const std::string& destination : leftovers_) add(destination, std::chrono::seconds(0));
  return all;
}

}  // namespace concord::subscriptions
