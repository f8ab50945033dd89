#include "fhir/json/reader.h"

#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "fhir/core/utf8.h"
#include "fhir/json/detail/faults.h"
#include "fhir/json/detail/huge_numbers.h"
#include "fhir/json/detail/rapidjson_tokeniser.h"
#include "fhir/json/detail/twins.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/name_set.h"

namespace concord::json {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

enum class Dialect : bool { fhir, plain };

using detail::HugeNumber;

constexpr std::size_t kMostBytes = std::size_t{1} << 31;  // offsets are 32 bits

/// Fills a document from the events of a tokeniser. A member that is a primitive, its `_name`
/// companion and the members of an array all end in nodes of one name below the object's node.
class TreeEvents {
 public:
  TreeEvents(tree::Document& document, Dialect dialect, std::span<const HugeNumber> huge_numbers)
      : document_(document), build_(document), huge_numbers_(huge_numbers), dialect_(dialect) {
    frames_.reserve(32);
  }

  /// What stopped the events; only then.
  std::optional<Error>& error() { return error_; }
  /// FHIRPath of the object or member at hand, for an error in the text.
  std::string here() const { return frames_.empty() ? std::string() : path_of_member(); }

  bool key(std::string_view name, std::size_t offset) {
    Frame& frame = frames_.back();
    frame.member_offset = offset;
    frame.companion = false;
    frame.is_type = false;
    frame.existing = nullptr;
    frame.last = nullptr;
    if (dialect_ == Dialect::fhir && name.size() > 1) {
      if (name.front() == '_') [[unlikely]] {
        frame.companion = true;
        name.remove_prefix(1);
      } else if (name.size() == 12 && std::memcmp(name.data(), "resourceType", 12) == 0) {
        if (!resource_may_stand_here(frame)) {
          frame.member = build_.symbol(name);
          if (is_instance(frame)) return new_name(frame);
          return refuse(ErrorCode::invalid, "resourceType in an element that is no resource",
                        offset);
        }
        frame.is_type = true;
        if (frame.node->is(Flag::resource)) {
          return refuse(ErrorCode::invalid, "resourceType occurs twice in one object", offset);
        }
        return true;
      }
    }
    frame.member = document_.symbols().find(name);
    if (frame.member == Symbol::kNone) [[unlikely]] {
      if (name.empty()) return refuse(ErrorCode::invalid, "a member without a name", offset);
      frame.member = build_.symbol(name);
      if (frame.member == Symbol::kNone) {
        return refuse(ErrorCode::too_long, "more than 32,768 different names nobody knows", offset);
      }
    }
    if (frames_.size() >= document_.limits().max_depth) [[unlikely]]
      return too_deep(offset);
    return new_name(frame);
  }

  bool string(std::string_view value, std::size_t offset) {
    return scalar(Kind::string, value, offset);
  }
  bool number(std::string_view value, std::size_t offset) {
    if (!huge_numbers_.empty()) [[unlikely]]
      value = detail::as_written(huge_numbers_, document_.source(), value, offset);
    return scalar(Kind::number, value, offset);
  }
  bool boolean(bool value, std::size_t offset) {
    return scalar(Kind::boolean, value ? "true" : "false", offset);
  }

  bool null(std::size_t offset) {
    if (frames_.empty()) return no_object(offset);
    Frame& frame = frames_.back();
    if (dialect_ == Dialect::plain) return true;
    if (frame.is_type) return type_is_no_string(offset);
    if (!frame.in_array) return refuse(ErrorCode::invalid, "null as the value of a member", offset);
    frame.gaps = true;
    ++frame.array_size;
    return next_node(frame, Kind::string, offset) != nullptr;
  }

  bool begin_object(std::size_t offset) {
    if (frames_.empty()) return open(build_.root(), offset, false);
    Frame& frame = frames_.back();
    if (frame.is_type) return type_is_no_string(offset);
    ++frame.array_size;
    if (frames_.size() >= document_.limits().max_depth) [[unlikely]]
      return too_deep(offset);
    if (frame.companion) [[unlikely]] {
      Node* node = next_node(frame, Kind::string, offset);
      if (node == nullptr) return false;
      if (node->kind() == Kind::element) return lonely_companion(offset);
      return open(*node, node->source_offset(), true);
    }
    if (frame.existing != nullptr) [[unlikely]]
      return lonely_companion(offset);
    Node* node = append(frame, Kind::element, offset);
    return node != nullptr && open(*node, node->source_offset(), false);
  }

