#include "fhir/xml/detail/plain.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace concord::xml::detail {
namespace {

using tree::Node;
using tree::Symbol;

enum Class : std::uint8_t { kOther = 0, kText = 1, kWhite = 2, kName = 4, kNameStart = 8 };

/// What may stand in text: printable ASCII without & < > and white space that XML leaves alone.
constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) classes[c] = kText;
  for (const char c : {'&', '<', '>'}) classes[static_cast<unsigned char>(c)] = kOther;
  for (const char c : {' ', '\t', '\n'}) classes[static_cast<unsigned char>(c)] = kText | kWhite;
  for (std::size_t i = 0; i < 26; ++i) {
    classes['a' + i] |= kName | kNameStart;
    classes['A' + i] |= kName | kNameStart;
  }
  for (std::size_t i = 0; i < 10; ++i) classes['0' + i] |= kName;
  classes['_'] |= kName | kNameStart;
  classes['-'] |= kName;
  classes['.'] |= kName;
  return classes;
}();

std::uint8_t class_of(char c) { return kClasses[static_cast<unsigned char>(c)]; }

class PlainReader {
 public:
  PlainReader(tree::Builder& builder, std::string_view xml, WhiteSpace white_space)
      : builder_(builder),
        at_(xml.data()),
        end_(xml.data() + xml.size()),
        white_space_(white_space),
        most_depth_(std::min<std::size_t>(builder.document().limits().max_depth, kMostDepth)) {}

  Node* run(Node& parent) {
    if (static_cast<std::size_t>(end_ - at_) > builder_.document().limits().max_bytes)
      return nullptr;
    while (at_ < end_ && (class_of(*at_) & kWhite) != 0) ++at_;
    top_ = nullptr;
    const std::size_t before = builder_.document().node_count();
    if (read(parent) && at_ == end_) return top_;
    if (top_ != nullptr) builder_.detach(*top_);
    builder_.uncount(builder_.document().node_count() - before);
    return nullptr;
  }

 private:
  static constexpr std::size_t kMostDepth = 16;

  /// Everything up to the end tag of the first element and the white space behind it.
  bool read(Node& parent) {
    std::array<Open, kMostDepth> open;
    std::size_t depth = 0;
    do {
      if (!take('<')) return false;
      if (depth > 0 && take('/')) {
        if (name() != open[depth - 1].name) return false;
        white();
        if (!take('>')) return false;
        --depth;
      } else {
        if (depth == most_depth_) return false;
        Node& around = depth == 0 ? parent : *open[depth - 1].node;
        bool empty = false;
        if (!start(around, depth == 0, open[depth], empty)) return false;
        if (depth > 0) open[depth - 1].has_elements = true;
        if (!empty) ++depth;
      }
      const std::string_view run = text();
      if (at_ < end_ && *at_ != '<') return false;
      if (!keep(run, depth == 0 ? nullptr : &open[depth - 1])) return false;
    } while (depth > 0);
    return true;
  }

  struct Open {
    Node* node = nullptr;
    std::string_view name;
    bool has_elements = false;
  };

  /// `<name attribute="value" …>` behind its `<`.
  bool start(Node& around, bool outermost, Open& made, bool& empty) {
    made = {};
    made.name = name();
    if (made.name.empty()) return false;
    const Symbol symbol = builder_.symbol(made.name);
    made.node = symbol == Symbol::kNone ? nullptr : builder_.append(around, symbol);
    if (made.node == nullptr) return false;
    if (top_ == nullptr) top_ = made.node;
    // Outside of the fragment no namespace is in force.
    builder_.set_namespace(*made.node, outermost ? Symbol::kNone : around.xml_namespace());
    for (;;) {
      const bool gap = white();
      if (take('>')) return true;
      if (take('/')) return empty = true, take('>');
      if (!gap || !attribute(*made.node)) return false;
    }
  }

  bool attribute(Node& node) {
    const std::string_view key = name();
    if (key.empty() || key == "xml") return false;
    white();
    if (!take('=')) return false;
    white();
    const char quote = at_ < end_ ? *at_ : '\0';
    if (quote != '"' && quote != '\'') return false;
    const char* from = ++at_;
    // Line feeds and tabs in attributes are normalised by the full reader.
    while (at_ < end_ && *at_ != quote && (class_of(*at_) & kText) != 0 && *at_ >= ' ') ++at_;
    if (at_ == end_ || *at_ != quote) return false;
    const std::string_view value(from, static_cast<std::size_t>(at_ - from));
    ++at_;
    const Symbol symbol = builder_.symbol(key == "xmlns" ? value : key);
    if (symbol == Symbol::kNone) return false;  // also `xmlns=""`
    if (key == "xmlns") {
      if (node.xml_namespace() == symbol) return true;
      for (const Node& child : node.children()) {
        if (child.is(tree::Flag::attribute)) return false;  // after another: order is not ours
      }
      builder_.set_namespace(node, symbol);
      return true;
    }
    if (node.child(symbol) != nullptr) return false;
    Node* made = builder_.append(node, symbol, tree::Kind::string);
    if (made == nullptr) return false;
    builder_.set_flag(*made, tree::Flag::attribute);
    builder_.set_copy(*made, value);
    return true;
  }

  /// The characters behind a tag: text of an element without elements, or white space.
  bool keep(std::string_view run, Open* around) {
    if (run.empty()) return true;
    const bool white =
        std::all_of(run.begin(), run.end(), [](char c) { return (class_of(c) & kWhite) != 0; });
    if (around == nullptr || around->has_elements) return white;
    const bool ends = at_ + 1 < end_ && at_[1] == '/';
    if (!ends) return white;
    if (!white || white_space_ == WhiteSpace::keep) builder_.set_copy(*around->node, run);
    return true;
  }

  std::string_view name() {
    const char* from = at_;
    if (at_ < end_ && (class_of(*at_) & kNameStart) != 0) {
      while (at_ < end_ && (class_of(*at_) & kName) != 0) ++at_;
    }
    return {from, static_cast<std::size_t>(at_ - from)};
  }
  std::string_view text() {
    const char* from = at_;
    while (at_ < end_ && (class_of(*at_) & kText) != 0) ++at_;
    return {from, static_cast<std::size_t>(at_ - from)};
  }
  bool white() {
    const char* from = at_;
    while (at_ < end_ && (class_of(*at_) & kWhite) != 0) ++at_;
    return at_ > from;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  tree::Builder& builder_;
  const char* at_;
  const char* end_;
  WhiteSpace white_space_;
  std::size_t most_depth_;
  Node* top_ = nullptr;
};

}  // namespace

Node* read_plain_fragment(tree::Builder& builder, Node& parent, std::string_view xml,
                          WhiteSpace white_space) {
  return PlainReader(builder, xml, white_space).run(parent);
}

}  // namespace concord::xml::detail
