#include "fhir/mapping/lineage.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "fhir/mapping/map_set.h"
#include "fhir/mapping/varint.h"

namespace concord::mapping {
namespace {

using varint::append;
using varint::append_text;
using varint::zigzag;

constexpr std::string_view kTableMark = "CRT1";
constexpr std::string_view kLineageMark = "CLN1";

/// Texts by number, each once.
class Texts {
 public:
  std::uint32_t number(std::string_view text) {
    const auto [at, added] = numbers_.emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (added) texts_.push_back(text);
    return at->second;
  }
  const std::vector<std::string_view>& all() const noexcept { return texts_; }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> texts_;
};

/// How many children of each name a node had so far.
class Counts {
 public:
  void clear() {
    few_.clear();
    many_.clear();
  }
  std::uint32_t& of(tree::Symbol name) {
    for (auto& [known, count] : few_) {
      if (known == name) return count;
    }
    if (few_.size() == kFew) return many_[tree::number(name)];
    return few_.emplace_back(name, 0).second;
  }

 private:
  static constexpr std::size_t kFew = 32;
  std::vector<std::pair<tree::Symbol, std::uint32_t>> few_;
  std::unordered_map<std::uint16_t, std::uint32_t> many_;
};

/// Numbers of nodes: open addressing over their addresses.
class NodeNumbers {
 public:
  static constexpr std::uint32_t kMarked = UINT32_MAX;

  /// False when it was there already.
  bool mark(const tree::Node* node) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[find(node)];
    if (slot.node != nullptr) return false;
    slot = {node, kMarked};
    ++size_;
    return true;
  }
  /// Null for a node that was not marked.
  std::uint32_t* number(const tree::Node* node) {
    if (slots_.empty()) return nullptr;
    Slot& slot = slots_[find(node)];
    return slot.node == nullptr ? nullptr : &slot.number;
  }
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    size_ = 0;
  }

