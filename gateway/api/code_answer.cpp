#include "gateway/api/code_answer.h"

namespace concord::api {

using terminology::Answer;
using terminology::Code;
using terminology::CodeCheck;
using terminology::DisplayStanding;
using terminology::Membership;
using terminology::Standing;

namespace {

std::string_view standing_text(Standing standing) {
  switch (standing) {
    case Standing::valid:
      return {};
    case Standing::no_system:
      return "no system is given, and none could be found";
    case Standing::unknown_code:
      return "the code system has no such code";
    case Standing::unknown_system:
      return "the code system is not known";
    case Standing::unknown_version:
      return "the code system is not known in this version";
    case Standing::not_checked:
      return "the code system is not loaded whole, so the code cannot be checked";
    case Standing::supplement:
      return "the system is a supplement, not a code system";
    case Standing::value_set:
      return "the system is a value set, not a code system";
  }
  return {};
}

struct Judged {
  bool right = false;
  std::string message;
  std::string_view system, code, display, version;
};

void add(std::string& text, std::string_view more) {
  if (more.empty()) return;
  if (!text.empty()) text += "; ";
  text += more;
}

Judged judge(const Code& code, const CodeQuestion& question,
             const std::shared_ptr<const terminology::ValueSet>& set,
             const terminology::Terminology& terms) {
  Judged judged;
  CodeCheck check;
  bool member = true;
  judged.system = code.system;
  if (set != nullptr) {
    Membership found = terms.contains(set, code, question.language);
    member = found.answer == Answer::yes;
    if (found.answer == Answer::no) add(judged.message, "the code is not in the value set");
    if (found.answer == Answer::unknown) {
      add(judged.message, "whether the code is in the value set cannot be told: " +
                              (found.subject.empty() ? std::string("a part of it is not known")
                                                     : found.subject + " is not loaded whole"));
    }
    check = std::move(found.code);
    judged.system = found.system;
    // Listed by the value set, whatever is known of the system.
    if (member && check.standing != Standing::unknown_code) check.standing = Standing::valid;
  } else {
    check = terms.check(code, question.language);
  }
  judged.code = code.code;
  if (check.system != nullptr) judged.version = check.system->version();
  if (check.system != nullptr && check.number != terminology::kNoConcept) {
    judged.code = check.system->code(check.number);
    judged.display = check.system->display(check.number);
  }
  add(judged.message, standing_text(check.standing));
  const bool display_right = check.display == DisplayStanding::right ||
                             check.display == DisplayStanding::unknown ||
                             check.display == DisplayStanding::default_language;
  if (!display_right) add(judged.message, "the display is not the code's");
  const bool too_abstract = check.abstract && !question.abstract;
  if (too_abstract) add(judged.message, "the code is abstract");
  if (check.inactive) add(judged.message, "the code is no longer in use");
  judged.right = member && check.standing == Standing::valid && display_right && !too_abstract;
  return judged;
}

}  // namespace

Result<void> terminology_served(const Services& use) {
  if (use.terminology != nullptr) return {};
  return make_error(ErrorCode::unsupported, "terminology is not served here");
}

Result<CodeQuestion> read_question(const Inputs& inputs, std::string_view version,
                                   std::string_view system) {
  CodeQuestion question;
  const int given = inputs.has("code") + inputs.has("coding") + inputs.has("codeableConcept");
  if (given != 1) {
    return bad_request("one of code, coding and codeableConcept must be given", "required");
  }
  if (inputs.has("code")) {
    Code code{inputs.text("system"), inputs.text("code"), inputs.text("display"),
              inputs.text(version)};
    if (code.system.empty()) code.system = system;
    question.codes.push_back(code);
  } else {
    question.codes = inputs.codings(inputs.has("coding") ? "coding" : "codeableConcept");
    if (question.codes.empty()) {
      return bad_request("codeableConcept has no coding", "required");
    }
  }
  for (const Code& code : question.codes) {
    if (code.code.empty()) return bad_request("a code is missing", "required");
  }
  CONCORD_ASSIGN(question.abstract, inputs.truth("abstract", true));
  question.language = inputs.text("displayLanguage");
  return question;
}

std::vector<CanonicalName> systems_of(const std::vector<Code>& codes) {
  std::vector<CanonicalName> names;
  for (const Code& code : codes) {
    if (code.system.empty()) continue;
    CanonicalName name{"CodeSystem", std::string(code.system)};
    if (!code.version.empty()) name.canonical.append("|").append(code.version);
    names.push_back(std::move(name));
  }
  return names;
}

Result<http::Response> answer_code(const CodeQuestion& question,
                                   const std::shared_ptr<const terminology::ValueSet>& set,
                                   const Terms& terms, Call& call, const Services& use) {
  Judged best;
  std::string messages;
  for (const Code& code : question.codes) {
    Judged judged = judge(code, question, set, *terms);
    if (judged.right) {
      best = std::move(judged);
      break;
    }
    if (messages.find(judged.message) == std::string::npos) add(messages, judged.message);
    if (best.code.empty()) best = std::move(judged);
  }
  Outputs out(*use.symbols);
  out.truth("result", best.right);
  out.value("message", "valueString", best.right ? std::string_view(best.message) : messages);
  out.value("display", "valueString", best.display);
  out.value("code", "valueCode", best.code);
  out.value("system", "valueUri", best.system);
  out.value("version", "valueString", best.version);
  return resource_response(200, out.out(), call);
}

}  // namespace concord::api
