#include <new>

#include "fhir/xml/detail/markup.h"
#include "fhir/xml/detail/names.h"
#include "fhir/xml/detail/tokeniser.h"
#include "fhir/xml/writer.h"

namespace concord::xml {
namespace {

using detail::Escaping;
using tree::Flag;
using tree::Kind;
using tree::Node;

/// Sees to it that a narrative is one element of XHTML and nothing more.
class NarrativeCheck final : public detail::Events {
 public:
  void begin(const detail::Element& element) override {
    if (element.name_space != detail::kXhtmlNamespace || element.has_prefix ||
        (depth_ == 0 && element.name != "div")) {
      return stop(Error{});
    }
    if (++depth_ > detail::kMostDepth) stop(Error{});
  }
  void end(std::size_t offset) override {
    if (--depth_ == 0) end_ = offset;
  }
  /// Right behind the outermost element.
  std::size_t end() const { return end_; }
  void text(const detail::Text&, std::size_t) override {}
  void cdata(const detail::Text&, std::size_t) override {}

 private:
  std::size_t depth_ = 0;
  std::size_t end_ = 0;
};

class FhirWriter {
 public:
  FhirWriter(const tree::Document& document, const WriteOptions& options, std::size_t expected)
      : document_(document), options_(options), markup_(document, options, expected) {}

  Result<std::string> run(const Node& node) {
    if (!node.is(Flag::resource)) {
      return markup_.finish(markup_.fail(ErrorCode::invalid, node, "not a resource"));
    }
    markup_.declaration();
    return markup_.finish(markup_.count(node, 1) && resource(node, 1, true));
  }

 private:
  /// The element named like the resource.
  bool resource(const Node& node, std::size_t level, bool outermost) {
    Output& out = markup_.out();
    const std::string_view type = document_.text(node.type());
    out.put('<');
    if (!markup_.name(node, type)) return false;
    if (outermost) out.put(" xmlns=\"http://hl7.org/fhir\"");
    if (node.first_child() == nullptr) {
      out.put("/>");
      return true;
    }
    out.put('>');
    for (const Node& child : node.children()) {
      markup_.line(level);
      if (!element(child, level + 1)) return false;
    }
    markup_.line(level - 1);
    end_tag(type);
    return true;
  }

  /// Written as an attribute by the element around it.
  bool is_attribute(const Node& child, std::string_view parent) const {
    const std::string_view name = document_.name(child);
    return name == "id" || (name == "url" && detail::is_extension(parent));
  }

  bool attribute(const Node& node, std::string_view name) {
    markup_.out().put(' ');
    markup_.out().put(name);
    markup_.out().put("=\"");
    if (!markup_.escaped(node, node.text(), Escaping::fhir_attribute)) return false;
    markup_.out().put('"');
    return true;
  }

  bool element(const Node& node, std::size_t level) {
    if (!markup_.count(node, level)) return false;
    Output& out = markup_.out();
    if (node.kind() == Kind::text || node.is(Flag::attribute)) {
      return markup_.fail(ErrorCode::invalid, node, "mixed content or an attribute, not FHIR");
    }
    const std::string_view name = document_.name(node);
    if (name == "div" && node.kind() == Kind::string && node.has_value()) return narrative(node);
    if (!node.has_value() && node.first_child() == nullptr && !node.is(Flag::resource)) {
      return markup_.fail(ErrorCode::invalid, node, "an element without content");
    }
    out.put('<');
    if (!markup_.name(node, name)) return false;
    if (node.is(Flag::resource)) {
      out.put('>');
      markup_.line(level);
      if (!resource(node, level + 1, false)) return false;
      markup_.line(level - 1);
      end_tag(name);
      return true;
    }
    bool empty = true;
    for (const Node& child : node.children()) {
      if (!is_attribute(child, name)) {
        empty = false;
      } else if (child.first_child() != nullptr) {
        return markup_.fail(ErrorCode::invalid, child, "an extension on an attribute");
      } else if (!markup_.count(child, level) || !attribute(child, document_.name(child))) {
        return false;
      }
    }
    if (node.has_value() && !attribute(node, "value")) return false;
    if (empty) {
      out.put("/>");
      return true;
    }
    out.put('>');
    for (const Node& child : node.children()) {
      if (is_attribute(child, name)) continue;
      markup_.line(level);
      if (!element(child, level + 1)) return false;
    }
    markup_.line(level - 1);
    end_tag(name);
    return true;
  }

  bool narrative(const Node& node) {
    const std::string text(node.text());
    NarrativeCheck check;
    if (!detail::check_before_parsing(text, options_.limits) || !text.starts_with("<div") ||
        !detail::tokenise(text, check) || check.end() != text.size()) {
      return markup_.fail(ErrorCode::invalid, node,
                          "a narrative that is not one well-formed div of XHTML");
    }
    markup_.out().put(text);
    return true;
  }

  void end_tag(std::string_view name) {
    markup_.out().put("</");
    markup_.out().put(name);
    markup_.out().put('>');
  }

  const tree::Document& document_;
  const WriteOptions& options_;
  detail::Markup markup_;
};

}  // namespace

Result<std::string> write_fhir(const tree::Document& document, const tree::Node& node,
                               const WriteOptions& options) {
  try {
    const std::size_t expected = &node == &document.root() ? document.source().size() : 0;
    return FhirWriter(document, options, expected + expected / 8).run(node);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to write the message");
  }
}

}  // namespace concord::xml