 private:
  struct Slot {
    const tree::Node* node = nullptr;
    std::uint32_t number = kMarked;
  };
  std::size_t find(const tree::Node* node) const {
    const auto address = reinterpret_cast<std::uintptr_t>(node);
    std::size_t at = ((address >> 3) * 0x9E3779B97F4A7C15ull >> 32) & (slots_.size() - 1);
    while (slots_[at].node != nullptr && slots_[at].node != node) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.node != nullptr) slots_[find(slot.node)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

/// Appends the marked part of a document in document order, numbering its nodes from `next` on:
/// for each node how many levels to go up from the node before, name, index, offset.
class PlaceWriter {
 public:
  PlaceWriter(const tree::Document& document, NodeNumbers& numbers, bool offsets,
              std::uint32_t& next, std::string& to)
      : document_(document), numbers_(numbers), offsets_(offsets), next_(next), to_(to) {}

  void write() {
    const tree::Node& root = document_.root();
    if (numbers_.number(&root) == nullptr) return;
    place(root, 0, root.is(tree::Flag::resource) ? root.type() : root.name(), 0);
    open(root);
    std::uint32_t up = 0;
    while (depth_ > 0) {
      Level& level = levels_[depth_ - 1];
      const tree::Node* child = level.next;
      while (child != nullptr && numbers_.number(child) == nullptr) {
        note(level, *child);
        child = child->next_sibling();
      }
      if (child == nullptr) {
        --depth_;
        ++up;
        continue;
      }
      level.next = child->next_sibling();
      const std::uint32_t before = note(level, *child);
      const bool repeats =
          before > 0 || child->is(tree::Flag::in_array) || child->next_same() != nullptr;
      place(*child, up, child->name(), repeats ? before + 1 : 0);
      up = 0;
      open(*child);
    }
  }

  const std::vector<std::string_view>& names() const noexcept { return names_; }

 private:
  /// Children of one node that are still to be looked at, and how many of each name there were.
  struct Level {
    const tree::Node* next = nullptr;
    tree::Symbol name = tree::Symbol::kNone;  ///< of the run of children at hand
    std::uint32_t count = 0;                  ///< up to and with that run
    Counts earlier;                           ///< of runs that ended
  };

  void open(const tree::Node& node) {
    if (levels_.size() == depth_) levels_.emplace_back();
    Level& level = levels_[depth_++];
    level.next = node.first_child();
    level.count = 0;
    level.earlier.clear();
  }

  /// Counts a child; how many of its name came before.
  static std::uint32_t note(Level& level, const tree::Node& child) {
    if (level.name == child.name() && level.count > 0) return level.count++;
    if (level.count > 0) level.earlier.of(level.name) = level.count;
    level.name = child.name();
    level.count = level.earlier.of(level.name);
    return level.count++;
  }

  void place(const tree::Node& node, std::uint32_t up, tree::Symbol name, std::uint32_t index) {
    *numbers_.number(&node) = next_++;
    append(to_, up);
    append(to_, name_number(node.kind() == tree::Kind::text ? tree::Symbol::kNone : name));
    append(to_, index);
    if (!offsets_) return;
    if (node.source_offset() == tree::Node::kNoOffset) {
      append(to_, 0);
    } else {
      append(to_, zigzag(static_cast<std::int64_t>(node.source_offset()) - offset_) + 1);
      offset_ = node.source_offset();
    }
  }

  std::uint32_t name_number(tree::Symbol name) {
    const std::size_t at = tree::number(name);
    if (at >= by_symbol_.size()) by_symbol_.resize(at + 1, 0);
    if (by_symbol_[at] == 0) {
      names_.push_back(name == tree::Symbol::kNone ? "text()" : document_.text(name));
      by_symbol_[at] = static_cast<std::uint32_t>(names_.size());
    }
    return by_symbol_[at] - 1;
  }

  const tree::Document& document_;
  NodeNumbers& numbers_;
  bool offsets_;
  std::uint32_t& next_;
  std::string& to_;
  std::vector<std::string_view> names_;
  std::vector<std::uint32_t> by_symbol_;
  std::vector<Level> levels_;  ///< the first `depth_` are open
  std::size_t depth_ = 0;
  std::int64_t offset_ = 0;
};

void append_position(std::string& to, Position at) {
  append(to, at.line);
  append(to, at.column);
}

}  // namespace

RuleTable::RuleTable(std::vector<RuleRow> rows, std::span<const MapSource> sources)
    : rows_(std::move(rows)) {
  bytes_ = kTableMark;
  append(bytes_, sources.size());
  for (const MapSource& source : sources) {
    const Sha256 text = sha256(source.text);
    bytes_.append(reinterpret_cast<const char*>(text.data()), text.size());
  }
  Texts texts;
  std::string body;
  append(body, rows_.size());
  for (const RuleRow& row : rows_) {
    append(body, texts.number(row.map));
    append(body, texts.number(row.group));
    append(body, texts.number(row.file));
    append_text(body, row.rule);
    append_position(body, row.at);
  }
  append(bytes_, texts.all().size());
  for (const std::string_view text : texts.all()) append_text(bytes_, text);
  bytes_ += body;
  digest_ = sha256(bytes_);
}

Result<RuleTable> RuleTable::read(std::string_view bytes) {
  const auto damaged = [] { return make_error(ErrorCode::malformed, "not a table of rules"); };
  varint::Reader in(bytes);
  if (!in.skip(kTableMark)) return damaged();
  const std::uint64_t sources = in.number();
  for (std::uint64_t i = 0; in.good() && i < sources; ++i) in.take(sizeof(Sha256));
  std::vector<std::string_view> texts;
  for (std::uint64_t left = in.number(); in.good() && left > 0; --left) texts.push_back(in.text());
  RuleTable table;
  const auto text = [&](std::uint64_t number) {
    if (number >= texts.size()) in.fail();
    return in.good() ? std::string(texts[number]) : std::string();
  };
  for (std::uint64_t left = in.number(); in.good() && left > 0; --left) {
    RuleRow row;
    row.map = text(in.number());
    row.group = text(in.number());
    row.file = text(in.number());
    row.rule = in.text();
    row.at.line = static_cast<std::uint32_t>(in.number());
    row.at.column = static_cast<std::uint32_t>(in.number());
    table.rows_.push_back(std::move(row));
  }
  if (!in.good() || !in.at_end()) return damaged();
  table.bytes_ = bytes;
  table.digest_ = sha256(bytes);
  return table;
}

struct LineageRecorder::Impl {
  struct Write {
    std::uint32_t rule;
    const tree::Node* source;
    const tree::Node* target;
  };
  const MapSet* maps = nullptr;
  std::vector<Write> writes;
  std::vector<const tree::Document*> sources;  ///< documents read from, in order of first use
  const tree::Document* target = nullptr;
  NodeNumbers numbers;
  Taken taken;

