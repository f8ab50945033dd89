#include "gateway/store/sql/detail/cursor.h"

#include <algorithm>
#include <bit>

#include "fhir/core/digest.h"

namespace concord::store::sql {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kMost = 8192;  ///< characters of a cursor

Error no_cursor() { return make_error(ErrorCode::invalid, "the cursor of the page is not known"); }

void put(std::string& bytes, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
  }
}

void put(std::string& bytes, std::string_view text) {
  put(bytes, static_cast<std::int64_t>(text.size()));
  bytes.append(text);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  Result<std::int64_t> number() {
    if (rest_.size() < 8) return no_cursor();
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {
      bits = bits << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    }
    rest_.remove_prefix(8);
    return static_cast<std::int64_t>(bits);
  }

  Result<std::string> text() {
    CONCORD_ASSIGN(const std::int64_t size, number());
    if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) return no_cursor();
    std::string value(rest_.substr(0, static_cast<std::size_t>(size)));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return value;
  }

  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Conditions as bytes: the same bytes, the same condition. Recursion is bounded by the limits of
/// queries, and by kDepth of what becomes SQL.
struct Writer {
  std::string& out;

  void tag(char name) const { out.push_back(name); }
  void all(const std::vector<search::Condition>& list) const {
    put(out, static_cast<std::int64_t>(list.size()));
    for (const search::Condition& one : list) std::visit(*this, one.is);
  }
  template <typename List>
  void numbers(const List& list) const {
    put(out, static_cast<std::int64_t>(list.size()));
    for (const auto one : list) put(out, static_cast<std::int64_t>(one));
  }
  void texts(const std::vector<std::string>& list) const {
    put(out, static_cast<std::int64_t>(list.size()));
    for (const std::string& one : list) put(out, std::string_view(one));
  }
  template <typename T>
  void maybe(const std::optional<T>& value) const {
    tag(value ? '1' : '0');
    if (value) put(out, static_cast<std::int64_t>(*value));
  }
  static std::int64_t bits(double value) { return std::bit_cast<std::int64_t>(value); }

  void operator()(const search::All& is) const { tag('&'), all(is.of); }
  void operator()(const search::Any& is) const { tag('|'), all(is.of); }
  void operator()(const search::Not& is) const { tag('!'), all(is.of); }
  void operator()(const search::TokenIs& is) const {
    tag('t'), put(out, is.key), maybe(is.code), maybe(is.system);
  }
  void operator()(const search::TextIs& is) const {
    tag('x'), put(out, is.key), tag(static_cast<char>(is.match)),
        put(out, std::string_view(is.value));
  }
  void operator()(const search::PeriodIs& is) const {
    tag('p'), put(out, is.key), tag(static_cast<char>(is.comparison));
    // What prefix ap asks for depends on the hour it is asked.
    if (is.comparison != search::Comparison::ap) put(out, is.low), put(out, is.high);
  }
  void operator()(const search::NumberIs& is) const {
    tag('n'), put(out, is.key), tag(static_cast<char>(is.comparison));
    put(out, bits(is.low)), put(out, bits(is.high)), maybe(is.system), maybe(is.code),
        maybe(is.mark);
  }
  void operator()(const search::NearIs& is) const {
    tag('g'), put(out, is.x_key), put(out, is.y_key), put(out, is.z_key);
    for (const double one : {is.x, is.y, is.z, is.line_squared}) put(out, bits(one));
  }
  void operator()(const search::LinkIs& is) const {
    tag('l'), put(out, is.key), numbers(is.targets), numbers(is.types);
  }
  void operator()(const search::Present& is) const {
    tag('e'), tag(static_cast<char>(is.kind)), put(out, is.key);
  }
  void operator()(const search::IdIs& is) const { tag('i'), texts(is.ids); }
  void operator()(const search::UpdatedIs& is) const {
    tag('u'), tag(static_cast<char>(is.comparison));
    if (is.comparison != search::Comparison::ap) put(out, is.low), put(out, is.high);
  }
  void operator()(const search::Chain& is) const {
    tag('c'), numbers(is.keys), texts(is.types), all(is.inner);
  }
  void operator()(const search::Reverse& is) const {
    tag('r'), put(out, std::string_view(is.type)), numbers(is.keys), all(is.inner);
  }
};

}  // namespace

