#include "gateway/exchange/exchange.h"

#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "gateway/agreements/agreement_set.h"
#include "gateway/exchange/hops.h"
#include "gateway/exchange/signatures.h"
#include "gateway/store/store.h"

namespace concord::exchange {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Runs hops one after the other: looks at the deadline before each, times it, tells the observer.
class Walk {
 public:
  Walk(const Clock& clock, const HopObserver& observe, Instant deadline)
      : clock_(clock), observe_(observe), deadline_(deadline) {}

  template <typename Hop>
  std::invoke_result_t<Hop> hop(std::string_view name, Hop&& run) {
    using Outcome = std::invoke_result_t<Hop>;
    if (clock_() > deadline_) {
      tell(name, std::chrono::microseconds{0}, error_row(ErrorCode::timeout).name);
      return Outcome(make_error(ErrorCode::timeout, "the time for this request is over"));
    }
    const auto began = SteadyClock::now();
    Outcome outcome = std::forward<Hop>(run)();
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began);
    times_.push_back({name, took});
    tell(name, took, outcome ? std::string_view{} : error_row(outcome.error().code).name);
    return outcome;
  }

  std::vector<HopTime> times() && { return std::move(times_); }

 private:
  void tell(std::string_view name, std::chrono::microseconds took, std::string_view end) const {
    if (observe_) observe_(name, took, end);
  }

  const Clock& clock_;
  const HopObserver& observe_;
  Instant deadline_;
  std::vector<HopTime> times_;
};

/// No exception leaves this room: the only one expected is a message that needs more memory than
/// there is.
template <typename Call>
std::invoke_result_t<Call> guarded(Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory left for this message");
  } catch (const std::exception& unexpected) {
    Error error = make_error(ErrorCode::internal, "the message could not be handled");
    error.log_detail = unexpected.what();
    return error;
  }
}

Answer answer_of(const Exchange& exchange, bool awaited) {
  return {exchange.id(),     exchange.task_id(),  exchange.task(),
          exchange.issues(), exchange.replayed(), awaited};
}

Result<ValidatedBundle> validated(Walk& walk, const Parts& parts, Decoded&& decoded) {
  const std::string policy = decoded.caller().identifier_policy;
  const validate::Options* options = parts.validation ? parts.validation(policy) : nullptr;
  if (options == nullptr) {
    Error error = make_error(ErrorCode::internal, "the caller has no identifier policy");
    error.log_detail = "no policy \"" + policy + "\"";
    return error;
  }
  return walk.hop("validate",
                  [&] { return validate(std::move(decoded), *parts.validator, *options); });
}

Result<Permitted> permitted(Walk& walk, const Parts& parts, Decoded&& decoded) {
  CONCORD_ASSIGN(ValidatedBundle bundle, validated(walk, parts, std::move(decoded)));
  return walk.hop("decide", [&]() -> Result<Permitted> {
    agreements::Facts facts;
    if (parts.facts) {
      auto known = parts.facts(bundle.decoded());
      if (!known) return std::move(known).error();
      facts = std::move(*known);
    }
    return decide(std::move(bundle), facts, *parts.agreements, parts.clock());
  });
}

Result<Verified> verified(Walk& walk, const Parts& parts, const Settings& settings,
                          Permitted&& message, mapping::TraceSink* trace) {
  CONCORD_ASSIGN(Routed routed,
                 walk.hop("route", [&] { return route(std::move(message), settings.routes); }));
  CONCORD_ASSIGN(Translated translated, walk.hop("translate", [&] {
    return translate(std::move(routed), *parts.mappers, parts.clock(), trace);
  }));
  return walk.hop("verify", [&] {
    return verify(std::move(translated), *parts.mappers, settings.signatures, parts.clock());
  });
}

}  // namespace