  /// Marks a node and those above it.
  void mark(const tree::Node* node) {
    while (node != nullptr && numbers.mark(node)) node = node->parent();
  }
};

LineageRecorder::LineageRecorder() : impl_(std::make_unique<Impl>()) { impl_->writes.reserve(512); }
LineageRecorder::~LineageRecorder() = default;

void LineageRecorder::started(const MapSet& maps, const Entry&) {
  impl_->maps = &maps;
  impl_->writes.clear();
  impl_->sources.clear();
  impl_->target = nullptr;
}

void LineageRecorder::write(const TargetWrite& write) {
  const bool read = write.source_document != write.target_document;
  impl_->writes.push_back({write.rule_id, read ? write.source : nullptr, write.target});
  impl_->target = write.target_document;
  if (read && write.source_document != nullptr &&
      (impl_->sources.empty() || impl_->sources.back() != write.source_document) &&
      std::find(impl_->sources.begin(), impl_->sources.end(), write.source_document) ==
          impl_->sources.end()) {
    impl_->sources.push_back(write.source_document);
  }
}

// A run: digest of its table, names, places of the sources, places of the target, writes.
void LineageRecorder::finished() {
  Impl& all = *impl_;
  if (all.maps == nullptr || all.writes.empty()) return;
  all.numbers.clear();
  for (const Impl::Write& write : all.writes) {
    all.mark(write.source);
    all.mark(write.target);
  }
  std::string& to = all.taken.bytes;
  if (to.empty()) to = kLineageMark;
  const auto table = all.maps->rule_table();
  to.append(reinterpret_cast<const char*>(table->digest().data()), table->digest().size());

  const auto places = [&](const tree::Document& document, bool offsets, std::uint32_t& next) {
    std::string body;
    PlaceWriter writer(document, all.numbers, offsets, next, body);
    const std::uint32_t before = next;
    writer.write();
    append(to, writer.names().size());
    for (const std::string_view name : writer.names()) append_text(to, name);
    append(to, next - before);
    to += body;
  };
  append(to, all.sources.size());
  std::uint32_t source_count = 0, target_count = 0;
  for (const tree::Document* source : all.sources) places(*source, true, source_count);
  places(*all.target, false, target_count);

  std::string body;
  std::uint64_t kept = 0;
  std::int64_t rule = 0, from = 0, into = 0;
  for (const Impl::Write& write : all.writes) {
    const std::uint32_t* target = all.numbers.number(write.target);
    if (target == nullptr || *target == NodeNumbers::kMarked) continue;  // taken out again
    const std::uint32_t* source =
        write.source == nullptr ? nullptr : all.numbers.number(write.source);
    const bool placed = source != nullptr && *source != NodeNumbers::kMarked;
    append(body, zigzag(write.rule - rule));
    append(body, zigzag(*target - into));
    rule = write.rule;
    into = *target;
    append(body, placed ? zigzag(*source - from) + 1 : 0);
    if (placed) from = *source;
    ++kept;
  }
  append(to, kept);
  to += body;
  const auto same = [&](const auto& one) { return one->digest() == table->digest(); };
  if (std::none_of(all.taken.tables.begin(), all.taken.tables.end(), same)) {
    all.taken.tables.push_back(table);
  }
  all.writes.clear();
}

LineageRecorder::Taken LineageRecorder::take() { return std::exchange(impl_->taken, {}); }

namespace {

/// The places of one document.
class PlaceReader {
 public:
  PlaceReader(varint::Reader& in, const LineageLimits& limits, std::size_t& path_bytes)
      : in_(in), limits_(limits), path_bytes_(path_bytes) {}

