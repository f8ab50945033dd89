#include "gateway/app/destinations.h"

#include <cstdio>
#include <map>

#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "gateway/audit/word.h"

namespace concord::app {
namespace {

/// One object of the answer.
class Object {
 public:
  Object(tree::Builder& builder, tree::Node& node) : builder_(builder), node_(node) {}

  void text(std::string_view name, std::string_view value,
            tree::Kind kind = tree::Kind::string) const {
    if (value.empty()) return;
    if (tree::Node* const node = builder_.append(node_, builder_.symbol(name), kind)) {
      builder_.set_copy(*node, value);
    }
  }
  void number(std::string_view name, std::int64_t value) const {
    text(name, std::to_string(value), tree::Kind::number);
  }
  void number(std::string_view name, double value) const {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    text(name, digits, tree::Kind::number);
  }
  void time(std::string_view name, const std::optional<Instant>& at) const {
    if (at) text(name, format_instant(*at));
  }

 private:
  tree::Builder& builder_;
  tree::Node& node_;
};

}  // namespace

std::string_view state_name(const outbox::DestinationState& state) {
  if (state.pause) return "paused";
  if (!state.window_open) return "window closed";
  if (state.circuit_open) return "circuit open";
  return state.held_until ? "held" : "open";
}

Result<std::string> Destinations::list() const {
  const std::vector<outbox::DestinationState> states = outbox_.destinations();
  CONCORD_ASSIGN(const std::vector<store::Backlog> backlog, store_.backlog());
  std::map<std::string_view, const store::Backlog*> queues;
  for (const store::Backlog& queue : backlog) queues.emplace(queue.destination, &queue);
  if (states.empty()) return std::string(R"({"destinations":[]})");  // a tree holds no empty list
  tree::Document document(symbols_);
  tree::Builder builder(document);
  for (const outbox::DestinationState& state : states) {
    tree::Node* const node = builder.append(builder.root(), builder.symbol("destinations"));
    if (node == nullptr) break;
    builder.set_flag(*node, tree::Flag::in_array);
    const Object object(builder, *node);
    object.text("name", state.name);
    object.text("state", state_name(state));
    const auto queue = queues.find(state.name);
    const bool waits = queue != queues.end();
    object.number("pending", waits ? queue->second->pending : 0);
    object.number("dead", waits ? queue->second->dead : 0);
    if (waits) object.time("oldest", queue->second->oldest);
    object.number("running", static_cast<std::int64_t>(state.running));
    object.number("concurrency", static_cast<std::int64_t>(state.concurrency));
    if (state.rate > 0) object.number("rate_per_second", state.rate);
    object.text("circuit", state.circuit_open ? "open" : "closed");
    object.time("probe_at", state.probe_at);
    object.text("window", state.window_open ? "open" : "closed");
    object.time("held_until", state.held_until);
    if (!state.pause) continue;
    object.time("paused_since", state.pause->since);
    object.text("paused_by", state.pause->by);
    object.text("paused_reason", state.pause->reason);
  }
  return json::write(document);
}

Result<void> Destinations::check(std::string_view name, std::string_view reason,
                                 std::string_view by) const {
  CONCORD_TRY(audit::check_word(by, reason, "reason"));
  for (const outbox::DestinationState& state : outbox_.destinations()) {
    if (state.name == name) return {};
  }
  return make_error(ErrorCode::not_found, "there is no destination of that name");
}

Result<std::string> Destinations::pause(std::string_view name, std::string reason, std::string by) {
  CONCORD_TRY(check(name, reason, by));
  CONCORD_TRY(store_.pause({std::string(name), std::move(reason), std::move(by), clock_()}));
  CONCORD_TRY(outbox_.follow_pauses());
  return list();
}

Result<std::string> Destinations::resume(std::string_view name, std::string reason,
                                         std::string by) {
  CONCORD_TRY(check(name, reason, by));
  CONCORD_TRY(store_.resume({std::string(name), std::move(reason), std::move(by), clock_()}));
  CONCORD_TRY(outbox_.follow_pauses());
  return list();
}

}  // namespace concord::app
