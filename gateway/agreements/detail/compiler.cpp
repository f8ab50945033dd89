#include "gateway/agreements/detail/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fhir/core/identifiers.h"

namespace concord::agreements::detail {
namespace {

constexpr std::size_t kMostRules = 200;
constexpr std::size_t kMostVariables = 100;
constexpr std::int64_t kMostWorkingMinutes = 60 * 24 * 90;

/// Where work may be sent. A pharmacy is not among them: patients choose their dispenser.
/// Source: agreements.md section 0, number 2.
constexpr std::array<std::string_view, 5> kQueues{"prescriber", "clinician", "practice",
                                                  "care-home", "pcn-pharmacist"};

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && is_name_start(text[end])) {
    while (end < text.size() && is_name_part(text[end])) ++end;
  }
  return text.substr(at, end - at);
}

/// Everything an expression names with %, outside literals and comments.
struct Mentions {
  std::set<std::string, std::less<>> variables;
  std::set<std::string, std::less<>> facts;
  bool whole_facts = false;  ///< %facts without .name
  bool quoted = false;       ///< %`name` or %'name'
};

/// The place after a literal, delimited identifier or comment that starts at `at`; `at` when none
/// does.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '\'' || c == '"' || c == '`') {
    for (++at; at < text.size() && text[at] != c; ++at) {
      if (text[at] == '\\') ++at;
    }
    return at + 1;
  }
  if (text.substr(at, 2) == "//") return std::min(text.find('\n', at), text.size());
  if (text.substr(at, 2) == "/*") {
    const auto end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return at;
}

Mentions mentions_in(std::string_view text) {
  Mentions found;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t after = skip_quoted(text, at); after != at) {
      at = after;
      continue;
    }
    if (text[at] != '%') {
      ++at;
      continue;
    }
    const std::string_view name = name_at(text, at + 1);
    at += 1 + name.size();
    if (name.empty() && at < text.size() && (text[at] == '`' || text[at] == '\'')) {
      found.quoted = true;
    }
    if (name != "facts") {
      if (!name.empty()) found.variables.emplace(name);
      continue;
    }
    const std::string_view fact =
        at < text.size() && text[at] == '.' ? name_at(text, at + 1) : std::string_view();
    if (fact.empty()) {
      found.whole_facts = true;
    } else {
      found.facts.emplace(fact);
      at += 1 + fact.size();
    }
  }
  return found;
}

std::string_view focus_type(Focus focus) {
  return focus == Focus::bundle ? "Bundle" : "MedicationRequest";
}

class Compiler {
 public:
  Compiler(YamlFile& file, const CompileInput& input) : file_(file), input_(input) {
    declared_ = {{"facts", "", true},
                 {"bundle", "Bundle", true},
                 {"orderer", "System.String", true},
                 {"performer", "System.String", true}};
  }

  std::optional<Agreement> compile(std::string_view text) {
    const YAML::Node root = file_.parse(text);
    if (!file_.good()) return std::nullopt;
    file_.check_mapping(root, "an agreement",
                        {"id", "version", "title", "enforcement", "parties", "valid", "calendars",
                         "variables", "rules", "otherwise"});
    head(root);
    parties(root["parties"], root);
    valid(root["valid"], root);
    calendars(root["calendars"]);
    variables(root["variables"]);
    rules(root["rules"], root);
    if (!file_.good()) return std::nullopt;
    return std::move(agreement_);
  }

 private:
  void head(const YAML::Node& root) {
    if (auto id = file_.required(root, "id")) {
      if (!is_word(*id)) file_.fail(root["id"], "'id' must be letters, digits, '-', '_' and '.'");
      agreement_.id = std::move(*id);
    }
    if (const auto version = file_.required_number(root, "version", 1, 1'000'000)) {
      agreement_.version = static_cast<std::uint32_t>(*version);
    }
    file_.optional(root, "title");
    if (const auto mode = file_.one_of(root, "enforcement", {"shadow", "enforced"}, true)) {
      agreement_.enforcement = static_cast<Enforcement>(*mode);
    }
    const auto otherwise = file_.one_of(root, "otherwise", {"permit", "annotate", "warn"}, false);
    agreement_.otherwise = static_cast<Effect>(otherwise.value_or(0));
  }

