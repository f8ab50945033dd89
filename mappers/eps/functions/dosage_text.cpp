#include "mappers/eps/functions/dosage_text.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {
namespace {

std::optional<long long> read_number(std::string_view text) {
  long long number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

/// dosageText(text, sequence) : String. The input are dosages, the arguments what to read of each.
Result<path::Collection> fn_dosage_text(path::EvalContext& context, const path::Collection& input,
                                        path::Args args) {
  if (input.empty()) return path::Collection();
  std::vector<DosageLine> lines;
  lines.reserve(input.size());
  for (std::size_t at = 0; at < input.size(); ++at) {
    CONCORD_ASSIGN(const auto text, context.call(args.lambda(0), input[at], at));
    CONCORD_ASSIGN(const auto sequence, context.call(args.lambda(1), input[at], at));
    DosageLine line;
    if (!text.empty()) line.text = context.text_of(text.front()).value_or(std::string_view{});
    if (!sequence.empty()) {
      const auto written = context.text_of(sequence.front());
      if (written) line.sequence = read_number(*written);
    }
    if (!line.sequence && input.size() > 1) {
      return functions::at(published_error(kMissingValue, "several dosages need a sequence each"),
                           input[at]);
    }
    lines.push_back(line);
  }
  auto joined = dosage_text(lines);
  if (!joined) return functions::at(std::move(joined).error(), input.front());
  return path::Collection::of(context.string(*joined));
}

constexpr path::FunctionRow kRows[] = {
    {.name = "dosageText",
     .min = 2,
     .max = 2,
     .lazy = true,
     .handler = &fn_dosage_text,
     .returns = path::Returns::string,
     .documentation = "one text from dosages: dosageText(text, sequence)"},
};

}  // namespace

Result<std::string> dosage_text(std::span<const DosageLine> lines) {
  if (lines.empty()) return published_error(kTooFewValues, "there must be a dosage");
  if (lines.size() == 1) return std::string(lines.front().text);
  std::vector<DosageLine> ordered(lines.begin(), lines.end());
  for (const DosageLine& line : ordered) {
    if (!line.sequence)
      return published_error(kMissingValue, "several dosages need a sequence each");
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const DosageLine& a, const DosageLine& b) {
    return *a.sequence < *b.sequence;
  });
  std::string text(ordered.front().text);
  for (std::size_t at = 1; at < ordered.size(); ++at) {
    text += ordered[at].sequence == ordered[at - 1].sequence ? ", and " : ", then ";
    text += ordered[at].text;
  }
  return text;
}

void register_dosage_text(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
