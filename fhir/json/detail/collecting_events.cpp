#include "fhir/json/detail/collecting_events.h"

#include <algorithm>

#include "fhir/tree/prune.h"

namespace concord::json::detail {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

namespace {

constexpr std::string_view kUnrecognised = "Unrecognised_property_";

std::string unrecognised(std::string_view name) {
  return "unrecognised property '" + std::string(name.substr(0, 100)) + "'";
}

}  // namespace

CollectingEvents::CollectingEvents(tree::Document& document, const MendedText& text,
                                   const std::vector<Comment>& comments,
                                   const std::vector<Oddity>& odd)
    : document_(document), text_(text), comments_(comments), odd_(odd), build_(document) {
  frames_.reserve(32);
}

// ---- members
// -------------------------------------------------------------------------------------

bool CollectingEvents::key(std::string_view name, std::size_t offset) {
  if (skipped_ > 0) {
    if (next_odd_ < odd_.size()) tell(offset, false);
    return true;
  }
  Frame& frame = frames_.back();
  frame.member = name;
  frame.member_offset = offset;
  frame.existing = frame.last = nullptr;
  frame.in_array = frame.companion = frame.is_type = frame.passed_over = false;
  ++frame.members;
  if (next_odd_ < odd_.size()) tell(offset, false);
  if (frames_.size() >= document_.limits().max_depth) {
    return stop("Error_parsing_JSON_",
                "nested deeper than " + std::to_string(document_.limits().max_depth) + " levels",
                offset, "too-long");
  }
  if (name.empty()) {
    report_at_object(kUnrecognised, unrecognised(name), offset);
    frame.passed_over = true;
    return true;
  }
  if (name.size() > 1 && name.front() == '_') {
    frame.companion = true;
    name.remove_prefix(1);
  } else if (name == "resourceType" && resource_may_stand_here(frame)) {
    frame.is_type = true;
    if (frame.node->is(Flag::resource) || frame.wrong_type) {
      report_at_object("DUPLICATE_JSON_PROPERTY_KEY", "the property 'resourceType' stands twice",
                       offset);
      frame.passed_over = true;
    }
    return true;
  }
  frame.symbol = build_.symbol(name);
  if (frame.symbol == Symbol::kNone) {
    return stop("Error_parsing_JSON_", "more than 32,768 different names nobody knows", offset,
                "too-long");
  }
  const std::uint32_t code = std::uint32_t{tree::number(frame.symbol)} << 1 | frame.companion;
  if (!names_.add(frame.names, code)) {
    report_at_object("DUPLICATE_JSON_PROPERTY_KEY",
                     "the property '" + std::string(frame.member) + "' stands twice", offset);
    frame.passed_over = true;
  } else if (frame.companion || frame.twins != Twins::kNone) {
    frame.gaps = true;
    frame.existing = twins_.find(frame.twins, *frame.node, frame.symbol);
  }
  return true;
}

/// Resources stand at the top, in `contained`, in entries and parameters (`resource`) and in the
/// answers of a batch (`outcome`). Source: hl7.org/fhir/R4/resource.html.
bool CollectingEvents::resource_may_stand_here(const Frame& frame) const {
  if (frame.is_companion) return false;
  if (frames_.size() == 1) return true;
  const std::string_view name = document_.name(*frame.node);
  return name == "resource" || name == "contained" || name == "outcome";
}

// ---- values
// --------------------------------------------------------------------------------------

bool CollectingEvents::string(std::string_view value, std::size_t offset) {
  const bool number = text_.find(text_.original(offset), Mend::Kind::number) != nullptr;
  return scalar(number ? Kind::number : Kind::string, value, offset);
}
bool CollectingEvents::number(std::string_view value, std::size_t offset) {
  return scalar(Kind::number, value, offset);
}
bool CollectingEvents::boolean(bool value, std::size_t offset) {
  return scalar(Kind::boolean, value ? "true" : "false", offset);
}

bool CollectingEvents::scalar(Kind kind, std::string_view value, std::size_t offset) {
  if (frames_.empty()) {
    return stop("Error_parsing_JSON_", "the outermost value is not an object", offset);
  }
  if (!reaches_value(offset)) return true;
  Frame& frame = frames_.back();
  if (frame.passed_over) return true;
  if (frame.is_type) {
    resource_type(frame, kind == Kind::string ? value : std::string_view(), offset);
    return !stopped_;
  }
  if (frame.companion) {
    report("This_property_must_be_an_object_not_",
           "the property '" + std::string(frame.member) + "' must be an object, not a value",
           offset);
    if (frame.in_array) return next_node(frame, Kind::string, offset) != nullptr;
    return true;
  }
  Node* node = next_node(frame, kind, offset);
  if (node == nullptr) return !stopped_;
  build_.set_kind(*node, kind);
  build_.set_text(*node, value);
  return true;
}

bool CollectingEvents::null(std::size_t offset) {
  if (frames_.empty()) {
    return stop("Error_parsing_JSON_", "the outermost value is not an object", offset);
  }
  if (!reaches_value(offset)) return true;
  Frame& frame = frames_.back();
  if (frame.passed_over) return true;
  if (frame.is_type) {
    resource_type(frame, {}, offset);
    return !stopped_;
  }
  if (!frame.in_array) {
    report("ELEMENT_CANNOT_BE_NULL",
           "the property '" + std::string(frame.member) + "' must not be null", offset);
    return true;
  }
  frame.gaps = true;
  return next_node(frame, Kind::string, offset) != nullptr || !stopped_;
}

void CollectingEvents::resource_type(Frame& frame, std::string_view value, std::size_t offset) {
  if (value.empty() || frame.in_array) {
    auto wrong = finding("RESOURCETYPE_PROPERTY_WRONG_TYPE",
                         "resourceType must be a string that names a resource", offset);
    wrong.severity = Severity::fatal;
    findings_.add(std::move(wrong));
    frame.wrong_type = true;
    return;
  }
  const Symbol type = build_.symbol(value);
  if (type == Symbol::kNone) {
    stop("Error_parsing_JSON_", "more than 32,768 different names nobody knows", offset,
         "too-long");
    return;
  }
  build_.set_type(*frame.node, type);
  build_.set_flag(*frame.node, Flag::resource);
}

// ---- objects
// -------------------------------------------------------------------------------------

bool CollectingEvents::open(Node& node, std::size_t offset, bool is_companion) {
  Frame frame{};
  frame.node = &node;
  frame.names = names_.open();
  frame.member_offset = offset;
  frame.is_companion = is_companion;
  frames_.push_back(frame);
  return true;
}

bool CollectingEvents::begin_object(std::size_t offset) {
  if (frames_.empty()) {
    open(build_.root(), offset, false);
    build_.set_offset(build_.root(), text_.original(offset));
    reaches_value(offset);
    return true;
  }
  if (!reaches_value(offset)) {
    ++skipped_;
    return true;
  }
  Frame& frame = frames_.back();
  const auto pass_over = [&] {
    ++skipped_;
    return true;
  };
  if (frame.passed_over) return pass_over();
  if (frame.is_type) {
    resource_type(frame, {}, offset);
    return !stopped_ && pass_over();
  }
  if (frame.companion) {
    if (frame.existing != nullptr && frame.existing->is(Flag::in_array) && !frame.in_array) {
      report("This_base_property_must_be_an_Array_not_",
             "the property '" + std::string(frame.member) + "' must be an array as its twin is",
             offset);
      return pass_over();
    }
    Node* node = next_node(frame, Kind::string, offset);
    if (node == nullptr) return false;
    if (node->kind() == Kind::element) {
      report_at_object(kUnrecognised, unrecognised(frame.member), offset);
      frame.passed_over = true;
      return pass_over();
    }
    return open(*node, offset, true);
  }
  if (frame.existing != nullptr) {
    auto odd = finding(kUnrecognised, unrecognised("_" + std::string(frame.member)), offset);
    odd.issue_type = "structure";
    if (!findings_.full()) odd.path = document_.path(*frame.node);
    findings_.add(std::move(odd));
    forget_twin(frame);
  }
  ++frame.array_size;
  Node* node = append(frame, Kind::element, offset);
  return node != nullptr && open(*node, offset, false);
}

bool CollectingEvents::end_object(std::size_t bracket) {
  if (next_odd_ < odd_.size()) tell(bracket, false);
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  Frame& frame = frames_.back();
  Node& node = *frame.node;
  frame.member = {};
  frame.in_array = false;
  extra_comma(bracket, "object");
  if (frame.members == 0) {
    report("Object_must_have_some_content", "an object without properties", frame.member_offset);
  }
  if (frame.gaps) fill_gaps(node);
  const bool wrong_type = frame.wrong_type;
  names_.close(frame.names);
  twins_.close(frame.twins);
  frames_.pop_back();
  if (wrong_type) {
    if (frames_.empty()) {
      stopped_ = true;
    } else {
      // Nothing can be said of a resource without a type.
      for (tree::SyntaxFinding& made : findings_.kept()) {
        if (made.owner == &node) made.owner = nullptr;
      }
      build_.set_kind(node, Kind::text);  // fill_gaps() takes it out
      frames_.back().gaps = true;
    }
    return !stopped_;
  }
  if (frames_.empty() && !node.is(Flag::resource)) {
    stop("Unable_to_find_resourceType_property", "no resourceType in the outermost object",
         node.source_offset());
    return true;
  }
  return true;
}

/// Takes out the nodes that stand for null in an array and got nothing from their twin, and
/// resources whose type is no string.
void CollectingEvents::fill_gaps(Node& node) {
  tree::keep_children(build_, node, [&](Node& child) {
    if (child.kind() == Kind::text) return false;
    if (child.kind() == Kind::element || child.has_value() || child.first_child() != nullptr) {
      return true;
    }
    // An empty object was said to be one, and stays for the checks that ask for content.
    const auto& kept = findings_.kept();
    const auto said = [&](auto&& about) {
      return !findings_.full() && std::any_of(kept.begin(), kept.end(), about);
    };
    if (said([&](const auto& finding) { return finding.owner == &child; })) return true;
    const bool known =
        said([&](const auto& finding) { return finding.offset == child.source_offset(); });
    if (!known) {
      tree::SyntaxFinding gap;
      gap.message_id = "JSON_PROPERTY_INVALID_ARRAY";
      gap.text = "a member of an array without value, id or extension";
      if (!findings_.full()) gap.path = document_.path(child);
      gap.offset = child.source_offset();
      gap.owner = &node;
      gap.member = document_.name(child);
      findings_.add(std::move(gap));
    }
    return false;
  });
}

/// Takes out what the `_name` before made: it does not fit its twin.
void CollectingEvents::forget_twin(Frame& frame) {
  const Symbol symbol = frame.symbol;
  tree::keep_children(build_, *frame.node, [&](Node& child) { return child.name() != symbol; });
  twins_.forget(frame.twins, symbol);
  frame.existing = frame.last = nullptr;
}

// ---- arrays
// --------------------------------------------------------------------------------------

bool CollectingEvents::begin_array(std::size_t offset) {
  if (frames_.empty()) {
    return stop("Error_parsing_JSON_", "the outermost value is not an object", offset);
  }
  if (!reaches_value(offset)) {
    ++skipped_;
    return true;
  }
  Frame& frame = frames_.back();
  if (frame.passed_over) {
    ++skipped_;
    return true;
  }
  if (frame.is_type) {
    resource_type(frame, {}, offset);
    ++skipped_;
    return !stopped_;
  }
  if (frame.in_array) {
    report("This_property_must_be__not_",
           "the members of '" + std::string(frame.member) + "' must not be arrays", offset);
    ++skipped_;
    frame.gaps = true;
    return next_node(frame, Kind::string, offset) != nullptr || !stopped_;
  }
  if (frame.existing != nullptr && !frame.existing->is(Flag::in_array)) {
    if (frame.companion) {
      report("This_property_must_be_an_object_not_",
             "the property '" + std::string(frame.member) +
                 "' must be an object as its twin is one "
                 "value",
             offset);
      ++skipped_;
      return true;
    }
    report("This_base_property_must_be_an_Array_not_",
           "the property '_" + std::string(frame.member) + "' must be an array as its twin is",
           offset);
    forget_twin(frame);
  }
  frame.in_array = true;
  frame.array_size = 0;
  return true;
}

bool CollectingEvents::end_array(std::size_t bracket) {
  if (next_odd_ < odd_.size()) tell(bracket, false);
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  Frame& frame = frames_.back();
  frame.in_array = false;
  extra_comma(bracket, "array");
  if (frame.array_size == 0) {
    report("ARRAY_CANNOT_BE_EMPTY",
           "the array '" + std::string(frame.member) + "' is empty; the property should be absent",
           bracket);
  }
  return true;
}

/// RapidJSON lets a comma through before a bracket: it is the last thing before it but white space
/// and comments.
void CollectingEvents::extra_comma(std::size_t bracket, std::string_view where) {
  const std::string& text = text_.text();
  std::size_t at = bracket;
  for (;;) {
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\r' ||
                      text[at - 1] == '\n')) {
      --at;
    }
    const auto comment =
        std::lower_bound(comments_.begin(), comments_.end(), at,
                         [](const Comment& other, std::size_t end) { return other.end < end; });
    // The end of a line comment is behind its line feed, which is white space.
    if (comment == comments_.end() || comment->begin >= at) break;
    at = comment->begin;
  }
  if (at == 0 || text[at - 1] != ',') return;
  report("JSON_COMMA_EXTRA", "a comma too many at the end of an " + std::string(where), at - 1);
}

