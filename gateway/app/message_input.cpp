#include "gateway/app/message_input.h"

#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"

namespace concord::app {

bool is_xml_text(std::string_view text) noexcept {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

Result<tree::Document> read_fhir_text(std::string text, const tree::Symbols& symbols,
                                      const tree::Limits& limits, std::vector<Issue>& warnings) {
  if (is_xml_text(text)) return xml::read_fhir(std::move(text), symbols, limits);
  std::vector<tree::SyntaxFinding> passed;
  auto read = json::read_passing_empty_arrays(std::move(text), symbols, limits, &passed);
  for (const tree::SyntaxFinding& finding : passed) {
    Issue warning;
    warning.severity = Severity::warning;
    warning.code = "structure";
    warning.text = "an array without members says nothing";
    warning.expression = finding.path;
    warning.position = finding.position;
    warnings.push_back(std::move(warning));
  }
  return read;
}

Result<mappers::Parameters> make_parameters(const std::string& now,
                                            const std::vector<std::string>& set) {
  mappers::Parameters parameters;
  if (now.empty()) {
    parameters.now = system_clock()();
  } else {
    CONCORD_ASSIGN(parameters.now, parse_instant(now));
  }
  for (const std::string& pair : set) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return make_error(ErrorCode::invalid, "--set takes name=value");
    }
    parameters.values[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return parameters;
}

}  // namespace concord::app
