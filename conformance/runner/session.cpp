#include "conformance/runner/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "conformance/runner/detail/members.h"
#include "conformance/runner/generator/generator.h"
#include "conformance/runner/load.h"
#include "conformance/runner/select.h"
#include "fhir/core/digest.h"
#include "fhir/core/uuid.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"

namespace concord::runner {

namespace {

constexpr std::size_t kMostText = std::size_t{64} << 20;

std::string escaped_for_json(std::string_view value) {
  std::string made;
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      made += '\\';
      made += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      made += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      made += c;
    }
  }
  return made;
}

/// What would end or change a parameter is written as %XX; the rest is left to the address.
std::string escaped_for_query(std::string_view value) {
  std::string made;
  for (const char c : value) {
    if (c == '+' || c == '#' || c == '%' || c == ' ') {
      made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      made += c;
    }
  }
  return made;
}

/// "${CURRENTDATE}", "${CURRENTDATE, +1, day}", "${DATE-3D}": days from today.
std::optional<int> day_offset(std::string_view text) {
  if (text.empty()) return 0;
  int sign = 0, number = -1, scale = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' || c == '-') {
      sign = c == '+' ? 1 : -1;
    } else if (c >= '0' && c <= '9') {
      const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), number);
      if (error != std::errc{} || number > 100'000) return std::nullopt;
      i = static_cast<std::size_t>(end - text.data()) - 1;
    } else if (c == 'w' || c == 'W') {
      scale = 7;
    } else if (c == 'm' || c == 'M') {
      scale = 30;
    } else if ((c == 'y' || c == 'Y') && scale == 1 && (i == 0 || (text[i - 1] | 32) != 'a')) {
      scale = 365;
    }
  }
  if (number < 0) return std::nullopt;
  return (sign == 0 ? 1 : sign) * number * scale;
}

}  // namespace

Session::Session(const Script& script, Standard& standard, const Settings& settings,
                 Transport transport)
    : script_(script),
      standard_(standard),
      settings_(settings),
      transport_(std::move(transport)),
      random_(settings.seed * 0x9E3779B97F4A7C15u + 1) {
  // Scripts of one run get different values, each script the same in every run of that seed.
  for (const char c : script.name + script.file.filename().string()) {
    random_ = (random_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
}

const Exchange& Session::keep(Exchange exchange, const std::string& request_id,
                              const std::string& response_id) {
  exchanges_.push_back(std::make_unique<Exchange>(std::move(exchange)));
  last_ = exchanges_.back().get();
  if (!request_id.empty()) requests_[request_id] = last_;
  if (!response_id.empty()) responses_[response_id] = last_;
  return *last_;
}

const Exchange* Session::response(const std::string& id) const {
  if (id.empty()) return last_;
  const auto found = responses_.find(id);
  return found == responses_.end() ? nullptr : found->second;
}

const Exchange* Session::request(const std::string& id) const {
  if (id.empty()) return last_;
  const auto found = requests_.find(id);
  return found == requests_.end() ? nullptr : found->second;
}

Result<const tree::Document*> Session::body(const Exchange& exchange, bool of_request) {
  const auto key = std::make_pair(&exchange, of_request);
  auto found = bodies_.find(key);
  if (found == bodies_.end()) {
    const std::string& text = of_request ? exchange.request.body : exchange.response.body;
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
      return make_error(ErrorCode::not_found,
                        of_request ? "the request has no body" : "the response has no body");
    }
    auto document = standard_.read(text);
    if (!document) return std::move(document).error();
    found = bodies_.emplace(key, *std::move(document)).first;
  }
  return &found->second;
}

const Fixture* Session::fixture(std::string_view id) const {
  for (const Fixture& fixture : script_.fixtures) {
    if (fixture.id == id) return &fixture;
  }
  return nullptr;
}

Result<std::string> Session::generated(const Fixture& fixture) {
  generator::Generator make(standard_.definitions, &*standard_.terminology);
  auto made = make.resource(fixture.generated, settings_.seed);
  if (!made) return std::move(made).error();
  if (!fixture.text.empty()) {
    // Elements written beside the extension replace the generated ones.
    CONCORD_ASSIGN(const tree::Document given, standard_.read(fixture.text));
    tree::Builder builder(*made);
    for (const tree::Node& child : given.root().children()) {
      const std::string_view name = given.name(child);
      if (name == "extension") continue;
      const tree::Symbol symbol = builder.symbol(name);
      if (child.parent()->child(child.name()) == &child) {
        while (const tree::Node* old = made->root().child(symbol)) {
          builder.detach(tree::Builder::mutable_node(*old));
        }
      }
      if (builder.copy_into(builder.root(), given, child, symbol) == nullptr) {
        return make_error(ErrorCode::too_long, "the generated fixture is too large");
      }
    }
  }
  return json::write(*made);
}

Result<std::string> Session::load_reference(const Fixture& fixture) {
  namespace fs = std::filesystem;
  const std::string& reference = fixture.reference;
  if (reference.starts_with("http://") || reference.starts_with("https://")) {
    if (!settings_.allow_remote) {
      return make_error(ErrorCode::forbidden, "the fixture " + fixture.id +
                                                  " stands at a URL; --allow-remote fetches it");
    }
    CONCORD_ASSIGN(auto response,
                   transport_({"GET", reference, {{"Accept", "application/fhir+json"}}, {}}));
    if (response.status != 200) {
      return make_error(ErrorCode::not_found, "the URL of the fixture " + fixture.id + " answers " +
                                                  std::to_string(response.status));
    }
    return std::move(response.body);
  }
  std::string plain = reference;
  if (plain.find("..") != std::string::npos) {
    // A script may name what lies beside and above it, but only there.
    plain = fs::path(plain).lexically_normal().string();
  }
  std::vector<std::string> names{plain};
  std::string dashed = plain;
  std::replace(dashed.begin(), dashed.end(), '/', '-');
  std::string lower = dashed;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string& stem : {plain, dashed, lower}) {
    names.push_back(stem + ".json");
    names.push_back(stem + ".xml");
  }
  std::vector<fs::path> folders{script_.file.parent_path(), script_.file.parent_path() / "fixtures",
                                script_.file.parent_path() / "_reference" / "resources"};
  folders.insert(folders.end(), settings_.fixture_folders.begin(), settings_.fixture_folders.end());
  for (const fs::path& folder : folders) {
    for (const std::string& name : names) {
      std::error_code failed;
      if (fs::is_regular_file(folder / name, failed)) return read_file(folder / name);
    }
  }
  return make_error(ErrorCode::not_found,
                    "the fixture " + fixture.id + " names a file that is nowhere to be found");
}