  bool end_object() {
    Frame& frame = frames_.back();
    const Node& node = *frame.node;
    if (dialect_ == Dialect::fhir) [[likely]] {
      if (node.first_child() == nullptr && !node.is(Flag::resource)) [[unlikely]] {
        frames_.pop_back();
        return refuse_at(node, "an object without members");
      }
      if (frame.gaps && !gaps_are_filled(node)) return false;
    }
    names_.close(frame.names);
    twins_.close(frame.twins);
    frames_.pop_back();
    return true;
  }

  bool begin_array(std::size_t offset) {
    if (frames_.empty()) return no_object(offset);
    Frame& frame = frames_.back();
    if (frame.is_type) return type_is_no_string(offset);
    if (frame.in_array) return refuse(ErrorCode::invalid, "an array inside an array", offset);
    frame.in_array = true;
    frame.array_size = 0;
    if (frame.existing != nullptr && !frame.existing->is(Flag::in_array)) {
      return unequal_companion(offset);
    }
    return true;
  }

  bool end_array() {
    Frame& frame = frames_.back();
    frame.in_array = false;
    if (frame.array_size == 0 && dialect_ == Dialect::fhir) {
      return refuse(ErrorCode::invalid, "an array without members", frame.member_offset);
    }
    return true;
  }

 private:
  /// An object whose end has not come.
  struct Frame {
    Node* node;
    tree::NameSet::Mark names;
    Node* existing;             ///< the next node of this member its twin (`name`, `_name`) made
    Node* last;                 ///< the last node this member has passed or made
    std::size_t member_offset;  ///< of the name of the member at hand
    std::uint32_t array_size;
    Symbol member;  ///< the name of the member at hand
    bool in_array;
    bool companion;      ///< the member at hand is a `_name`
    bool is_type;        ///< the member at hand is `resourceType`
    bool gaps;           ///< nodes may lack both value and children
    bool is_companion;   ///< this object is the value of a `_name`
    std::int32_t twins;  ///< its slot in twins_, once it has a `_name`
  };

  bool open(Node& node, std::size_t offset, bool is_companion) {
    if (document_.limits().max_depth == 0) return too_deep(offset);
    if (frames_.empty()) build_.set_offset(node, offset);
    frames_.push_back(Frame{&node, names_.open(), nullptr, nullptr, offset, 0, Symbol::kNone, false,
                            false, false, false, is_companion, detail::Twins::kNone});
    return true;
  }

  /// Notes the name of the member at hand and finds what its twin left.
  bool new_name(Frame& frame) {
    const std::uint32_t code = std::uint32_t{tree::number(frame.member)} << 1 | frame.companion;
    if (!names_.add(frame.names, code)) [[unlikely]] {
      return refuse(ErrorCode::invalid, "a name occurs twice in one object", frame.member_offset);
    }
    if (frame.companion || frame.twins != detail::Twins::kNone) [[unlikely]] {
      frame.gaps = true;
      frame.existing = twins_.find(frame.twins, *frame.node, frame.member);
    }
    return true;
  }

  /// The node for the next value of the member at hand: the one its twin made, or a new one.
  Node* next_node(Frame& frame, Kind kind, std::size_t offset) {
    if (frame.existing == nullptr) [[likely]]
      return append(frame, kind, offset);
    Node* node = frame.existing;
    if (node->is(Flag::in_array) != frame.in_array) {
      unequal_companion(offset);
      return nullptr;
    }
    frame.last = node;
    Node* next = const_cast<Node*>(node->next_sibling());
    frame.existing = next != nullptr && next->name() == frame.member ? next : nullptr;
    return node;
  }

