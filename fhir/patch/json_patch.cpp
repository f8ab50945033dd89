// JSON Patch: RFC 6902, over the JSON a resource is written as.

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <unordered_set>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/value.h"
#include "fhir/json/writer.h"
#include "fhir/patch/detail/pointer.h"
#include "fhir/patch/patch.h"

namespace concord::patch {
namespace {

using detail::Pointer;
using json::Member;
using json::Value;
using json::ValueKind;

/// Members stepped over and moved in one patch. One that means well never comes near.
constexpr std::size_t kMostWork = std::size_t{1} << 24;

enum class Verb : std::uint8_t { add, remove, replace, move, copy, test };

struct VerbRow {
  std::string_view name;
  Verb verb;
  bool from;   ///< takes `from`
  bool value;  ///< takes `value`
};
constexpr std::array kVerbs{
    VerbRow{"add", Verb::add, false, true},         VerbRow{"remove", Verb::remove, false, false},
    VerbRow{"replace", Verb::replace, false, true}, VerbRow{"move", Verb::move, true, false},
    VerbRow{"copy", Verb::copy, true, false},       VerbRow{"test", Verb::test, false, true},
};

struct Operation {
  Verb verb = Verb::test;
  Pointer path;
  Pointer from;
  Value* value = nullptr;
};

/// Everything that is wrong with one operation names it as "[n]".
Error at_operation(ErrorCode code, std::string text, std::size_t index) {
  return make_error(code, std::move(text), "[" + std::to_string(index) + "]");
}

Result<Pointer> pointer_of(const Value& operation, std::string_view name, std::size_t index) {
  const Member* member = operation.find(name);
  if (member == nullptr || !member->value->is(ValueKind::string)) {
    return at_operation(ErrorCode::malformed, "\"" + std::string(name) + "\" is missing or no text",
                        index);
  }
  std::optional<Pointer> pointer = detail::parse_pointer(member->value->text);
  if (!pointer) {
    return at_operation(ErrorCode::malformed, "\"" + std::string(name) + "\" is no JSON Pointer",
                        index);
  }
  return *std::move(pointer);
}

Result<Operation> operation_of(const Value& written, std::size_t index) {
  if (!written.is(ValueKind::object)) {
    return at_operation(ErrorCode::malformed, "an operation is not an object", index);
  }
  const Member* op = written.find("op");
  const auto row = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const VerbRow& one) {
    return op != nullptr && op->value->is(ValueKind::string) && op->value->text == one.name;
  });
  if (row == kVerbs.end()) {
    return at_operation(ErrorCode::malformed,
                        "\"op\" is none of add, remove, replace, move, copy, test", index);
  }
  Operation operation;
  operation.verb = row->verb;
  CONCORD_ASSIGN(operation.path, pointer_of(written, "path", index));
  if (row->from) {
    CONCORD_ASSIGN(operation.from, pointer_of(written, "from", index));
  }
  if (row->value) {
    const Member* value = written.find("value");
    if (value == nullptr) {
      return at_operation(ErrorCode::malformed, "\"value\" is missing", index);
    }
    operation.value = value->value;
  }
  return operation;
}

Result<std::vector<Operation>> operations_of(const Value& patch, const Limits& limits) {
  if (!patch.is(ValueKind::array)) {
    return make_error(ErrorCode::malformed, "a JSON Patch is an array of operations");
  }
  if (patch.members.size() > limits.operations) {
    return make_error(ErrorCode::too_costly,
                      "more than " + std::to_string(limits.operations) + " operations");
  }
  std::vector<Operation> operations;
  operations.reserve(patch.members.size());
  for (std::size_t i = 0; i < patch.members.size(); ++i) {
    CONCORD_ASSIGN(Operation operation, operation_of(*patch.members[i].value, i));
    operations.push_back(std::move(operation));
  }
  return operations;
}

/// The document while operations are done to it.
class Patched {
 public:
  Patched(json::Values& values, Value* root, const Limits& limits)
      : values_(values), root_(root), limits_(limits) {}

