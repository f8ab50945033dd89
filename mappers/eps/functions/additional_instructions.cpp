#include "mappers/eps/functions/additional_instructions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

constexpr std::string_view kWhite = " \t\r\n";
constexpr std::string_view kWords = "CD: ";

/// The character of an entity name or number; "" when it is none.
std::string_view named_entity(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEntities{
      {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}};
  const auto found = std::find_if(kEntities.begin(), kEntities.end(),
                                  [&](const auto& entity) { return entity.first == name; });
  return found == kEntities.end() ? std::string_view{} : found->second;
}

/// Text with the five entities of XML as characters; an & that begins none stays.
std::string unescaped(std::string_view text) {
  constexpr std::size_t kLongestName = 4;
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const std::size_t mark = std::min(text.find('&'), text.size());
    plain += text.substr(0, mark);
    text.remove_prefix(mark);
    if (text.empty()) break;
    const std::size_t end = text.substr(0, kLongestName + 2).find(';');
    const std::string_view character =
        end == std::string_view::npos ? std::string_view{} : named_entity(text.substr(1, end - 1));
    plain += character.empty() ? text.substr(0, 1) : character;
    text.remove_prefix(character.empty() ? 1 : end + 1);
  }
  return plain;
}

/// Takes `<name>content</name>` from the front of the text, white space before it included. False,
/// and the text as it was, when it does not start so.
bool take_tag(std::string_view& text, std::string_view name, std::string& content) {
  std::string_view left = text;
  left.remove_prefix(std::min(left.find_first_not_of(kWhite), left.size()));
  const std::string open = "<" + std::string(name) + ">";
  if (!left.starts_with(open)) return false;
  left.remove_prefix(open.size());
  const std::string close = "</" + std::string(name) + ">";
  const std::size_t end = left.find(close);
  if (end == std::string_view::npos) return false;
  content = unescaped(left.substr(0, end));
  text = left.substr(end + close.size());
  return true;
}

/// A function that gives the texts `of` picks.
template <typename Of>
Result<path::Collection> pick(path::EvalContext& context, const path::Collection& input, Of&& of) {
  path::Collection made;
  for (const path::Value& item : input) {
    const auto text = context.text_of(item);
    if (!text) continue;
    const AdditionalInstructions read = additional_instructions(*text);
    for (const std::string& one : of(read)) {
      if (!made.add(context, context.string(one))) return context.failure();
    }
  }
  return made;
}

std::vector<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
}

/// instructionMedications() : String
Result<path::Collection> fn_medications(path::EvalContext& context, const path::Collection& input,
                                        path::Args) {
  return pick(context, input, [](const AdditionalInstructions& read) { return read.medications; });
}

/// instructionMessages() : String
Result<path::Collection> fn_messages(path::EvalContext& context, const path::Collection& input,
                                     path::Args) {
  return pick(context, input, [](const AdditionalInstructions& read) { return read.messages; });
}

/// instructionQuantityWords() : String
Result<path::Collection> fn_words(path::EvalContext& context, const path::Collection& input,
                                  path::Args) {
  return pick(context, input,
              [](const AdditionalInstructions& read) { return unless_empty(read.quantity_words); });
}

/// instructionNote() : String
Result<path::Collection> fn_note(path::EvalContext& context, const path::Collection& input,
                                 path::Args) {
  return pick(context, input,
              [](const AdditionalInstructions& read) { return unless_empty(read.note); });
}

constexpr path::FunctionRow kRows[] = {
    {.name = "instructionMedications",
     .handler = &fn_medications,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "what leading <medication> tags hold"},
    {.name = "instructionMessages",
     .handler = &fn_messages,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "what leading <patientInfo> tags hold"},
    {.name = "instructionQuantityWords",
     .handler = &fn_words,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "the words of a controlled drug's quantity, behind \"CD: \""},
    {.name = "instructionNote",
     .handler = &fn_note,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "additional instructions without tags and quantity words"},
};

}  // namespace

AdditionalInstructions additional_instructions(std::string_view text) {
  AdditionalInstructions read;
  std::string content;
  while (true) {
    if (take_tag(text, "medication", content)) {
      if (!content.empty()) read.medications.push_back(std::move(content));
    } else if (take_tag(text, "patientInfo", content)) {
      if (!content.empty()) read.messages.push_back(std::move(content));
    } else {
      break;
    }
  }
  if (text.starts_with(kWords)) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    read.quantity_words = text.substr(kWords.size(), end - kWords.size());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (text.find_first_not_of(kWhite) != std::string_view::npos) read.note = text;
  return read;
}

void register_additional_instructions(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
