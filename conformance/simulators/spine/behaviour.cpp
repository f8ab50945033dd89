#include "conformance/simulators/spine/behaviour.h"

#include <charconv>
#include <optional>

#include "conformance/simulators/spine/form.h"

namespace concord::spine {
namespace {

constexpr std::int64_t kLongestWait = 600'000;

std::optional<std::int64_t> whole(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < low || value > high) return std::nullopt;
  return value;
}

/// "16.34/" in front of a code: its code system, by the end of its OID.
bool take_system(std::string_view& code, std::string_view& system) {
  const auto slash = code.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view end = code.substr(0, slash);
  code.remove_prefix(slash + 1);
  for (const std::string_view known : {kPrescribingCodes, kDispensingCodes, kMessagingCodes}) {
    if (known.ends_with("." + std::string(end))) {
      system = known;
      return true;
    }
  }
  return false;
}

bool read_ack(std::string_view value, Behaviour& behaviour) {
  const std::string_view type = value.substr(0, value.find(':'));
  if (type == "AA") {
    behaviour.ack = AckType::accept;
  } else if (type == "AE") {
    behaviour.ack = AckType::error;
    behaviour.ack_fault = {"5000", "Told to refuse"};
  } else if (type == "AR") {
    behaviour.ack = AckType::reject;
    behaviour.ack_fault = {"200", "Told to reject"};
  } else {
    return false;
  }
  if (type.size() == value.size()) return true;
  const std::string_view rest = value.substr(type.size() + 1);
  const auto colon = rest.find(':');
  std::string_view code = rest.substr(0, colon);
  if (!take_system(code, behaviour.ack_fault.system)) return false;
  behaviour.ack_fault.code = code;
  if (colon != std::string_view::npos) behaviour.ack_fault.display = rest.substr(colon + 1);
  return !behaviour.ack_fault.code.empty();
}

bool read_pair(std::string_view name, std::string_view value, Behaviour& behaviour) {
  if (name == "ack") return read_ack(value, behaviour);
  if (name == "drop") {
    if (value == "before") behaviour.drop = Drop::before;
    if (value == "after") behaviour.drop = Drop::after;
    return behaviour.drop != Drop::never || value == "never";
  }
  std::optional<std::int64_t> number;
  if (name == "delay_ms" && (number = whole(value, 0, kLongestWait))) {
    behaviour.delay = std::chrono::milliseconds{*number};
  } else if (name == "late_ms" && (number = whole(value, 0, kLongestWait))) {
    behaviour.late = std::chrono::milliseconds{*number};
  } else if (name == "http" && (number = whole(value, 300, 599))) {
    behaviour.http_status = static_cast<int>(*number);
  } else if (name == "retry_after" && (number = whole(value, 0, 3600))) {
    behaviour.retry_after = static_cast<int>(*number);
  } else if (name == "twice" && (number = whole(value, 0, 1))) {
    behaviour.twice = *number == 1;
  } else if (name == "for" && (number = whole(value, 1, INT64_MAX))) {
    behaviour.remaining = *number;
  }
  return number.has_value();
}

}  // namespace

Result<Behaviour> read_behaviour(std::string_view form) {
  Behaviour behaviour;
  for (const auto& [name, value] : read_form(form)) {
    if (!read_pair(name, value, behaviour)) {
      return make_error(ErrorCode::invalid, "unknown behaviour or value out of range: " + name);
    }
  }
  return behaviour;
}

void Conduct::set(const Behaviour& behaviour) {
  const std::lock_guard guard(lock_);
  current_ = behaviour;
}

Behaviour Conduct::next() {
  const std::lock_guard guard(lock_);
  if (current_.remaining == 0) current_ = Behaviour{};
  if (current_.remaining > 0) --current_.remaining;
  Behaviour behaviour = current_;
  if (flaky_permille_ > 0 && draw_() % 1000 < flaky_permille_) {
    switch (draw_() % 4) {
      case 0:
        behaviour.http_status = 503;
        break;
      case 1:
        behaviour.drop = Drop::before;
        break;
      case 2:
        behaviour.drop = Drop::after;
        break;
      default:
        behaviour.late = std::chrono::milliseconds{500};
    }
  }
  return behaviour;
}

}  // namespace concord::spine