  /// Does one operation; an error says why it cannot be done, without its number.
  Result<void> apply(const Operation& operation) {
    switch (operation.verb) {
      case Verb::add:
        return add(operation.path, operation.value);
      case Verb::remove: {
        CONCORD_TRY(take(operation.path));
        return {};
      }
      case Verb::replace:
        return replace(operation.path, operation.value);
      case Verb::move:
        return move(operation);
      case Verb::copy: {
        CONCORD_ASSIGN(Value * found, find(operation.from));
        copied_ += size_of(*found);  // before it is made
        if (copied_ > limits_.document.max_nodes) {
          return make_error(
              ErrorCode::too_long,
              "copies of more than " + std::to_string(limits_.document.max_nodes) + " values");
        }
        return add(operation.path, values_.copy(*found));
      }
      case Verb::test: {
        CONCORD_ASSIGN(Value * found, find(operation.path));
        if (json::equal(*found, *operation.value)) return {};
        return wrong("the test does not hold");
      }
    }
    return {};
  }

  /// The document without what the operations left empty.
  Value& finish() {
    prune(*root_);
    return *root_;
  }

 private:
  /// A value and the place it stands at.
  struct Place {
    Value* parent = nullptr;  ///< null for the document itself
    std::size_t index = 0;    ///< in parent->members; their number: not there
  };

  static Error wrong(std::string text) { return make_error(ErrorCode::invalid, std::move(text)); }
  static Error too_costly() {
    return make_error(ErrorCode::too_costly, "the operations together take too much work");
  }
  static Error nowhere() { return wrong("the path leads nowhere"); }
  bool spend(std::size_t work) {
    work_ += work;
    return work_ <= kMostWork;
  }

  /// The place of the last name of a pointer. Everything before it must be there.
  Result<Place> locate(const Pointer& pointer) {
    Place place;
    Value* at = root_;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
      if (i > 0) {
        if (place.index >= place.parent->members.size()) return nowhere();
        at = place.parent->members[place.index].value;
      }
      if (!at->is_container()) return nowhere();
      place.parent = at;
      if (!spend(1)) return too_costly();
      if (at->is(ValueKind::object)) {
        const Member* member = at->find(pointer[i]);
        place.index = member == nullptr ? at->members.size()
                                        : static_cast<std::size_t>(member - at->members.data());
        if (!spend(place.index)) return too_costly();
      } else if (pointer[i] == "-") {
        place.index = at->members.size();
      } else {
        const std::optional<std::size_t> index = detail::array_index(pointer[i]);
        if (!index || *index > at->members.size()) return nowhere();
        place.index = *index;
      }
    }
    return place;
  }

  Result<Place> locate_there(const Pointer& pointer) {
    CONCORD_ASSIGN(const Place place, locate(pointer));
    if (place.parent != nullptr && place.index >= place.parent->members.size()) return nowhere();
    return place;
  }

  Result<Value*> find(const Pointer& pointer) {
    CONCORD_ASSIGN(const Place place, locate_there(pointer));
    return place.parent == nullptr ? root_ : place.parent->members[place.index].value;
  }

  Result<void> check_depth(const Pointer& pointer, const Value& value) {
    if (!spend(size_of(value))) return too_costly();
    if (pointer.size() + json::height(value) <= limits_.document.max_depth) return {};
    return make_error(
        ErrorCode::too_long,
        "nested deeper than " + std::to_string(limits_.document.max_depth) + " levels");
  }

  Result<void> add(const Pointer& pointer, Value* value) {
    CONCORD_TRY(check_depth(pointer, *value));
    CONCORD_ASSIGN(const Place place, locate(pointer));
    if (place.parent == nullptr) {
      root_ = value;
      return {};
    }
    std::vector<Member>& members = place.parent->members;
    if (place.parent->is(ValueKind::array)) {
      if (!spend((members.size() - place.index) / 8)) return too_costly();
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(place.index), {{}, value});
    } else if (place.index < members.size()) {
      members[place.index].value = value;
    } else {
      members.push_back({values_.keep(pointer.back()), value});
    }
    return {};
  }

  Result<void> replace(const Pointer& pointer, Value* value) {
    CONCORD_TRY(check_depth(pointer, *value));
    CONCORD_ASSIGN(const Place place, locate_there(pointer));
    (place.parent == nullptr ? root_ : place.parent->members[place.index].value) = value;
    return {};
  }

  Result<Value*> take(const Pointer& pointer) {
    CONCORD_ASSIGN(const Place place, locate_there(pointer));
    if (place.parent == nullptr) return wrong("the resource itself cannot be removed");
    std::vector<Member>& members = place.parent->members;
    if (!spend((members.size() - place.index) / 8)) return too_costly();
    Value* taken = members[place.index].value;
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(place.index));
    if (members.empty()) emptied_.insert(place.parent);
    return taken;
  }

  Result<void> move(const Operation& operation) {
    const Pointer& from = operation.from;
    const Pointer& to = operation.path;
    if (from == to) {
      CONCORD_TRY(locate_there(from));
      return {};
    }
    if (from.size() < to.size() && std::equal(from.begin(), from.end(), to.begin())) {
      return wrong("what is moved cannot go into itself");
    }
    CONCORD_ASSIGN(Value * taken, take(from));
    return add(to, taken);
  }

  static std::size_t size_of(const Value& value) {
    std::size_t size = 1 + value.text.size() / 64;
    for (const Member& member : value.members) size += size_of(*member.value);
    return size;
  }

  /// Arrays without members are not there in FHIR, nor are objects that operations emptied.
  /// Source: hl7.org/fhir/R4/json.html#null ("objects are never empty").
  void prune(Value& value) {
    if (value.members.empty()) return;
    for (const Member& member : value.members) prune(*member.value);
    std::erase_if(value.members, [&](const Member& member) { return says_nothing(*member.value); });
    if (value.members.empty()) emptied_.insert(&value);
  }
  bool says_nothing(const Value& value) const {
    if (!value.is_container() || !value.members.empty()) return false;
    return value.is(ValueKind::array) || emptied_.contains(&value);
  }

  json::Values& values_;
  Value* root_;
  const Limits& limits_;
  std::size_t work_ = 0;
  std::size_t copied_ = 0;  ///< values, by all copies together
  std::unordered_set<const Value*> emptied_;
};