// ---- nodes
// ---------------------------------------------------------------------------------------

/// The node for the next value of the member at hand: the one its twin made, or a new one. Null
/// when the reading was stopped.
Node* CollectingEvents::next_node(Frame& frame, Kind kind, std::size_t offset) {
  if (frame.existing != nullptr && frame.existing->is(Flag::in_array) != frame.in_array) {
    // Only a value whose companion, an array, came before it gets here.
    report("This_property_must_be_an_object_not_",
           "the property '_" + std::string(frame.member) +
               "' must be an object as its twin is one "
               "value",
           offset);
    forget_twin(frame);
  }
  ++frame.array_size;
  if (frame.existing == nullptr) return append(frame, kind, offset);
  Node* node = frame.existing;
  frame.last = node;
  Node* next = const_cast<Node*>(node->next_sibling());
  frame.existing = next != nullptr && next->name() == frame.symbol ? next : nullptr;
  return node;
}

Node* CollectingEvents::append(Frame& frame, Kind kind, std::size_t offset) {
  Node* node = frame.last != nullptr && frame.last->next_sibling() != nullptr
                   ? build_.insert_after(*frame.node, frame.last, frame.symbol, kind)
                   : build_.append(*frame.node, frame.symbol, kind);
  if (node == nullptr) {
    stop("Error_parsing_JSON_",
         "more than " + std::to_string(document_.limits().max_nodes) + " elements", offset,
         "too-long");
    return nullptr;
  }
  if (frame.last != nullptr) frame.last = node;
  if (frame.twins != Twins::kNone) twins_.made(frame.twins, *node);
  if (frame.in_array) build_.set_flag(*node, Flag::in_array);
  build_.set_offset(*node, text_.original(frame.in_array ? offset : frame.member_offset));
  return node;
}

