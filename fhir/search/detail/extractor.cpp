#include "fhir/search/detail/extractor.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

#include "fhir/core/decimal.h"
#include "fhir/path/units.h"
#include "fhir/search/detail/fold.h"
#include "fhir/search/detail/moments.h"
#include "fhir/search/detail/positions.h"
#include "fhir/search/detail/systems.h"

namespace concord::search::detail {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kHistory = "/_history/";

std::optional<double> read_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename Row, typename Key>
void settle_list(std::vector<Row>& rows, Key&& key) {
  if (rows.size() < 2) return;
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return key(a) < key(b); });
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

bool is_scheme(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '.' || c == '-';
         });
}

}  // namespace

std::optional<ReferenceText> read_reference(std::string_view text, std::string_view base_url,
                                            const Catalogue& catalogue) {
  text = text.substr(0, text.find('#'));
  if (!base_url.empty() && text.starts_with(base_url)) {
    std::string_view inner = text.substr(base_url.size());
    if (base_url.back() == '/' || inner.starts_with('/')) {
      if (inner.starts_with('/')) inner.remove_prefix(1);
      text = inner;
    }
  }
  text = text.substr(0, text.find(kHistory));
  if (text.empty()) return std::nullopt;
  ReferenceText read;
  const bool absolute = is_scheme(text);
  if (absolute) read.absolute = text;
  const std::size_t slash = text.rfind('/');
  if (slash != std::string_view::npos && slash > 0) {
    const std::size_t before = text.rfind('/', slash - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view type = text.substr(begin, slash - begin);
    if (catalogue.plan(type) != nullptr && slash + 1 < text.size() && (absolute || begin == 0)) {
      read.type = type;
      read.id = text.substr(slash + 1);
    }
  }
  if (read.type.empty() && !absolute) return std::nullopt;
  return read;
}

void settle(IndexValues& values) {
  settle_list(values.tokens, [](const Token& v) { return std::tie(v.key, v.code, v.system); });
  settle_list(values.texts, [](const Text& v) { return std::tie(v.key, v.value, v.exact); });
  settle_list(values.periods, [](const Period& v) { return std::tie(v.key, v.low, v.high); });
  settle_list(values.numbers, [](const Number& v) {
    return std::tie(v.key, v.low, v.high, v.system, v.code, v.unit, v.mark);
  });
  settle_list(values.links, [](const Link& v) { return std::tie(v.key, v.target, v.type); });
}

void Extractor::walk(const Walk& walk, std::uint32_t stop, const tree::Node& at) {
  const Walk::Stop& here = walk.at(stop);
  for (const Walk::Action& action : here.actions) act(*action.part, action.shape, at);
  for (const Composite* rows : here.composites) composite(*rows, at);
  if (here.edges.empty()) return;
  for (const tree::Node& child : at.children()) {
    if (spent()) return;
    auto edge =
        std::lower_bound(here.edges.begin(), here.edges.end(), child.name(),
                         [](const Walk::Edge& one, tree::Symbol name) { return one.name < name; });
    for (; edge != here.edges.end() && edge->name == child.name(); ++edge) {
      if (edge->filter != tree::Symbol::kNone) {
        const tree::Node* filter = child.child(edge->filter);
        while (filter != nullptr && filter->text() != edge->filter_value) {
          filter = filter->next_same();
        }
        if (filter == nullptr) continue;
      }
      this->walk(walk, edge->to, child);
    }
  }
}

void Extractor::items(const Part& part, const path::Collection& items, path::EvalContext& context) {
  const auto& definitions = catalogue_.definitions();
  for (const path::Value& item : items) {
    if (item.is_node()) {
      const auto* type = definitions.type(item.node().type());
      if (type == nullptr) continue;
      const Shape shape = item.node().is(tree::Flag::resource) ? Shape::resource : shape_of(*type);
      if (fits(part.kind, shape)) act(part, shape, item.node());
      continue;
    }
    const auto text = context.text_of(item);
    if (!text) continue;
    switch (part.kind) {
      case Kind::date:
        primitive(part, Shape::time, *text);
        break;
      case Kind::number:
        primitive(part, Shape::number, *text);
        break;
      case Kind::reference:
        canonical(part.key, *text);
        break;
      case Kind::uri:
        primitive(part, Shape::uri, *text);
        break;
      case Kind::token:
      case Kind::string:
        primitive(part, item.tag() == path::Tag::boolean ? Shape::boolean : Shape::text, *text);
        break;
      default:
        break;
    }
  }
}

void Extractor::primitive(const Part& part, Shape shape, std::string_view text) {
  if (text.empty()) return;
  switch (part.kind) {
    case Kind::token:
      out_.tokens.push_back({part.key, index_hash(text), 0});
      break;
    case Kind::string:
      folded(part.key, text);
      break;
    case Kind::uri:
      if (storable(text)) out_.texts.push_back({part.key, std::string(within_bounds(text)), {}});
      break;
    case Kind::date:
      if (const auto span = read_span(text)) {
        out_.periods.push_back({part.key, span->low, span->high});
      }
      break;
    case Kind::number:
      if (const auto value = read_double(text)) {
        out_.numbers.push_back({part.key, *value, *value, 0, 0});
      }
      break;
    case Kind::reference:
      if (shape == Shape::canonical || shape == Shape::uri) canonical(part.key, text);
      break;
    default:
      break;
  }
}

void Extractor::act(const Part& part, Shape shape, const tree::Node& node) {
  switch (shape) {
    case Shape::coding:
      coding(part, node);
      break;
    case Shape::concept_:
      for (const tree::Node* at = node.child(names_.coding); at != nullptr; at = at->next_same()) {
        coding(part, *at);
      }
      if (!part.lean) remark(part.text_key, value(node, names_.text));
      break;
    case Shape::identifier:
      identifier(part, node);
      break;
    case Shape::contact:
      if (const std::string_view number = value(node, names_.value); !number.empty()) {
        const std::string_view system = value(node, names_.system);
        out_.tokens.push_back({part.key, index_hash(lower_ascii(number)),
                               system.empty() ? 0 : known_short_hash(system)});
      }
      break;
    case Shape::name:
    case Shape::address:
      words(part, shape, node);
      break;
    case Shape::period:
    case Shape::timing:
      period(part, shape, node);
      break;
    case Shape::quantity:
    case Shape::money:
      quantity(part, shape, node);
      break;
    case Shape::range:
      range(part, node);
      break;
    case Shape::reference:
      reference(part, node);
      break;
    case Shape::position:
      position(part, node);
      break;
    case Shape::resource:
      if (const std::string_view id = value(node, names_.id); !id.empty()) {
        const std::string_view type = document_.text(node.type());
        out_.links.push_back({part.key, resource_hash(type, id), known_short_hash(type)});
      }
      break;
    default:
      primitive(part, shape, node.text());
      break;
  }
}

void Extractor::coding(const Part& part, const tree::Node& node) {
  const std::string_view code = value(node, names_.code), system = value(node, names_.system);
  if (!code.empty()) {
    out_.tokens.push_back(
        {part.key, index_hash(code), system.empty() ? 0 : known_short_hash(system)});
  }
  if (!part.lean) remark(part.text_key, value(node, names_.display));
}

void Extractor::identifier(const Part& part, const tree::Node& node) {
  const std::string_view text = value(node, names_.value), system = value(node, names_.system);
  if (!text.empty()) {
    out_.tokens.push_back(
        {part.key, index_hash(text), system.empty() ? 0 : known_short_hash(system)});
  }
  const tree::Node* type = node.child(names_.type);
  if (part.lean || type == nullptr) return;
  remark(part.text_key, value(*type, names_.text));
  if (text.empty()) return;
  for (const tree::Node* at = type->child(names_.coding); at != nullptr; at = at->next_same()) {
    const std::string_view code = value(*at, names_.code), of = value(*at, names_.system);
    if (code.empty()) continue;
    out_.tokens.push_back(
        {part.of_type_key, of_type_hash(code, text), of.empty() ? 0 : known_short_hash(of)});
  }
}

void Extractor::folded(IndexKey key, std::string_view text) {
  Text row{key, fold(text), {}};
  if (row.value.empty()) return;
  const std::string_view exact = within_bounds(text);
  if (exact != row.value && storable(exact)) row.exact = exact;
  out_.texts.push_back(std::move(row));
}

/// What :text looks into. One row for all of a key, line by line: it is asked for what stands in it
/// anywhere, and what is asked has no line ends.
void Extractor::remark(IndexKey key, std::string_view text) {
  if (text.empty()) return;
  std::string value = fold(text);
  if (value.empty()) return;
  // Those of one element come one after another, so a look at the latest rows is enough.
  constexpr std::size_t kLookBack = 4;
  const std::size_t size = out_.texts.size();
  for (std::size_t back = 1; back <= std::min(size, kLookBack); ++back) {
    Text& row = out_.texts[size - back];
    if (row.key != key) continue;
    if (row.value.find(value) != std::string::npos) return;
    if (row.value.size() + 1 + value.size() <= kMaxText) {
      row.value.append("\n").append(value);
      return;
    }
  }
  out_.texts.push_back({key, std::move(value), {}});
}

void Extractor::words(const Part& part, Shape shape, const tree::Node& node) {
  const tree::Symbol name[] = {names_.text, names_.family, names_.given, names_.prefix,
                               names_.suffix};
  const tree::Symbol address[] = {names_.text,  names_.line,        names_.city,   names_.district,
                                  names_.state, names_.postal_code, names_.country};
  const auto wanted = shape == Shape::name ? std::span<const tree::Symbol>(name)
                                           : std::span<const tree::Symbol>(address);
  for (const tree::Node& child : node.children()) {
    if (std::find(wanted.begin(), wanted.end(), child.name()) != wanted.end()) {
      folded(part.key, child.text());
    }
  }
}

void Extractor::period(const Part& part, Shape shape, const tree::Node& node) {
  std::int64_t low = kEver, high = kNever;  // nothing yet
  const auto widen = [&](std::int64_t from, std::int64_t to) {
    low = std::min(low, from);
    high = std::max(high, to);
  };
  const auto take_period = [&](const tree::Node& period) {
    const auto start = read_span(value(period, names_.start)),
               end = read_span(value(period, names_.end));
    if (start || end) widen(start ? start->low : kNever, end ? end->high : kEver);
  };
  if (shape == Shape::period) {
    take_period(node);
  } else {
    // The outer limits only. Source: hl7.org/fhir/R4/search.html#date (Timing).
    for (const tree::Node* at = node.child(names_.event); at != nullptr; at = at->next_same()) {
      if (const auto span = read_span(at->text())) widen(span->low, span->high);
    }
    const tree::Node* repeat = node.child(names_.repeat);
    const tree::Node* bounds = repeat == nullptr ? nullptr : repeat->child(names_.bounds_period);
    if (bounds != nullptr) take_period(*bounds);
  }
  if (low < high) out_.periods.push_back({part.key, low, high});
}

void Extractor::number_rows(const Part& part, const Amount& amount) {
  const std::int32_t system = amount.system.empty() ? 0 : known_short_hash(amount.system);
  Number row{part.key, amount.low ? amount.low->to_double() : -kInfinity,
             amount.high ? amount.high->to_double() : kInfinity, system};
  const std::int32_t unit = amount.unit.empty() ? 0 : known_short_hash(amount.unit);
  row.code = amount.code.empty() ? unit : known_short_hash(amount.code);
  if (unit != row.code) row.unit = unit;
  out_.numbers.push_back(row);
  if (part.lean || amount.system != kUcum || amount.code.empty()) return;
  const auto low = amount.low ? path::in_base_units(*amount.low, amount.code) : std::nullopt,
             high = amount.high ? path::in_base_units(*amount.high, amount.code) : std::nullopt;
  if (!low && !high) return;
  out_.numbers.push_back({part.canonical_key, low ? low->value.to_double() : -kInfinity,
                          high ? high->value.to_double() : kInfinity, 0,
                          known_short_hash(low ? low->unit : high->unit)});
}

void Extractor::quantity(const Part& part, Shape shape, const tree::Node& node) {
  auto number = Decimal::parse(value(node, names_.value));
  if (!number) return;
  Amount amount;
  amount.low = amount.high = *number;
  if (shape == Shape::money) {
    amount.code = value(node, names_.currency);
    if (!amount.code.empty()) amount.system = kCurrencies;
  } else {
    amount.system = value(node, names_.system);
    amount.code = value(node, names_.code);
    amount.unit = value(node, names_.unit);
    const std::string_view comparator = value(node, names_.comparator);
    if (comparator.starts_with('<')) amount.low.reset();
    if (comparator.starts_with('>')) amount.high.reset();
  }
  number_rows(part, amount);
}

void Extractor::range(const Part& part, const tree::Node& node) {
  const tree::Node* low = node.child(names_.low);
  const tree::Node* high = node.child(names_.high);
  const tree::Node* either = low != nullptr ? low : high;
  if (either == nullptr) return;
  Amount amount;
  const auto bound = [&](const tree::Node* end) -> std::optional<Decimal> {
    if (end == nullptr) return std::nullopt;
    auto number = Decimal::parse(value(*end, names_.value));
    return number ? std::optional<Decimal>(*number) : std::nullopt;
  };
  amount.low = bound(low);
  amount.high = bound(high);
  if (!amount.low && !amount.high) return;
  amount.system = value(*either, names_.system);
  amount.code = value(*either, names_.code);
  amount.unit = value(*either, names_.unit);
  number_rows(part, amount);
}

void Extractor::position(const Part& part, const tree::Node& node) {
  const auto latitude = read_double(value(node, names_.latitude)),
             longitude = read_double(value(node, names_.longitude));
  if (!latitude || !longitude) return;
  const auto point = point_at(*latitude, *longitude);
  if (!point) return;
  out_.numbers.push_back({part.x_key, point->x, point->x, 0, 0});
  out_.numbers.push_back({part.y_key, point->y, point->y, 0, 0});
  out_.numbers.push_back({part.key, point->z, point->z, 0, 0});
}

void Extractor::reference(const Part& part, const tree::Node& node) {
  const std::string_view said = value(node, names_.type);
  const std::string_view text = value(node, names_.reference);
  if (!text.empty()) {
    if (const auto read = read_reference(text, base_url_, catalogue_)) {
      const std::string_view type = read->type.empty() ? said : read->type;
      const std::int32_t number =
          type.empty() || catalogue_.plan(type) == nullptr ? 0 : known_short_hash(type);
      out_.links.push_back({part.key,
                            read->absolute.empty() ? resource_hash(read->type, read->id)
                                                   : index_hash(read->absolute),
                            number});
    }
  }
  const tree::Node* identifier = node.child(names_.identifier);
  if (part.lean || identifier == nullptr) return;
  const std::string_view number = value(*identifier, names_.value),
                         system = value(*identifier, names_.system);
  if (number.empty()) return;
  out_.tokens.push_back(
      {part.identifier_key, index_hash(number), system.empty() ? 0 : known_short_hash(system)});
}

void Extractor::canonical(IndexKey key, std::string_view url) {
  const std::string_view whole = url.substr(0, url.find('#'));
  if (whole.empty()) return;
  const std::string_view bare = whole.substr(0, whole.find('|'));
  out_.links.push_back({key, index_hash(bare), 0});
  if (bare.size() != whole.size()) out_.links.push_back({key, index_hash(whole), 0});
}

void Extractor::composite(const Composite& composite, const tree::Node& node) {
  IndexValues marked, carried;
  Extractor(catalogue_, base_url_, document_, marked).walk(composite.marked, Walk::kRoot, node);
  if (marked.tokens.empty()) return;
  Extractor(catalogue_, base_url_, document_, carried).walk(composite.carried, Walk::kRoot, node);
  const auto add = [](const auto& from, auto& to, const Token& token) {
    for (auto row : from) {
      const IndexKey key = row.key;
      row.key = marked_key(key, token.code, std::nullopt);
      if constexpr (requires { row.mark; }) {
        row.mark = token.system;
        to.push_back(row);
        continue;
      }
      to.push_back(row);
      row.key = marked_key(key, token.code, token.system);
      to.push_back(std::move(row));
    }
  };
  for (const Token& token : marked.tokens) {
    if (spent()) return;
    add(carried.tokens, out_.tokens, token);
    add(carried.texts, out_.texts, token);
    add(carried.periods, out_.periods, token);
    add(carried.numbers, out_.numbers, token);
    add(carried.links, out_.links, token);
  }
}

}  // namespace concord::search::detail