/// A result that is no FHIR JSON is the patch's mistake, and its places are in no text the caller
/// knows.
Error of_result(Error error) {
  for (Issue& issue : error.issues) {
    issue.position = {};
    issue.text = "the result is no resource: " + issue.text;
  }
  if (error.code == ErrorCode::malformed) error.code = ErrorCode::invalid;
  return error;
}

Result<tree::Document> apply(const tree::Document& resource, std::string_view patch,
                             const definitions::Definitions& definitions, const Limits& limits) {
  json::Values values;
  auto written = values.read(std::string(patch));
  if (!written) {
    Error error = std::move(written).error();
    if (error.code == ErrorCode::invalid) error.code = ErrorCode::malformed;  // a name twice
    return error;
  }
  CONCORD_ASSIGN(const std::vector<Operation> operations, operations_of(**written, limits));
  json::WriteOptions unbounded;
  unbounded.limits = limits.document;
  CONCORD_ASSIGN(std::string before, json::write(resource, unbounded));
  CONCORD_ASSIGN(Value * root, values.read(std::move(before), limits.document));

  Patched patched(values, root, limits);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (auto done = patched.apply(operations[i]); !done) {
      Error error = std::move(done).error();
      for (Issue& issue : error.issues) issue.expression = "[" + std::to_string(i) + "]";
      return error;
    }
  }
  auto after = json::write(patched.finish(), limits.document);
  if (!after) return of_result(std::move(after).error());
  auto document = json::read(*std::move(after), resource.symbols(), limits.document);
  if (!document) return of_result(std::move(document).error());
  tree::Builder builder(*document);
  definitions::annotate(builder, definitions);
  return document;
}

}  // namespace

Result<tree::Document> apply_json_patch(const tree::Document& resource, std::string_view patch,
                                        const definitions::Definitions& definitions,
                                        const Limits& limits) {
  try {
    return apply(resource, patch, definitions, limits);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to apply the patch");
  }
}

}  // namespace concord::patch