// ---- findings
// ------------------------------------------------------------------------------------

std::string CollectingEvents::path_of_member(const Frame& frame) const {
  std::string path = document_.path(*frame.node);
  if (frame.member.empty()) return path;
  if (!path.empty()) path += '.';
  path += frame.companion ? frame.member.substr(1) : frame.member;
  // What is reported is the value that comes next.
  if (frame.in_array) path += '[' + std::to_string(frame.array_size) + ']';
  return path;
}

tree::SyntaxFinding CollectingEvents::finding(std::string_view id, std::string text,
                                              std::size_t offset) const {
  tree::SyntaxFinding made;
  made.message_id = id;
  made.text = std::move(text);
  made.offset = text_.original(offset);
  if (!frames_.empty()) {
    const Frame& frame = frames_.back();
    // Paths cost as much as the object has members; only those kept are made.
    if (!findings_.full()) made.path = path_of_member(frame);
    made.owner = frame.node;
    made.member = frame.member;
  }
  return made;
}

void CollectingEvents::report(std::string_view id, std::string text, std::size_t offset) {
  findings_.add(finding(id, std::move(text), offset));
}

void CollectingEvents::report_at_object(std::string_view id, std::string text, std::size_t offset) {
  auto made = finding(id, std::move(text), offset);
  if (!frames_.empty() && !findings_.full()) made.path = document_.path(*frames_.back().node);
  if (id == kUnrecognised) made.issue_type = "structure";
  findings_.add(std::move(made));
}

