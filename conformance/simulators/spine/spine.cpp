#include "conformance/simulators/spine/spine.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/simulators/spine/elements.h"
#include "fhir/core/digest.h"
#include "fhir/core/uuid.h"

namespace concord::spine {
namespace {

/// The answer's id, as every answer to the same bytes has it.
std::string answer_id(const std::string& message_id, const std::string& sha256) {
  return upper(uuid_v5(sha256, message_id + ":acknowledgement"));
}

Fault unexpected(std::string_view code, std::string display, std::string_view system) {
  return {std::string(code), std::move(display), system};
}

/// A message with a ParentPrescription or an AgentPerson inside that has to be shown again.
struct Shown {
  Message message;
  const tree::Node* node = nullptr;
};

}  // namespace

Spine::Spine(std::filesystem::path record, Options options, Clock clock)
    : path_(std::move(record)),
      options_(std::move(options)),
      clock_(std::move(clock)),
      register_(options_.terms) {}

Result<std::unique_ptr<Spine>> Spine::open(const std::filesystem::path& record, Options options,
                                           Clock clock) {
  std::unique_ptr<Spine> spine(new Spine(record, std::move(options), std::move(clock)));
  CONCORD_TRY(spine->record_.open(record));
  CONCORD_TRY(spine->reload());
  return spine;
}

Instant Spine::now() const { return clock_() + ahead_; }

void Spine::advance(std::chrono::minutes by) {
  const std::lock_guard guard(lock_);
  ahead_ += std::max(by, std::chrono::minutes{0});
}

// ---- remembering ----

Result<void> Spine::reload() {
  CONCORD_ASSIGN(const auto lines, record_.lines());
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto wrong = [&](const Error& error) {
      return make_error(ErrorCode::malformed,
                        fmt::format("{}: line {}: {}", path_.string(), at + 1, to_string(error)));
    };
    const auto entry = read_entry(lines[at]);
    if (!entry) return wrong(entry.error());
    if (auto recalled = recall(*entry); !recalled) return wrong(recalled.error());
    if (entry->at > now()) ahead_ += entry->at - now();
  }
  return {};
}

Result<void> Spine::recall(const Entry& entry) {
  ++counts_.arrivals;
  if (entry.what == "repeat") {
    ++counts_.repeats;
    const auto found = messages_.find(entry.message_id);
    if (found == messages_.end()) {
      return make_error(ErrorCode::malformed, "repeats a message that never came");
    }
    ++found->second.times;
    return {};
  }
  counts_.conflicts += entry.what == "conflict";
  ++(entry.verdict == AckType::accept ? counts_.accepted : counts_.refused);
  if (entry.what == "unreadable" || messages_.contains(entry.message_id)) return {};
  CONCORD_ASSIGN(Taken taken, replayed(entry));
  messages_.emplace(entry.message_id, std::move(taken));
  return {};
}

/// The same message at the same instant after the same ones before it: the same states and answer.
Result<Spine::Taken> Spine::replayed(const Entry& entry) {
  Taken taken;
  taken.sha256 = entry.sha256;
  taken.at = entry.at;
  taken.type = entry.verdict;
  taken.faults = entry.faults;
  if (entry.bytes.size == 0) {
    // A refused order, or a line of an earlier version: its ids count, its content is not there.
    if (entry.verdict != AckType::accept) return taken;
    OrderRequest order;
    order.short_id = entry.short_id;
    order.long_id = entry.long_id;
    for (const std::string& id : entry.items) order.items.push_back({id, "", "", "", "", ""});
    bool conflict = false;
    static_cast<void>(register_.order(order, entry.message_id, {}, entry.at, conflict));
    return taken;
  }
  CONCORD_ASSIGN(const Message message, kept_message(entry.bytes));
  taken.from_asid = message.from_asid;
  if (entry.told) {
    Behaviour told;
    told.ack = entry.verdict;
    if (!entry.faults.empty()) told.ack_fault = entry.faults.front();
    obey(message, told, taken);
    return taken;
  }
  bool conflict = false;
  judge(message, entry.bytes, taken, conflict);
  if (taken.type != entry.verdict) {
    return make_error(ErrorCode::malformed, "this message ends otherwise today");
  }
  return taken;
}

Result<Message> Spine::kept_message(const Kept& kept) const {
  CONCORD_ASSIGN(std::string bytes, record_.read(kept));
  Message message = read_message(std::move(bytes), "", symbols_);
  if (!message.readable || message.content == nullptr) {
    return make_error(ErrorCode::malformed, "a kept message cannot be read");
  }
  return message;
}

// ---- judging ----

Frame Spine::frame(const std::string& message_id, const Taken& taken) const {
  return {taken.type,    answer_id(message_id, taken.sha256),
          message_id,    taken.from_asid,
          options_.asid, taken.at};
}

