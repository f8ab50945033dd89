#pragma once
/// JSON put together member by member, for bodies this room makes.

#include <initializer_list>
#include <string>
#include <string_view>

#include "fhir/json/value.h"

namespace concord::subscriptions::detail {

/// Owns what it makes. One thread. Names must outlive it: literals.
class MadeJson {
 public:
  json::Value* text(std::string text) {
    return values_.make(json::ValueKind::string, values_.keep(std::move(text)));
  }
  json::Value* array() { return values_.make(json::ValueKind::array); }
  json::Value* object(std::initializer_list<json::Member> members) {
    json::Value* made = values_.make(json::ValueKind::object);
    made->members.assign(members.begin(), members.end());
    return made;
  }
  static void add(json::Value& array, json::Value* value) { array.members.push_back({{}, value}); }
  json::Values& values() noexcept { return values_; }

 private:
  json::Values values_;
};

}  // namespace concord::subscriptions::detail