bool CollectingEvents::stop(std::string_view id, std::string text, std::size_t offset,
                            std::string_view issue_type) {
  auto made = finding(id, std::move(text), offset);
  made.severity = Severity::fatal;
  made.issue_type = issue_type;
  findings_.add(std::move(made));
  stopped_ = true;
  return false;
}

/// Reports the oddities up to a place. A comment belongs to the next value behind it, or to the
/// end of what it stands in.
void CollectingEvents::tell(std::size_t offset, bool at_value) {
  const std::size_t here = text_.original(offset);
  const auto comment = [&](const Oddity& odd) {
    auto made = finding("JSON_COMMENTS_NOT_ALLOWED", "comments are not allowed in JSON", 0);
    made.offset = odd.offset;
    findings_.add(std::move(made));
  };
  for (; next_odd_ < odd_.size() && odd_[next_odd_].offset <= here; ++next_odd_) {
    const Oddity& odd = odd_[next_odd_];
    if (!odd.kind) {
      waiting_.push_back(odd);
      continue;
    }
    std::string_view id, text;
    Severity severity = Severity::error;
    switch (*odd.kind) {
      case Mend::Kind::comma:
        id = "JSON_COMMA_MISSING";
        text = "a comma is missing";
        break;
      case Mend::Kind::name:
        id = "JSON_PROPERTY_NO_QUOTES";
        text = "the name of a property has no quotes";
        break;
      case Mend::Kind::value:
        id = "JSON_PROPERTY_VALUE_NO_QUOTES";
        text = "the value of a property has no quotes";
        break;
      case Mend::Kind::control:
        id = "Error_parsing_JSON_";
        text = "a control character inside a string must be escaped";
        severity = Severity::warning;  // the reference says nothing
        break;
      case Mend::Kind::no_character:
        id = "UNICODE_XML_BAD_CHARS";
        text = "the character U+0000, which FHIR cannot carry, was replaced";
        severity = Severity::warning;
        break;
      case Mend::Kind::surrogate:
        id = "Error_parsing_JSON_";
        text = "half a character (a lone surrogate) was replaced";
        break;
      case Mend::Kind::number:
        continue;
    }
    auto made = finding(id, std::string(text), 0);
    made.severity = severity;
    made.offset = odd.offset;
    findings_.add(std::move(made));
  }
  if (!at_value) return;
  for (const Oddity& odd : waiting_) comment(odd);
  waiting_.clear();
}

void CollectingEvents::end() {
  if (!odd_.empty() && !stopped_) tell(text_.text().size(), true);
  if (stopped_) return;
  // The type may stand behind what was reported.
  const std::string_view type = document_.text(document_.root().type());
  for (tree::SyntaxFinding& made : findings_.kept()) {
    if (made.path.starts_with(type) &&
        (made.path.size() == type.size() || made.path[type.size()] == '.')) {
      continue;
    }
    made.path = std::string(type) + (made.path.empty() ? "" : ".") + made.path;
  }
}

}  // namespace concord::json::detail
