#include "tests/support/memory_resources.h"

namespace concord::test {
namespace {

using search::Condition;

std::string joined(std::string_view name, const std::vector<Condition>& of) {
  std::string text(name);
  text += '(';
  for (const Condition& one : of) text += to_text(one) + ' ';
  return text + ')';
}

template <typename T>
std::string numbers(const std::vector<T>& list) {
  std::string text = "[";
  for (const T& one : list) text += std::to_string(one) + ' ';
  return text + ']';
}

std::string texts(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& one : list) text += one + ' ';
  return text + ']';
}

template <typename T>
std::string maybe(const std::optional<T>& value) {
  return value ? std::to_string(*value) : "-";
}

struct Say {
  std::string operator()(const search::All& all) const { return joined("all", all.of); }
  std::string operator()(const search::Any& any) const { return joined("any", any.of); }
  std::string operator()(const search::Not& none) const { return joined("not", none.of); }
  std::string operator()(const search::TokenIs& v) const {
    return "token " + std::to_string(v.key) + ' ' + maybe(v.code) + ' ' + maybe(v.system);
  }
  std::string operator()(const search::TextIs& v) const {
    return "text " + std::to_string(v.key) + ' ' + std::to_string(static_cast<int>(v.match)) +
           " '" + v.value + '\'';
  }
  std::string operator()(const search::PeriodIs& v) const {
    return "period " + std::to_string(v.key) + ' ' +
           std::to_string(static_cast<int>(v.comparison)) + ' ' + std::to_string(v.low) + ' ' +
           std::to_string(v.high);
  }
  std::string operator()(const search::NumberIs& v) const {
    return "number " + std::to_string(v.key) + ' ' +
           std::to_string(static_cast<int>(v.comparison)) + ' ' + std::to_string(v.low) + ' ' +
           std::to_string(v.high) + ' ' + maybe(v.system) + ' ' + maybe(v.code) + ' ' +
           maybe(v.mark);
  }
  std::string operator()(const search::NearIs& v) const {
    return "near " + std::to_string(v.z_key) + ' ' + std::to_string(v.x) + ' ' +
           std::to_string(v.y) + ' ' + std::to_string(v.z) + ' ' + std::to_string(v.line_squared);
  }
  std::string operator()(const search::LinkIs& v) const {
    return "link " + std::to_string(v.key) + ' ' + numbers(v.targets) + numbers(v.types);
  }
  std::string operator()(const search::Present& v) const {
    return "present " + std::to_string(static_cast<int>(v.kind)) + ' ' + std::to_string(v.key);
  }
  std::string operator()(const search::IdIs& v) const { return "id " + texts(v.ids); }
  std::string operator()(const search::UpdatedIs& v) const {
    return "updated " + std::to_string(static_cast<int>(v.comparison)) + ' ' +
           std::to_string(v.low) + ' ' + std::to_string(v.high);
  }
  std::string operator()(const search::Chain& v) const {
    return "chain " + numbers(v.keys) + texts(v.types) + joined("", v.inner);
  }
  std::string operator()(const search::Reverse& v) const {
    return "reverse " + v.type + ' ' + numbers(v.keys) + joined("", v.inner);
  }
};

}  // namespace

std::string to_text(const Condition& condition) { return std::visit(Say{}, condition.is); }

}  // namespace concord::test
