#include "conformance/simulators/fault_proxy/fault.h"

#include <array>
#include <charconv>

#include "fhir/json/value.h"

namespace concord::fault_proxy {
namespace {

constexpr std::array<std::string_view, 9> kKinds{"refuse",    "delay",   "cut",
                                                 "half-open", "corrupt", "slow",
                                                 "duplicate", "reorder", "wrong-answer"};
constexpr std::size_t kMostFaults = 64, kMostPhases = 1000;
constexpr std::uint64_t kMostDrawnBytes = 2000;

Error wrong(std::string_view what) {
  return make_error(ErrorCode::invalid, "not of a fault: " + std::string(what));
}

/// The same draw for the same arguments (splitmix64).
std::uint64_t draw(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed + (number + 1) * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

Result<std::uint64_t> number_of(const json::Member& member, std::uint64_t most) {
  const std::string_view text = member.value->text;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (!member.value->is(json::ValueKind::number) || failed != std::errc{} || at != end ||
      number > most) {
    return wrong(member.name);
  }
  return number;
}

Result<void> take_member(const json::Member& member, Fault& fault, bool& has_kind) {
  if (member.name == "kind") {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (!member.value->is(json::ValueKind::string) || member.value->text != kKinds[i]) continue;
      fault.kind = static_cast<Kind>(i);
      has_kind = true;
      return {};
    }
    return wrong("kind");
  }
  if (member.name == "direction") {
    const bool request = member.value->text == "request";
    if (!request && member.value->text != "response") return wrong("direction");
    fault.direction = request ? Direction::request : Direction::response;
    return {};
  }
  if (member.name == "permille") {
    CONCORD_ASSIGN(const std::uint64_t permille, number_of(member, 1000));
    fault.permille = static_cast<std::uint32_t>(permille);
    return {};
  }
  std::uint64_t* const number = member.name == "ms"      ? &fault.ms
                                : member.name == "bytes" ? &fault.bytes
                                : member.name == "rate"  ? &fault.rate
                                                         : nullptr;
  if (number == nullptr) return wrong(member.name);
  CONCORD_ASSIGN(*number, number_of(member, 1'000'000'000));
  return {};
}

Result<std::vector<Fault>> read_faults(const json::Value& list, bool http) {
  if (!list.is(json::ValueKind::array) || list.members.size() > kMostFaults) return wrong("faults");
  std::vector<Fault> faults;
  for (const json::Member& one : list.members) {
    if (!one.value->is(json::ValueKind::object)) return wrong("faults");
    Fault fault;
    bool has_kind = false;
    for (const json::Member& member : one.value->members) {
      CONCORD_TRY(take_member(member, fault, has_kind));
    }
    if (!has_kind) return wrong("kind");
    if (needs_http(fault.kind) && !http) return wrong("kind (it needs --mode http)");
    if (fault.kind == Kind::slow && fault.rate == 0) return wrong("rate");
    if (fault.kind == Kind::refuse || fault.kind == Kind::reorder) {
      fault.direction = Direction::request;
    }
    faults.push_back(fault);
  }
  return faults;
}

Result<Phase> read_phase(const json::Value& object, bool http) {
  if (!object.is(json::ValueKind::object)) return wrong("phases");
  Phase phase;
  for (const json::Member& member : object.members) {
    if (member.name == "seconds") {
      CONCORD_ASSIGN(phase.seconds, number_of(member, 1'000'000));
    } else if (member.name == "faults") {
      CONCORD_ASSIGN(phase.faults, read_faults(*member.value, http));
    } else {
      return wrong(member.name);
    }
  }
  return phase;
}

}  // namespace

std::string_view kind_name(Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

bool needs_http(Kind kind) {
  return kind == Kind::duplicate || kind == Kind::reorder || kind == Kind::wrong_answer;
}

Result<std::vector<Phase>> read_phases(std::string_view json, bool http) {
  json::Values values;
  CONCORD_ASSIGN(const json::Value* all, values.read(std::string(json)));
  if (!all->is(json::ValueKind::object)) return wrong("the text");
  const json::Member* list = all->find("phases");
  std::vector<Phase> phases;
  if (list == nullptr) {
    CONCORD_ASSIGN(Phase phase, read_phase(*all, http));
    phases.push_back(std::move(phase));
    return phases;
  }
  if (all->members.size() != 1 || !list->value->is(json::ValueKind::array) ||
      list->value->members.size() > kMostPhases) {
    return wrong("phases");
  }
  for (const json::Member& one : list->value->members) {
    CONCORD_ASSIGN(Phase phase, read_phase(*one.value, http));
    phases.push_back(std::move(phase));
  }
  return phases;
}

std::optional<Fault> choose(const Phase& phase, std::uint64_t seed, std::uint64_t number) {
  for (std::size_t i = 0; i < phase.faults.size(); ++i) {
    const std::uint64_t drawn = draw(draw(seed, number), i);
    if (drawn % 1000 >= phase.faults[i].permille) continue;
    Fault fault = phase.faults[i];
    const bool counts_bytes = fault.kind == Kind::cut || fault.kind == Kind::corrupt;
    if (counts_bytes && fault.bytes == 0) fault.bytes = 1 + (drawn >> 20) % kMostDrawnBytes;
    return fault;
  }
  return std::nullopt;
}

void Faults::set(std::vector<Phase> phases, std::chrono::steady_clock::time_point now) {
  const std::scoped_lock guard(lock_);
  phases_ = std::move(phases);
  since_ = now;
}

Phase Faults::current(std::chrono::steady_clock::time_point now) const {
  const std::scoped_lock guard(lock_);
  auto left = now - since_;
  for (const Phase& phase : phases_) {
    const std::chrono::seconds lasts(phase.seconds);
    if (phase.seconds == 0 || left < lasts) return phase;
    left -= lasts;
  }
  return phases_.empty() ? Phase{} : phases_.back();
}

}  // namespace concord::fault_proxy
