#include "tests/campaign/check/history.h"

#include <array>
#include <charconv>
#include <utility>

#include "fhir/json/value.h"

namespace concord::campaign {
namespace {

using json::ValueKind;

constexpr std::array<std::string_view, 3> kOutcomes{"ok", "fail", "unknown"};
/// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Record>> kNames{
    "began", "operation", "arrival", "word",  "lease", "settled", "fault",
    "final", "version",   "counts",  "audit", "leak",  "end"};

// ---- the members of each record, once for both ways ----

template <typename Io>
void members(Io& io, Began& r) {
  io("seed", r.seed), io("store", r.store), io("plan", r.plan);
}
template <typename Io>
void members(Io& io, Operation& r) {
  io("client", r.client), io("what", r.what), io("key", r.key), io("subject", r.subject);
  io("digest", r.digest), io("started", r.started), io("ended", r.ended), io("outcome", r.outcome);
  io("status", r.status), io("effect", r.effect), io("expected", r.expected);
  io("version", r.version);
}
template <typename Io>
void members(Io& io, Arrival& r) {
  io("receiver", r.receiver), io("key", r.key), io("digest", r.digest), io("subject", r.subject);
  io("effect", r.effect), io("verdict", r.verdict), io("at", r.at);
}
template <typename Io>
void members(Io& io, Word& r) {
  io("what", r.what), io("key", r.key), io("started", r.started), io("ended", r.ended);
  io("outcome", r.outcome), io("status", r.status), io("task_status", r.task_status);
  io("owner", r.owner);
}
template <typename Io>
void members(Io& io, Lease& r) {
  io("item", r.item), io("node", r.node), io("fence", r.fence), io("at", r.at);
  io("until", r.until);
}
template <typename Io>
void members(Io& io, Settled& r) {
  io("item", r.item), io("node", r.node), io("fence", r.fence), io("at", r.at);
}
template <typename Io>
void members(Io& io, Fault& r) {
  io("number", r.number), io("at", r.at), io("kind", r.kind), io("detail", r.detail);
  io("waiting", r.waiting), io("reached", r.reached);
}
template <typename Io>
void members(Io& io, Final& r) {
  io("key", r.key), io("state", r.state), io("task", r.task), io("task_status", r.task_status);
  io("owner", r.owner);
}
template <typename Io>
void members(Io& io, Version& r) {
  io("resource", r.resource), io("version", r.version), io("value", r.value);
}
template <typename Io>
void members(Io& io, Counts& r) {
  io("accepted", r.accepted), io("delivered", r.delivered), io("pending", r.pending);
  io("dead", r.dead), io("rejected", r.rejected), io("cancelled", r.cancelled);
}
template <typename Io>
void members(Io& io, Audit& r) {
  io("whole", r.whole), io("records", r.records), io("accepted", r.accepted), io("fault", r.fault);
}
template <typename Io>
void members(Io& io, Leak& r) {
  io("where", r.where);
}
template <typename Io>
void members(Io& io, End& r) {
  io("operations", r.operations), io("arrivals", r.arrivals), io("faults", r.faults);
  io("drained", r.drained);
}

/// Puts members into an object; empty texts and zeros are left out.
class Out {
 public:
  Out(json::Values& values, json::Value& object) : values_(values), object_(object) {}

  void operator()(std::string_view name, const std::string& text) {
    if (!text.empty()) put(name, ValueKind::string, text);
  }
  void operator()(std::string_view name, bool yes) {
    put(name, ValueKind::boolean, yes ? "true" : "false");
  }
  void operator()(std::string_view name, Outcome outcome) {
    put(name, ValueKind::string, std::string(kOutcomes[static_cast<std::size_t>(outcome)]));
  }
  template <typename Number>
  void operator()(std::string_view name, Number number) {
    if (number != 0) put(name, ValueKind::number, std::to_string(number));
  }

