#include "fhir/json/value.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "fhir/core/decimal.h"
#include "fhir/core/output.h"
#include "fhir/core/utf8.h"
#include "fhir/json/detail/escape.h"
#include "fhir/json/detail/faults.h"
#include "fhir/json/detail/huge_numbers.h"
#include "fhir/json/detail/rapidjson_tokeniser.h"

namespace concord::json {
namespace {

constexpr std::size_t kMostDepth = 1000;  // recursion is bounded by this, whatever the limits say
constexpr std::size_t kFewMembers = 16;   // compared pair by pair

bool has_a_name_twice(const std::vector<Member>& members) {
  if (members.size() <= kFewMembers) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (members[i].name == members[j].name) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Member& member : members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

/// Makes values of the events of a tokeniser.
class ValueEvents {
 public:
  ValueEvents(Values& values, const tree::Limits& limits, std::string_view source,
              const std::vector<detail::HugeNumber>& huge_numbers)
      : values_(values),
        limits_(limits),
        source_(source),
        huge_numbers_(huge_numbers),
        most_depth_(std::min(limits.max_depth, kMostDepth)) {}

  Value* root() const { return root_; }
  std::optional<Error>& error() { return error_; }

  bool key(std::string_view name, std::size_t) {
    name_ = name;
    return true;
  }
  bool string(std::string_view value, std::size_t offset) {
    return add(ValueKind::string, value, offset) != nullptr;
  }
  bool number(std::string_view value, std::size_t offset) {
    value = detail::as_written(huge_numbers_, source_, value, offset);
    return add(ValueKind::number, value, offset) != nullptr;
  }
  bool boolean(bool value, std::size_t offset) {
    return add(ValueKind::boolean, value ? "true" : "false", offset) != nullptr;
  }
  bool null(std::size_t offset) { return add(ValueKind::null, {}, offset) != nullptr; }
  bool begin_object(std::size_t offset) { return open(ValueKind::object, offset); }
  bool end_object(std::size_t bracket) {
    if (has_a_name_twice(open_.back()->members)) {
      return refuse(ErrorCode::invalid, "a name occurs twice in one object", bracket);
    }
    open_.pop_back();
    return true;
  }
  bool begin_array(std::size_t offset) { return open(ValueKind::array, offset); }
  bool end_array(std::size_t) {
    open_.pop_back();
    return true;
  }

 private:
  bool open(ValueKind kind, std::size_t offset) {
    Value* made = add(kind, {}, offset);
    if (made != nullptr) open_.push_back(made);
    return made != nullptr;
  }

  Value* add(ValueKind kind, std::string_view text, std::size_t offset) {
    if (open_.size() >= most_depth_) {
      refuse(ErrorCode::too_long, "nested deeper than " + std::to_string(most_depth_) + " levels",
             offset);
      return nullptr;
    }
    if (++count_ > limits_.max_nodes) {
      refuse(ErrorCode::too_long, "more than " + std::to_string(limits_.max_nodes) + " values",
             offset);
      return nullptr;
    }
    Value* made = values_.make(kind, text);
    if (open_.empty()) {
      root_ = made;
    } else {
      Value& parent = *open_.back();
      parent.members.push_back({parent.is(ValueKind::object) ? name_ : std::string_view(), made});
    }
    return made;
  }

  bool refuse(ErrorCode code, std::string text, std::size_t offset) {
    error_ = make_error(code, std::move(text), {}, tree::position_in(source_, offset));
    return false;
  }

  Values& values_;
  const tree::Limits& limits_;
  std::string_view source_;
  const std::vector<detail::HugeNumber>& huge_numbers_;
  std::size_t most_depth_;
  std::size_t count_ = 0;
  Value* root_ = nullptr;
  std::string_view name_;
  std::vector<Value*> open_;
  std::optional<Error> error_;
};

Result<Value*> read_into(Values& values, std::string given, const tree::Limits& limits) {
  if (given.size() > limits.max_bytes) {
    return make_error(ErrorCode::too_long,
                      "more than " + std::to_string(limits.max_bytes) + " bytes");
  }
  if (given.starts_with("\xEF\xBB\xBF")) given.erase(0, 3);  // RFC 8259 section 8.1
  const auto malformed = [](std::string_view source, std::string_view why, std::size_t offset) {
    return make_error(ErrorCode::malformed, std::string(why), {},
                      tree::position_in(source, offset));
  };
  if (const std::size_t at = invalid_utf8_at(given); at != std::string_view::npos) {
    return malformed(given, "not UTF-8", at);
  }
  if (const auto bad = detail::bad_escape(given)) {
    return malformed(given, detail::fault_text(bad->fault), bad->offset);
  }
  const std::string_view source = values.keep(std::move(given));
  std::vector<detail::HugeNumber> huge_numbers;
  for (;;) {
    std::string padded(source);
    padded.append(detail::kPadding, '\0');
    // Strings are decoded in place; the values look into this copy.
    char* scratch = const_cast<char*>(values.keep(std::move(padded)).data());
    detail::hide(huge_numbers, scratch);
    ValueEvents events(values, limits, source, huge_numbers);
    const detail::TokenError token = detail::tokenise(scratch, source.size(), events);
    if (events.error()) return *std::move(events.error());
    if (token.fault == detail::Fault::huge_number &&
        huge_numbers.size() < detail::kMostHugeNumbers) {
      if (const std::size_t length = detail::number_at(source, token.offset); length > 0) {
        huge_numbers.push_back({token.offset, length});
        continue;
      }
    }
    if (token.fault != detail::Fault::none) {
      return malformed(source, detail::fault_text(token.fault), token.offset);
    }
    return events.root();
  }
}

/// Writes a value; false when it is over a limit.
class ValueWriter {
 public:
  explicit ValueWriter(const tree::Limits& limits)
      : limits_(limits),
        out_(256, limits.max_bytes),
        most_depth_(std::min(limits.max_depth, kMostDepth)) {}

  Result<std::string> run(const Value& value) {
    if (!put(value, 1)) {
      return make_error(ErrorCode::too_long, "more values, or more levels, than allowed");
    }
    if (out_.over_limit()) {
      return make_error(ErrorCode::too_long,
                        "more than " + std::to_string(limits_.max_bytes) + " bytes");
    }
    return out_.take();
  }

 private:
  bool put(const Value& value, std::size_t depth) {
    if (++count_ > limits_.max_nodes || depth > most_depth_) return false;
    switch (value.kind) {
      case ValueKind::null:
        out_.put("null");
        return true;
      case ValueKind::boolean:
      case ValueKind::number:
        out_.put(value.text);
        return true;
      case ValueKind::string:
        append_string(out_, value.text);
        return true;
      default:
        return put_members(value, depth);
    }
  }
  bool put_members(const Value& value, std::size_t depth) {
    const bool object = value.is(ValueKind::object);
    out_.put(object ? '{' : '[');
    bool first = true;
    for (const Member& member : value.members) {
      if (!first) out_.put(',');
      first = false;
      if (object) {
        append_string(out_, member.name);
        out_.put(':');
      }
      if (!put(*member.value, depth + 1)) return false;
    }
    out_.put(object ? '}' : ']');
    return true;
  }

  const tree::Limits& limits_;
  Output out_;
  std::size_t most_depth_;
  std::size_t count_ = 0;
};

bool equal_numbers(std::string_view left, std::string_view right) {
  if (left == right) return true;
  const Result<Decimal> a = Decimal::parse(left), b = Decimal::parse(right);
  return a.has_value() && b.has_value() && *a == *b;
}

bool equal_objects(const Value& left, const Value& right) {
  // Sorted once, so that many members cost no square.
  const auto sorted = [](const Value& value) {
    std::vector<Member> members = value.members;
    std::sort(members.begin(), members.end(),
              [](const Member& a, const Member& b) { return a.name < b.name; });
    return members;
  };
  const std::vector<Member> a = sorted(left), b = sorted(right);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Member& x, const Member& y) {
    return x.name == y.name && equal(*x.value, *y.value);
  });
}

}  // namespace

