#pragma once
/// A small world of random resources, the same in a store and in memory, and random questions to
/// ask of both.

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/gateway/store/resource_samples.h"
#include "tests/support/memory_resources.h"

namespace concord::test {

/// Keys stand for one type each: those of Patient begin at 100, of Observation at 200.
class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {}

  std::size_t upto(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  bool chance(int percent) { return upto(100) < static_cast<std::size_t>(percent); }

  const std::vector<std::string>& types() const { return types_; }
  search::IndexKey key(std::size_t type, int of) const {
    return static_cast<search::IndexKey>(100 * (type + 1)) + of;
  }

  /// Texts that SQL could take for something else, and such that differ in one letter.
  std::string text() {
    static const std::vector<std::string> kTexts{"a",
                                                 "ab",
                                                 "abc",
                                                 "b",
                                                 "a%c",
                                                 "a_c",
                                                 "o'neil",
                                                 "m\xC3\xBCller",
                                                 "m\xC3\xBC",
                                                 "\xE2\x82\xAC",
                                                 "zz",
                                                 "\\",
                                                 "?1",
                                                 "$1",
                                                 "--",
                                                 "\xF0\x9F\x98\x80",
                                                 "\xF4\x8F\xBF\xBF"};
    return kTexts[upto(kTexts.size())];
  }

  std::int64_t moment() {
    constexpr std::int64_t kHour = 3'600'000;
    return 1'700'000'000'000 + static_cast<std::int64_t>(upto(60)) * kHour * 6;
  }

  search::IndexValues values(std::size_t type) {
    search::IndexValues all;
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = upto(4); i > 0; --i) {
      add(all.tokens, {key(type, chance(70) ? 1 : 2), static_cast<std::int64_t>(upto(5)) - 2,
                       static_cast<std::int32_t>(upto(3))});
    }
    for (std::size_t i = upto(3); i > 0; --i) {
      const std::string value = text();
      add(all.texts, {key(type, 3), value, chance(40) ? "A" + value : ""});
    }
    for (std::size_t i = upto(3); i > 0; --i) {
      static constexpr std::int64_t kSpans[] = {1,          1000,       86'400'000,
                                                93'600'000, 93'600'001, 2'678'400'000};
      const std::int64_t low = moment();
      search::Period period{key(type, 4), low, low + kSpans[upto(6)]};
      if (chance(10)) period.low = kLeast;
      if (chance(10)) period.high = kMost;
      add(all.periods, period);
    }
    for (std::size_t i = upto(3); i > 0; --i) {
      const double low = static_cast<double>(upto(20)) / 2 - 3;
      search::Number number{key(type, 5),
                            low,
                            low,
                            static_cast<std::int32_t>(upto(2)),
                            static_cast<std::int32_t>(upto(2)),
                            static_cast<std::int32_t>(upto(2)),
                            static_cast<std::int32_t>(upto(2))};
      if (chance(30)) number.high += static_cast<double>(upto(6));
      if (chance(5)) number.low = -std::numeric_limits<double>::infinity();
      if (chance(5)) number.high = std::numeric_limits<double>::infinity();
      add(all.numbers, number);
    }
    if (chance(60)) {
      const auto [x, y, z] = somewhere();
      add(all.numbers, {key(type, 8), x, x, 0, 0, 0, 0});
      add(all.numbers, {key(type, 9), y, y, 0, 0, 0, 0});
      add(all.numbers, {key(type, 10), z, z, 0, 0, 0, 0});
    }
    for (std::size_t i = upto(3); i > 0; --i) {
      const std::size_t far = upto(types_.size());
      add(all.links, {key(type, chance(70) ? 6 : 7), search::resource_hash(types_[far], id()),
                      search::type_number(types_[far])});
    }
    return all;
  }

  /// One of some hundred points of the sphere.
  std::array<double, 3> somewhere() {
    const double latitude = (static_cast<double>(upto(13)) - 6) / 4;
    const double longitude = static_cast<double>(upto(13)) / 2;
    return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
            std::sin(latitude)};
  }

  std::string id() { return "r" + std::to_string(upto(kIds)); }

  search::Comparison comparison() { return static_cast<search::Comparison>(upto(10)); }