  void side(const YAML::Node& parties, const char* key, Side& side) {
    const YAML::Node node = parties[key];
    if (!node.IsDefined()) {
      file_.fail(parties, fmt::format("'{}' is missing", key));
    } else if (node.IsScalar() && node.Scalar() == "any") {
      side.any = true;
    } else if (!node.IsSequence() || node.size() == 0) {
      file_.fail(node, fmt::format("'{}' must be a list of ODS codes, or any", key));
    } else {
      for (const YAML::Node& entry : node) {
        if (!entry.IsScalar() || !check_ods_code(entry.Scalar())) {
          file_.fail(entry, "not an ODS code");
        } else if (!side.codes.insert(entry.Scalar()).second) {
          file_.fail(entry, fmt::format("ODS code {} is given twice", entry.Scalar()));
        }
      }
    }
  }

  void parties(const YAML::Node& node, const YAML::Node& root) {
    if (!node.IsDefined()) return file_.fail(root, "'parties' is missing");
    if (!file_.check_mapping(node, "parties", {"orderer", "performer"})) return;
    side(node, "orderer", agreement_.orderer);
    side(node, "performer", agreement_.performer);
  }

  void valid(const YAML::Node& node, const YAML::Node& root) {
    if (!node.IsDefined()) return file_.fail(root, "'valid' is missing");
    if (!file_.check_mapping(node, "valid", {"start", "end"})) return;
    if (!node["start"].IsDefined()) file_.fail(node, "'start' is missing");
    const auto start = file_.optional_date(node, "start");
    const auto end = file_.optional_date(node, "end");
    if (start) agreement_.start = std::chrono::sys_days{*start};
    if (end) agreement_.end = std::chrono::sys_days{*end};
    if (start && end && *end < *start) file_.fail(node["end"], "'end' is before 'start'");
  }

  void calendars(const YAML::Node& node) {
    calendar_ids_ = {"england-practice", "england-pharmacy"};
    if (!node.IsDefined()) return;
    if (!file_.check_mapping(node, "calendars", {"orderer", "performer"})) return;
    for (const auto& [key, party] :
         {std::pair{"orderer", Party::orderer}, std::pair{"performer", Party::performer}}) {
      if (auto id = file_.optional(node, key)) {
        if (!input_.calendars.contains(*id)) {
          file_.fail(node[key], fmt::format("there is no calendar '{}'", *id));
        }
        calendar_ids_[static_cast<std::size_t>(party)] = std::move(*id);
      }
    }
  }

  // ---- expressions ---------------------------------------------------------------------------

  /// Compiles a text at its place in the file, and collects the facts and variables it needs.
  std::optional<path::Expression> expression(const YAML::Node& node, Focus focus,
                                             std::set<std::string, std::less<>>& facts,
                                             std::vector<std::size_t>& needed) {
    if (!node.IsScalar() || node.Scalar().empty()) {
      file_.fail(node, "an expression must be a text");
      return std::nullopt;
    }
    const std::string& text = node.Scalar();
    const Mentions mentions = mentions_in(text);
    const bool good = resolve(node, mentions, focus, facts, needed);
    const Position start = file_.content_position(node);
    auto compiled = path::Expression::compile(
        text, path::CompileContext{.symbols = input_.definitions.symbols(),
                                   .functions = input_.functions,
                                   .definitions = &input_.definitions,
                                   .focus_type = std::string(focus_type(focus)),
                                   .variables = declared_,
                                   .strict = true,
                                   .location = {{}, start.line, start.column}});
    if (!compiled) {
      for (const Issue& issue : compiled.error().issues) {
        file_.fail(issue.position.line != 0 ? issue.position : start, issue.text);
      }
      return std::nullopt;
    }
    if (!good) return std::nullopt;
    return *std::move(compiled);
  }

