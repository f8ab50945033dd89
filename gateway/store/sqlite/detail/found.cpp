#include "gateway/store/sqlite/detail/found.h"

#include <bit>
#include <cstring>

namespace concord::store::sqlite {

namespace {

using search::IndexKind;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLists = 5;
constexpr std::size_t kHead = 1 + kLists * sizeof(std::uint32_t);

/// What of a Number is written beside key and low.
enum : std::uint8_t { kHigh = 1, kSystem = 2, kCode = 4, kUnit = 8, kMark = 16 };

static_assert(std::endian::native == std::endian::little);

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void put_text(std::string& out, const search::Text& text) {
  put(out, text.key);
  put(out, static_cast<std::uint16_t>(text.value.size()));
  put(out, static_cast<std::uint16_t>(text.exact.size()));
  out.append(text.value).append(text.exact);
}

void put_number(std::string& out, const search::Number& number) {
  std::uint8_t flags = 0;
  if (number.high != number.low) flags |= kHigh;
  if (number.system != 0) flags |= kSystem;
  if (number.code != 0) flags |= kCode;
  if (number.unit != 0) flags |= kUnit;
  if (number.mark != 0) flags |= kMark;
  put(out, number.key);
  put(out, flags);
  put(out, number.low);
  if ((flags & kHigh) != 0) put(out, number.high);
  for (const std::int32_t one : {number.system, number.code, number.unit, number.mark}) {
    if (one != 0) put(out, one);
  }
}

}  // namespace

std::string encode_found(const search::IndexValues& values) {
  std::string out(kHead, '\0');
  out[0] = static_cast<char>(kVersion);
  std::size_t list = 0;
  const auto end_list = [&] {
    const auto end = static_cast<std::uint32_t>(out.size());
    std::memcpy(out.data() + 1 + sizeof end * list++, &end, sizeof end);
  };
  for (const search::Token& one : values.tokens) {
    put(out, one.key), put(out, one.code), put(out, one.system);
  }
  end_list();
  for (const search::Text& one : values.texts) put_text(out, one);
  end_list();
  for (const search::Period& one : values.periods) {
    put(out, one.key), put(out, one.low), put(out, one.high);
  }
  end_list();
  for (const search::Number& one : values.numbers) put_number(out, one);
  end_list();
  for (const search::Link& one : values.links) {
    put(out, one.key), put(out, one.target), put(out, one.type);
  }
  end_list();
  return out;
}

FoundReader::FoundReader(std::string_view bytes, IndexKind kind) : kind_(kind) {
  if (bytes.size() < kHead || static_cast<std::uint8_t>(bytes[0]) != kVersion) {
    damaged_ = true;
    return;
  }
  const auto end_of = [&bytes](std::size_t list) {
    std::uint32_t end = 0;
    std::memcpy(&end, bytes.data() + 1 + sizeof end * list, sizeof end);
    return static_cast<std::size_t>(end);
  };
  const auto list = static_cast<std::size_t>(kind);
  const std::size_t begin = list == 0 ? kHead : end_of(list - 1), end = end_of(list);
  if (begin < kHead || end < begin || end > bytes.size()) {
    damaged_ = true;
    return;
  }
  rest_ = bytes.substr(begin, end - begin);
}

template <typename T>
T FoundReader::take() {
  T taken{};
  if (rest_.size() < sizeof(T)) {
    damaged_ = true;
    rest_ = {};
    return taken;
  }
  std::memcpy(&taken, rest_.data(), sizeof(T));
  rest_.remove_prefix(sizeof(T));
  return taken;
}

std::string_view FoundReader::take_text(std::size_t size) {
  if (rest_.size() < size) {
    damaged_ = true;
    rest_ = {};
    return {};
  }
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

bool FoundReader::next() {
  if (damaged_ || rest_.empty()) return false;
  key = take<search::IndexKey>();
  switch (kind_) {
    case IndexKind::token:
      token = {key, take<std::int64_t>(), 0};
      token.system = take<std::int32_t>();
      break;
    case IndexKind::text: {
      const auto value_size = take<std::uint16_t>(), exact_size = take<std::uint16_t>();
      value = take_text(value_size);
      exact = take_text(exact_size);
      break;
    }
    case IndexKind::period:
      period = {key, take<std::int64_t>(), 0};
      period.high = take<std::int64_t>();
      break;
    case IndexKind::number: {
      const auto flags = take<std::uint8_t>();
      const auto maybe = [&](std::uint8_t flag) {
        return (flags & flag) != 0 ? take<std::int32_t>() : 0;
      };
      number = {};
      number.key = key;
      number.low = take<double>();
      number.high = (flags & kHigh) != 0 ? take<double>() : number.low;
      number.system = maybe(kSystem);
      number.code = maybe(kCode);
      number.unit = maybe(kUnit);
      number.mark = maybe(kMark);
      break;
    }
    case IndexKind::link:
      link = {key, take<std::int64_t>(), 0};
      link.type = take<std::int32_t>();
      break;
  }
  return !damaged_;
}

Result<search::IndexValues> decode_found(std::string_view bytes) {
  search::IndexValues values;
  const auto each = [&bytes](IndexKind kind, auto&& add) -> Result<void> {
    FoundReader reader(bytes, kind);
    while (reader.next()) add(reader);
    if (!reader.damaged()) return {};
    return make_error(ErrorCode::internal,
                      "the store is damaged: what a resource is found by cannot be read");
  };
  CONCORD_TRY(
      each(IndexKind::token, [&](const FoundReader& at) { values.tokens.push_back(at.token); }));
  CONCORD_TRY(each(IndexKind::text, [&](const FoundReader& at) {
    values.texts.push_back({at.key, std::string(at.value), std::string(at.exact)});
  }));
  CONCORD_TRY(
      each(IndexKind::period, [&](const FoundReader& at) { values.periods.push_back(at.period); }));
  CONCORD_TRY(
      each(IndexKind::number, [&](const FoundReader& at) { values.numbers.push_back(at.number); }));
  CONCORD_TRY(
      each(IndexKind::link, [&](const FoundReader& at) { values.links.push_back(at.link); }));
  return values;
}

}  // namespace concord::store::sqlite
