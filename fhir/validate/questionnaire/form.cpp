#include "fhir/validate/questionnaire/form.h"

#include <array>
#include <charconv>

namespace concord::validate::questionnaire {

namespace {

using tree::Document;
using tree::Node;
using tree::Symbol;

constexpr std::size_t kMostAlike = 64;  // items of one linkId that are looked at

constexpr std::array<std::pair<std::string_view, ItemType>, 16> kTypes{{
    {"group", ItemType::group},
    {"display", ItemType::display},
    {"boolean", ItemType::boolean},
    {"decimal", ItemType::decimal},
    {"integer", ItemType::integer},
    {"date", ItemType::date},
    {"dateTime", ItemType::date_time},
    {"time", ItemType::time},
    {"string", ItemType::string},
    {"text", ItemType::text},
    {"url", ItemType::url},
    {"choice", ItemType::choice},
    {"open-choice", ItemType::open_choice},
    {"attachment", ItemType::attachment},
    {"reference", ItemType::reference},
    {"quantity", ItemType::quantity},
}};

ItemType type_of(std::string_view code) {
  for (const auto& [name, type] : kTypes) {
    if (name == code) return type;
  }
  return ItemType::none;
}

}  // namespace

Names::Names(const tree::Symbols& symbols)
    : item(symbols.find("item")),
      link_id(symbols.find("linkId")),
      text(symbols.find("text")),
      type(symbols.find("type")),
      required(symbols.find("required")),
      repeats(symbols.find("repeats")),
      enable_when(symbols.find("enableWhen")),
      enable_behavior(symbols.find("enableBehavior")),
      question(symbols.find("question")),
      operation(symbols.find("operator")),
      answer(symbols.find("answer")),
      answer_option(symbols.find("answerOption")),
      answer_value_set(symbols.find("answerValueSet")),
      max_length(symbols.find("maxLength")),
      extension(symbols.find("extension")),
      url(symbols.find("url")),
      system(symbols.find("system")),
      code(symbols.find("code")),
      display(symbols.find("display")),
      value(symbols.find("value")),
      unit(symbols.find("unit")),
      comparator(symbols.find("comparator")),
      reference(symbols.find("reference")),
      content_type(symbols.find("contentType")),
      data(symbols.find("data")),
      status(symbols.find("status")),
      questionnaire(symbols.find("questionnaire")),
      authored(symbols.find("authored")),
      effective_period(symbols.find("effectivePeriod")),
      start(symbols.find("start")),
      end(symbols.find("end")),
      derived_from(symbols.find("derivedFrom")),
      definition(symbols.find("definition")),
      version(symbols.find("version")),
      language(symbols.find("language")),
      expression(symbols.find("expression")) {}

Form::Form(const Document& document, const Node& questionnaire, const Names& names)
    : document_(&document), questionnaire_(&questionnaire) {
  // Items in order; the line holds where to go on at each level.
  struct Level {
    const Node* next;
    std::uint32_t parent;
    std::uint32_t position;
  };
  std::vector<Level> open{{questionnaire.child(names.item), kNoItem, 0}};
  while (!open.empty()) {
    Level& level = open.back();
    if (level.next == nullptr) {
      if (level.parent != kNoItem) {
        items_[level.parent].end = static_cast<std::uint32_t>(items_.size());
      }
      open.pop_back();
      continue;
    }
    const Node& node = *level.next;
    level.next = node.next_same();
    const auto index = static_cast<std::uint32_t>(items_.size());
    Item item;
    item.node = &node;
    item.link_id = value_of(node, names.link_id);
    item.type = type_of(value_of(node, names.type));
    item.required = value_of(node, names.required) == "true";
    item.repeats = value_of(node, names.repeats) == "true";
    item.parent = level.parent;
    item.position = level.position++;
    item.end = index + 1;
    (level.parent == kNoItem ? top_ : items_[level.parent].children).push_back(index);
    if (!item.link_id.empty()) by_link_id_[item.link_id].push_back(index);
    items_.push_back(std::move(item));
    open.push_back({node.child(names.item), index, 0});
  }
}

std::span<const std::uint32_t> Form::below(std::uint32_t parent) const noexcept {
  return parent == kNoItem ? std::span(top_) : std::span(items_[parent].children);
}

std::uint32_t Form::find(std::string_view link_id) const noexcept {
  const auto at = by_link_id_.find(link_id);
  return at == by_link_id_.end() ? kNoItem : at->second.front();
}

std::uint32_t Form::find_below(std::uint32_t parent, std::string_view link_id) const noexcept {
  const auto at = by_link_id_.find(link_id);
  if (at == by_link_id_.end()) return kNoItem;
  std::size_t looked = 0;
  for (const std::uint32_t index : at->second) {
    if (items_[index].parent == parent) return index;
    if (++looked == kMostAlike) break;
  }
  return kNoItem;
}

std::uint32_t Form::common(std::uint32_t a, std::uint32_t b) const noexcept {
  while (a != kNoItem && !is_within(b, a)) a = items_[a].parent;
  return a;
}

std::string_view value_of(const Node& node, Symbol name) noexcept {
  const Node* found = name == Symbol::kNone ? nullptr : node.child(name);
  return found == nullptr ? std::string_view{} : found->text();
}

const Node* value_child(const Document& document, const Node& node) noexcept {
  for (const Node& child : node.children()) {
    const std::string_view name = document.name(child);
    if (name.size() > 5 && name.starts_with("value") && name[5] >= 'A' && name[5] <= 'Z') {
      return &child;
    }
  }
  return nullptr;
}

std::vector<const Node*> extension_values(const Document& document, const Node& node,
                                          std::string_view url, const Names& names) {
  std::vector<const Node*> found;
  for (const Node* at = node.child(names.extension); at != nullptr; at = at->next_same()) {
    if (value_of(*at, names.url) != url) continue;
    if (const Node* value = value_child(document, *at)) found.push_back(value);
  }
  return found;
}

const Node* extension_value(const Document& document, const Node& node, std::string_view url,
                            const Names& names) noexcept {
  for (const Node* at = node.child(names.extension); at != nullptr; at = at->next_same()) {
    if (value_of(*at, names.url) == url) return value_child(document, *at);
  }
  return nullptr;
}

std::optional<std::int64_t> extension_integer(const Document& document, const Node& node,
                                              std::string_view url, const Names& names) {
  const Node* value = extension_value(document, node, url, names);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value->text();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace concord::validate::questionnaire