  bool resolve(const YAML::Node& node, const Mentions& mentions, Focus focus,
               std::set<std::string, std::less<>>& facts, std::vector<std::size_t>& needed) {
    const std::size_t faults = file_.issues().size();
    if (mentions.quoted) file_.fail(node, "names of variables are written without quotes here");
    if (mentions.whole_facts) file_.fail(node, "%facts must be followed by .name of a fact");
    for (const std::string& fact : mentions.facts) {
      if (find_fact(fact) == nullptr) {
        file_.fail(node, fmt::format("there is no fact '{}'", fact));
      }
      facts.insert(fact);
    }
    std::set<std::size_t> uses;
    for (const std::string& name : mentions.variables) {
      const auto found =
          std::find_if(agreement_.variables.begin(), agreement_.variables.end(),
                       [&](const Variable& variable) { return variable.name == name; });
      if (found == agreement_.variables.end()) continue;  // a standard one, or a compile error
      if (focus == Focus::bundle && found->focus != Focus::bundle) {
        file_.fail(node, fmt::format("%{} is about a MedicationRequest, but this is about the "
                                     "Bundle",
                                     name));
      }
      const auto index = static_cast<std::size_t>(found - agreement_.variables.begin());
      uses.insert(needs_[index].begin(), needs_[index].end());
      uses.insert(index);
      facts.insert(found->facts.begin(), found->facts.end());
    }
    needed.assign(uses.begin(), uses.end());
    return file_.issues().size() == faults;
  }

  std::optional<Focus> focus(const YAML::Node& map) {
    const auto focus = file_.one_of(map, "focus", {"MedicationRequest", "Bundle"}, false);
    return static_cast<Focus>(focus.value_or(0));
  }

  void variables(const YAML::Node& node) {
    if (!node.IsDefined()) return;
    if (!file_.check_mapping(node, "variables", {})) return;
    if (node.size() > kMostVariables) {
      return file_.fail(node, fmt::format("more than {} variables", kMostVariables));
    }
    for (const auto& entry : node) variable(entry.first, entry.second);
  }

  void variable(const YAML::Node& key, const YAML::Node& value) {
    const std::string& name = key.Scalar();
    if (name_at(name, 0).size() != name.size() || name.empty()) {
      return file_.fail(key, "a variable's name must be letters, digits and '_'");
    }
    for (const path::VariableDeclaration& taken : declared_) {
      if (taken.name == name) {
        return file_.fail(key, fmt::format("'{}' is the name of a standard variable", name));
      }
    }
    Focus of = Focus::medication_request;
    YAML::Node text = value;
    if (value.IsMap()) {
      file_.check_mapping(value, "a variable", {"focus", "is"});
      of = focus(value).value_or(of);
      text.reset(value["is"]);
      if (!text.IsDefined()) return file_.fail(value, "'is' is missing");
    }
    std::set<std::string, std::less<>> facts;
    std::vector<std::size_t> needed;
    auto compiled = expression(text, of, facts, needed);
    path::VariableDeclaration declaration{name, "", false};
    if (compiled) {
      const path::ResultType& type = compiled->result_type();
      declaration.single = type.single;
      if (type.types.size() == 1) {
        declaration.type = std::string(input_.definitions.symbols().text(type.types.front()));
      }
      agreement_.variables.push_back(Variable{name, of, *std::move(compiled), std::move(facts)});
      needs_.push_back(std::move(needed));
      declared_.push_back(std::move(declaration));
    } else {
      broken_.insert(name);
    }
  }

  // ---- rules ---------------------------------------------------------------------------------

  void rules(const YAML::Node& node, const YAML::Node& root) {
    if (!node.IsDefined()) return file_.fail(root, "'rules' is missing");
    if (!node.IsSequence() || node.size() == 0) {
      return file_.fail(node, "'rules' must be a list with at least one rule");
    }
    if (node.size() > kMostRules) {
      return file_.fail(node, fmt::format("more than {} rules", kMostRules));
    }
    std::set<std::string> seen{"otherwise"};
    for (const YAML::Node& entry : node) {
      if (!file_.check_mapping(entry, "a rule",
                               {"id", "focus", "event", "when", "effect", "to", "clock", "explain",
                                "source", "tier", "enforcement", "on_indeterminate"})) {
        continue;
      }
      rule(entry, seen);
    }
  }