std::string Spine::written(const std::string& message_id, const Taken& taken) const {
  if (!taken.answer.empty()) return taken.answer;
  return write_acknowledgement(frame(message_id, taken), taken.faults);
}

void Spine::judge(const Message& message, Kept bytes, Taken& taken, bool& conflict) {
  taken.answer.clear();
  switch (message.kind) {
    case Kind::order:
      taken.faults = register_.order(read_order(message, options_.check), message.message_id, bytes,
                                     taken.at, conflict);
      break;
    case Kind::cancel:
      return judge_cancel(message, taken);
    case Kind::patient_release:
    case Kind::nominated_release:
      return judge_release(message, bytes, taken);
    case Kind::dispense:
      taken.faults = register_.dispense(read_dispense(message), taken.at);
      break;
    case Kind::claim:
      taken.faults = register_.claim(read_claim(message), taken.at);
      break;
    case Kind::give_back:
      taken.faults = register_.give_back(read_return(message), taken.at);
      break;
    case Kind::withdraw:
      taken.faults = register_.withdraw(read_withdraw(message), taken.at);
      break;
  }
  taken.type = taken.faults.empty() ? AckType::accept : AckType::error;
}

void Spine::judge_cancel(const Message& message, Taken& taken) {
  taken.type = AckType::error;
  if (message.content == nullptr) {
    taken.faults = message.faults;
    return;
  }
  const Register::Cancelled cancelled = register_.cancel(read_cancel(message), taken.at);
  if (cancelled.code == "0001") taken.type = AckType::accept;
  taken.faults.clear();
  if (taken.type != AckType::accept) {
    taken.faults.push_back(unexpected(
        cancelled.code, std::string(cancellation_display(cancelled.code)), kPrescribingCodes));
  }
  CancellationAnswer answer;
  answer.request_document = &*message.document;
  answer.request = message.content;
  answer.code = cancelled.code;
  Shown original, dispenser;
  if (cancelled.prescription != nullptr && cancelled.prescription->bytes.size != 0) {
    if (auto read = kept_message(cancelled.prescription->bytes)) {
      original.message = *std::move(read);
      answer.original_document = &*original.message.document;
      answer.original = original.message.content;
    }
  }
  if (cancelled.with != nullptr && cancelled.with->release_request.size != 0) {
    if (auto read = kept_message(cancelled.with->release_request)) {
      dispenser.message = *std::move(read);
      answer.dispenser_document = &*dispenser.message.document;
      answer.dispenser =
          find(*dispenser.message.document, *dispenser.message.content, "author/AgentPerson");
    }
  }
  taken.answer = write_cancellation_response(frame(message.message_id, taken), answer);
}

void Spine::judge_release(const Message& message, Kept bytes, Taken& taken) {
  const bool by_id = message.kind == Kind::patient_release;
  ReleaseRequest request = read_release(message);
  request.bytes = bytes;
  const std::string id = answer_id(message.message_id, taken.sha256);
  const Register::Release release = register_.release(request, id, taken.at);
  taken.faults = release.faults;
  taken.type = release.faults.empty() ? AckType::accept : AckType::error;
  if (taken.type == AckType::accept) {
    std::vector<ReleasedPrescription> prescriptions;
    for (const Register::Released& released : release.handed_out) {
      auto kept = kept_message(released.prescription->bytes);
      if (!kept) continue;  // an order of a record of version 0.2
      ReleasedPrescription shown{*std::move(kept->document), kept->content, released};
      prescriptions.push_back(std::move(shown));
    }
    taken.answer =
        write_release_response(frame(message.message_id, taken), by_id, request.id, prescriptions);
    return;
  }
  Shown dispenser;
  if (release.with != nullptr && release.with->release_request.size != 0) {
    if (auto read = kept_message(release.with->release_request)) {
      dispenser.message = *std::move(read);
      dispenser.node =
          find(*dispenser.message.document, *dispenser.message.content, "author/AgentPerson");
    }
  }
  taken.answer = write_release_rejection(
      frame(message.message_id, taken), taken.faults.front(), request.id,
      dispenser.node == nullptr ? nullptr : &*dispenser.message.document, dispenser.node);
}

void Spine::obey(const Message& message, const Behaviour& told, Taken& taken) const {
  taken.type = told.ack;
  taken.faults = {told.ack_fault};
  if (told.ack == AckType::reject || message.content == nullptr) {
    taken.faults.front().system = kMessagingCodes;
    return;
  }
  switch (message.kind) {
    case Kind::cancel: {
      CancellationAnswer answer;
      answer.request_document = &*message.document;
      answer.request = message.content;
      answer.code = told.ack_fault.code;
      answer.display = told.ack_fault.display;
      taken.answer = write_cancellation_response(frame(message.message_id, taken), answer);
      return;
    }
    case Kind::patient_release:
    case Kind::nominated_release:
      taken.answer = write_release_rejection(frame(message.message_id, taken), told.ack_fault,
                                             read_release(message).id, nullptr, nullptr);
      return;
    default:
      return;
  }
}