  Node* append(Frame& frame, Kind kind, std::size_t offset) {
    // Behind the nodes of its twin, which may not be the last of the object.
    Node* node = frame.last != nullptr && frame.last->next_sibling() != nullptr
                     ? build_.insert_after(*frame.node, frame.last, frame.member, kind)
                     : build_.append(*frame.node, frame.member, kind);
    if (node == nullptr) [[unlikely]] {
      refuse(ErrorCode::too_long,
             "more than " + std::to_string(document_.limits().max_nodes) + " elements", offset);
      return nullptr;
    }
    if (frame.last != nullptr) frame.last = node;
    if (frame.twins != detail::Twins::kNone) [[unlikely]]
      twins_.made(frame.twins, *node);
    if (frame.in_array) {
      build_.set_flag(*node, Flag::in_array);
      build_.set_offset(*node, offset);
    } else {
      build_.set_offset(*node, frame.member_offset);
    }
    return node;
  }

  bool scalar(Kind kind, std::string_view value, std::size_t offset) {
    if (frames_.empty()) [[unlikely]]
      return no_object(offset);
    Frame& frame = frames_.back();
    if (frame.is_type) [[unlikely]] {
      if (kind != Kind::string || frame.in_array) return type_is_no_string(offset);
      return resource_type(frame, value, offset);
    }
    ++frame.array_size;
    if (frame.companion) [[unlikely]] {
      return refuse(ErrorCode::invalid, "the value of a member with _ is not an object", offset);
    }
    Node* node = next_node(frame, kind, offset);
    if (node == nullptr) [[unlikely]]
      return false;
    build_.set_kind(*node, kind);
    build_.set_text(*node, value);
    return true;
  }

  bool resource_type(Frame& frame, std::string_view value, std::size_t offset) {
    if (value.empty()) return refuse(ErrorCode::invalid, "resourceType is empty", offset);
    const Symbol type = build_.symbol(value);
    if (type == Symbol::kNone) {
      return refuse(ErrorCode::too_long, "more than 32,768 different names nobody knows", offset);
    }
    build_.set_type(*frame.node, type);
    build_.set_flag(*frame.node, Flag::resource);
    return true;
  }

  /// Resources stand at the top, in `contained`, in entries and parameters (`resource`) and in the
  /// answers of a batch (`outcome`). Source: hl7.org/fhir/R4/resource.html.
  bool resource_may_stand_here(const Frame& frame) const {
    if (frame.is_companion) return false;
    if (frames_.size() == 1) return true;
    const std::string_view name = document_.name(*frame.node);
    return name == "resource" || name == "contained" || name == "outcome";
  }
  /// ExampleScenario.instance.resourceType is the one element of R4 with that name.
  bool is_instance(const Frame& frame) const {
    return !frame.is_companion && document_.name(*frame.node) == "instance";
  }

  /// Every primitive below `node` has a value or children. Source: hl7.org/fhir/R4/json.html#null.
  bool gaps_are_filled(const Node& node) {
    for (const Node& child : node.children()) {
      if (child.kind() == Kind::element || child.has_value() || child.first_child() != nullptr) {
        continue;
      }
      return refuse_at(child, "null in an array without id or extension in its place");
    }
    return true;
  }

  std::string path_of_member() const {
    const Frame& frame = frames_.back();
    std::string path = document_.path(*frame.node);
    if (frame.is_type) return path + (path.empty() ? "resourceType" : ".resourceType");
    if (frame.member == Symbol::kNone) return path;
    if (!path.empty()) path += '.';
    path += document_.text(frame.member);
    if (frame.in_array) {
      path += '[' + std::to_string(frame.array_size == 0 ? 0 : frame.array_size - 1) + ']';
    }
    return path;
  }