  void rule(const YAML::Node& node, std::set<std::string>& seen) {
    std::string id = file_.required(node, "id").value_or("");
    if (!id.empty() && !is_word(id)) {
      file_.fail(node["id"], "'id' must be letters, digits, '-', '_' and '.'");
    } else if (!id.empty() && !seen.insert(id).second) {
      file_.fail(node["id"], fmt::format("rule id '{}' is given twice, or is reserved", id));
    }
    const Focus of = *focus(node);
    std::string event = file_.optional(node, "event").value_or("prescription-order");
    const auto effect =
        file_.one_of(node, "effect", {"annotate", "warn", "route", "hold", "reject"}, true);
    const auto unknown =
        file_.one_of(node, "on_indeterminate", {"annotate", "warn", "route", "hold"}, false);
    if (unknown == 2) file_.fail(node["on_indeterminate"], "what is unknown cannot be routed");
    const auto shadow = file_.one_of(node, "enforcement", {"shadow", "enforced"}, false);
    const Enforcement enforcement = shadow == 0 ? Enforcement::shadow : agreement_.enforcement;
    if (shadow == 1 && agreement_.enforcement == Enforcement::shadow) {
      file_.fail(node["enforcement"], "a rule of a shadow agreement cannot be enforced");
    }
    const Tier tier = rule_tier(node);
    std::string route_to = route(node, effect);
    auto clock = this->clock(node["clock"]);
    std::string explain = file_.required(node, "explain").value_or("");
    std::string source = file_.required(node, "source").value_or("");

    if (!node["when"].IsDefined()) return file_.fail(node, "'when' is missing");
    if (names_broken(node["when"])) return;
    std::set<std::string, std::less<>> facts;
    std::vector<std::size_t> needed;
    auto when = expression(node["when"], of, facts, needed);
    if (!when || !effect || !is_truth(node["when"], *when)) return;
    agreement_.rules.push_back(
        Rule{.id = std::move(id),
             .focus = of,
             .event = std::move(event),
             .when = *std::move(when),
             .variables = std::move(needed),
             .facts = std::move(facts),
             .effect = static_cast<Effect>(*effect + 1),
             .on_indeterminate = static_cast<Effect>(unknown.value_or(0) + 1),
             .enforcement = enforcement,
             .tier = tier,
             .route_to = std::move(route_to),
             .clock = clock,
             .explain = std::move(explain),
             .source = std::move(source)});
  }

  /// True when the text names a variable that did not compile: its fault is told already.
  bool names_broken(const YAML::Node& when) {
    if (!when.IsScalar()) return false;
    const Mentions mentions = mentions_in(when.Scalar());
    return std::any_of(mentions.variables.begin(), mentions.variables.end(),
                       [this](const std::string& name) { return broken_.contains(name); });
  }

  bool is_truth(const YAML::Node& node, const path::Expression& when) {
    const path::ResultType& type = when.result_type();
    const tree::Symbols& symbols = input_.definitions.symbols();
    const bool fits = type.types.empty() ||
                      std::any_of(type.types.begin(), type.types.end(), [&](tree::Symbol symbol) {
                        const std::string_view name = symbols.text(symbol);
                        return name == "System.Boolean" || name == "boolean";
                      });
    if (!fits) file_.fail(node, "'when' must be true or false, and this is neither");
    return fits;
  }

  /// Law and national rules bind everyone; what two parties sign binds them.
  Tier rule_tier(const YAML::Node& node) {
    const bool platform = agreement_.orderer.any && agreement_.performer.any;
    if (!node["tier"].IsDefined() && !platform) return Tier::agreement;
    const auto number = file_.required_number(node, "tier", 1, 4);
    if (!number) return Tier::agreement;
    if (platform && *number > 2) {
      file_.fail(node["tier"], "a rule for any orderer and any performer must be of tier 1 or 2");
    } else if (!platform && *number <= 2) {
      file_.fail(node["tier"], "a rule of tier 1 or 2 must be for any orderer and any performer");
    }
    return static_cast<Tier>(*number);
  }

