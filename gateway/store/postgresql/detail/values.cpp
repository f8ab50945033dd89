#include "gateway/store/postgresql/detail/values.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace concord::store::postgresql {

namespace {

constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kBigint = 20;
constexpr Oid kInteger = 23;
constexpr Oid kText = 25;
constexpr Oid kReal = 701;

template <typename T>
void put_number(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[sizeof(T) - 1 - i] = static_cast<char>(value & 0xFF);
    value = static_cast<T>(value >> 8);
  }
  out.append(bytes, sizeof(T));
}

std::uint64_t number_at(const char* bytes, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

Oid array_of(Column::Of type) {
  switch (type) {
    case Column::Of::bigint:
      return 1016;
    case Column::Of::integer:
      return 1007;
    case Column::Of::text:
      return 1009;
    case Column::Of::bytea:
      return 1001;
    case Column::Of::real:
      return 1022;
  }
  return 0;
}

/// `text` as PostgreSQL can hold it.
void put_text(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t zero = text.find('\0', from);
    out.append(text.substr(from, zero - from));
    if (zero == std::string_view::npos) return;
    out.append("\xEF\xBF\xBD");
    from = zero + 1;
  }
}

}  // namespace

void Column::add(std::int64_t value) {
  if (type_ == Of::integer) {
    put_number(elements_, std::uint32_t{4});
    put_number(elements_, static_cast<std::uint32_t>(value));
  } else {
    put_number(elements_, std::uint32_t{8});
    put_number(elements_, static_cast<std::uint64_t>(value));
  }
  ++count_;
}

void Column::add(double value) {
  put_number(elements_, std::uint32_t{8});
  put_number(elements_, std::bit_cast<std::uint64_t>(value));
  ++count_;
}

void Column::add(std::string_view value) {
  if (type_ == Of::text && value.find('\0') != std::string_view::npos) {
    std::string clean;
    put_text(clean, value);
    return add(std::string_view(clean));
  }
  put_number(elements_, static_cast<std::uint32_t>(value.size()));
  elements_.append(value);
  ++count_;
}

void Column::add_null() {
  put_number(elements_, std::uint32_t{0xFFFFFFFF});
  has_null_ = true;
  ++count_;
}

void Values::put(Oid type, std::string_view bytes) {
  entries_.push_back({type, bytes_.size(), bytes.size()});
  bytes_.append(bytes);
}

void Values::add(std::int64_t value) {
  const std::size_t at = bytes_.size();
  put_number(bytes_, static_cast<std::uint64_t>(value));
  entries_.push_back({kBigint, at, 8});
}

void Values::add(bool value) {
  put(kBool, value ? std::string_view("\1", 1) : std::string_view("\0", 1));
}

void Values::add(double value) {
  const std::size_t at = bytes_.size();
  put_number(bytes_, std::bit_cast<std::uint64_t>(value));
  entries_.push_back({kReal, at, 8});
}

void Values::add(std::string_view value) {
  const std::size_t at = bytes_.size();
  put_text(bytes_, value);
  entries_.push_back({kText, at, bytes_.size() - at});
}

void Values::add(Blob value) { put(kBytea, value.bytes); }

void Values::add(const Column& column) {
  const std::size_t at = bytes_.size();
  const bool some = column.count_ != 0;
  put_number(bytes_, std::uint32_t{some ? 1u : 0u});  // dimensions
  put_number(bytes_, std::uint32_t{column.has_null_ ? 1u : 0u});
  put_number(bytes_, static_cast<std::uint32_t>(column.type_));
  if (some) {
    put_number(bytes_, static_cast<std::uint32_t>(column.count_));
    put_number(bytes_, std::uint32_t{1});  // first index
    bytes_.append(column.elements_);
  }
  entries_.push_back({array_of(column.type_), at, bytes_.size() - at});
}

std::vector<Oid> Values::types() const {
  std::vector<Oid> types;
  types.reserve(entries_.size());
  for (const Entry& entry : entries_) types.push_back(entry.type);
  return types;
}

void Values::bind(std::vector<const char*>& values, std::vector<int>& lengths,
                  std::vector<int>& formats) const {
  values.clear();
  lengths.clear();
  formats.assign(entries_.size(), 1);
  for (const Entry& entry : entries_) {
    values.push_back(entry.at == kNull ? nullptr : bytes_.data() + entry.at);
    lengths.push_back(static_cast<int>(entry.size));
  }
}

std::int64_t Rows::affected() const {
  if (!result_) return 0;
  const char* text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text, text + std::strlen(text), count);
  return count;
}

std::int64_t Rows::integer(int row, int column) const {
  if (is_null(row, column)) return 0;
  const char* bytes = PQgetvalue(result_.get(), row, column);
  const int size = PQgetlength(result_.get(), row, column);
  const std::uint64_t raw = number_at(bytes, size);
  switch (size) {
    case 2:
      return static_cast<std::int16_t>(raw);
    case 4:
      return static_cast<std::int32_t>(raw);
    default:
      return static_cast<std::int64_t>(raw);
  }
}

double Rows::real(int row, int column) const {
  if (PQftype(result_.get(), column) != kReal) return static_cast<double>(integer(row, column));
  return is_null(row, column) ? 0.0 : std::bit_cast<double>(integer(row, column));
}

std::string_view Rows::view(int row, int column) const {
  if (is_null(row, column)) return {};
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Result<Sha256> Rows::digest(int row, int column) const {
  Sha256 digest{};
  const std::string_view bytes = view(row, column);
  if (bytes.size() != digest.size()) {
    return make_error(ErrorCode::internal, "the store is damaged: a digest has the wrong size");
  }
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

}  // namespace concord::store::postgresql
