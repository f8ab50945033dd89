#include "gateway/api/html_json.h"

#include "gateway/api/html_text.h"

namespace concord::api {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;

/// Recursion is bounded by the depth a reader lets pass, and by this.
constexpr std::size_t kMostDepth = 256;

class Printer {
 public:
  Printer(std::string& out, const tree::Document& document, const LinkOf& link_of,
          const HtmlJsonLimits& limits)
      : out_(out), document_(document), link_of_(link_of), limits_(limits), start_(out.size()) {}

  bool run(const Node& node) {
    value(node, 0);
    return !cut_;
  }

 private:
  bool full() {
    cut_ = cut_ || out_.size() - start_ > limits_.max_bytes;
    return cut_;
  }

  void line(std::size_t depth) {
    out_ += '\n';
    out_.append(depth * 2, ' ');
  }

  void name(std::string_view prefix, std::string_view text) {
    out_ += "<b>&quot;";
    out_ += prefix;
    append_html_json(out_, text);
    out_ += "&quot;</b>: ";
  }

  void text(std::string_view value) {
    const std::string address = link_of_(value);
    if (!address.empty()) {
      out_ += "<a href=\"";
      append_html(out_, address);
      out_ += "\">";
    }
    std::string_view shown = value.substr(0, limits_.max_text);
    // Never half of a character.
    while (shown.size() < value.size() && !shown.empty() &&
           (static_cast<unsigned char>(value[shown.size()]) & 0xC0U) == 0x80U) {
      shown.remove_suffix(1);
    }
    out_ += "&quot;";
    append_html_json(out_, shown);
    out_ += "&quot;";
    if (!address.empty()) out_ += "</a>";
    if (shown.size() < value.size()) {
      out_ += "<i> … " + std::to_string(value.size() - shown.size()) + " bytes more</i>";
    }
  }

  void value(const Node& node, std::size_t depth) {
    switch (node.kind()) {
      case Kind::element:
        object(node, depth);
        return;
      case Kind::number:
      case Kind::boolean:
        append_html(out_, node.text().substr(0, limits_.max_text));
        return;
      default:
        text(node.text());
    }
  }

  void object(const Node& node, std::size_t depth) {
    if (depth >= kMostDepth || full()) {
      cut_ = true;
      out_ += "{ … }";
      return;
    }
    out_ += '{';
    bool first = true;
    const auto begin = [&] {
      if (!first) out_ += ',';
      first = false;
      line(depth + 1);
    };
    if (node.is(Flag::resource)) {
      begin();
      name({}, "resourceType");
      text(document_.text(node.type()));
    }
    for (const Node* at = node.first_child(); at != nullptr;) {
      const Node* const run = at;
      bool array = run->is(Flag::in_array), values = false, companions = false;
      for (; at != nullptr && at->name() == run->name(); at = at->next_sibling()) {
        array = array || at != run;
        const bool element = at->kind() == Kind::element;
        values = values || element || at->has_value();
        companions = companions || (!element && at->first_child() != nullptr);
      }
      for (const bool companion : {false, true}) {
        if (companion ? !companions : !values) continue;
        if (full()) return;
        begin();
        name(companion ? "_" : "", document_.name(*run));
        if (array) {
          members(run, at, depth + 1, companion);
        } else if (companion) {
          object(*run, depth + 1);
        } else {
          value(*run, depth + 1);
        }
      }
    }
    line(depth);
    out_ += '}';
  }

  void members(const Node* at, const Node* end, std::size_t depth, bool companion) {
    out_ += '[';
    bool first = true;
    for (; at != end; at = at->next_sibling()) {
      if (full()) return;
      if (!first) out_ += ',';
      first = false;
      line(depth + 1);
      const bool element = at->kind() == Kind::element;
      if (companion ? element || at->first_child() == nullptr : !element && !at->has_value()) {
        out_ += "null";
      } else if (companion) {
        object(*at, depth + 1);
      } else {
        value(*at, depth + 1);
      }
    }
    line(depth);
    out_ += ']';
  }

  std::string& out_;
  const tree::Document& document_;
  const LinkOf& link_of_;
  const HtmlJsonLimits& limits_;
  const std::size_t start_;
  bool cut_ = false;
};

}  // namespace

bool append_html_json(std::string& out, const tree::Document& document, const Node& node,
                      const LinkOf& link_of, const HtmlJsonLimits& limits) {
  return Printer(out, document, link_of, limits).run(node);
}

}  // namespace concord::api