  std::string route(const YAML::Node& node, const std::optional<std::size_t>& effect) {
    const bool routes = effect && static_cast<Effect>(*effect + 1) == Effect::route;
    if (!routes) {
      if (node["to"].IsDefined()) file_.fail(node["to"], "'to' is for the effect route only");
      return {};
    }
    const std::string to = file_.required(node, "to").value_or("");
    if (!to.empty() && std::find(kQueues.begin(), kQueues.end(), to) == kQueues.end()) {
      file_.fail(node["to"],
                 "a rule must not choose the patient's pharmacy: 'to' must be one of prescriber, "
                 "clinician, practice, care-home, pcn-pharmacist");
    }
    return to;
  }

  std::optional<ClockTerms> clock(const YAML::Node& node) {
    if (!node.IsDefined()) return std::nullopt;
    if (!file_.check_mapping(node, "a clock", {"working_minutes", "owner"})) return std::nullopt;
    const auto minutes = file_.required_number(node, "working_minutes", 1, kMostWorkingMinutes);
    const auto owner = file_.one_of(node, "owner", {"orderer", "performer"}, true);
    if (!minutes || !owner) return std::nullopt;
    const auto calendar = input_.calendars.find(calendar_ids_[*owner]);
    if (calendar == input_.calendars.end()) {
      file_.fail(node, fmt::format("there is no calendar '{}'", calendar_ids_[*owner]));
      return std::nullopt;
    }
    return ClockTerms{WorkingMinutes{static_cast<std::int32_t>(*minutes)},
                      static_cast<Party>(*owner), &calendar->second};
  }

  YamlFile& file_;
  const CompileInput& input_;
  Agreement agreement_{};
  std::vector<path::VariableDeclaration> declared_;
  std::vector<std::vector<std::size_t>> needs_;  ///< by variable: variables it stands on
  std::set<std::string, std::less<>> broken_;
  std::array<std::string, 2> calendar_ids_;
};

}  // namespace

int Agreement::specificity() const {
  if (orderer.any && performer.any) return 0;
  if (orderer.any || performer.any) return 1;
  return orderer.codes.size() == 1 && performer.codes.size() == 1 ? 3 : 2;
}

std::optional<Agreement> compile_agreement(YamlFile& file, std::string_view text,
                                           const CompileInput& input) {
  return Compiler(file, input).compile(text);
}

Result<Reading> compile_reading(const CompileInput& input) {
  const auto compile = [&](std::string_view text) {
    return path::Expression::compile(
        text, path::CompileContext{.symbols = input.definitions.symbols(),
                                   .functions = input.functions,
                                   .definitions = &input.definitions,
                                   .focus_type = "Bundle",
                                   .location = {"parties of a message", 1, 1}});
  };
  CONCORD_ASSIGN(auto event,
                 compile("Bundle.entry.resource.ofType(MessageHeader).event.ofType(Coding).code"));
  CONCORD_ASSIGN(
      auto orderer,
      compile("Bundle.entry.resource.ofType(MedicationRequest).requester.resolve()"
              ".ofType(PractitionerRole).organization"
              ".select(identifier | resolve().ofType(Organization).identifier)"
              ".where(system = 'https://fhir.nhs.uk/Id/ods-organization-code').value.distinct()"));
  CONCORD_ASSIGN(
      auto performer,
      compile("Bundle.entry.resource.ofType(MedicationRequest).dispenseRequest.performer"
              ".select(identifier | resolve().ofType(Organization).identifier)"
              ".where(system = 'https://fhir.nhs.uk/Id/ods-organization-code').value.distinct()"));
  return Reading{std::move(event), std::move(orderer), std::move(performer)};
}

}  // namespace concord::agreements::detail