const Member* Value::find(std::string_view name) const noexcept {
  for (const Member& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

Member* Value::find(std::string_view name) noexcept {
  return const_cast<Member*>(static_cast<const Value*>(this)->find(name));
}

Result<Value*> Values::read(std::string source, const tree::Limits& limits) {
  try {
    return read_into(*this, std::move(source), limits);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to read the document");
  }
}

Value* Values::make(ValueKind kind, std::string_view text) {
  return &values_.emplace_back(Value{kind, text, {}});
}

Value* Values::copy(const Value& value) {
  Value* made = make(value.kind, value.text);
  made->members.reserve(value.members.size());
  for (const Member& member : value.members) {
    made->members.push_back({member.name, copy(*member.value)});
  }
  return made;
}

std::string_view Values::keep(std::string text) { return texts_.emplace_back(std::move(text)); }

bool equal(const Value& left, const Value& right) {
  if (left.kind != right.kind || left.members.size() != right.members.size()) return false;
  switch (left.kind) {
    case ValueKind::null:
      return true;
    case ValueKind::number:
      return equal_numbers(left.text, right.text);
    case ValueKind::boolean:
    case ValueKind::string:
      return left.text == right.text;
    case ValueKind::array:
      return std::equal(left.members.begin(), left.members.end(), right.members.begin(),
                        [](const Member& a, const Member& b) { return equal(*a.value, *b.value); });
    case ValueKind::object:
      return equal_objects(left, right);
  }
  return false;
}

std::size_t height(const Value& value) {
  std::size_t below = 0;
  for (const Member& member : value.members) below = std::max(below, height(*member.value));
  return below + 1;
}

Result<std::string> write(const Value& value, const tree::Limits& limits) {
  try {
    return ValueWriter(limits).run(value);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to write the document");
  }
}

}  // namespace concord::json