ExchangeService::ExchangeService(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(std::move(settings)), turns_(std::make_unique<Turns>()) {}

Result<Received> ExchangeService::receive(Arrival arrival) const {
  return exchange::receive(std::move(arrival), settings_.limits);
}

Result<Answer> ExchangeService::submit(Received received) const {
  return guarded([&]() -> Result<Answer> {
    Walk walk(parts_.clock, parts_.observe, received.arrival().deadline);
    const Commit commit(*parts_.store, settings_.node, settings_.keys_kept, parts_.parameters,
                        parts_.definitions, parts_.watch);
    CONCORD_ASSIGN(Authenticated authenticated, walk.hop("authenticate", [&] {
      return authenticate(std::move(received), settings_.callers);
    }));
    std::optional<Turns::Held> turn(*turns_);
    CONCORD_ASSIGN(Decoded decoded, walk.hop("decode", [&] {
      return decode(std::move(authenticated), *parts_.definitions, *parts_.mappers);
    }));
    turn.reset();  // the store is waited for
    CONCORD_ASSIGN(const auto earlier, walk.hop("lookup", [&] { return commit.earlier(decoded); }));
    const Route* const route = settings_.routes.find(decoded.message().kind);
    const bool awaited = route != nullptr && route->answer_awaited;
    if (earlier) return answer_of(*earlier, awaited);
    turn.emplace(*turns_);
    CONCORD_ASSIGN(Permitted passed, permitted(walk, parts_, std::move(decoded)));
    mapping::LineageRecorder lineage;
    CONCORD_ASSIGN(Verified message,
                   verified(walk, parts_, settings_, std::move(passed), &lineage));
    turn.reset();
    CONCORD_ASSIGN(const Exchange committed, walk.hop("commit", [&] {
      return commit(std::move(message), lineage.take(), parts_.uuids, parts_.clock());
    }));
    if (parts_.wake && !committed.replayed()) parts_.wake(committed.destination());
    return answer_of(committed, awaited);
  });
}

Result<DryRun> ExchangeService::transform(Received received, mapping::TraceSink* trace) const {
  return guarded([&]() -> Result<DryRun> {
    Walk walk(parts_.clock, parts_.observe, received.arrival().deadline);
    CONCORD_ASSIGN(Authenticated authenticated, walk.hop("authenticate", [&] {
      return authenticate(std::move(received), settings_.callers);
    }));
    const Turns::Held turn(*turns_);
    CONCORD_ASSIGN(Decoded decoded, walk.hop("decode", [&] {
      return decode(std::move(authenticated), *parts_.definitions, *parts_.mappers);
    }));
    CONCORD_ASSIGN(Permitted passed, permitted(walk, parts_, std::move(decoded)));
    CONCORD_ASSIGN(const Verified sound,
                   verified(walk, parts_, settings_, std::move(passed), trace));
    const Translated& message = sound.translated();
    DryRun run;
    run.message_kind = message.encoded().message_kind;
    run.destination = message.route().destination;
    run.channel = message.route().channel;
    run.format = message.route().format;
    run.interaction = message.encoded().interaction;
    run.message_id = message.encoded().message_id;
    run.content_type = message.encoded().content_type;
    run.bytes = message.encoded().bytes;
    run.digest = to_hex(message.digest());
    run.decisions = message.permitted().decisions();
    run.issues = sound.issues();
    run.hops = std::move(walk).times();
    return run;
  });
}

Result<mappers::Decoded> ExchangeService::prepare(
    Received received, const std::map<std::string, std::string>& wanted) const {
  return guarded([&]() -> Result<mappers::Decoded> {
    Walk walk(parts_.clock, parts_.observe, received.arrival().deadline);
    CONCORD_ASSIGN(Authenticated authenticated, walk.hop("authenticate", [&] {
      return authenticate(std::move(received), settings_.callers);
    }));
    const Turns::Held turn(*turns_);
    CONCORD_ASSIGN(Decoded decoded, walk.hop("decode", [&] {
      return decode(std::move(authenticated), *parts_.definitions, *parts_.mappers);
    }));
    CONCORD_ASSIGN(const ValidatedBundle bundle, validated(walk, parts_, std::move(decoded)));
    mappers::Parameters parameters = settings_.preparing;
    parameters.now = parts_.clock();
    for (const auto& [name, value] : wanted) parameters.values[name] = value;
    return walk.hop(
        "prepare", [&] { return prepare_signature(bundle.bundle(), *parts_.mappers, parameters); });
  });
}

Result<std::vector<SignatureFinding>> ExchangeService::verify_signatures(Received received) const {
  return guarded([&]() -> Result<std::vector<SignatureFinding>> {
    Walk walk(parts_.clock, parts_.observe, received.arrival().deadline);
    CONCORD_ASSIGN(const Authenticated authenticated, walk.hop("authenticate", [&] {
      return authenticate(std::move(received), settings_.callers);
    }));
    const Turns::Held turn(*turns_);
    return walk.hop("verify", [&] {
      return judge_signatures(authenticated.received(), *parts_.definitions, *parts_.mappers,
                              parts_.clock());
    });
  });
}

Result<std::optional<TaskView>> ExchangeService::task(std::string_view id) const {
  return guarded([&]() -> Result<std::optional<TaskView>> {
    CONCORD_ASSIGN(auto row, parts_.store->task(id));
    if (!row) return std::optional<TaskView>{};
    return std::optional<TaskView>{TaskView{std::move(row->id), row->version, row->updated_at,
                                            std::move(row->status), std::move(row->body)}};
  });
}

Result<std::optional<LineageView>> ExchangeService::lineage(std::string_view task) const {
  return guarded([&]() -> Result<std::optional<LineageView>> {
    CONCORD_ASSIGN(const auto found, parts_.store->task(task));
    if (!found) return std::optional<LineageView>{};
    CONCORD_ASSIGN(const auto kept, parts_.store->lineage(found->exchange));
    CONCORD_ASSIGN(const auto exchange, parts_.store->exchange(found->exchange));
    if (!kept || !exchange) return std::optional<LineageView>{};
    LineageView view;
    view.task = found->id;
    view.exchange = found->exchange;
    view.message_kind = exchange->message_kind;
    view.content_type = exchange->content_type;
    view.source_digest = to_hex(exchange->digest);
    view.recorded_at = exchange->accepted_at;
    view.node = settings_.node;
    CONCORD_ASSIGN(view.lineage, mapping::read_lineage(kept->lineage));
    for (const Sha256& named : view.lineage.tables) {
      for (const std::string& bytes : kept->tables) {
        CONCORD_ASSIGN(mapping::RuleTable table, mapping::RuleTable::read(bytes));
        if (table.digest() == named) view.tables.push_back(std::move(table));
      }
    }
    bool whole = view.tables.size() == view.lineage.tables.size();
    for (const mapping::LineageWrite& write : view.lineage.writes) {
      whole = whole && write.rule < view.tables[write.table].size();
    }
    if (!whole) return make_error(ErrorCode::internal, "the lineage lacks a table of its rules");
    return std::optional<LineageView>{std::move(view)};
  });
}

}  // namespace concord::exchange
