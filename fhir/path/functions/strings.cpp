// FHIRPath chapter 5.6, String manipulation: http://hl7.org/fhirpath/N1/#string-manipulation
// trim, split, join and lastIndexOf: draft of FHIRPath 3.0. Positions count characters, not bytes.
#include <algorithm>
#include <string>
#include <string_view>

#include "fhir/path/context.h"
#include "fhir/path/detail/unicode.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

using detail::count_characters;
using detail::offset_of;

/// The input and the first argument as strings; nothing when one of them is empty.
struct Two {
  std::string_view input;
  std::string_view argument;
};
Result<std::optional<Two>> two(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input"));
  CONCORD_ASSIGN(const auto argument, context.one_string(args[0], "the argument"));
  if (!text || !argument) return std::optional<Two>();
  // Searching is quadratic at worst.
  if (!context.spend((text->size() / 64 + 1) * (argument->size() / 256 + 1))) {
    return context.failure();
  }
  return std::optional(Two{*text, *argument});
}

Collection of(std::int64_t value) { return Collection::of(Value::of(value)); }

Result<Collection> fn_index_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto both, two(context, input, args));
  if (!both) return Collection();
  const std::size_t at = both->input.find(both->argument);
  if (at == std::string_view::npos) return of(-1);
  return of(static_cast<std::int64_t>(count_characters(both->input.substr(0, at))));
}

Result<Collection> fn_last_index_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto both, two(context, input, args));
  if (!both) return Collection();
  const std::size_t at = both->input.rfind(both->argument);
  if (at == std::string_view::npos) return of(-1);
  return of(static_cast<std::int64_t>(count_characters(both->input.substr(0, at))));
}

Result<Collection> fn_substring(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of substring()"));
  CONCORD_ASSIGN(const auto start, context.one_integer(args[0], "the start of substring()"));
  if (!text || !start || *start < 0) return Collection();
  if (!context.spend(text->size() / 64)) return context.failure();
  const std::size_t from = offset_of(*text, static_cast<std::size_t>(*start));
  if (from >= text->size()) return Collection();
  std::string_view rest = text->substr(from);
  if (args.size() > 1) {
    CONCORD_ASSIGN(const auto length, context.one_integer(args[1], "the length of substring()"));
    if (length) {
      rest = rest.substr(0, *length <= 0 ? 0 : offset_of(rest, static_cast<std::size_t>(*length)));
    }
  }
  return Collection::of(Value::of(rest));
}

template <bool (*kTest)(std::string_view, std::string_view)>
Result<Collection> fn_test(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto both, two(context, input, args));
  if (!both) return Collection();
  return Collection::of(kTest(both->input, both->argument));
}

bool starts_with(std::string_view text, std::string_view part) { return text.starts_with(part); }
bool ends_with(std::string_view text, std::string_view part) { return text.ends_with(part); }
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::string (*kMap)(std::string_view)>
Result<Collection> fn_map(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input"));
  if (!text) return Collection();
  if (!context.spend(text->size() / 32)) return context.failure();
  return Collection::of(context.string(kMap(*text)));
}

/// replace(pattern, substitution): every occurrence; an empty pattern stands before each character
/// and at the end.
Result<Collection> fn_replace(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto both, two(context, input, args));
  CONCORD_ASSIGN(const auto by, context.one_string(args[1], "the substitution of replace()"));
  if (!both || !by) return Collection();
  const auto [text, pattern] = *both;
  std::string result;
  const auto append = [&](std::string_view part) {
    result += part;
    return context.spend(part.size() / 64) && result.size() <= context.max_text();
  };
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t found = pattern.empty() ? at : text.find(pattern, at);
    if (found == std::string_view::npos) break;
    if (!append(text.substr(at, found - at)) || !append(*by)) return context.too_large();
    if (pattern.empty()) {
      if (at == text.size()) return Collection::of(context.string(result));
      const std::size_t size = detail::character_size(text, at);
      result += text.substr(at, size);
      at += size;
    } else {
      at = found + pattern.size();
    }
    if (!context.spend()) return context.failure();
  }
  if (!append(text.substr(std::min(at, text.size())))) return context.too_large();
  return Collection::of(context.string(result));
}