  /// A condition over resources of a type.
  search::Condition condition(std::size_t type, int depth = 0) {
    using namespace search;
    switch (upto(depth >= 3 ? 10 : 15)) {
      case 0: {
        TokenIs is{key(type, 1), std::nullopt, std::nullopt};
        const std::size_t which = upto(4);
        if (which != 0) is.code = static_cast<std::int64_t>(upto(5)) - 2;
        if (which <= 1) is.system = static_cast<std::int32_t>(upto(3));
        return {is};
      }
      case 1:
      case 2: {
        TextIs is{key(type, 3), static_cast<TextIs::Match>(upto(4)), text(), {}};
        if (is.match == TextIs::Match::exactly) {
          is.folded = is.value;
          if (chance(60)) is.value = "A" + is.value;
          if (chance(30)) is.folded.clear();
        }
        return {is};
      }
      case 3: {
        const std::int64_t low = moment();
        return {PeriodIs{
            key(type, 4), comparison(), low,
            low + (chance(50) ? 86'400'000 : 1) * static_cast<std::int64_t>(1 + upto(40))}};
      }
      case 4: {
        const double low = static_cast<double>(upto(20)) / 2 - 3;
        NumberIs is{
            key(type, 5), comparison(), low, low + static_cast<double>(upto(4)) / 2, {}, {}};
        if (chance(30)) is.system = static_cast<std::int32_t>(upto(2));
        if (chance(30)) is.code = static_cast<std::int32_t>(upto(2));
        if (chance(20)) is.mark = static_cast<std::int32_t>(upto(2));
        return {is};
      }
      case 5: {
        LinkIs is{key(type, 6), {}, {}};
        const std::size_t far = upto(types_.size());
        for (std::size_t i = upto(12); i > 0; --i) {
          is.targets.push_back(resource_hash(types_[far], id()));
        }
        if (chance(30)) is.types.push_back(type_number(types_[far]));
        return {is};
      }
      case 6:
        return {Present{static_cast<IndexKind>(upto(5)), key(type, static_cast<int>(1 + upto(7)))}};
      case 7: {
        IdIs is;
        for (std::size_t i = upto(6); i > 0; --i) is.ids.push_back(id());
        return {is};
      }
      case 8: {
        const std::int64_t low =
            at(static_cast<std::int64_t>(upto(400))).time_since_epoch().count();
        return {UpdatedIs{comparison(), low, low + 1000 * static_cast<std::int64_t>(1 + upto(60))}};
      }
      case 9: {
        const auto [x, y, z] = somewhere();
        const double line = 0.02 * static_cast<double>(upto(60));
        NearIs is{key(type, 8), key(type, 9), key(type, 10), x, y, z, line * line};
        is.z_low = std::max(-1.0, z - line);
        is.z_high = std::min(1.0, z + line);
        return {is};
      }
      case 10: {
        All all;
        for (std::size_t i = upto(4); i > 0; --i) all.of.push_back(condition(type, depth + 1));
        return {all};
      }
      case 11: {
        Any any;
        if (chance(50)) {
          for (std::size_t i = 1 + upto(12); i > 0; --i) {
            any.of.push_back({TokenIs{key(type, 1), static_cast<std::int64_t>(upto(5)) - 2,
                                      chance(50) ? std::optional<std::int32_t>(1) : std::nullopt}});
          }
        } else {
          for (std::size_t i = upto(4); i > 0; --i) any.of.push_back(condition(type, depth + 1));
        }
        return {any};
      }
      case 12:
        return {Not{{condition(type, depth + 1)}}};
      case 13: {
        const std::size_t far = upto(types_.size());
        return {Chain{{key(type, 6), key(type, 7)}, {types_[far]}, {condition(far, depth + 1)}}};
      }
      default: {
        const std::size_t far = upto(types_.size());
        return {Reverse{types_[far], {key(far, 6)}, {condition(far, depth + 1)}}};
      }
    }
  }

  std::vector<search::SortKey> sort(std::size_t type) {
    using search::SortKey;
    std::vector<SortKey> keys;
    for (std::size_t i = upto(3); i > 0; --i) {
      SortKey key;
      key.descending = chance(50);
      key.by = static_cast<SortKey::By>(upto(4));
      if (key.by == SortKey::By::value) {
        key.kind = static_cast<search::IndexKind>(upto(5));
        static constexpr int kKeys[] = {1, 3, 4, 5, 6};
        key.keys = {this->key(type, kKeys[static_cast<std::size_t>(key.kind)])};
        if (key.kind == search::IndexKind::token && chance(50))
          key.keys.push_back(this->key(type, 2));
        if (key.kind == search::IndexKind::token && chance(50)) key.codes = {2, -1, 0};
      }
      if (key.by == SortKey::By::target) {
        key.keys = {this->key(type, 6)};
        if (chance(50)) key.keys.push_back(this->key(type, 7));
        if (chance(50)) key.types = {search::type_number(types_[upto(types_.size())])};
      }
      keys.push_back(std::move(key));
    }
    return keys;
  }

  static constexpr std::size_t kIds = 90;

 private:
  template <typename T>
  static void add(std::vector<T>& list, T value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
  }

  std::vector<std::string> types_{"Patient", "Observation"};
  std::mt19937 random_;
};

}  // namespace concord::test