// ---- taking ----

void Spine::describe(const Message& message, const CheckOptions& options, Entry& entry) {
  if (!message.readable || message.content == nullptr) return;
  switch (message.kind) {
    case Kind::order: {
      const OrderRequest order = read_order(message, options);
      entry.short_id = upper(order.short_id);
      entry.long_id = order.long_id;
      for (const OrderRequest::Item& item : order.items) entry.items.push_back(item.id);
      return;
    }
    case Kind::cancel:
      entry.short_id = upper(read_cancel(message).short_id);
      return;
    case Kind::patient_release:
    case Kind::nominated_release:
      entry.short_id = upper(read_release(message).short_id);
      return;
    case Kind::dispense:
      entry.short_id = upper(read_dispense(message).short_id);
      return;
    case Kind::claim:
      entry.short_id = upper(read_claim(message).short_id);
      return;
    case Kind::give_back:
      entry.short_id = upper(read_return(message).short_id);
      return;
    case Kind::withdraw:
      entry.short_id = upper(read_withdraw(message).short_id);
      return;
  }
}

Spine::Answer Spine::receive(std::string bytes, std::string_view http_interaction,
                             const Behaviour& told) {
  Entry entry;
  entry.size = bytes.size();
  entry.sha256 = to_hex(sha256(bytes));
  const Message message = read_message(std::move(bytes), http_interaction, symbols_);
  entry.message_id = message.message_id;
  entry.interaction = message.interaction;
  describe(message, options_.check, entry);

  const std::lock_guard guard(lock_);
  entry.number = counts_.arrivals + 1;
  entry.at = now();
  entry.what = message.readable ? "new" : "unreadable";
  Taken taken;
  taken.sha256 = entry.sha256;
  taken.from_asid = message.from_asid;
  taken.at = entry.at;
  const auto known = message.readable ? messages_.find(entry.message_id) : messages_.end();
  if (known != messages_.end()) {
    entry.times = ++known->second.times;
    if (known->second.sha256 == entry.sha256) {
      entry.what = "repeat";
      known->second.from_asid = message.from_asid;
      entry.verdict = known->second.type;
      entry.faults = known->second.faults;
      entry.items.clear();
      record_.append(write_entry(entry));
      ++counts_.arrivals;
      ++counts_.repeats;
      return {entry.verdict, written(entry.message_id, known->second)};
    }
    entry.what = "conflict";
    taken.type = AckType::reject;
    taken.faults = {unexpected("202", "Duplicate HL7 ID Error", kMessagingCodes)};
  } else if (!message.readable) {
    taken.type = AckType::reject;
    taken.faults = message.faults;
  } else {
    // Kept before it is judged: a prescription remembers where its bytes are.
    const bool order = message.kind == Kind::order;
    entry.told = told.ack != AckType::accept;
    if (message.content != nullptr && !(order && entry.told)) {
      entry.bytes = record_.keep(message.bytes());
    }
    bool conflict = false;
    if (entry.told) {
      obey(message, told, taken);
    } else {
      judge(message, entry.bytes, taken, conflict);
    }
    if (conflict) entry.what = "conflict";
    if (order && taken.type != AckType::accept) entry.bytes = {};
  }
  entry.verdict = taken.type;
  entry.faults = taken.faults;
  record_.append(write_entry(entry));
  ++counts_.arrivals;
  counts_.conflicts += entry.what == "conflict";
  ++(taken.type == AckType::accept ? counts_.accepted : counts_.refused);
  Answer answer{taken.type, written(entry.message_id, taken)};
  if (message.readable && known == messages_.end()) {
    messages_.emplace(entry.message_id, std::move(taken));
  }
  return answer;
}

std::string Spine::track(const TrackerQuery& query) {
  const std::lock_guard guard(lock_);
  if (query.summary) {
    const auto found = register_.of_patient(query.nhs_number, now());
    if (found.empty()) return write_tracker_error("1", "No prescriptions found");
    return write_summary(found, query);
  }
  const Prescription* prescription = register_.find(query.prescription_id, now());
  if (prescription == nullptr) return write_tracker_error("1", "Prescription not found");
  if (query.issue > static_cast<int>(prescription->issues.size())) {
    return write_tracker_error("8", "Prescription repeat instance not found");
  }
  return write_details(*prescription,
                       prescription->issues[static_cast<std::size_t>(query.issue) - 1]);
}

Counts Spine::counts() const {
  const std::lock_guard guard(lock_);
  return counts_;
}

}  // namespace concord::spine