Result<std::string> Session::fixture_text(const Fixture& fixture) {
  auto found = raw_fixtures_.find(fixture.id);
  if (found == raw_fixtures_.end()) {
    Result<std::string> raw = std::string(fixture.text);
    if (!fixture.generated.empty()) {
      raw = generated(fixture);
    } else if (fixture.text.empty() && !fixture.reference.empty()) {
      raw = load_reference(fixture);
    } else if (fixture.text.empty()) {
      raw = make_error(ErrorCode::not_found, "the fixture " + fixture.id + " holds no resource");
    }
    if (!raw) return raw;
    found = raw_fixtures_.emplace(fixture.id, *std::move(raw)).first;
  }
  const bool json = found->second.find_first_not_of(" \t\r\n") != std::string::npos &&
                    found->second[found->second.find_first_not_of(" \t\r\n")] != '<';
  return substitute(found->second, json ? Into::json : Into::text);
}

Result<const tree::Document*> Session::source(const std::string& id) {
  if (const auto found = responses_.find(id); found != responses_.end()) {
    return body(*found->second);
  }
  if (const Fixture* const named = fixture(id)) {
    CONCORD_ASSIGN(std::string text, fixture_text(*named));
    auto kept = fixture_documents_.find(id);
    if (kept == fixture_documents_.end() || kept->second.first != text) {
      CONCORD_ASSIGN(auto document, standard_.read(text));
      kept = fixture_documents_
                 .insert_or_assign(id, std::make_pair(std::move(text), std::move(document)))
                 .first;
    }
    return &kept->second.second;
  }
  if (const auto found = requests_.find(id); found != requests_.end()) {
    return body(*found->second, true);
  }
  return make_error(ErrorCode::not_found, "no fixture, request or response has the id " + id);
}

std::string Session::server_id(const std::string& fixture) const {
  const auto found = server_ids_.find(fixture);
  return found == server_ids_.end() ? std::string{} : found->second;
}

Result<std::string> Session::substitute(std::string_view text, Into into) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find("${", at);
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) {
      made += text.substr(at);
      break;
    }
    made += text.substr(at, open - at);
    const std::string name(text.substr(open + 2, close - open - 2));
    CONCORD_ASSIGN(const std::string value, variable(name));
    const bool in_query = into == Into::query && made.find('?') != std::string::npos;
    made += into == Into::json ? escaped_for_json(value)
            : in_query         ? escaped_for_query(value)
                               : value;
    if (made.size() > kMostText) return make_error(ErrorCode::too_long, "over 64 MiB of text");
    at = close + 1;
  }
  return made;
}

