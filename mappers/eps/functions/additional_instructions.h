#pragma once
/// Additional instructions of an item taken apart. Pure functions, safe from any thread.

#include <string>
#include <string_view>
#include <vector>

namespace concord::eps {

/// What the text of additional instructions holds, in the order it stands there.
struct AdditionalInstructions {
  std::vector<std::string> medications;  ///< of leading `<medication>` tags, unescaped
  std::vector<std::string> messages;     ///< of leading `<patientInfo>` tags, unescaped
  std::string quantity_words;            ///< of a line "CD: …" behind them; "" when there is none
  std::string note;                      ///< the rest, as it is
};

/// Reads what the service writes (functions/escape_xml, maps/line_item.map). A tag that does not
/// end, and all behind it, is note. Linear in the text.
/// Source: eps.md section 18.2, "In".
AdditionalInstructions additional_instructions(std::string_view text);

}  // namespace concord::eps
