// Regular expressions: http://hl7.org/fhirpath/N1/#matchesregex-string-boolean
// RE2 matches in linear time whatever the pattern; "." meets line feeds too (single line mode).
#include <re2/re2.h>

#include <memory>
#include <string>

#include "fhir/path/context.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

/// Null with an error text when RE2 takes it for no pattern, or for one too large.
Result<std::shared_ptr<const RE2>> compile(std::string_view pattern) {
  RE2::Options options(RE2::Quiet);
  options.set_dot_nl(true);
  options.set_max_mem(4 << 20);
  auto compiled =
      std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) {
    return make_error(ErrorCode::invalid, "a regular expression that cannot be used");
  }
  return compiled;
}

Result<std::shared_ptr<const void>> prepare(std::span<const Collection* const> arguments) {
  const Collection* pattern = arguments.empty() ? nullptr : arguments[0];
  if (pattern == nullptr || pattern->size() != 1 || pattern->front().tag() != Tag::string) {
    return std::shared_ptr<const void>();
  }
  CONCORD_ASSIGN(auto compiled, compile(pattern->front().text()));
  return std::shared_ptr<const void>(std::move(compiled));
}

/// The input and the pattern; nothing when one of them is empty.
struct Match {
  std::string_view text;
  std::string_view pattern;
  const RE2* compiled = nullptr;
  std::shared_ptr<const RE2> own;
};
Result<std::optional<Match>> match_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input"));
  CONCORD_ASSIGN(const auto pattern, context.one_string(args[0], "the pattern"));
  if (!text || !pattern) return std::optional<Match>();
  if (!context.spend(1 + text->size() / 16)) return context.failure();
  Match match{*text, *pattern, static_cast<const RE2*>(args.prepared()), nullptr};
  if (match.compiled == nullptr) {
    if (!context.spend(100 + pattern->size())) return context.failure();
    CONCORD_ASSIGN(match.own, compile(*pattern));
    match.compiled = match.own.get();
  }
  return std::optional(std::move(match));
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

Result<Collection> fn_matches(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto match, match_of(context, input, args));
  if (!match) return Collection();
  return Collection::of(RE2::PartialMatch(piece(match->text), *match->compiled));
}

Result<Collection> fn_matches_full(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto match, match_of(context, input, args));
  if (!match) return Collection();
  return Collection::of(RE2::FullMatch(piece(match->text), *match->compiled));
}

/// "$1" and "${name}" as FHIRPath writes groups, to "\1" as RE2 does.
std::string rewrite_of(std::string_view substitution, const RE2& pattern) {
  std::string rewrite;
  for (std::size_t i = 0; i < substitution.size(); ++i) {
    const char c = substitution[i];
    const char next = i + 1 < substitution.size() ? substitution[i + 1] : '\0';
    if (c == '$' && next >= '0' && next <= '9') {
      rewrite += '\\';
      rewrite += next;
      ++i;
    } else if (c == '$' && next == '{') {
      const std::size_t close = substitution.find('}', i);
      const auto& groups = pattern.NamedCapturingGroups();
      const auto group = close == std::string_view::npos
                             ? groups.end()
                             : groups.find(std::string(substitution.substr(i + 2, close - i - 2)));
      if (group == groups.end() || group->second > 9) {
        rewrite += c;
        continue;
      }
      rewrite += '\\';
      rewrite += static_cast<char>('0' + group->second);
      i = close;
    } else if (c == '\\') {
      rewrite += "\\\\";
    } else {
      rewrite += c;
    }
  }
  return rewrite;
}

/// replaceMatches(regex, substitution): an empty pattern leaves the text as it is.
Result<Collection> fn_replace_matches(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto match, match_of(context, input, args));
  CONCORD_ASSIGN(const auto by, context.one_string(args[1], "the substitution"));
  if (!match || !by) return Collection();
  if (match->pattern.empty()) return Collection::of(Value::of(match->text));
  // Every character may be a match, and each may bring the whole text into the result.
  const std::size_t worst = (match->text.size() + 1) * (by->size() + match->text.size());
  if (worst > context.max_text() && !context.spend(worst / 1024)) return context.failure();
  const std::string rewrite = rewrite_of(*by, *match->compiled);
  std::string error;
  if (!match->compiled->CheckRewriteString(rewrite, &error)) {
    return make_error(ErrorCode::invalid, "the substitution names a group the pattern has not");
  }
  std::string text(match->text);
  RE2::GlobalReplace(&text, *match->compiled, rewrite);
  if (text.size() > context.max_text()) return context.too_large();
  return Collection::of(context.string(text));
}

constexpr FunctionRow kRows[] = {
    {.name = "matches",
     .min = 1,
     .max = 1,
     .handler = &fn_matches,
     .returns = Returns::boolean,
     .accepts = Accepts::string,
     .argument = Accepts::string,
     .pure = true,
     .prepare = &prepare},
    {.name = "matchesFull",
     .min = 1,
     .max = 1,
     .handler = &fn_matches_full,
     .returns = Returns::boolean,
     .accepts = Accepts::string,
     .argument = Accepts::string,
     .pure = true,
     .prepare = &prepare},
    {.name = "replaceMatches",
     .min = 2,
     .max = 2,
     .handler = &fn_replace_matches,
     .returns = Returns::string,
     .accepts = Accepts::string,
     .argument = Accepts::string,
     .pure = true,
     .prepare = &prepare},
};

}  // namespace

void register_patterns(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