Result<Collection> fn_length(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of length()"));
  if (!text) return Collection();
  if (!context.spend(text->size() / 64)) return context.failure();
  return of(static_cast<std::int64_t>(count_characters(*text)));
}

Result<Collection> fn_to_chars(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of toChars()"));
  Collection all;
  if (!text) return all;
  if (!context.spend(text->size())) return context.failure();
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t size = detail::character_size(*text, at);
    if (!all.add(context, Value::of(text->substr(at, size)))) return context.failure();
    at += size;
  }
  return all;
}

Result<Collection> fn_trim(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of trim()"));
  if (!text) return Collection();
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const std::size_t first = text->find_first_not_of(kBlank);
  if (first == std::string_view::npos) return Collection::of(Value::of(std::string_view("", 0)));
  return Collection::of(Value::of(text->substr(first, text->find_last_not_of(kBlank) - first + 1)));
}

Result<Collection> fn_split(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto both, two(context, input, args));
  Collection parts;
  if (!both) return parts;
  const auto [text, separator] = *both;
  if (separator.empty()) return fn_to_chars(context, input, args);
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(separator, at);
    if (!parts.add(context, Value::of(text.substr(at, found - at))) || !context.spend()) {
      return context.failure();
    }
    if (found == std::string_view::npos) return parts;
    at = found + separator.size();
  }
}

Result<Collection> fn_join(EvalContext& context, const Collection& input, Args args) {
  std::string_view separator;
  if (!args.empty()) {
    CONCORD_ASSIGN(const auto given, context.one_string(args[0], "the separator of join()"));
    separator = given.value_or("");
  }
  if (input.empty()) return Collection();
  std::string text;
  bool first = true;
  for (const Value& item : input) {
    CONCORD_ASSIGN(const auto part, context.one_string(Collection::of(item), "each item"));
    if (!part) continue;
    if (!first) text += separator;
    first = false;
    text += *part;
    if (!context.spend(1 + part->size() / 64)) return context.failure();
    if (text.size() > context.max_text()) return context.too_large();
  }
  return Collection::of(context.string(text));
}

constexpr FunctionRow row(std::string_view name, Handler handler, Returns returns,
                          std::uint8_t min = 0, std::uint8_t max = 0,
                          Accepts argument = Accepts::string) {
  return {.name = name,
          .min = min,
          .max = max,
          .handler = handler,
          .returns = returns,
          .accepts = Accepts::string,
          .argument = argument,
          .pure = true};
}

constexpr FunctionRow kRows[] = {
    row("indexOf", &fn_index_of, Returns::integer, 1, 1),
    row("lastIndexOf", &fn_last_index_of, Returns::integer, 1, 1),
    row("substring", &fn_substring, Returns::string, 1, 2, Accepts::number),
    row("startsWith", &fn_test<&starts_with>, Returns::boolean, 1, 1),
    row("endsWith", &fn_test<&ends_with>, Returns::boolean, 1, 1),
    row("contains", &fn_test<&contains>, Returns::boolean, 1, 1),
    row("upper", &fn_map<&detail::to_upper>, Returns::string),
    row("lower", &fn_map<&detail::to_lower>, Returns::string),
    row("replace", &fn_replace, Returns::string, 2, 2),
    row("length", &fn_length, Returns::integer),
    row("toChars", &fn_to_chars, Returns::strings),
    row("trim", &fn_trim, Returns::string),
    row("split", &fn_split, Returns::strings, 1, 1),
    row("join", &fn_join, Returns::string, 0, 1),
};

}  // namespace

void register_strings(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
