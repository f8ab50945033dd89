#include "fhir/validate/narrative_structure.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace concord::validate {

namespace {

using xml::Xhtml;
using xml::XhtmlNode;

constexpr std::size_t kMostListed = 12;      // names in one finding
constexpr std::size_t kMostFindings = 1000;  // of one narrative

/// What holds for one element. Names are separated by blanks; empty: anything.
struct Row {
  std::string_view name;
  bool holds_text_only = false;  ///< no block of its own inside
  bool not_in_itself = false;
  bool is_empty = false;
  std::string_view children;  ///< only these, and no text
  std::string_view parents;
};

constexpr std::array<Row, 46> kRows{{
    {.name = "a", .holds_text_only = true, .not_in_itself = true},
    {.name = "abbr", .holds_text_only = true, .not_in_itself = true},
    {.name = "acronym", .holds_text_only = true, .not_in_itself = true},
    {.name = "address", .holds_text_only = true},
    {.name = "area", .is_empty = true},
    {.name = "b", .holds_text_only = true, .not_in_itself = true},
    {.name = "bdo", .holds_text_only = true, .not_in_itself = true},
    {.name = "big", .holds_text_only = true, .not_in_itself = true},
    {.name = "br", .is_empty = true},
    {.name = "caption", .holds_text_only = true, .parents = "table"},
    {.name = "cite", .holds_text_only = true, .not_in_itself = true},
    {.name = "code", .holds_text_only = true, .not_in_itself = true},
    {.name = "col", .parents = "colgroup table"},
    {.name = "colgroup", .parents = "table"},
    {.name = "dd", .holds_text_only = true, .parents = "dl"},
    {.name = "dfn", .holds_text_only = true, .not_in_itself = true},
    {.name = "dl", .children = "dd dt"},
    {.name = "dt", .holds_text_only = true, .parents = "dl"},
    {.name = "em", .holds_text_only = true, .not_in_itself = true},
    {.name = "h1", .holds_text_only = true},
    {.name = "h2", .holds_text_only = true},
    {.name = "h3", .holds_text_only = true},
    {.name = "h4", .holds_text_only = true},
    {.name = "h5", .holds_text_only = true},
    {.name = "h6", .holds_text_only = true},
    {.name = "hr", .is_empty = true},
    {.name = "i", .holds_text_only = true, .not_in_itself = true},
    {.name = "img", .is_empty = true},
    {.name = "kbd", .holds_text_only = true, .not_in_itself = true},
    {.name = "li", .parents = "ul ol"},
    {.name = "map", .children = "area"},
    {.name = "ol", .children = "li"},
    {.name = "p", .holds_text_only = true},
    {.name = "pre", .holds_text_only = true},
    {.name = "q", .holds_text_only = true, .not_in_itself = true},
    {.name = "samp", .holds_text_only = true, .not_in_itself = true},
    {.name = "small", .holds_text_only = true, .not_in_itself = true},
    {.name = "span", .holds_text_only = true},
    {.name = "strong", .holds_text_only = true, .not_in_itself = true},
    {.name = "sub", .holds_text_only = true, .not_in_itself = true},
    {.name = "sup", .holds_text_only = true, .not_in_itself = true},
    {.name = "table", .children = "tbody tr caption thead tfoot col colgroup"},
    {.name = "td", .parents = "tr thead tfoot"},
    {.name = "th", .parents = "tr thead tfoot"},
    {.name = "tr", .children = "td th", .parents = "table thead tfoot tbody"},
    {.name = "tt", .holds_text_only = true, .not_in_itself = true},
}};
constexpr std::array<Row, 4> kMoreRows{{
    {.name = "tbody", .children = "tr", .parents = "table"},
    {.name = "tfoot", .children = "tr", .parents = "table"},
    {.name = "thead", .children = "tr", .parents = "table"},
    {.name = "ul", .children = "li"},
}};

const Row* row_of(std::string_view name) {
  const auto at = std::lower_bound(kRows.begin(), kRows.end(), name,
                                   [](const Row& row, std::string_view n) { return row.name < n; });
  if (at != kRows.end() && at->name == name) return &*at;
  for (const Row& row : kMoreRows) {
    if (row.name == name) return &row;
  }
  static constexpr Row kVar{.name = "var", .holds_text_only = true, .not_in_itself = true};
  return name == "var" ? &kVar : nullptr;
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
      if (!nodes[i].is_element()) continue;
      if (const Row* row = row_of(nodes[i].name)) check(*row, i);
    }
  }

 private:
  void check(const Row& row, std::size_t index) {
    const XhtmlNode& node = narrative_.nodes()[index];
    const std::string name(node.name);
    if (row.holds_text_only) {
      if (const Names inside = descendants(index, "div pre table ul ol"); !inside.empty()) {
        say("XHTML_XHTML_BLOCK_IN_PARA", node,
            "Found block structures inside a paragraph/text element '" + name +
                "': " + inside.text());
      }
    }
    if (row.not_in_itself) {
      if (const Names inside = descendants(index, node.name); !inside.empty()) {
        say("XHTML_XHTML_NO_RECURSION", node,
            "Found an element '" + name + "' inside another: " + inside.text());
      }
    }
    if (row.is_empty && node.end > index + 1) {
      say("XHTML_XHTML_NO_CHILDREN", node, "Elements of type '" + name + "' cannot have children");
    }
    if (!row.parents.empty()) {
      const std::string_view parent = narrative_.nodes()[node.parent].name;
      if (!has_word(row.parents, parent)) {
        say("XHTML_XHTML_OUT_OF_PLACE", node,
            "Elements of type '" + name + "' must be in one of (" + std::string(row.parents) +
                "), not in '" + std::string(parent) + "'");
      }
    }
    if (row.children.empty()) return;
    Names other;
    const auto nodes = narrative_.nodes();
    for (std::size_t i = index + 1; i < node.end; i = nodes[i].end) {
      if (!nodes[i].is_element()) {
        other.add("text");
      } else if (!has_word(row.children, nodes[i].name)) {
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
