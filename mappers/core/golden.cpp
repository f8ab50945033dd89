#include "mappers/core/golden.h"

#include <algorithm>
#include <map>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"

namespace concord::mappers {
namespace {

Result<Parameters> parameters_of(std::string_view text, const std::string& place) {
  Parameters parameters;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t equals = line.find('=');
    const auto wrong = [&](std::string_view what) {
      return make_error(ErrorCode::invalid, std::string(what), place + "/parameters.txt",
                        {number, 1});
    };
    if (equals == 0 || equals == std::string_view::npos) return wrong("a line is name=value");
    if (line.substr(0, equals) == "now") {
      const auto now = parse_instant(line.substr(equals + 1));
      if (!now) return wrong("now is no instant");
      parameters.now = *now;
    } else {
      parameters.values[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
  }
  return parameters;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// The message as FHIR; null when it is none and so a message of the format.
Result<tree::Document> fhir_of(const GoldenCase& golden,
                               const definitions::Definitions& definitions) {
  const bool xml = trimmed(golden.input).starts_with('<');
  auto document = xml ? xml::read_fhir(golden.input, definitions.symbols())
                      : json::read(golden.input, definitions.symbols());
  if (!document) return document;
  const tree::Node& root = document->root();
  if (!root.is(tree::Flag::resource) || definitions.type(root.type()) == nullptr) {
    return make_error(ErrorCode::unsupported, "not FHIR");
  }
  tree::Builder builder(*document);
  definitions::annotate(builder, definitions);
  return document;
}

GoldenResult refused(const Error& error) {
  GoldenResult result;
  result.file = "expected.txt";
  result.got = std::string(error_row(error.code).name) + '\n';
  for (const Issue& issue : error.issues) {
    result.got += issue.detail_code + (issue.expression.empty() ? "" : " ") + issue.expression;
    result.got += '\n';
  }
  return result;
}

GoldenResult translated(const GoldenCase& golden, const Mapper& mapper,
                        const definitions::Definitions& definitions) {
  GoldenResult result;
  if (const auto fhir = fhir_of(golden, definitions)) {
    auto encoded = mapper.encode(*fhir, golden.parameters, nullptr);
    if (!encoded) return refused(encoded.error());
    result.file = "expected.xml";
    result.got = std::move(encoded->bytes);
  } else {
    const bool xml = trimmed(golden.input).starts_with('<');
    const auto decoded = mapper.decode(golden.input, xml ? "application/xml" : "application/json",
                                       golden.parameters, nullptr);
    if (!decoded) return refused(decoded.error());
    auto written = json::write(*decoded->resource, {.pretty = true});
    if (!written) return refused(written.error());
    result.file = "expected.json";
    result.got = *std::move(written);
  }
  if (!result.got.ends_with('\n')) result.got += '\n';
  return result;
}

/// The first line in which two texts differ; 0 when they are the same but for a line feed at the
/// end.
std::size_t first_difference(std::string_view a, std::string_view b) {
  if (a.ends_with('\n')) a.remove_suffix(1);
  if (b.ends_with('\n')) b.remove_suffix(1);
  if (a == b) return 0;
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(std::count(a.begin(), at, '\n')) + 1;
}

Result<void> add_file(GoldenCase& to, std::string_view file, std::string_view bytes) {
  const auto second = [&](const char* what) {
    return make_error(ErrorCode::invalid, std::string("a case has one ") + what, to.place);
  };
  if (file == "input.json" || file == "input.xml") {
    if (!to.input_file.empty()) return second("input");
    to.input_file = file;
    to.input = bytes;
  } else if (file == "expected.json" || file == "expected.xml" || file == "expected.txt") {
    if (!to.expected_file.empty()) return second("expected file");
    to.expected_file = file;
    to.expected = bytes;
  } else if (file == "parameters.txt") {
    CONCORD_ASSIGN(to.parameters, parameters_of(bytes, to.place));
  }
  return {};
}

}  // namespace

Result<std::vector<GoldenCase>> golden_cases(std::span<const Resource> files,
                                             std::string_view place) {
  constexpr std::string_view kFolder = "cases/";
  std::map<std::string, GoldenCase, std::less<>> found;
  for (const Resource& file : files) {
    if (!file.name.starts_with(kFolder)) continue;
    const std::string_view below = file.name.substr(kFolder.size());
    const std::size_t slash = below.find('/');
    if (slash == std::string_view::npos) continue;
    GoldenCase& one = found[std::string(below.substr(0, slash))];
    one.name = below.substr(0, slash);
    one.place = std::string(place) + std::string(kFolder) + one.name;
    CONCORD_TRY(add_file(one, below.substr(slash + 1), file.bytes));
  }
  std::vector<GoldenCase> cases;
  for (auto& [name, one] : found) {
    if (one.input_file.empty()) {
      return make_error(ErrorCode::invalid, "a case needs input.json or input.xml", one.place);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<GoldenCase> with_site_cases(std::vector<GoldenCase> ours,
                                        std::vector<GoldenCase> site) {
  for (GoldenCase& one : site) {
    const auto same = std::find_if(ours.begin(), ours.end(),
                                   [&](const GoldenCase& our) { return our.name == one.name; });
    if (same == ours.end()) {
      ours.push_back(std::move(one));
    } else {
      *same = std::move(one);
    }
  }
  return ours;
}

GoldenResult run_golden_case(const GoldenCase& golden, const Mapper& mapper,
                             const definitions::Definitions& definitions) {
  GoldenResult result = translated(golden, mapper, definitions);
  if (golden.expected_file == result.file) {
    result.line = first_difference(golden.expected, result.got);
    result.passed = result.line == 0;
  } else {
    result.line = 1;
  }
  return result;
}

Result<void> check_golden_cases(std::span<const GoldenCase> cases, const Mapper& mapper,
                                const definitions::Definitions& definitions) {
  Error failed;
  failed.code = ErrorCode::invalid;
  for (const GoldenCase& golden : cases) {
    const GoldenResult result = run_golden_case(golden, mapper, definitions);
    if (result.passed) continue;
    std::string text = "the case " + golden.name;
    if (golden.expected_file.empty()) {
      text += " has no expected file";
    } else if (golden.expected_file != result.file) {
      text += " should give " + golden.expected_file + " and gives " + result.file;
    } else {
      text += " differs from " + golden.expected_file + " in line " + std::to_string(result.line);
    }
    failed.issues.push_back(
        {Severity::error, golden.place, std::move(text), {}, {}, "golden-case"});
  }
  if (failed.issues.empty()) return {};
  return failed;
}

}  // namespace concord::mappers