 private:
  void put(std::string_view name, ValueKind kind, std::string text) {
    object_.members.push_back({name, values_.make(kind, values_.keep(std::move(text)))});
  }
  json::Values& values_;
  json::Value& object_;
};

/// Takes members from an object; what is absent stays as it is, what is wrong is remembered.
class In {
 public:
  explicit In(const json::Value& object) : object_(object) {}
  bool fits() const { return fits_ && taken_ + 1 == object_.members.size(); }

  void operator()(std::string_view name, std::string& text) {
    if (const json::Value* value = find(name, ValueKind::string)) text = value->text;
  }
  void operator()(std::string_view name, bool& yes) {
    if (const json::Value* value = find(name, ValueKind::boolean)) yes = value->text == "true";
  }
  void operator()(std::string_view name, Outcome& outcome) {
    const json::Value* value = find(name, ValueKind::string);
    if (value == nullptr) return;
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
      if (value->text == kOutcomes[i]) return void(outcome = static_cast<Outcome>(i));
    }
    fits_ = false;
  }
  template <typename Number>
  void operator()(std::string_view name, Number& number) {
    const json::Value* value = find(name, ValueKind::number);
    if (value == nullptr) return;
    const char* const end = value->text.data() + value->text.size();
    const auto [at, failed] = std::from_chars(value->text.data(), end, number);
    fits_ = fits_ && failed == std::errc{} && at == end;
  }

 private:
  const json::Value* find(std::string_view name, ValueKind kind) {
    const json::Member* member = object_.find(name);
    if (member == nullptr) return nullptr;
    ++taken_;
    if (member->value->is(kind)) return member->value;
    fits_ = false;
    return nullptr;
  }
  const json::Value& object_;
  std::size_t taken_ = 0;
  bool fits_ = true;
};

template <std::size_t... I>
Record made(std::size_t index, std::index_sequence<I...>) {
  Record record;
  static_cast<void>(((I == index ? (record.emplace<I>(), true) : false) || ...));
  return record;
}

Error not_a_line() { return make_error(ErrorCode::malformed, "this is not a line of a history"); }

}  // namespace

std::string write_record(const Record& record) {
  json::Values values;
  json::Value* object = values.make(ValueKind::object);
  object->members.push_back({"is", values.make(ValueKind::string, kNames[record.index()])});
  Record copy = record;
  Out out(values, *object);
  std::visit([&out](auto& one) { members(out, one); }, copy);
  auto text = json::write(*object);
  return text ? std::move(*text) : std::string();
}

Result<Record> read_record(std::string_view line) {
  json::Values values;
  CONCORD_ASSIGN(const json::Value* object, values.read(std::string(line)));
  if (!object->is(ValueKind::object)) return not_a_line();
  const json::Member* is = object->find("is");
  if (is == nullptr || !is->value->is(ValueKind::string)) return not_a_line();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (is->value->text != kNames[i]) continue;
    Record record = made(i, std::make_index_sequence<std::variant_size_v<Record>>{});
    In in(*object);
    std::visit([&in](auto& one) { members(in, one); }, record);
    if (!in.fits()) return not_a_line();
    return record;
  }
  return not_a_line();
}

Result<void> read_history(const std::filesystem::path& file,
                          const std::function<void(Record&&)>& take) {
  std::ifstream in(file);
  if (!in) return make_error(ErrorCode::not_found, "there is no history " + file.string());
  std::uint64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto record = read_record(line);
    if (!record) {
      return make_error(ErrorCode::malformed,
                        "line " + std::to_string(number) + ": " + to_string(record.error()));
    }
    take(std::move(*record));
  }
  return {};
}

void HistoryWriter::add(const Record& record) {
  const std::string line = write_record(record);
  const std::scoped_lock guard(lock_);
  end_.operations += std::holds_alternative<Operation>(record);
  end_.arrivals += std::holds_alternative<Arrival>(record);
  end_.faults += std::holds_alternative<Fault>(record);
  out_ << line << '\n';
}

Result<void> HistoryWriter::finish(bool drained) {
  const std::scoped_lock guard(lock_);
  end_.drained = drained;
  out_ << write_record(end_) << '\n';
  out_.close();
  if (!out_) return make_error(ErrorCode::transient, "the history could not be written");
  return {};
}

}  // namespace concord::campaign