  bool refuse(ErrorCode code, std::string text, std::size_t offset) {
    error_ = make_error(code, std::move(text), here(), document_.position(offset));
    return false;
  }
  bool refuse_at(const Node& node, std::string text) {
    error_ = make_error(ErrorCode::invalid, std::move(text), document_.path(node),
                        document_.position(node));
    return false;
  }
  bool too_deep(std::size_t offset) {
    return refuse(ErrorCode::too_long,
                  "nested deeper than " + std::to_string(document_.limits().max_depth) + " levels",
                  offset);
  }
  bool no_object(std::size_t offset) {
    return refuse(ErrorCode::invalid, "the outermost value is not an object", offset);
  }
  bool type_is_no_string(std::size_t offset) {
    return refuse(ErrorCode::invalid, "resourceType is not a string", offset);
  }
  bool lonely_companion(std::size_t offset) {
    return refuse(ErrorCode::invalid, "a member with _ stands beside one that is not a primitive",
                  offset);
  }
  bool unequal_companion(std::size_t offset) {
    return refuse(ErrorCode::invalid, "of a member and its twin with _ only one is an array",
                  offset);
  }

  tree::Document& document_;
  tree::Builder build_;
  tree::NameSet names_;
  detail::Twins twins_;
  std::vector<Frame> frames_;
  std::span<const HugeNumber> huge_numbers_;
  std::optional<Error> error_;
  Dialect dialect_;
};

Result<tree::Document> finished(Dialect dialect, tree::Document document) {
  if (dialect == Dialect::fhir && !document.root().is(Flag::resource)) {
    return make_error(ErrorCode::invalid, "no resourceType in the outermost object", {},
                      document.position(document.root()));
  }
  return document;
}

Result<tree::Document> read_as(Dialect dialect, std::string source, const tree::Symbols& symbols,
                               const tree::Limits& limits) {
  if (source.size() > limits.max_bytes || source.size() >= kMostBytes) {
    return make_error(ErrorCode::too_long,
                      "more than " + std::to_string(limits.max_bytes) + " bytes");
  }
  const auto malformed = [&](std::string_view why, std::size_t offset, std::string path = {}) {
    return make_error(ErrorCode::malformed, std::string(why), std::move(path),
                      tree::position_in(source, offset));
  };
  if (const std::size_t at = invalid_utf8_at(source); at != std::string_view::npos) {
    return malformed("not UTF-8", at);
  }
  if (source.starts_with("\xEF\xBB\xBF")) source.erase(0, 3);  // RFC 8259 section 8.1
  if (const auto bad = detail::bad_escape(source)) {
    return malformed(detail::fault_text(bad->fault), bad->offset);
  }

  std::vector<HugeNumber> huge_numbers;
  for (;;) {
    tree::Document document(symbols, limits);
    const std::size_t size = source.size();
    char* scratch =
        static_cast<char*>(document.arena().allocate(size + detail::kPadding, detail::kPadding));
    std::memcpy(scratch, source.data(), size);
    std::memset(scratch + size, 0, detail::kPadding);
    detail::hide(huge_numbers, scratch);
    document.set_source(std::move(source));

    TreeEvents events(document, dialect, huge_numbers);
    const detail::TokenError token = detail::tokenise(scratch, size, events);
    if (events.error()) return *std::move(events.error());
    if (token.fault == detail::Fault::huge_number &&
        huge_numbers.size() < detail::kMostHugeNumbers) {
      if (const std::size_t length = detail::number_at(document.source(), token.offset);
          length > 0) {
        huge_numbers.push_back({token.offset, length});
        source = document.source();
        continue;
      }
    }
    if (token.fault != detail::Fault::none) {
      return make_error(ErrorCode::malformed, std::string(detail::fault_text(token.fault)),
                        events.here(), document.position(token.offset));
    }
    return finished(dialect, std::move(document));
  }
}

Result<tree::Document> guarded(Dialect dialect, std::string source, const tree::Symbols& symbols,
                               const tree::Limits& limits) {
  try {
    return read_as(dialect, std::move(source), symbols, limits);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to read the message");
  }
}

}  // namespace

Result<tree::Document> read(std::string source, const tree::Symbols& symbols,
                            const tree::Limits& limits) {
  return guarded(Dialect::fhir, std::move(source), symbols, limits);
}

Result<tree::Document> read_plain(std::string source, const tree::Symbols& symbols,
                                  const tree::Limits& limits) {
  return guarded(Dialect::plain, std::move(source), symbols, limits);
}

}  // namespace concord::json
