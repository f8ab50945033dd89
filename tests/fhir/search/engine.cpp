#include "tests/fhir/search/engine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {

Engine& engine() {
  static Engine* made = [] {
    auto* fresh = new Engine;
    auto loaded = definitions::Definitions::r4(fresh->symbols);
    if (!loaded) std::abort();
    fresh->definitions = std::make_unique<definitions::Definitions>(*std::move(loaded));
    fresh->registry = std::make_unique<packages::Registry>(*fresh->definitions);
    fresh->terminology = std::make_unique<terminology::Terminology>(*fresh->registry);
    Parameters::Sources sources;
    sources.definitions = fresh->definitions.get();
    sources.functions = &fresh->functions;
    sources.terminology = fresh->terminology.get();
    sources.base_url = "https://here.example/FHIR/R4";
    auto compiled = Parameters::compile(sources);
    if (!compiled) {
      ADD_FAILURE() << to_string(compiled.error());
      std::abort();
    }
    fresh->parameters = std::make_unique<Parameters>(*std::move(compiled));
    return fresh;
  }();
  return *made;
}

tree::Document resource(std::string json) {
  auto read = json::read(std::move(json), engine().symbols);
  if (!read) {
    ADD_FAILURE() << to_string(read.error());
    return tree::Document(engine().symbols);
  }
  tree::Builder builder(*read);
  definitions::annotate(builder, *engine().definitions);
  return *std::move(read);
}

IndexValues values_of(std::string json) {
  const tree::Document document = resource(std::move(json));
  auto values = engine().parameters->extract(document, document.root());
  EXPECT_THAT(values, IsOk());
  return values ? *std::move(values) : IndexValues{};
}

QueryParameters query_of(std::string_view text) {
  QueryParameters parameters;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    const std::size_t equals = one.find('=');
    parameters.emplace_back(one.substr(0, equals), equals == std::string_view::npos
                                                       ? std::string_view{}
                                                       : one.substr(equals + 1));
    text = text.substr(std::min(end + 1, text.size()));
  }
  return parameters;
}

Result<Query> parse(std::string_view type, std::string_view query, Handling handling) {
  Parameters::Reading reading;
  reading.handling = handling;
  reading.base_url = "https://here.example/FHIR/R4";
  reading.now = *parse_instant("2026-06-01T12:00:00Z");
  return engine().parameters->parse(type, query_of(query), reading);
}

namespace {

template <typename V, typename N>
bool compares(Comparison comparison, const V& v, N low, N high, bool half_open) {
  const bool within = low <= v.low && v.high <= high;
  switch (comparison) {
    case Comparison::eq:
      return within;
    case Comparison::ne:
      return !within;
    case Comparison::gt:
      return v.high > high;
    case Comparison::lt:
      return v.low < low;
    case Comparison::ge:
      return v.high > high || within;
    case Comparison::le:
      return v.low < low || within;
    case Comparison::sa:
      return half_open ? v.low >= high : v.low > high;
    case Comparison::eb:
      return half_open ? v.high <= low : v.high < low;
    case Comparison::ap:
      return half_open ? v.low < high && v.high > low : v.low <= high && v.high >= low;
  }
  return false;
}

bool text_meets(const Text& text, const TextIs& asked) {
  switch (asked.match) {
    case TextIs::Match::starts:
      return text.value.starts_with(asked.value);
    case TextIs::Match::equals:
      return text.value == asked.value;
    case TextIs::Match::contains:
      return text.value.find(asked.value) != std::string::npos;
    case TextIs::Match::exactly:
      return text.value == asked.folded &&
             (text.exact.empty() ? text.value : text.exact) == asked.value;
  }
  return false;
}

struct Judge {
  const IndexValues& values;
  std::string_view id;

  template <typename List, typename Test>
  static bool any(const List& list, IndexKey key, Test&& test) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& row) { return row.key == key && test(row); });
  }
  bool operator()(const All& all) const {
    return std::all_of(all.of.begin(), all.of.end(),
                       [&](const Condition& one) { return meets(values, id, one); });
  }
  bool operator()(const Any& some) const {
    return std::any_of(some.of.begin(), some.of.end(),
                       [&](const Condition& one) { return meets(values, id, one); });
  }
  bool operator()(const Not& none) const { return !meets(values, id, none.of.front()); }
  bool operator()(const TokenIs& asked) const {
    return any(values.tokens, asked.key, [&](const Token& row) {
      return (!asked.code || *asked.code == row.code) &&
             (!asked.system || *asked.system == row.system);
    });
  }
  bool operator()(const TextIs& asked) const {
    return any(values.texts, asked.key, [&](const Text& row) { return text_meets(row, asked); });
  }
  bool operator()(const PeriodIs& asked) const {
    return any(values.periods, asked.key, [&](const Period& row) {
      return compares(asked.comparison, row, asked.low, asked.high, true);
    });
  }
  bool operator()(const NumberIs& asked) const {
    return any(values.numbers, asked.key, [&](const Number& row) {
      return compares(asked.comparison, row, asked.low, asked.high, false) &&
             (!asked.system || *asked.system == row.system) &&
             (!asked.code || *asked.code == row.code);
    });
  }
  bool operator()(const LinkIs& asked) const {
    const auto among = [](const auto& list, auto value) {
      return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
    };
    return any(values.links, asked.key, [&](const Link& row) {
      return among(asked.targets, row.target) && among(asked.types, row.type);
    });
  }
  bool operator()(const Present& asked) const {
    const auto all = [](const auto&) { return true; };
    switch (asked.kind) {
      case IndexKind::token:
        return any(values.tokens, asked.key, all);
      case IndexKind::text:
        return any(values.texts, asked.key, all);
      case IndexKind::period:
        return any(values.periods, asked.key, all);
      case IndexKind::number:
        return any(values.numbers, asked.key, all);
      case IndexKind::link:
        return any(values.links, asked.key, all);
    }
    return false;
  }
  bool operator()(const IdIs& asked) const {
    return std::find(asked.ids.begin(), asked.ids.end(), id) != asked.ids.end();
  }
  bool operator()(const UpdatedIs&) const { return false; }
  bool operator()(const Chain&) const { return false; }
  bool operator()(const Reverse&) const { return false; }
};

}  // namespace

bool meets(const IndexValues& values, std::string_view id, const Condition& condition) {
  return std::visit(Judge{values, id}, condition.is);
}

bool finds(const std::string& json, std::string_view query) {
  const tree::Document document = resource(json);
  const auto values = engine().parameters->extract(document, document.root());
  EXPECT_THAT(values, IsOk());
  const auto parsed = parse(document.text(document.root().type()), query);
  EXPECT_THAT(parsed, IsOk()) << query;
  if (!values || !parsed) return false;
  const tree::Node* id = document.root().child(document.find("id"));
  return meets(*values, id == nullptr ? std::string_view{} : id->text(), parsed->where.front());
}

}  // namespace concord::search::test
