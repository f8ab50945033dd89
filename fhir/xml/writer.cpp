#include "fhir/xml/writer.h"

#include <algorithm>
#include <memory>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/xml/detail/markup.h"
#include "fhir/xml/detail/names.h"

namespace concord::xml {
namespace {

using detail::Escaping;
using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

class FreeWriter {
 public:
  FreeWriter(const tree::Document& document, const WriteOptions& options, std::size_t expected)
      : document_(document), options_(options), markup_(document, options, expected) {}

  Result<std::string> run(const Node& node) {
    markup_.declaration();
    return markup_.finish(element(node, Symbol::kNone, 1, false));
  }

 private:
  /// `space` is the namespace in force; inside mixed content nothing is indented.
  bool element(const Node& node, Symbol space, std::size_t depth, bool mixed) {
    if (!markup_.count(node, depth)) return false;
    Output& out = markup_.out();
    const std::string_view name = document_.name(node);
    if (!markup_.is_own_name(node, name)) return false;
    out.put_all('<', name);
    if (node.xml_namespace() != Symbol::kNone && node.xml_namespace() != space) {
      space = node.xml_namespace();
      out.put(" xmlns=\"");
      if (!markup_.escaped(node, document_.text(space), Escaping::attribute)) return false;
      out.put('"');
    }
    bool empty = !node.has_value() || node.text().empty();
    const bool leads_with_text = !empty;
    const std::size_t own = attributes_.size();
    for (const Node& child : node.children()) {
      if (child.is(Flag::attribute)) {
        if (!markup_.count(child, depth)) return false;
        attributes_.push_back({prefix(child), &child, document_.name(child)});
        continue;
      }
      empty = false;
      mixed = mixed || leads_with_text || child.kind() == Kind::text;
    }
    if (attributes_.size() > own && !attributes(own)) return false;
    if (empty && !options_.expand_empty) {
      out.put_all('/', '>');
      return true;
    }
    out.put('>');
    if (leads_with_text && !markup_.escaped(node, node.text(), Escaping::text)) return false;
    bool lines = false;
    for (const Node& child : node.children()) {
      if (child.is(Flag::attribute)) continue;
      if (child.kind() == Kind::text) {
        if (!markup_.count(child, depth + 1) ||
            !markup_.escaped(child, child.text(), Escaping::text)) {
          return false;
        }
        continue;
      }
      if (!mixed) {
        markup_.line(depth);
        lines = true;
      }
      if (!element(child, space, depth + 1, mixed)) return false;
    }
    if (lines) markup_.line(depth - 1);
    out.put_all('<', '/', name, '>');
    return true;
  }

  /// An attribute as it is written: its name with the prefix of its namespace.
  struct Written {
    std::string_view prefix;
    const Node* node;
    std::string_view name;
  };

  static bool before(const Written& a, const Written& b) {
    return a.prefix.empty() && b.prefix.empty()
               ? a.name < b.name
               : std::tie(a.prefix, a.name) < std::tie(b.prefix, b.name);
  }

  /// Those gathered from `own` on come sorted by name; the declarations of the prefixes they need
  /// stand before them.
  bool attributes(std::size_t own) {
    const auto first = attributes_.begin() + static_cast<std::ptrdiff_t>(own);
    constexpr std::ptrdiff_t kFew = 12;
    if (attributes_.end() - first <= kFew) {
      for (auto at = first + 1; at < attributes_.end(); ++at) {
        for (auto to = at; to != first && before(*to, to[-1]); --to) std::swap(*to, to[-1]);
      }
    } else {
      std::stable_sort(first, attributes_.end(), before);
    }
    if (!attributes_.back().prefix.empty() && !declarations(own)) return false;
    Output& out = markup_.out();
    for (std::size_t i = own; i < attributes_.size(); ++i) {
      const Written& at = attributes_[i];
      if (i > own && at.name == attributes_[i - 1].name && at.prefix == attributes_[i - 1].prefix) {
        return markup_.fail(ErrorCode::invalid, *at.node, "an attribute twice on one element");
      }
      if (!markup_.is_own_name(*at.node, at.name)) return false;
      if (at.prefix.empty()) {
        out.put_all(' ', at.name, '=', '"');
      } else {
        out.put_all(' ', at.prefix, ':', at.name, '=', '"');
      }
      if (!markup_.escaped(*at.node, at.node->text(), Escaping::attribute)) return false;
      out.put('"');
    }
    attributes_.resize(own);
    return true;
  }

  bool declarations(std::size_t own) {
    Output& out = markup_.out();
    for (std::size_t i = own; i < attributes_.size(); ++i) {
      const Written& at = attributes_[i];
      if (i > own && at.prefix == attributes_[i - 1].prefix) continue;
      if (at.prefix.empty() || at.prefix == "xml") continue;
      out.put(" xmlns:");
      out.put(at.prefix);
      out.put("=\"");
      if (!markup_.escaped(*at.node, document_.text(at.node->xml_namespace()),
                           Escaping::attribute)) {
        return false;
      }
      out.put('"');
    }
    return true;
  }

  /// Prefixes are not kept in the tree: well-known ones come back, others are numbered by
  /// namespace.
  std::string_view prefix(const Node& attribute) {
    const Symbol space = attribute.xml_namespace();
    if (space == Symbol::kNone) return {};
    const std::string_view uri = document_.text(space);
    if (uri == detail::kXmlNamespace) return "xml";
    if (uri == detail::kXsiNamespace) return "xsi";
    for (const auto& [known, text] : prefixes_) {
      if (known == space) return *text;
    }
    prefixes_.emplace_back(
        space, std::make_unique<std::string>("ns" + std::to_string(prefixes_.size() + 1)));
    return *prefixes_.back().second;
  }

  const tree::Document& document_;
  const WriteOptions& options_;
  detail::Markup markup_;
  std::vector<Written> attributes_;
  std::vector<std::pair<Symbol, std::unique_ptr<std::string>>> prefixes_;
};

}  // namespace

Result<std::string> write(const tree::Document& document, const tree::Node& node,
                          const WriteOptions& options) {
  try {
    // What was read comes out about as long as it was; what was built takes about 40 bytes a node.
    std::size_t expected = 0;
    if (&node == &document.root()) {
      expected =
          document.source().empty() ? document.node_count() * 40 : document.source().size() / 8 * 9;
    }
    return FreeWriter(document, options, expected).run(node);
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to write the message");
  }
}

}  // namespace concord::xml