  /// False when over the limits.
  bool read(bool offsets, std::vector<LineagePlace>& to) {
    std::vector<std::string_view> names;
    for (std::uint64_t left = in_.number(); in_.good() && left > 0; --left) {
      names.push_back(in_.text());
    }
    std::vector<std::size_t> ends;  // of the path at hand, one for each level
    std::string path;
    std::int64_t offset = 0;
    for (std::uint64_t left = in_.number(); in_.good() && left > 0; --left) {
      const std::uint64_t up = in_.number(), name = in_.number(), index = in_.number();
      if (up > ends.size() || name >= names.size()) in_.fail();
      if (!in_.good()) return true;
      ends.resize(ends.size() - up);
      path.resize(ends.empty() ? 0 : ends.back());
      if (!path.empty()) path += '.';
      path += names[name];
      if (index > 0) path += '[' + std::to_string(index - 1) + ']';
      ends.push_back(path.size());
      LineagePlace place{path, LineageWrite::kNone};
      if (offsets) {
        if (const std::uint64_t step = in_.number(); step > 0) {
          offset += varint::unzigzag(step - 1);
          place.offset = static_cast<std::uint32_t>(offset);
        }
      }
      path_bytes_ += path.size();
      if (path_bytes_ > limits_.max_path_bytes) return false;
      to.push_back(std::move(place));
    }
    return true;
  }

 private:
  varint::Reader& in_;
  const LineageLimits& limits_;
  std::size_t& path_bytes_;
};

}  // namespace

Result<Lineage> read_lineage(std::string_view bytes, const LineageLimits& limits) {
  const auto too_long = [] { return make_error(ErrorCode::too_long, "the lineage is too long"); };
  varint::Reader in(bytes);
  Lineage lineage;
  if (!in.skip(kLineageMark)) return make_error(ErrorCode::malformed, "not a lineage");
  std::size_t path_bytes = 0;
  while (in.good() && !in.at_end()) {
    Sha256 digest{};
    const std::string_view raw = in.take(digest.size());
    std::copy(raw.begin(), raw.end(), digest.begin());
    const auto known = std::find(lineage.tables.begin(), lineage.tables.end(), digest);
    const auto table = static_cast<std::uint32_t>(known - lineage.tables.begin());
    if (known == lineage.tables.end()) lineage.tables.push_back(digest);
    const auto first_source = static_cast<std::int64_t>(lineage.sources.size());
    const auto first_target = static_cast<std::int64_t>(lineage.targets.size());
    PlaceReader places(in, limits, path_bytes);
    for (std::uint64_t left = in.number(); in.good() && left > 0; --left) {
      if (!places.read(true, lineage.sources)) return too_long();
    }
    if (!places.read(false, lineage.targets)) return too_long();
    std::int64_t rule = 0, from = 0, into = 0;
    for (std::uint64_t left = in.number(); in.good() && left > 0; --left) {
      if (lineage.writes.size() >= limits.max_writes) return too_long();
      rule += varint::unzigzag(in.number());
      into += varint::unzigzag(in.number());
      LineageWrite write{table, static_cast<std::uint32_t>(rule)};
      if (const std::uint64_t step = in.number(); step > 0) {
        from += varint::unzigzag(step - 1);
        if (from < 0 || first_source + from >= std::ssize(lineage.sources)) in.fail();
        write.source = static_cast<std::uint32_t>(first_source + from);
      }
      if (into < 0 || first_target + into >= std::ssize(lineage.targets) || rule < 0) in.fail();
      if (!in.good()) break;
      write.target = static_cast<std::uint32_t>(first_target + into);
      lineage.writes.push_back(write);
    }
  }
  if (!in.good()) return make_error(ErrorCode::malformed, "not a lineage");
  return lineage;
}

}  // namespace concord::mapping
