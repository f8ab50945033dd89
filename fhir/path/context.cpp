#include "fhir/path/context.h"

#include <charconv>
#include <cstring>

#include "fhir/core/decimal.h"
#include "fhir/definitions/definitions.h"
#include "fhir/path/detail/evaluator.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/detail/types.h"

namespace concord::path {

bool Collection::grow(EvalContext& context, Value value) {
  const std::uint32_t wanted = capacity_ == 0 ? 8 : capacity_ * 2;
  auto* items = static_cast<Value*>(context.allocate(wanted * sizeof(Value), alignof(Value)));
  if (items == nullptr) return false;
  std::memcpy(static_cast<void*>(items), begin(), size_ * sizeof(Value));
  many_ = items;
  capacity_ = wanted;
  many_[size_++] = value;
  return true;
}

bool Collection::add_all(EvalContext& context, const Collection& other) {
  for (const Value& item : other) {
    if (!add(context, item)) return false;
  }
  return true;
}

Collection Collection::slice(std::size_t first, std::size_t count) const noexcept {
  if (first >= size_ || count == 0) return {};
  count = std::min(count, size_ - first);
  if (count == 1) return of((*this)[first]);
  Collection part;
  part.size_ = static_cast<std::uint32_t>(count);
  part.capacity_ = part.size_;  // full: an append copies
  part.many_ = many_ + first;
  return part;
}

EvalContext::EvalContext(EvalLimits limits) : state_(std::make_unique<State>(limits)) {}
EvalContext::~EvalContext() = default;
EvalContext::EvalContext(EvalContext&&) noexcept = default;
EvalContext& EvalContext::operator=(EvalContext&&) noexcept = default;

void EvalContext::reset() {
  State& s = *state_;
  s.scratch.rewind({});
  s.steps_left = s.limits.max_steps;
  s.next_poll = s.steps_left;
  s.error.reset();
  s.context = {};
  s.total = {};
  s.bound.clear();
  s.locals.clear();
  s.indexes.clear();
  resource_.reset();
  root_resource_.reset();
}

void EvalContext::bind(std::size_t slot, const Collection& value) {
  if (slot >= state_->bound.size()) state_->bound.resize(slot + 1);
  state_->bound[slot] = value;
}

const Collection& EvalContext::bound(std::size_t slot) const noexcept {
  static const Collection kNothing;
  return slot < state_->bound.size() ? state_->bound[slot] : kNothing;
}

Result<Collection> EvalContext::call(const Lambda& lambda, const Value& item, std::size_t index) {
  const auto& program = *static_cast<const detail::Program*>(lambda.program);
  detail::Evaluator evaluator(*this, program);
  Collection out;
  if (!evaluator.evaluate(lambda.entry, {Collection::of(item), index}, out)) return failure();
  return out;
}

Result<Collection> EvalContext::call(const Lambda& lambda, const Collection& focus) {
  const auto& program = *static_cast<const detail::Program*>(lambda.program);
  detail::Evaluator evaluator(*this, program);
  Collection out;
  if (!evaluator.evaluate(lambda.entry, {focus, state_->index}, out)) return failure();
  return out;
}

Result<std::optional<bool>> EvalContext::test(const Lambda& criteria, const Value& item,
                                              std::size_t index) {
  const auto& program = *static_cast<const detail::Program*>(criteria.program);
  detail::Evaluator evaluator(*this, program);
  const auto mark = state_->scratch.mark();
  std::optional<bool> truth;
  if (!evaluator.condition(criteria.entry, {Collection::of(item), index},
                           program.ops[criteria.entry].offset, truth)) {
    return failure();
  }
  state_->scratch.rewind(mark);
  return truth;
}

Result<Collection> EvalContext::where(const Lambda& criteria, const Collection& input) {
  Collection kept;
  std::size_t index = 0;
  for (const Value& item : input) {
    auto truth = test(criteria, item, index++);
    if (!truth) return std::move(truth).error();
    if (*truth == true && !kept.add(*this, item)) return failure();
  }
  return kept;
}

void EvalContext::set_total(const Collection& total) { state_->total = total; }
const Collection& EvalContext::total() const noexcept { return state_->total; }

bool EvalContext::spend(std::uint64_t steps) { return state_->spend(steps, hooks); }

Error EvalContext::failure() const {
  return state_->error ? *state_->error
                       : make_error(ErrorCode::internal, "an evaluation ended without a reason");
}

std::size_t EvalContext::max_text() const noexcept { return state_->limits.max_bytes / 4; }

Error EvalContext::too_large() const {
  return state_->error ? *state_->error
                       : make_error(ErrorCode::too_costly, "the expression makes too large a text");
}

void* EvalContext::allocate(std::size_t bytes, std::size_t alignment) {
  void* at = state_->scratch.allocate(bytes, alignment);
  if (at == nullptr) state_->out_of_memory();
  return at;
}

Value EvalContext::string(std::string_view text) {
  if (text.empty()) return Value::of(std::string_view("", 0));
  auto* at = static_cast<char*>(allocate(text.size(), 1));
  if (at == nullptr) return Value::of(std::string_view("", 0));
  std::memcpy(at, text.data(), text.size());
  return Value::of(std::string_view(at, text.size()));
}

namespace {
const Decimal kZero;
const Quantity kNoQuantity{&kZero, {}, false};
const TypeInfo kNoType;
}  // namespace

// When memory is spent these answer a constant; the error already stands in the state and ends the
// evaluation.
Value EvalContext::decimal(const Decimal& number) {
  void* at = allocate(sizeof(Decimal), alignof(Decimal));
  return Value::of(at == nullptr ? kZero : *new (at) Decimal(number));
}

Value EvalContext::quantity(const Decimal& number, std::string_view unit, bool calendar) {
  const Value value = decimal(number);
  const Value text = string(unit);
  void* at = allocate(sizeof(Quantity), alignof(Quantity));
  if (at == nullptr) return Value::of(kNoQuantity);
  return Value::of(*new (at) Quantity{&value.decimal(), text.text(), calendar});
}

Value EvalContext::type_info(std::string_view space, std::string_view name) {
  void* at = allocate(sizeof(TypeInfo), alignof(TypeInfo));
  if (at == nullptr) return Value::of(kNoType);
  return Value::of(*new (at) TypeInfo{space, name});
}

tree::Symbol EvalContext::type_of(const Value& item) {
  if (!item.is_node()) return tree::Symbol::kNone;
  const tree::Node& node = item.node();
  if (node.type() != tree::Symbol::kNone) return node.type();
  const definitions::Definitions* definitions = state_->definitions;
  if (definitions == nullptr) return tree::Symbol::kNone;
  // From the nearest typed element around it downwards. Trees are as deep as their limits allow.
  std::vector<const tree::Node*> below;
  const tree::Node* at = &node;
  while (at != nullptr && at->type() == tree::Symbol::kNone) {
    below.push_back(at);
    at = at->parent();
  }
  if (at == nullptr || !spend(below.size())) return tree::Symbol::kNone;
  const definitions::Type* type = definitions->type(at->type());
  while (type != nullptr && !below.empty()) {
    type = type->child(below.back()->name()).type;
    below.pop_back();
  }
  return type == nullptr ? tree::Symbol::kNone : type->name();
}

void detail::ValueTags::build(const definitions::Definitions* definitions) {
  built_for_ = definitions;
  tags_.clear();
  if (definitions == nullptr) return;
  for (const definitions::Type* type : definitions->types()) {
    const auto tag = converts_to(*type);
    if (!tag) continue;
    const std::size_t place = tree::number(type->name());
    if (place >= tags_.size()) tags_.resize(place + 1, kNone);
    tags_[place] = static_cast<std::uint8_t>(*tag);
  }
}

namespace {

/// Of a value whose type is not known: by how it was written.
Tag written_tag(const tree::Node& node) {
  if (node.kind() == tree::Kind::boolean) return Tag::boolean;
  if (node.kind() == tree::Kind::number) {
    const bool whole = node.text().find_first_of(".eE") == std::string_view::npos;
    return whole ? Tag::integer : Tag::decimal;
  }
  return Tag::string;
}

}  // namespace

std::optional<Value> EvalContext::system_value(const Value& item) {
  if (!item.is_node()) return item;
  const tree::Node& node = item.node();
  if (!node.has_value()) {
    if (node.first_child() == nullptr) return std::nullopt;
    const auto& names = state_->names;
    const tree::Node* number = node.child(names.value);
    if (number == nullptr || !number->has_value()) return std::nullopt;
    if (state_->tags.of(type_of(item)) != static_cast<std::uint8_t>(Tag::quantity)) {
      return std::nullopt;
    }
    const auto value = Decimal::parse(number->text());
    if (!value) return std::nullopt;
    const tree::Node* code = node.child(names.code);
    const tree::Node* unit = code != nullptr ? code : node.child(names.unit);
    if (reads != nullptr) {
      reads->insert(*number);
      if (unit != nullptr) reads->insert(*unit);
    }
    return this->quantity(*value, unit == nullptr ? std::string_view("1") : unit->text(), false);
  }
  if (reads != nullptr) reads->insert(node);
  const std::string_view text = node.text();
  const std::uint8_t known = state_->tags.of(type_of(item));
  switch (known == detail::ValueTags::kNone ? written_tag(node) : static_cast<Tag>(known)) {
    case Tag::boolean:
      if (text == "true" || text == "false") return Value::of(text == "true");
      break;
    case Tag::integer:
    case Tag::long_integer: {
      std::int64_t value = 0;
      const char* end = text.data() + text.size();
      const auto [stop, fault] = std::from_chars(text.data(), end, value);
      if (fault == std::errc() && stop == end) {
        return known == static_cast<std::uint8_t>(Tag::long_integer) ? Value::of_long(value)
                                                                     : Value::of(value);
      }
      [[fallthrough]];
    }
    case Tag::decimal:
      if (const auto value = Decimal::parse(text)) return decimal(*value);
      break;
    case Tag::date:
      if (const auto moment = detail::parse_date(text)) return Value::of(Tag::date, *moment);
      break;
    case Tag::date_time:
      if (const auto moment = detail::parse_date_time(text)) {
        return Value::of(Tag::date_time, *moment);
      }
      break;
    case Tag::time:
      if (const auto moment = detail::parse_time(text)) return Value::of(Tag::time, *moment);
      break;
    default:
      break;
  }
  return Value::of(text);
}

namespace {

Error several(std::string_view what) {
  return make_error(ErrorCode::invalid, std::string(what) + " must be a single item");
}
Error wrong_type(std::string_view what, std::string_view type) {
  return make_error(ErrorCode::invalid, std::string(what) + " must be " + std::string(type));
}

}  // namespace

Result<std::optional<std::string_view>> EvalContext::one_string(const Collection& items,
                                                                std::string_view what) {
  if (items.empty()) return std::optional<std::string_view>();
  if (items.size() > 1) return several(what);
  const Value& item = items.front();
  if (item.tag() == Tag::string) return std::optional(item.text());
  if (item.is_node() && item.node().has_value()) {
    if (reads != nullptr) reads->insert(item.node());
    return std::optional(item.node().text());
  }
  // An element with extensions but without value has none to give.
  if (item.is_node() && item.node().kind() != tree::Kind::element) {
    return std::optional<std::string_view>();
  }
  return wrong_type(what, "a string");
}

Result<std::optional<Value>> EvalContext::one_system(const Collection& items,
                                                     std::string_view what) {
  if (items.empty()) return std::optional<Value>();
  if (items.size() > 1) return several(what);
  return system_value(items.front());
}

Result<std::optional<std::int64_t>> EvalContext::one_integer(const Collection& items,
                                                             std::string_view what) {
  CONCORD_ASSIGN(const auto value, one_system(items, what));
  if (!value) return std::optional<std::int64_t>();
  if (value->tag() != Tag::integer) return wrong_type(what, "an integer");
  return std::optional(value->integer());
}

Result<std::optional<bool>> EvalContext::one_boolean(const Collection& items,
                                                     std::string_view what) {
  CONCORD_ASSIGN(const auto value, one_system(items, what));
  if (!value) return std::optional<bool>();
  if (value->tag() != Tag::boolean) return wrong_type(what, "a boolean");
  return std::optional(value->boolean());
}

std::optional<std::string_view> EvalContext::text_of(const Value& item) {
  if (item.is_node() && item.node().has_value()) {
    if (reads != nullptr) reads->insert(item.node());
    return item.node().text();
  }
  const auto value = system_value(item);
  if (!value) return std::nullopt;
  switch (value->tag()) {
    case Tag::boolean:
      return value->boolean() ? "true" : "false";
    case Tag::integer:
    case Tag::long_integer:
      return string(std::to_string(value->integer())).text();
    case Tag::decimal:
      return string(value->decimal().to_text()).text();
    case Tag::string:
      return value->text();
    case Tag::date:
    case Tag::date_time:
    case Tag::time:
      return string(detail::format(value->tag(), value->moment())).text();
    case Tag::quantity: {
      const Quantity& quantity = value->quantity();
      std::string text = quantity.value->to_text() + " ";
      text +=
          quantity.calendar ? std::string(quantity.unit) : "'" + std::string(quantity.unit) + "'";
      if (quantity.calendar && !(*quantity.value == Decimal(1))) text += 's';
      return string(text).text();
    }
    case Tag::node:
    case Tag::type_info:
      break;
  }
  return std::nullopt;
}

namespace {

/// "https://host/base/Type/id" → "https://host/base/"; empty when it is no REST address.
std::string_view rest_base(std::string_view url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return {};
  const std::size_t id = url.rfind('/');
  if (id == std::string_view::npos || id == 0) return {};
  const std::size_t type = url.rfind('/', id - 1);
  return type == std::string_view::npos ? std::string_view() : url.substr(0, type + 1);
}

}  // namespace

std::optional<Value> EvalContext::resolve(const Value& from, std::string_view reference) {
  if (reference.empty() || !from.is_node()) return std::nullopt;
  const auto& names = state_->names;
  const tree::Document& document = from.document();
  const auto outside = [&]() -> std::optional<Value> {
    return hooks.resolve ? hooks.resolve(reference) : std::nullopt;
  };

  const tree::Node* resource = &from.node();
  while (resource != nullptr && !resource->is(tree::Flag::resource)) resource = resource->parent();
  if (reference.front() == '#') {
    if (resource != nullptr && resource->name() == names.contained) resource = resource->parent();
    if (resource == nullptr) return std::nullopt;
    if (reference.size() == 1) return Value::of(document, *resource);
    for (const tree::Node* at = resource->child(names.contained); at != nullptr;
         at = at->next_same()) {
      if (!spend()) return std::nullopt;
      const tree::Node* id = at->child(names.id);
      if (id != nullptr && id->text() == reference.substr(1)) return Value::of(document, *at);
    }
    return std::nullopt;
  }

  // The entry around the reference, and its Bundle.
  const tree::Node* entry = resource;
  while (entry != nullptr && !(entry->name() == names.entry && entry->parent() != nullptr &&
                               entry->parent()->type() == names.bundle)) {
    entry = entry->parent();
  }
  const tree::Node* bundle = entry != nullptr ? entry->parent() : resource;
  if (bundle == nullptr || bundle->type() != names.bundle) return outside();

  // The first entry with a fullUrl and a resource counts. Few references, and those of small
  // Bundles, are looked for one by one; for many it pays to hash.
  const auto find = [&](std::string_view wanted) -> const tree::Node* {
    detail::ResourceIndex& index = state_->index_of(bundle);
    if (!index.built) {
      for (const tree::Node* at = bundle->child(names.entry); at != nullptr; at = at->next_same()) {
        if (!spend()) return nullptr;
        const tree::Node* url = at->child(names.full_url);
        const tree::Node* target = at->child(names.resource);
        if (url != nullptr && target != nullptr) index.entries.push_back({url->text(), target});
      }
      index.built = true;
    }
    constexpr std::uint32_t kFewLooks = 12;
    constexpr std::size_t kFewEntries = 64;
    if (index.entries.size() <= kFewEntries || index.looks < kFewLooks) {
      ++index.looks;
      if (!spend(index.entries.size())) return nullptr;
      for (const auto& [url, target] : index.entries) {
        if (url == wanted) return target;
      }
      return nullptr;
    }
    if (index.by_url.empty()) {
      if (!spend(index.entries.size())) return nullptr;
      for (const auto& [url, target] : index.entries) index.by_url.emplace(url, target);
    }
    const auto found = index.by_url.find(wanted);
    return found == index.by_url.end() ? nullptr : found->second;
  };
  if (reads != nullptr && entry != nullptr) {
    if (const tree::Node* url = entry->child(names.full_url)) reads->insert(*url);
  }
  const std::size_t version = reference.find("/_history/");
  const std::string_view plain = reference.substr(0, version);
  if (const tree::Node* found = find(plain)) return Value::of(document, *found);
  if (plain.find(':') == std::string_view::npos && entry != nullptr) {
    const tree::Node* url = entry->child(names.full_url);
    const std::string_view base = url == nullptr ? std::string_view() : rest_base(url->text());
    if (!base.empty()) {
      const std::string absolute = std::string(base) + std::string(plain);
      if (const tree::Node* found = find(absolute)) return Value::of(document, *found);
    }
  }
  return outside();
}

}  // namespace concord::path
