// encode, decode, escape and unescape: http://hl7.org/fhirpath/#additional-string-functions
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/core/digest.h"
#include "fhir/core/utf8.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/unicode.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

struct Job {
  std::string_view text;
  std::string_view format;
};
Result<std::optional<Job>> job_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input"));
  CONCORD_ASSIGN(const auto format, context.one_string(args[0], "the format"));
  if (!text || !format) return std::optional<Job>();
  if (!context.spend(text->size() / 16)) return context.failure();
  return std::optional(Job{*text, *format});
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

Result<Collection> fn_encode(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto job, job_of(context, input, args));
  if (!job) return Collection();
  std::string text;
  if (job->format == "hex") {
    text = to_hex(job->text);
  } else if (job->format == "base64" || job->format == "urlbase64") {
    text = base64_encode(job->text);
    if (job->format == "urlbase64") {
      std::replace(text.begin(), text.end(), '+', '-');
      std::replace(text.begin(), text.end(), '/', '_');
    }
  } else {
    return Collection();
  }
  return Collection::of(context.string(text));
}

/// Nothing for text that is not of the format, or holds no text.
Result<Collection> fn_decode(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto job, job_of(context, input, args));
  if (!job) return Collection();
  std::optional<std::string> bytes;
  if (job->format == "hex") {
    bytes = from_hex(job->text);
  } else if (job->format == "base64" || job->format == "urlbase64") {
    std::string text(job->text);
    if (job->format == "urlbase64") {
      std::replace(text.begin(), text.end(), '-', '+');
      std::replace(text.begin(), text.end(), '_', '/');
      while (text.size() % 4 != 0) text += '=';
    }
    if (auto decoded = base64_decode(text)) bytes = *std::move(decoded);
  }
  if (!bytes || invalid_utf8_at(*bytes) != std::string_view::npos) return Collection();
  return Collection::of(context.string(*bytes));
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHtml{
    {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}}};

Result<Collection> fn_escape(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto job, job_of(context, input, args));
  if (!job) return Collection();
  std::string text;
  if (job->format == "html") {
    for (const char c : job->text) {
      const auto row = std::find_if(kHtml.begin(), kHtml.end(),
                                    [&](const auto& pair) { return pair.second.front() == c; });
      if (row == kHtml.end()) {
        text += c;
      } else {
        text += row->first;
      }
    }
  } else if (job->format == "json") {
    constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    for (const char c : job->text) {
      const std::size_t at = kPlain.find(c);
      if (at != std::string_view::npos) {
        text += '\\';
        text += kLetters[at];
      } else if (static_cast<unsigned char>(c) < 0x20) {
        text += "\\u00" + to_hex(std::string_view(&c, 1));
      } else {
        text += c;
      }
    }
  } else {
    return Collection();
  }
  return Collection::of(context.string(text));
}

std::string unescape_html(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto row = std::find_if(kHtml.begin(), kHtml.end(),
                                  [&](const auto& pair) { return text.starts_with(pair.first); });
    if (row != kHtml.end()) {
      result += row->second;
      text.remove_prefix(row->first.size());
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string unescape_json(std::string_view text) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kPlain = "\"\\/\b\f\n\r\t";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char c = text[++i];
    const std::size_t letter = kLetters.find(c);
    if (letter != std::string_view::npos) {
      result += kPlain[letter];
      continue;
    }
    char32_t code = 0;
    bool is_code = c == 'u' && i + 4 < text.size();
    for (std::size_t digit = 1; is_code && digit <= 4; ++digit) {
      const int value = hex_value(text[i + digit]);
      is_code = value >= 0;
      code = code * 16 + static_cast<char32_t>(value < 0 ? 0 : value);
    }
    if (is_code && (code < 0xD800 || code > 0xDFFF)) {
      detail::append_utf8(result, code);
      i += 4;
    } else {
      result += '\\';
      result += c;
    }
  }
  return result;
}

Result<Collection> fn_unescape(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto job, job_of(context, input, args));
  if (!job) return Collection();
  if (job->format == "html") return Collection::of(context.string(unescape_html(job->text)));
  if (job->format == "json") return Collection::of(context.string(unescape_json(job->text)));
  return Collection();
}

constexpr FunctionRow row(std::string_view name, Handler handler) {
  return {.name = name,
          .min = 1,
          .max = 1,
          .handler = handler,
          .returns = Returns::string,
          .accepts = Accepts::string,
          .pure = true};
}

constexpr FunctionRow kRows[] = {
    row("encode", &fn_encode),
    row("decode", &fn_decode),
    row("escape", &fn_escape),
    row("unescape", &fn_unescape),
};

}  // namespace

void register_encoding(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
