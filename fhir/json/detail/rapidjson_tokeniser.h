#pragma once
/// The tokeniser of detail/tokeniser.h over RapidJSON's SAX reader.

#include <rapidjson/reader.h>

#include <string_view>

#include "fhir/json/detail/stream.h"
#include "fhir/json/detail/tokeniser.h"

namespace concord::json::detail {

inline Fault fault_of(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorNone:
      return Fault::none;
    case rapidjson::kParseErrorTermination:
      return Fault::stopped;
    case rapidjson::kParseErrorDocumentEmpty:
      return Fault::empty;
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return Fault::after_end;
    case rapidjson::kParseErrorValueInvalid:
      return Fault::value;
    case rapidjson::kParseErrorObjectMissName:
      return Fault::name;
    case rapidjson::kParseErrorObjectMissColon:
      return Fault::colon;
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return Fault::comma_or_brace;
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return Fault::comma_or_bracket;
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
    case rapidjson::kParseErrorStringEscapeInvalid:
      return Fault::escape;
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return Fault::surrogate;
    case rapidjson::kParseErrorStringMissQuotationMark:
      return Fault::unterminated;
    case rapidjson::kParseErrorNumberTooBig:
      return Fault::huge_number;
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return Fault::number;
    default:
      return Fault::other;
  }
}

/// RapidJSON's idea of a handler over ours. Strings and numbers come as pointers into `text`; the
/// iterative parser stands right behind a literal, and still at a bracket.
template <typename Input, typename Events>
struct Handler {
  Events& events;
  const char* const text;
  Input& stream;

  std::size_t at(const char* pointer) const { return static_cast<std::size_t>(pointer - text); }
  bool Null() { return events.null(stream.Tell() - 4); }
  bool Bool(bool value) { return events.boolean(value, stream.Tell() - (value ? 4 : 5)); }
  bool RawNumber(const char* number, rapidjson::SizeType length, bool) {
    return events.number(std::string_view(number, length), at(number));
  }
  bool String(const char* string, rapidjson::SizeType length, bool) {
    return events.string(std::string_view(string, length), at(string) - 1);
  }
  bool Key(const char* name, rapidjson::SizeType length, bool) {
    return events.key(std::string_view(name, length), at(name) - 1);
  }
  bool StartObject() { return events.begin_object(stream.Tell()); }
  bool EndObject(rapidjson::SizeType) {
    if constexpr (requires { events.end_object(std::size_t{}); }) {
      return events.end_object(stream.Tell());
    } else {
      return events.end_object();
    }
  }
  bool StartArray() { return events.begin_array(stream.Tell()); }
  bool EndArray(rapidjson::SizeType) {
    if constexpr (requires { events.end_array(std::size_t{}); }) {
      return events.end_array(stream.Tell());
    } else {
      return events.end_array();
    }
  }
  // Never called with numbers as text; the concept asks for them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
};

/// One run of RapidJSON over a stream with flags beside the usual ones.
template <unsigned kMoreFlags, typename Input, typename Events>
TokenError run_rapidjson(Input& stream, const char* text, std::size_t size, Events& events) {
  Handler<Input, Events> handler{events, text, stream};
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag | kMoreFlags;
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (result.IsError()) {
    const Fault fault = fault_of(result.Code());
    // RapidJSON calls a control character a bad escape, too.
    const bool control = fault == Fault::escape && text[result.Offset()] != '\\';
    return {control ? Fault::control : fault, result.Offset()};
  }
  // RapidJSON takes a zero byte for the end of the text.
  if (stream.Tell() != size) return {Fault::after_end, stream.Tell()};
  return {};
}

template <typename Events>
TokenError tokenise(char* text, std::size_t size, Events& events) {
  Stream stream(text);
  return run_rapidjson<0>(stream, text, size, events);
}

}  // namespace concord::json::detail
