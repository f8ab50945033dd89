#include "mappers/eps/losses.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace concord::eps {
namespace {

enum class Fate : std::uint8_t { implied, dropped, refused };

struct Row {
  std::string value;  ///< empty: any
  Fate fate = Fate::dropped;
  std::string reason;
  std::unique_ptr<Row> next;  ///< of the same element, with another value
};

/// Rows by element: open addressing, a look-up is one or two steps.
class RowTable {
 public:
  void add(std::uint32_t key, Row row) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[find(key)];
    if (slot.row == nullptr) {
      slot.key = key;
      ++size_;
    } else {
      row.next = std::move(slot.row);
    }
    slot.row = std::make_unique<Row>(std::move(row));
  }
  /// The row for that value, else the one for any; null when there is none.
  const Row* row(std::uint32_t key, const tree::Node& node) const {
    if (slots_.empty()) return nullptr;
    const Row* any_value = nullptr;
    for (const Row* at = slots_[find(key)].row.get(); at != nullptr; at = at->next.get()) {
      if (at->value.empty()) {
        any_value = at;
      } else if (node.has_value() && at->value == node.text()) {
        return at;
      }
    }
    return any_value;
  }

 private:
  struct Slot {
    std::uint32_t key = 0;
    std::unique_ptr<Row> row;
  };
  std::size_t find(std::uint32_t key) const {
    std::size_t at = (key * 0x9E3779B1u >> 8) & (slots_.size() - 1);
    while (slots_[at].row != nullptr && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, slots_.size() * 2));
    old.swap(slots_);
    for (Slot& slot : old) {
      if (slot.row != nullptr) slots_[find(slot.key)] = std::move(slot);
    }
  }
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

std::uint32_t key(tree::Symbol type, tree::Symbol name) {
  return static_cast<std::uint32_t>(tree::number(type)) << 16 | tree::number(name);
}

std::string_view take_word(std::string_view& line) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(start);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

std::optional<Fate> fate_of(std::string_view word) {
  if (word == "implied") return Fate::implied;
  if (word == "dropped") return Fate::dropped;
  if (word == "refused") return Fate::refused;
  return std::nullopt;
}

}  // namespace

struct LossTable::Rows {
  /// By type and name of an element; type kNone: any.
  RowTable elements;
  /// By url of the extension an element stands in.
  std::unordered_map<std::string, Row> extensions;
  /// By type of a resource nothing of which was read.
  std::unordered_map<tree::Symbol, Row> resources;
  const definitions::Definitions* definitions = nullptr;
  tree::Symbol entry, resource, url, extension_type;

  const Row* find(const tree::Node& node) const;
};

/// The row of an element none of which was read; null when the table has none.
const Row* LossTable::Rows::find(const tree::Node& node) const {
  const tree::Node* held = node.name() == entry ? node.child(resource) : &node;
  if (held != nullptr && held->is(tree::Flag::resource)) {
    const auto row = resources.find(held->type());
    if (row != resources.end()) return &row->second;
  }
  if (node.parent() == nullptr) return nullptr;
  if (const Row* row = elements.row(key(node.parent()->type(), node.name()), node)) return row;
  for (const tree::Node* at = &node; at != nullptr; at = at->parent()) {
    if (at->is(tree::Flag::resource)) break;
    if (at->type() != extension_type) continue;
    const tree::Node* named = at->child(url);
    const auto row =
        named == nullptr ? extensions.end() : extensions.find(std::string(named->text()));
    if (row != extensions.end()) return &row->second;
  }
  return elements.row(key(tree::Symbol::kNone, node.name()), node);
}

LossTable::LossTable(std::unique_ptr<const Rows> rows) : rows_(std::move(rows)) {}
LossTable::LossTable(LossTable&&) noexcept = default;
LossTable& LossTable::operator=(LossTable&&) noexcept = default;
LossTable::~LossTable() = default;

Result<LossTable> LossTable::read(std::string_view text, definitions::Definitions& definitions) {
  auto rows = std::make_unique<Rows>();
  tree::Symbols& symbols = definitions.symbols();
  rows->definitions = &definitions;
  rows->entry = symbols.intern("entry");
  rows->resource = symbols.intern("resource");
  rows->url = symbols.intern("url");
  rows->extension_type = symbols.intern("Extension");
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (trimmed(line).empty() || trimmed(line).starts_with("#")) continue;

    std::string_view element = take_word(line);
    const auto fate = fate_of(take_word(line));
    const std::string_view reason = trimmed(line);
    const auto wrong = [&](std::string_view what) {
      return make_error(ErrorCode::internal, "not_carried.txt: " + std::string(what),
                        "not_carried.txt", Position{number, 1});
    };
    if (!fate) return wrong("the second word must be implied, dropped or refused");
    if (reason.empty()) return wrong("a reason is missing");
    Row row{{}, *fate, std::string(reason), nullptr};
    if (element.starts_with("extension:")) {
      rows->extensions.emplace(std::string(element.substr(10)), std::move(row));
      continue;
    }
    if (const std::size_t equals = element.find('='); equals != std::string_view::npos) {
      row.value = std::string(element.substr(equals + 1));
      element = element.substr(0, equals);
    }
    const std::size_t dot = element.rfind('.');
    if (dot == std::string_view::npos) {
      const definitions::Type* type = definitions.type(element);
      if (type == nullptr || !type->is_resource()) return wrong("no such resource");
      rows->resources.emplace(type->name(), std::move(row));
      continue;
    }
    tree::Symbol owner = tree::Symbol::kNone;
    const tree::Symbol name = symbols.intern(element.substr(dot + 1));
    if (element.substr(0, dot) != "*") {
      const definitions::Type* type = definitions.type(element.substr(0, dot));
      if (type == nullptr || !type->child(name)) return wrong("no such element");
      owner = type->name();
    }
    rows->elements.add(key(owner, name), std::move(row));
  }
  return LossTable(std::move(rows));
}

