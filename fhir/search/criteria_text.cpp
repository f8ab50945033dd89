#include "fhir/search/criteria_text.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace concord::search {

namespace {

constexpr std::string_view kComparisons[] = {"eq", "ne", "gt", "lt", "ge",
                                             "le", "sa", "eb", "ap", "co"};
constexpr std::string_view kMatches[] = {"starts", "equals", "contains", "exactly"};
constexpr std::string_view kKinds[] = {"token", "text", "period", "number", "link"};

class Writer {
 public:
  explicit Writer(bool with_values) : with_values_(with_values) {}
  std::string take() { return std::move(out_); }

  void operator()(const All& all) { list("all", all.of); }
  void operator()(const Any& any) { list("any", any.of); }
  void operator()(const Not& none) { list("not", none.of); }
  void operator()(const TokenIs& asked) {
    word("token", asked.key);
    if (asked.code) out_.append(" code ").append(hex(static_cast<std::uint64_t>(*asked.code), 16));
    if (asked.system) {
      out_.append(" system ");
      out_.append(*asked.system == 0 ? "none" : hex(static_cast<std::uint32_t>(*asked.system), 8));
    }
  }
  void operator()(const TextIs& asked) {
    word("text", asked.key);
    out_.append(" ").append(kMatches[static_cast<std::size_t>(asked.match)]);
    if (with_values_) out_.append(" '").append(asked.value).append("'");
  }
  void operator()(const PeriodIs& asked) {
    word("period", asked.key);
    compare(asked.comparison, std::to_string(asked.low), std::to_string(asked.high));
  }
  void operator()(const NumberIs& asked) {
    word("number", asked.key);
    compare(asked.comparison, number(asked.low), number(asked.high));
    if (asked.system)
      out_.append(" system ").append(hex(static_cast<std::uint32_t>(*asked.system), 8));
    if (asked.code) out_.append(" code ").append(hex(static_cast<std::uint32_t>(*asked.code), 8));
    if (asked.mark) out_.append(" mark ").append(hex(static_cast<std::uint32_t>(*asked.mark), 8));
  }
  void operator()(const NearIs& asked) {
    word("near", asked.z_key);
    if (!with_values_) return;
    for (const double one : {asked.x, asked.y, asked.z, asked.line_squared}) {
      out_.append(" ").append(number(one));
    }
  }
  void operator()(const LinkIs& asked) {
    word("link", asked.key);
    if (!asked.targets.empty()) {
      out_.append(" to");
      for (const std::int64_t target : asked.targets) {
        out_.append(" ").append(hex(static_cast<std::uint64_t>(target), 16));
      }
    }
    if (!asked.types.empty()) {
      out_.append(" types");
      for (const std::int32_t type : asked.types) {
        out_.append(" ").append(hex(static_cast<std::uint32_t>(type), 8));
      }
    }
  }
  void operator()(const Present& asked) {
    out_.append("present ").append(kKinds[static_cast<std::size_t>(asked.kind)]);
    out_.append(" ").append(hex(static_cast<std::uint32_t>(asked.key), 8));
  }
  void operator()(const IdIs& asked) {
    out_.append("id");
    if (!with_values_) out_.append(" of ").append(std::to_string(asked.ids.size()));
    for (const std::string& id : asked.ids) {
      if (with_values_) out_.append(" ").append(id);
    }
  }
  void operator()(const UpdatedIs& asked) {
    out_.append("updated");
    compare(asked.comparison, std::to_string(asked.low), std::to_string(asked.high));
  }
  void operator()(const Chain& chain) {
    out_.append("chain ");
    keys(chain.keys);
    for (const std::string& type : chain.types) out_.append(" ").append(type);
    list(" ", chain.inner);
  }
  void operator()(const Reverse& reverse) {
    out_.append("reverse ").append(reverse.type).append(" ");
    keys(reverse.keys);
    list(" ", reverse.inner);
  }

  void keys(const std::vector<IndexKey>& keys) {
    out_.append("[");
    for (const IndexKey key : keys) {
      if (out_.back() != '[') out_.append(" ");
      out_.append(hex(static_cast<std::uint32_t>(key), 8));
    }
    out_.append("]");
  }
  void text(std::string_view text) { out_.append(text); }

 private:
  static std::string hex(std::uint64_t value, std::size_t digits) {
    char buffer[16];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr;
    std::string text(buffer, end);
    return std::string(digits - text.size(), '0') + text;
  }
  static std::string number(double value) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return std::string(buffer, end);
  }
  void word(std::string_view name, IndexKey key) {
    out_.append(name).append(" ").append(hex(static_cast<std::uint32_t>(key), 8));
  }
  void compare(Comparison comparison, const std::string& low, const std::string& high) {
    out_.append(" ").append(kComparisons[static_cast<std::size_t>(comparison)]);
    if (with_values_) out_.append(" ").append(low).append(" ").append(high);
  }
  /// Nested as deep as the parser made it, which its limits bound.
  void list(std::string_view name, const std::vector<Condition>& of) {
    out_.append(name).append("(");
    for (std::size_t at = 0; at < of.size(); ++at) {
      if (at > 0) out_.append(", ");
      std::visit(*this, of[at].is);
    }
    out_.append(")");
  }

  bool with_values_;
  std::string out_;
};

}  // namespace

std::string to_text(const Condition& condition, bool with_values) {
  Writer writer(with_values);
  std::visit(writer, condition.is);
  return writer.take();
}

std::string to_text(const Include& include) {
  Writer writer(false);
  writer.text(include.reverse ? "revinclude" : "include");
  if (include.iterate) writer.text(" iterate");
  writer.text(" ");
  writer.text(include.source_type.empty() ? "*" : include.source_type);
  writer.text(" ");
  writer.keys(include.keys);
  for (const std::string& type : include.types) {
    writer.text(" ");
    writer.text(type);
  }
  return writer.take();
}

}  // namespace concord::search