Result<std::optional<std::string>> Session::evaluated(const Variable& variable) {
  const bool computed =
      !variable.header_field.empty() || !variable.expression.empty() || !variable.path.empty();
  if (!computed) return std::optional<std::string>{};
  if (!variable.header_field.empty()) {
    const Exchange* const from = response(variable.source_id);
    if (from == nullptr) return std::optional<std::string>{};
    return header(from->response.headers, variable.header_field);
  }
  const tree::Document* document = nullptr;
  if (variable.source_id.empty()) {
    if (last_ == nullptr) return std::optional<std::string>{};
    auto read = body(*last_);
    if (!read) return std::move(read).error();
    document = *read;
  } else {
    auto read = source(variable.source_id);
    if (!read) return std::move(read).error();
    document = *read;
  }
  std::string text = variable.expression.empty() ? variable.path : variable.expression;
  if (text.find("${") != std::string::npos) {
    CONCORD_ASSIGN(text, substitute(text));
  }
  auto values = variable.expression.empty() ? select_by_path(standard_, *document, text)
                                            : select_by_expression(standard_, *document, text);
  if (!values) return std::move(values).error();
  if (values->empty() || values->front().empty()) return std::optional<std::string>{};
  return std::optional<std::string>(values->front());
}

Result<std::string> Session::variable(const std::string& name) {
  if (const auto found = bound_.find(name); found != bound_.end()) return found->second;
  if (const auto found = settings_.variables.find(name); found != settings_.variables.end()) {
    return found->second;
  }
  for (const Variable& variable : script_.variables) {
    if (variable.name != name) continue;
    if (!evaluating_.insert(name).second) {
      return make_error(ErrorCode::invalid, "the variable " + name + " leads back to itself");
    }
    const std::string outer = std::exchange(owner_, name);
    auto value = evaluated(variable);
    Result<std::string> answer =
        make_error(ErrorCode::not_found, "the variable " + name + " has no value");
    if (value && *value) {
      answer = **value;
    } else if (variable.default_value) {
      answer = substitute(*variable.default_value);
    } else if (!value) {
      answer = make_error(ErrorCode::not_found, "the variable " + name + " has no value: " +
                                                    value.error().issues.front().text);
    } else if (!variable.hint.empty()) {
      answer = make_error(ErrorCode::not_found,
                          "the variable " + name + " wants a value: --variable " + name + "=…");
    }
    owner_ = outer;
    evaluating_.erase(name);
    return answer;
  }
  if (auto made = placeholder(name)) return *std::move(made);
  return make_error(ErrorCode::not_found, "there is no variable " + name);
}

std::string Session::random_text(std::string_view alphabet, std::size_t length) {
  std::string made;
  for (std::size_t i = 0; i < length; ++i) {
    // SplitMix64: good enough for texts that only have to differ.
    random_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = random_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    made += alphabet[(z ^ (z >> 31)) % alphabet.size()];
  }
  return made;
}

std::optional<std::string> Session::placeholder(const std::string& name) {
  // The same placeholder of the same variable keeps its value through the run.
  const std::string key = owner_ + '\n' + name;
  if (const auto found = placeholders_.find(key); found != placeholders_.end()) {
    return found->second;
  }
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kDigits = "0123456789";
  const auto length = [&](std::size_t from) -> std::size_t {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(name.data() + from, name.data() + name.size(), value);
    return error == std::errc{} && end == name.data() + name.size() && value <= 256 ? value : 0;
  };
  const Instant now = standard_.clock();
  std::optional<std::string> made;
  if (name == "UUID") {
    made = uuid_v5("concord-conformance", random_text(kLetters, 32));
  } else if (name.starts_with("CURRENTDATETIME")) {
    if (const auto days = day_offset(std::string_view(name).substr(15))) {
      made = format_instant(now + std::chrono::days(*days));
    }
  } else if (name.starts_with("CURRENTDATE") || name.starts_with("DATE")) {
    const std::size_t prefix = name.starts_with("DATE") ? 4 : 11;
    if (const auto days = day_offset(std::string_view(name).substr(prefix))) {
      made = format_instant(now + std::chrono::days(*days)).substr(0, 10);
    }
  } else if (name.starts_with("CD") && length(2) > 0) {
    made = random_text(std::string(kLetters) + std::string(kDigits), length(2));
  } else if (name.starts_with("C") && length(1) > 0) {
    made = random_text(kLetters, length(1));
  } else if (name.starts_with("D") && length(1) > 0) {
    made = random_text(kDigits.substr(1), 1) + random_text(kDigits, length(1) - 1);
  }
  if (made) placeholders_[key] = *made;
  return made;
}

}  // namespace concord::runner