namespace {

/// The topmost elements of which nothing was read, in document order. Returns whether anything of
/// `node` was read. Depth is bounded by the document's limits.
bool collect(const tree::Node& node, const tree::NodeSet& reads,
             std::vector<const tree::Node*>& unread) {
  bool any = reads.contains(node);
  const std::size_t before = unread.size();
  for (const tree::Node& child : node.children()) {
    const bool read =
        child.first_child() == nullptr ? reads.contains(child) : collect(child, reads, unread);
    any = any || read;
    if (!read) unread.push_back(&child);
  }
  if (!any) unread.resize(before);
  return any;
}

std::uint32_t line_feeds(std::string_view text) {
  std::uint32_t count = 0;
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i feed = _mm_set1_epi8('\n');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    count += static_cast<std::uint32_t>(
        std::popcount(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, feed)))));
  }
#endif
  for (; at < text.size(); ++at) count += text[at] == '\n' ? 1 : 0;
  return count;
}

/// Paths and positions of nodes asked for in document order: what the last answer found out is the
/// start of the next.
class Places {
 public:
  explicit Places(const tree::Document& document) : document_(document) {}

  std::string path(const tree::Node& node) {
    if (node.parent() != parent_) {
      parent_ = node.parent();
      parent_path_ = document_.path(*parent_);
    }
    std::string path;
    path.reserve(parent_path_.size() + 32);
    path += parent_path_;
    path += '.';
    path += document_.name(node);
    std::size_t index = 0;
    for (const tree::Node& sibling : parent_->children()) {
      if (&sibling == &node) break;
      index += sibling.name() == node.name() ? 1 : 0;
    }
    if (index > 0 || node.is(tree::Flag::in_array) || node.next_same() != nullptr) {
      path += '[' + std::to_string(index) + ']';
    }
    return path;
  }

  Position position(const tree::Node& node) {
    const std::string_view source = document_.source();
    const std::size_t offset = node.source_offset();
    if (offset == tree::Node::kNoOffset || source.empty()) return {};
    if (offset < counted_ || offset > source.size()) return document_.position(node);
    lines_ += line_feeds(source.substr(counted_, offset - counted_));
    counted_ = offset;
    const std::size_t feed = source.substr(0, offset).rfind('\n');
    const std::size_t start = feed == std::string_view::npos ? 0 : feed + 1;
    return {lines_, static_cast<std::uint32_t>(offset - start + 1)};
  }

 private:
  const tree::Document& document_;
  const tree::Node* parent_ = nullptr;
  std::string parent_path_;
  std::size_t counted_ = 0;  ///< bytes of the source whose line feeds are counted
  std::uint32_t lines_ = 1;
};

}  // namespace

Result<std::vector<Issue>> LossTable::judge(const tree::Document& bundle,
                                            const tree::NodeSet& reads) const {
  std::vector<const tree::Node*> unread;
  unread.reserve(256);
  collect(bundle.root(), reads, unread);
  std::vector<Issue> losses;
  losses.reserve(std::min<std::size_t>(unread.size(), 16));
  Error refusal;
  refusal.code = ErrorCode::unsupported;
  Places places(bundle);
  for (const tree::Node* node : unread) {
    const Row* row = rows_->find(*node);
    if (row != nullptr && row->fate == Fate::implied) continue;
    const definitions::Type* owner = rows_->definitions->type(node->parent()->type());
    const auto known = owner == nullptr ? definitions::Child{} : owner->child(node->name());
    const bool refused =
        row != nullptr ? row->fate == Fate::refused : known && known.element->is_modifier;
    Issue issue;
    issue.expression = places.path(*node);
    issue.position = places.position(*node);
    issue.text.reserve(128);
    if (owner != nullptr) {
      issue.text += owner->label();
      issue.text += '.';
    }
    issue.text += bundle.name(*node);
    if (refused) {
      issue.text += " changes the meaning of the message and EPS cannot carry it";
      if (row != nullptr) issue.text += ": " + row->reason;
      issue.detail_code = "not-carried-modifier";
      refusal.issues.push_back(std::move(issue));
      continue;
    }
    issue.severity = Severity::warning;
    issue.code = "not-supported";
    issue.text += " is not carried: ";
    issue.text += row != nullptr ? std::string_view(row->reason) : "EPS has no place for it";
    issue.detail_code = row != nullptr ? "not-carried" : "not-carried-unexpected";
    losses.push_back(std::move(issue));
  }
  if (!refusal.issues.empty()) return refusal;
  return losses;
}

}  // namespace concord::eps
