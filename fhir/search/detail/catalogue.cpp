#include "fhir/search/detail/catalogue.h"

#include <algorithm>
#include <cstring>

#include "fhir/search/detail/plan_builder.h"

namespace concord::search::detail {

namespace {
/// Raised when extract() gives other values for the same parameters.
constexpr std::string_view kExtraction = "4";
}  // namespace

std::uint32_t Walk::step(std::uint32_t from, tree::Symbol name, tree::Symbol filter,
                         std::string_view filter_value) {
  for (const Edge& edge : stops_[from].edges) {
    if (edge.name == name && edge.filter == filter && edge.filter_value == filter_value) {
      return edge.to;
    }
  }
  const auto to = static_cast<std::uint32_t>(stops_.size());
  stops_.emplace_back();
  stops_[from].edges.push_back({name, filter, std::string(filter_value), to});
  return to;
}

void Walk::seal() {
  for (Stop& stop : stops_) {
    std::stable_sort(stop.edges.begin(), stop.edges.end(),
                     [](const Edge& a, const Edge& b) { return a.name < b.name; });
  }
}

Names::Names(tree::Symbols& symbols)
    : code(symbols.intern("code")),
      coding(symbols.intern("coding")),
      comparator(symbols.intern("comparator")),
      country(symbols.intern("country")),
      currency(symbols.intern("currency")),
      city(symbols.intern("city")),
      data(symbols.intern("data")),
      display(symbols.intern("display")),
      district(symbols.intern("district")),
      end(symbols.intern("end")),
      event(symbols.intern("event")),
      family(symbols.intern("family")),
      given(symbols.intern("given")),
      high(symbols.intern("high")),
      id(symbols.intern("id")),
      identifier(symbols.intern("identifier")),
      latitude(symbols.intern("latitude")),
      line(symbols.intern("line")),
      longitude(symbols.intern("longitude")),
      low(symbols.intern("low")),
      bounds_period(symbols.intern("boundsPeriod")),
      postal_code(symbols.intern("postalCode")),
      prefix(symbols.intern("prefix")),
      reference(symbols.intern("reference")),
      repeat(symbols.intern("repeat")),
      start(symbols.intern("start")),
      state(symbols.intern("state")),
      suffix(symbols.intern("suffix")),
      system(symbols.intern("system")),
      text(symbols.intern("text")),
      type(symbols.intern("type")),
      unit(symbols.intern("unit")),
      value(symbols.intern("value")) {}

Catalogue::Catalogue(const definitions::Definitions& definitions,
                     const path::FunctionTable& functions)
    : definitions_(&definitions), functions_(&functions), names_(definitions.symbols()) {}

void Catalogue::add(Definition definition) {
  const Definition& kept = sources_.emplace_back(std::move(definition));
  by_url_[kept.url] = &kept;
  for (const std::string& base : kept.base) by_base_[base][kept.code].push_back(&kept);
}

void Catalogue::build() {
  for (const definitions::Type* type : definitions_->types()) {
    if (!type->is_resource() || type->is_abstract()) continue;
    TypePlan& plan = plans_.emplace_back();
    plan.type = type->text();
    plan.definition = type;
  }
  std::sort(plans_.begin(), plans_.end(),
            [](const TypePlan& a, const TypePlan& b) { return a.type < b.type; });
  std::string all(kExtraction);
  for (std::size_t at = 0; at < plans_.size(); ++at) {
    TypePlan& plan = plans_[at];
    by_symbol_[tree::number(plan.definition->name())] = at;
    PlanBuilder(*this, plan).build();
    for (const auto& [text, part] : plan.parts) all.append(text).push_back('\n');
    for (const auto& [text, composite] : plan.composites) all.append(text).push_back('\n');
  }
  version_ = index_hash(all);
}

const TypePlan* Catalogue::plan(std::string_view type) const noexcept {
  const auto at = std::lower_bound(
      plans_.begin(), plans_.end(), type,
      [](const TypePlan& plan, std::string_view name) { return plan.type < name; });
  return at != plans_.end() && at->type == type ? &*at : nullptr;
}

const TypePlan* Catalogue::plan(tree::Symbol type) const noexcept {
  const auto at = by_symbol_.find(tree::number(type));
  return at == by_symbol_.end() ? nullptr : &plans_[at->second];
}

const Definition* Catalogue::definition(const std::string& url) const noexcept {
  const auto at = by_url_.find(url);
  return at == by_url_.end() ? nullptr : at->second;
}

IndexKey marked_key(IndexKey key, std::int64_t code, std::optional<std::int32_t> system) {
  char bytes[sizeof key + sizeof code + sizeof(std::int32_t) + 1] = {};
  const auto put = [&bytes](std::size_t at, auto value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {  // the same on every machine
      bytes[at + i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
  };
  put(0, key, sizeof key);
  put(4, code, sizeof code);
  put(12, system.value_or(0), sizeof(std::int32_t));
  bytes[16] = system.has_value() ? '|' : '-';
  return short_hash(std::string_view(bytes, sizeof bytes));
}

}  // namespace concord::search::detail
