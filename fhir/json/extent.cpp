#include "fhir/json/extent.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace concord::json {

std::optional<std::size_t> value_end(std::string_view text, std::size_t begin) {
  if (begin >= text.size()) return std::nullopt;
  constexpr unsigned kFlags = rapidjson::kParseStopWhenDoneFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream stream(text.data() + begin, text.size() - begin);
  rapidjson::BaseReaderHandler<> ignore;
  rapidjson::Reader reader;
  if (!reader.Parse<kFlags>(stream, ignore)) return std::nullopt;
  return begin + stream.Tell();
}

}  // namespace concord::json
