#include "conformance/runner/assertions.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/runner/compare.h"
#include "conformance/runner/detail/members.h"
#include "conformance/runner/request.h"
#include "conformance/runner/select.h"

namespace concord::runner {

namespace {

constexpr std::size_t kMostShown = 5;  // findings of a profile, per message

/// One evaluation: what was wanted, what was there, whether it held.
struct Verdict {
  bool holds = false;
  std::string expected, actual;
};

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

/// "application/fhir+json; charset=utf-8" → "application/fhir+json".
std::string bare_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return lower(type);
}

bool same_format(std::string_view wanted, std::string_view given) {
  const std::string type = bare_type(given);
  const auto is_kind = [&](std::string_view kind) {
    return type.ends_with("/" + std::string(kind)) || type.ends_with("+" + std::string(kind));
  };
  if (wanted == "json") return is_kind("json");
  if (wanted == "xml") return is_kind("xml");
  if (wanted == "ttl") return is_kind("turtle");
  if (wanted == "none") return type.empty();
  return type == bare_type(wanted);
}

/// "greaterThan 3", "notEmpty"; a value alone where equality is meant and nothing stands before it.
std::string told(std::string_view op, std::string_view value) {
  if (op == "empty" || op == "notEmpty") return std::string(op);
  if (op.empty() || op == "equals") return std::string(value);
  return fmt::format("{} {}", op, value);
}

/// The same behind what is looked at: "name.family equals Quay".
std::string told(std::string_view what, std::string_view op, std::string_view value) {
  if (op == "empty" || op == "notEmpty") return fmt::format("{} {}", what, op);
  return fmt::format("{} {} {}", what, op.empty() ? "equals" : op, value);
}

class Evaluating {
 public:
  Evaluating(const Assertion& assertion, Session& session)
      : assert_(assertion), session_(session) {}

  Result<Verdict> run() {
    CONCORD_TRY(find_exchange());
    if (!assert_.content_type.empty()) return content_type();
    if (!assert_.response.empty()) return response();
    if (!assert_.response_code.empty()) return response_code();
    if (!assert_.header_field.empty()) return header_field();
    if (!assert_.request_method.empty()) return request_method();
    if (!assert_.request_url.empty()) return request_url();
    if (!assert_.resource.empty()) return resource();
    if (assert_.navigation_links) return navigation();
    if (!assert_.minimum_id.empty()) return minimum();
    if (!assert_.profile_id.empty()) return profile();
    if (!assert_.expression.empty() || !assert_.path.empty() || !assert_.compare_id.empty()) {
      return selection();
    }
    return make_error(ErrorCode::invalid, "the assertion asks for nothing");
  }

  const Exchange* exchange() const { return exchange_; }
  bool of_request() const { return of_request_; }

 private:
  Result<void> find_exchange() {
    of_request_ = assert_.direction == "request" || !assert_.request_method.empty() ||
                  !assert_.request_url.empty();
    if (assert_.source_id.empty()) {
      exchange_ = session_.last();
      return {};
    }
    exchange_ = session_.response(assert_.source_id);
    if (exchange_ == nullptr || of_request_) {
      if (const Exchange* const named = session_.request(assert_.source_id)) exchange_ = named;
    }
    if (exchange_ == nullptr && session_.fixture(assert_.source_id) == nullptr) {
      return make_error(ErrorCode::not_found,
                        "no fixture, request or response has the id " + assert_.source_id);
    }
    return {};
  }

  Result<const Exchange*> needed() const {
    if (exchange_ != nullptr) return exchange_;
    return make_error(ErrorCode::not_found, "there was no operation before this assertion");
  }
  Result<const Exchange*> answered() const {
    CONCORD_ASSIGN(const Exchange* const found, needed());
    if (found->response.status == 0) {
      return make_error(ErrorCode::transient, "there was no response: " + found->failure);
    }
    return found;
  }

  Result<std::string> value() const {
    return assert_.value ? session_.substitute(*assert_.value) : Result<std::string>(std::string());
  }

  /// The resource the assertion looks into.
  Result<const tree::Document*> subject() {
    if (exchange_ == nullptr && !assert_.source_id.empty()) {
      return session_.source(assert_.source_id);
    }
    if (of_request_) {
      CONCORD_ASSIGN(const Exchange* const found, needed());
      return session_.body(*found, true);
    }
    CONCORD_ASSIGN(const Exchange* const found, answered());
    return session_.body(*found);
  }