std::string encode(const Cursor& cursor) {
  std::string bytes(1, kVersion);
  put(bytes, cursor.search);
  put(bytes, cursor.index_version);
  put(bytes, cursor.made_at);
  put(bytes, cursor.bound);
  put(bytes, cursor.place);
  for (const Value& value : cursor.sort) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      put(bytes, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      put(bytes, std::bit_cast<std::int64_t>(*real));
    } else {
      put(bytes, std::string_view(std::get<std::string>(value)));
    }
  }
  std::string text = base64_encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Result<Cursor> decode(std::string_view text, const std::vector<ColumnType>& types) {
  if (text.size() > kMost) return no_cursor();
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=' || c == ' ') return no_cursor();
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  const auto bytes = base64_decode(standard);
  if (!bytes || bytes->empty() || (*bytes)[0] != kVersion) return no_cursor();
  Reader reader(std::string_view(*bytes).substr(1));
  Cursor cursor;
  CONCORD_ASSIGN(cursor.search, reader.number());
  CONCORD_ASSIGN(cursor.index_version, reader.number());
  CONCORD_ASSIGN(cursor.made_at, reader.number());
  CONCORD_ASSIGN(cursor.bound, reader.number());
  CONCORD_ASSIGN(cursor.place, reader.number());
  for (const ColumnType type : types) {
    if (type == ColumnType::text) {
      CONCORD_ASSIGN(std::string value, reader.text());
      cursor.sort.emplace_back(std::move(value));
      continue;
    }
    CONCORD_ASSIGN(const std::int64_t value, reader.number());
    if (type == ColumnType::integer) {
      cursor.sort.emplace_back(value);
    } else {
      cursor.sort.emplace_back(std::bit_cast<double>(value));
    }
  }
  if (!reader.at_end()) return no_cursor();
  return cursor;
}

Result<void> check(const Cursor& cursor, std::int64_t search, const CursorRules& rules) {
  if (cursor.search != search) {
    return make_error(ErrorCode::gone, "the cursor of the page belongs to another search");
  }
  const std::int64_t now = rules.now.time_since_epoch().count();
  if (cursor.index_version != rules.index_version || now - cursor.made_at > rules.kept.count()) {
    return make_error(ErrorCode::gone, "the pages of this search are kept no longer: search again");
  }
  return {};
}

std::int64_t hash_of(const ResourceSearch& search) {
  std::string bytes = "search";
  for (const ResourceSearch::Part& part : search.parts) {
    put(bytes, std::string_view(part.type));
    std::visit(Writer{bytes}, part.where.is);
    for (const search::SortKey& key : part.sort) {
      bytes.push_back(static_cast<char>(key.by));
      bytes.push_back(static_cast<char>(key.kind));
      bytes.push_back(key.descending ? '1' : '0');
      Writer{bytes}.numbers(key.keys);
      Writer{bytes}.numbers(key.codes);
      Writer{bytes}.numbers(key.types);
    }
  }
  return search::index_hash(bytes);
}

std::int64_t hash_of(const search::Condition& condition) {
  std::string bytes = "condition";
  std::visit(Writer{bytes}, condition.is);
  return search::index_hash(bytes);
}

std::int64_t hash_of(const HistorySearch& search) {
  std::string bytes = "history";
  put(bytes, std::string_view(search.type));
  put(bytes, std::string_view(search.id));
  for (const auto& at : {search.since, search.before}) {
    put(bytes, at ? at->time_since_epoch().count() : std::int64_t{-1});
  }
  return search::index_hash(bytes);  // either order: pages lead both ways
}

}  // namespace concord::store::sql
