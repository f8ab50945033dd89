#include "fhir/validate/narrative_structure.h"

#include <array>
#include <set>
#include <string>
#include <utility>

namespace concord::validate {

namespace {

using xml::Xhtml;
using xml::XhtmlNode;

constexpr std::size_t kMostListed = 12;      // names in one finding
constexpr std::size_t kMostFindings = 1000;  // of one narrative

// Names, separated by blanks.
constexpr std::string_view kTextOnly =
    "p h1 h2 h3 h4 h5 h6 pre address a b em i strong small big sub sup code tt dfn q var abbr "
    "acronym cite bdo kbd samp span caption dd dt";
constexpr std::string_view kBlocks = "div pre table ul ol";
constexpr std::string_view kNotInThemselves =
    "a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd samp";
constexpr std::string_view kEmpty = "br img hr area";

using Pair = std::pair<std::string_view, std::string_view>;
constexpr std::array<Pair, 9> kChildren{{{"table", "tbody tr caption thead tfoot col colgroup"},
                                         {"tr", "td th"},
                                         {"tbody", "tr"},
                                         {"thead", "tr"},
                                         {"tfoot", "tr"},
                                         {"ul", "li"},
                                         {"ol", "li"},
                                         {"dl", "dd dt"},
                                         {"map", "area"}}};
constexpr std::array<Pair, 12> kParents{{{"tr", "table thead tfoot tbody"},
                                         {"tbody", "table"},
                                         {"thead", "table"},
                                         {"tfoot", "table"},
                                         {"caption", "table"},
                                         {"colgroup", "table"},
                                         {"col", "colgroup table"},
                                         {"th", "tr thead tfoot"},
                                         {"td", "tr thead tfoot"},
                                         {"li", "ul ol"},
                                         {"dd", "dl"},
                                         {"dt", "dl"}}};

template <std::size_t N>
std::string_view names_for(const std::array<Pair, N>& rows, std::string_view name) {
  for (const auto& [key, names] : rows) {
    if (key == name) return names;
  }
  return {};
}

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos;
       at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) {
      return true;
    }
  }
  return false;
}

/// Names found, as many as are told.
class Names {
 public:
  void add(std::string_view name) {
    if (++count_ > kMostListed) return;
    if (!text_.empty()) text_ += ", ";
    text_ += name;
  }
  bool empty() const { return count_ == 0; }
  std::string text() const {
    return count_ > kMostListed ? text_ + " and more: " + std::to_string(count_) : text_;
  }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

class Check {
 public:
  Check(const Xhtml& narrative, const tree::Node& div, Context& context)
      : narrative_(narrative), div_(div), context_(context) {}

  void run() {
    const auto nodes = narrative_.nodes();
    for (std::size_t i = 1; i < nodes.size() && found_ < kMostFindings; ++i) {
      if (nodes[i].is_element()) check(i);
    }
  }

 private:
  void check(std::size_t index) {
    const XhtmlNode& node = narrative_.nodes()[index];
    const std::string name(node.name);
    if (has_word(kTextOnly, node.name)) {
      if (const Names inside = descendants(index, kBlocks); !inside.empty()) {
        say("XHTML_XHTML_BLOCK_IN_PARA", node,
            "Found block structures inside a paragraph/text element '" + name +
                "': " + inside.text());
      }
    }
    if (has_word(kNotInThemselves, node.name)) {
      if (const Names inside = descendants(index, node.name); !inside.empty()) {
        say("XHTML_XHTML_NO_RECURSION", node,
            "Found an element '" + name + "' inside another: " + inside.text());
      }
    }
    if (has_word(kEmpty, node.name) && node.end > index + 1) {
      say("XHTML_XHTML_NO_CHILDREN", node, "Elements of type '" + name + "' cannot have children");
    }
    if (const auto parents = names_for(kParents, node.name); !parents.empty()) {
      const std::string_view parent = narrative_.nodes()[node.parent].name;
      if (!has_word(parents, parent)) {
        say("XHTML_XHTML_OUT_OF_PLACE", node,
            "Elements of type '" + name + "' must be in one of (" + std::string(parents) +
                "), not in '" + std::string(parent) + "'");
      }
    }
    const std::string_view children = names_for(kChildren, node.name);
    if (children.empty()) return;
    Names other;
    const auto nodes = narrative_.nodes();
    for (std::size_t i = index + 1; i < node.end; i = nodes[i].end) {
      if (!nodes[i].is_element()) {
        other.add("text");
      } else if (!has_word(children, nodes[i].name)) {
        other.add(nodes[i].name);
      }
    }
    if (!other.empty()) {
      say("XHTML_XHTML_ILLEGAL_CHILDREN", node,
          "Elements of type '" + name + "' cannot have the following children: " + other.text());
    }
  }

  Names descendants(std::size_t index, std::string_view words) const {
    Names found;
    const auto nodes = narrative_.nodes();
    for (std::size_t i = index + 1; i < nodes[index].end; ++i) {
      if (nodes[i].is_element() && has_word(words, nodes[i].name)) found.add(nodes[i].name);
    }
    return found;
  }

  void say(std::string_view id, const XhtmlNode& node, std::string text) {
    text += " (at " + narrative_.path(node) + ")";
    if (!said_.insert(std::string(id) + text).second) return;
    ++found_;
    context_.error(id, "structure", div_, std::move(text));
  }

  const Xhtml& narrative_;
  const tree::Node& div_;
  Context& context_;
  std::set<std::string> said_;
  std::size_t found_ = 0;
};

}  // namespace

void check_narrative_structure(const Xhtml& narrative, const tree::Node& div, Context& context) {
  Check(narrative, div, context).run();
}

}  // namespace concord::validate