  Result<Verdict> content_type() {
    CONCORD_ASSIGN(const Exchange* const found, of_request_ ? needed() : answered());
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.content_type));
    const auto& headers = of_request_ ? found->request.headers : found->response.headers;
    const std::string given = header(headers, "Content-Type").value_or("");
    bool holds = same_format(wanted, given);
    // A request without body is of the type it asks for.
    if (of_request_ && given.empty()) {
      holds = same_format(wanted, header(headers, "Accept").value_or(""));
    }
    if (assert_.op == "notEquals") holds = !holds;
    return Verdict{holds, told(assert_.op, wanted), given.empty() ? "no Content-Type" : given};
  }

  Result<Verdict> response() {
    CONCORD_ASSIGN(const Exchange* const found, answered());
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.response));
    const int status = found->response.status;
    if (status_of(wanted) == 0) {
      return make_error(ErrorCode::invalid, "the assertion's response is no code of R4");
    }
    bool holds = status_of(wanted) == status;
    if (assert_.op.starts_with("not")) holds = !holds;
    return Verdict{holds, fmt::format("{} ({})", told(assert_.op, wanted), status_of(wanted)),
                   std::to_string(status)};
  }

  Result<Verdict> response_code() {
    CONCORD_ASSIGN(const Exchange* const found, answered());
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.response_code));
    const std::string status = std::to_string(found->response.status);
    // Several codes without operator are a choice.
    std::string op = assert_.op;
    if (op.empty() && wanted.find(',') != std::string::npos) op = "in";
    CONCORD_ASSIGN(const bool holds, compare({status}, op, wanted));
    return Verdict{holds, told(op, wanted), status};
  }

  Result<Verdict> header_field() {
    CONCORD_ASSIGN(const Exchange* const found, of_request_ ? needed() : answered());
    CONCORD_ASSIGN(const std::string wanted, value());
    CONCORD_ASSIGN(const std::string field, session_.substitute(assert_.header_field));
    const auto& headers = of_request_ ? found->request.headers : found->response.headers;
    const auto given = header(headers, field);
    // Without operator and value: that it is there.
    const std::string op = assert_.op.empty() && !assert_.value ? "notEmpty" : assert_.op;
    std::vector<std::string> actual;
    if (given) actual.push_back(*given);
    CONCORD_ASSIGN(bool holds, compare(actual, op, wanted));
    // Names of fields and methods within a header are written in any case.
    if (!holds && given && (op == "contains")) {
      holds = lower(*given).find(lower(wanted)) != std::string::npos;
    }
    return Verdict{holds, told(field, op, wanted),
                   given ? (Mask::is_secret_field(field) ? "***" : *given) : "no such header"};
  }

  Result<Verdict> request_method() {
    CONCORD_ASSIGN(const Exchange* const found, needed());
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.request_method));
    CONCORD_ASSIGN(const bool holds,
                   compare({lower(found->request.method)}, assert_.op, lower(wanted)));
    return Verdict{holds, told(assert_.op, wanted), found->request.method};
  }

  Result<Verdict> request_url() {
    CONCORD_ASSIGN(const Exchange* const found, needed());
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.request_url));
    const std::string& url = found->request.url;
    std::string relative = url;
    for (const std::string& server : session_.settings().servers) {
      if (url.starts_with(server)) relative = url.substr(server.size());
    }
    while (relative.starts_with('/')) relative.erase(0, 1);
    std::string short_wanted = wanted;
    while (short_wanted.starts_with('/')) short_wanted.erase(0, 1);
    CONCORD_ASSIGN(const bool as_whole, compare({url}, assert_.op, wanted));
    CONCORD_ASSIGN(const bool as_relative, compare({relative}, assert_.op, short_wanted));
    const bool negated = assert_.op.starts_with("not");
    return Verdict{negated ? as_whole && as_relative : as_whole || as_relative,
                   told(assert_.op, wanted), url};
  }

  Result<Verdict> resource() {
    CONCORD_ASSIGN(const std::string wanted, session_.substitute(assert_.resource));
    const auto document = subject();
    if (!document) return nothing_to_read(document.error(), "a " + wanted);
    const std::string given(resource_type(**document));
    CONCORD_ASSIGN(const bool holds, compare({given}, assert_.op, wanted));
    return Verdict{holds, told(assert_.op, wanted), given};
  }

  /// A body that is missing or cannot be read is the server's failure, not the engine's.
  static Result<Verdict> nothing_to_read(const Error& error, std::string expected) {
    if (error.code == ErrorCode::transient) return error;
    return Verdict{false, std::move(expected), error.issues.empty() ? "" : error.issues[0].text};
  }

  Result<Verdict> navigation() {
    const std::string expected = "a Bundle with links that fit";
    if (!*assert_.navigation_links) return Verdict{true, "nothing", "not looked at"};
    const auto document = subject();
    if (!document) return nothing_to_read(document.error(), expected);
    if (resource_type(**document) != "Bundle") {
      return Verdict{false, expected, std::string(resource_type(**document))};
    }
    const detail::Members members(**document);
    const tree::Node& root = (*document)->root();
    std::vector<std::string> relations;
    std::string wrong;
    members.each(root, "link", [&](const tree::Node& link) {
      std::string relation = members.text(link, "relation");
      const std::string url = members.text(link, "url");
      if (relation == "prev") relation = "previous";
      if (url.find('?') == std::string::npos && !url.starts_with("http")) wrong = relation;
      if (std::find(relations.begin(), relations.end(), relation) != relations.end()) {
        wrong = relation;
      }
      relations.push_back(relation);
    });
    const auto has = [&](std::string_view relation) {
      return std::find(relations.begin(), relations.end(), relation) != relations.end();
    };
    if (!wrong.empty()) return Verdict{false, expected, "the link " + wrong + " does not fit"};
    if (!has("self")) return Verdict{false, expected, "no link self"};
    std::size_t matches = 0;
    members.each(root, "entry", [&](const tree::Node& entry) {
      const tree::Node* const search = members.child(entry, "search");
      const std::string mode = search == nullptr ? "" : members.text(*search, "mode");
      matches += mode.empty() || mode == "match";
    });
    const std::string total = members.text(root, "total");
    const bool more = !total.empty() && order(total, std::to_string(matches)) > 0;
    if (more && matches > 0 && !has("next") && !has("previous")) {
      return Verdict{false, expected, "more matches than entries, and no link next or previous"};
    }
    return Verdict{true, expected, shown(relations)};
  }

  Result<Verdict> minimum() {
    CONCORD_ASSIGN(const tree::Document* const least, session_.source(assert_.minimum_id));
    const std::string expected = "everything of " + assert_.minimum_id;
    const auto document = subject();
    if (!document) return nothing_to_read(document.error(), expected);
    std::string missing;
    const bool holds = contains(*least, **document, missing);
    return Verdict{holds, expected, holds ? "all there" : "not there: " + missing};
  }

  Result<Verdict> profile() {
    std::string canonical;
    for (const ProfileLine& line : session_.script().profiles) {
      if (line.id == assert_.profile_id) canonical = line.canonical;
    }
    if (canonical.empty()) {
      return make_error(ErrorCode::not_found, "no profile has the id " + assert_.profile_id);
    }
    const auto document = subject();
    if (!document) return nothing_to_read(document.error(), "conforms to " + canonical);
    const auto errors = session_.standard().errors_of(**document, canonical);
    std::vector<std::string> texts;
    for (const Issue& issue : errors) {
      if (texts.size() == kMostShown) break;
      texts.push_back(issue.expression.empty() ? issue.text : issue.expression + ": " + issue.text);
    }
    return Verdict{errors.empty(), "conforms to " + canonical,
                   errors.empty()
                       ? "it does"
                       : fmt::format("{} errors: {}", errors.size(), fmt::join(texts, "; "))};
  }

  Result<std::vector<std::string>> selected(const tree::Document& document,
                                            const std::string& expression,
                                            const std::string& path) {
    CONCORD_ASSIGN(const std::string text,
                   session_.substitute(expression.empty() ? path : expression));
    return expression.empty() ? select_by_path(session_.standard(), document, text)
                              : select_by_expression(session_.standard(), document, text);
  }

  Result<Verdict> selection() {
    const bool compares = !assert_.compare_id.empty();
    std::string expression = assert_.expression, path = assert_.path;
    if (expression.empty() && path.empty()) {
      expression = assert_.compare_expression;
      path = assert_.compare_path;
    }
    const std::string& asked = expression.empty() ? path : expression;
    const auto document = subject();
    if (!document) return nothing_to_read(document.error(), asked);
    const bool condition =
        !assert_.value && !compares && (assert_.op.empty() || assert_.op == "eval");
    if (condition && !expression.empty()) {
      CONCORD_ASSIGN(const std::string text, session_.substitute(expression));
      CONCORD_ASSIGN(const bool holds, session_.standard().holds(text, **document));
      return Verdict{holds, text, holds ? "true" : "false"};
    }
    CONCORD_ASSIGN(const auto actual, selected(**document, expression, path));
    if (condition) {
      CONCORD_ASSIGN(const bool holds, compare(actual, "notEmpty", ""));
      return Verdict{holds, path + " is there", shown(actual)};
    }
    if (!compares) {
      CONCORD_ASSIGN(const std::string wanted, value());
      CONCORD_ASSIGN(const bool holds, compare(actual, assert_.op, wanted));
      return Verdict{holds, told(asked, assert_.op, wanted), shown(actual)};
    }
    CONCORD_ASSIGN(const tree::Document* const other, session_.source(assert_.compare_id));
    const bool own = !assert_.compare_expression.empty() || !assert_.compare_path.empty();
    CONCORD_ASSIGN(const auto wanted,
                   selected(*other, own ? assert_.compare_expression : expression,
                            own ? assert_.compare_path : path));
    const bool negated = assert_.op.starts_with("not") && assert_.op != "notEmpty";
    bool holds = negated;
    if (wanted.empty()) {
      CONCORD_ASSIGN(holds, compare(actual, assert_.op, ""));
      if (assert_.op.empty() || assert_.op == "equals") holds = actual.empty();
    }
    for (const std::string& one : wanted) {
      CONCORD_ASSIGN(const bool here, compare(actual, assert_.op, one));
      holds = negated ? holds && here : holds || here;
    }
    return Verdict{holds, told(asked, assert_.op, shown(wanted)), shown(actual)};
  }

  const Assertion& assert_;
  Session& session_;
  const Exchange* exchange_ = nullptr;
  bool of_request_ = false;
};

