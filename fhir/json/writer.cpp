#include "fhir/json/writer.h"

#include <array>
#include <new>
#include <optional>

#include "fhir/core/output.h"
#include "fhir/json/detail/escape.h"
#include "fhir/tree/name_set.h"

namespace concord::json {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

/// Recursion is bounded by this, whatever the limits say.
constexpr std::size_t kMostDepth = 1000;

/// RFC 8259 section 6.
bool is_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const first = at;
    while (at != end && *at >= '0' && *at <= '9') ++at;
    return at != first;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

class Writer {
 public:
  Writer(const tree::Document& document, const WriteOptions& options, std::size_t expected)
      : document_(document),
        options_(options),
        out_(expected, options.limits.max_bytes),
        most_depth_(std::min(options.limits.max_depth, kMostDepth)) {}

  Result<std::string> run(const Node& node) {
    if (!value(node, 1, 0)) return *std::move(error_);
    if (out_.over_limit()) {
      too_long(node, "more than " + std::to_string(options_.limits.max_bytes) + " bytes");
      return *std::move(error_);
    }
    return out_.take();
  }

 private:
  /// Siblings of one name that stand side by side.
  struct Run {
    const Node* first;
    const Node* end;
    bool array;       ///< written as an array
    bool values;      ///< one has a value
    bool companions;  ///< one is a primitive with children
  };

  static Run run_from(const Node& first) {
    Run run{&first, &first, first.is(Flag::in_array), false, false};
    do {
      const bool element = run.end->kind() == Kind::element;
      run.values = run.values || element || run.end->has_value();
      run.companions = run.companions || (!element && run.end->first_child() != nullptr);
      run.end = run.end->next_sibling();
    } while (run.end != nullptr && run.end->name() == first.name() && (run.array = true));
    return run;
  }

  bool object(const Node& node, std::size_t depth, std::size_t indent) {
    const bool resource = node.is(Flag::resource);
    if (node.first_child() == nullptr && !resource) {
      return invalid(node, "an element without content");
    }
    if (out_.over_limit()) return true;  // run() says so
    if (depth >= most_depth_ && node.first_child() != nullptr) {
      return too_long(node, "nested deeper than " + std::to_string(most_depth_) + " levels");
    }
    out_.put('{');
    bool first = true;
    if (resource) {
      member(first, {}, "resourceType", indent + 1);
      append_string(out_, document_.text(node.type()));
    }
    tree::NameSet::Mark names = names_.open();
    for (const Node* at = node.first_child(); at != nullptr;) {
      const Run run = run_from(*at);
      if (!names_.add(names, number(at->name()))) {
        return invalid(*at, "repeats of an element that do not stand side by side");
      }
      if (at->kind() == Kind::text || at->is(Flag::attribute)) {
        return invalid(*at, "mixed content or an attribute, which JSON does not have");
      }
      const std::string_view name = document_.name(*at);
      if (run.values) {
        member(first, {}, name, indent + 1);
        if (!(run.array ? array(run, depth + 1, indent + 1, false)
                        : value(*at, depth + 1, indent + 1)))
          return false;
      }
      if (run.companions) {
        member(first, "_", name, indent + 1);
        if (!(run.array ? array(run, depth + 1, indent + 1, true)
                        : object(*at, depth + 1, indent + 1)))
          return false;
      }
      if (!run.values && !run.companions) return invalid(*at, "an element without content");
      at = run.end;
    }
    names_.close(names);
    if (options_.pretty) line(indent);
    out_.put('}');
    return true;
  }

  bool array(const Run& run, std::size_t depth, std::size_t indent, bool companions) {
    out_.put('[');
    bool first = true;
    for (const Node* at = run.first; at != run.end; at = at->next_sibling()) {
      if (!first) out_.put(',');
      first = false;
      if (options_.pretty) line(indent + 1);
      const bool element = at->kind() == Kind::element;
      const bool content =
          companions ? !element && at->first_child() != nullptr : element || at->has_value();
      if (!content) {
        if (!element && !at->has_value() && at->first_child() == nullptr) {
          return invalid(*at, "an element without content");
        }
        out_.put("null");
      } else if (!(companions ? object(*at, depth, indent + 1) : value(*at, depth, indent + 1))) {
        return false;
      }
    }
    if (options_.pretty) line(indent);
    out_.put(']');
    return true;
  }

  bool value(const Node& node, std::size_t depth, std::size_t indent) {
    if (++nodes_ > options_.limits.max_nodes) {
      return too_long(node, "more than " + std::to_string(options_.limits.max_nodes) + " elements");
    }
    const std::string_view text = node.text();
    switch (node.kind()) {
      case Kind::element:
        if (node.has_value()) return invalid(node, "text in an element, which JSON does not have");
        return object(node, depth, indent);
      case Kind::string:
        append_string(out_, text);
        return true;
      case Kind::number:
        if (!is_number(text)) return invalid(node, "a number that is not one");
        out_.put(text);
        return true;
      case Kind::boolean:
        if (text != "true" && text != "false") return invalid(node, "a boolean that is not one");
        out_.put(text);
        return true;
      default:
        return invalid(node, "mixed content, which JSON does not have");
    }
  }

  void member(bool& first, std::string_view prefix, std::string_view name, std::size_t indent) {
    if (!first) out_.put(',');
    first = false;
    if (options_.pretty) line(indent);
    append_string(out_, name, prefix);
    out_.put(':');
    if (options_.pretty) out_.put(' ');
  }

  void line(std::size_t indent) {
    out_.put('\n');
    out_.put(indent * 2, ' ');
  }

  bool invalid(const Node& node, std::string text) {
    error_ = make_error(ErrorCode::invalid, std::move(text), document_.path(node),
                        document_.position(node));
    return false;
  }
  bool too_long(const Node& node, std::string text) {
    error_ = make_error(ErrorCode::too_long, std::move(text), document_.path(node),
                        document_.position(node));
    return false;
  }

  const tree::Document& document_;
  const WriteOptions& options_;
  Output out_;
  std::size_t most_depth_;
  std::size_t nodes_ = 0;
  tree::NameSet names_;
  std::optional<Error> error_;
};

}  // namespace

Result<std::string> write(const tree::Document& document, const tree::Node& node,
                          const WriteOptions& options) {
  try {
    const std::size_t expected = &node == &document.root() ? document.source().size() : 0;
    return Writer(document, options, expected + expected / 8).run(node);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to write the message");
  }
}

}  // namespace concord::json