std::string request_line(const Exchange& exchange) {
  return exchange.request.method + " " + exchange.request.url;
}

}  // namespace

ActionResult evaluate(const Assertion& assertion, Session& session) {
  ActionResult result;
  result.label = assertion.label.empty()         ? assertion.description
                 : assertion.description.empty() ? assertion.label
                                                 : assertion.label + ": " + assertion.description;
  if (assertion.rule) {
    result.outcome = Outcome::skip;
    result.message = "rules of other engines are not run";
    return result;
  }
  Evaluating evaluating(assertion, session);
  if (!assertion.when_status.empty()) {
    const Exchange* const about = session.response(assertion.source_id);
    const int status = about == nullptr ? 0 : about->response.status;
    if (!status_in(status, assertion.when_status)) {
      result.outcome = Outcome::skip;
      result.message = fmt::format("only for {}, the status is {}", assertion.when_status, status);
      return result;
    }
  }
  const auto verdict = evaluating.run();
  if (const Exchange* const about = evaluating.exchange()) result.request = request_line(*about);
  if (!verdict) {
    const Error& error = verdict.error();
    // No answer at all was already reported at the operation.
    result.outcome = error.code == ErrorCode::transient ? Outcome::fail : Outcome::error;
    result.message = error.issues.empty() ? to_string(error) : error.issues[0].text;
    if (assertion.warning_only) result.outcome = Outcome::warning;
    return result;
  }
  result.expected = verdict->expected;
  result.actual = verdict->actual;
  if (verdict->holds) {
    result.message = verdict->expected;
    return result;
  }
  result.outcome = assertion.warning_only ? Outcome::warning : Outcome::fail;
  result.message = fmt::format("expected {}, got {}", verdict->expected, verdict->actual);
  return result;
}

}  // namespace concord::runner
