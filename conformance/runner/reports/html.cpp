#include <fmt/format.h>

#include "conformance/runner/reports/reports.h"

namespace concord::runner {

namespace {

constexpr std::size_t kExcerpt = 2'000;  // bytes of a body that are shown

constexpr std::string_view kStyle = R"(
:root{--line:#d0d7de;--soft:#57606a}
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p.soft,.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
details{border-bottom:1px solid var(--line);padding:.25rem 0}summary{cursor:pointer}
pre{background:#f6f8fa;padding:.6rem;overflow:auto;max-height:24rem;white-space:pre-wrap;word-break:break-word;margin:.3rem 0}
.o{display:inline-block;min-width:4.5rem;font-weight:600}
.pass{color:#116329}.fail{color:#a40e26}.error{color:#a40e26}.skip{color:#57606a}.warning{color:#7d4e00}
ul{margin:.3rem 0;padding-left:1.2rem}
)";

std::string badge(Outcome outcome) {
  return fmt::format("<span class=\"o {0}\">{0}</span>", outcome_name(outcome));
}

std::string excerpt(std::string_view text) {
  if (text.size() <= kExcerpt) return escaped(text);
  std::size_t end = kExcerpt;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return escaped(text.substr(0, end)) +
         fmt::format("\n… {} bytes more, in the JSON record", text.size() - end);
}

void put_message(std::string& html, std::string_view first, const std::vector<HeaderLine>& headers,
                 std::string_view body) {
  html += "<pre>" + escaped(first) + "\n";
  for (const HeaderLine& line : headers) {
    html += escaped(line.field) + ": " + escaped(line.value) + "\n";
  }
  if (!body.empty()) html += "\n" + excerpt(body);
  html += "</pre>";
}

void put_exchange(std::string& html, const Exchange& exchange) {
  const std::string line = exchange.request.method + " " + exchange.request.url;
  html += fmt::format("<details><summary>{} → {} <span class=soft>{:.1f} ms</span></summary>",
                      escaped(line),
                      exchange.response.status == 0 ? escaped(exchange.failure)
                                                    : std::to_string(exchange.response.status),
                      static_cast<double>(exchange.took.count()) / 1000);
  put_message(html, line, exchange.request.headers, exchange.request.body);
  if (exchange.response.status != 0) {
    put_message(html, std::to_string(exchange.response.status), exchange.response.headers,
                exchange.response.body);
  }
  html += "</details>";
}

void put_actions(std::string& html, const ScriptResult& script,
                 const std::vector<ActionResult>& actions) {
  html += "<ul>";
  for (const ActionResult& action : actions) {
    html += "<li>" + badge(action.outcome) + " ";
    if (!action.label.empty()) html += escaped(action.label) + " ";
    html += "<span class=soft>" + escaped(action.message) + "</span>";
    if (action.is_operation && action.exchange && *action.exchange < script.exchanges.size()) {
      put_exchange(html, script.exchanges[*action.exchange]);
    }
    html += "</li>";
  }
  html += "</ul>";
}

void put_part(std::string& html, const ScriptResult& script, std::string_view name,
              const std::vector<ActionResult>& actions) {
  if (actions.empty()) return;
  html += fmt::format("<details><summary>{} {}</summary>", badge(outcome_of(actions)), name);
  put_actions(html, script, actions);
  html += "</details>";
}

void put_script(std::string& html, const ScriptResult& script, std::size_t number) {
  const Counts counts = count(script);
  html += fmt::format("<h2 id=\"s{}\">{} {}</h2><p class=soft>{} of {} passed", number,
                      badge(script.outcome), escaped(script.name), counts.passed, counts.tests);
  if (!script.url.empty()) html += " · " + escaped(script.url);
  html += "</p>";
  if (!script.reason.empty()) html += "<p>" + escaped(script.reason) + "</p>";
  for (const std::string& note : script.notes) {
    html += "<p class=soft>note: " + escaped(note) + "</p>";
  }
  put_part(html, script, "setup", script.setup);
  for (const TestResult& test : script.tests) {
    const bool bad = test.outcome == Outcome::fail || test.outcome == Outcome::error;
    html += fmt::format("<details{}><summary>{} {}", bad ? " open" : "", badge(test.outcome),
                        escaped(test.name.empty() ? test.id : test.name));
    if (!test.parameter.empty()) html += " <code>" + escaped(test.parameter) + "</code>";
    html += "</summary>";
    if (!test.description.empty()) html += "<p class=soft>" + escaped(test.description) + "</p>";
    if (!test.reason.empty()) html += "<p>" + escaped(test.reason) + "</p>";
    put_actions(html, script, test.actions);
    html += "</details>";
  }
  put_part(html, script, "teardown", script.teardown);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      case '\'':
        made += "&#39;";
        break;
      default:
        made += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return made;
}

std::string file_name(std::string_view name) {
  std::string made;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_';
    made += plain ? c : '-';
  }
  return made.empty() ? "script" : made;
}

std::string html_page(const RunResult& run) {
  const Counts counts = count(run);
  std::string html = fmt::format(
      "<!doctype html><html lang=en><meta charset=utf-8>"
      "<meta name=viewport content=\"width=device-width\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\"><title>Conformance of {}</title><style>{}</style>",
      escaped(run.server), kStyle);
  html += fmt::format("<h1>Conformance of {}</h1><p class=soft>{} {} · FHIR {} · {} · seed {}</p>",
                      escaped(run.server), escaped(run.software), escaped(run.software_version),
                      escaped(run.fhir_version.empty() ? "not known" : run.fhir_version),
                      format_instant(run.started), run.seed);
  if (run.unreadable) {
    html += "<p>/metadata could not be read: " + escaped(*run.unreadable) + "</p>";
  }
  html += fmt::format(
      "<p><b>{}</b> tests: <b class=pass>{}</b> passed ({} with warnings), <b class=fail>{}</b> "
      "failed, <b class=error>{}</b> errors, <b class=skip>{}</b> skipped.</p>",
      counts.tests, counts.passed, counts.warnings, counts.failed, counts.errors, counts.skipped);
  html +=
      "<table><thead><tr><th>script<th>result<th class=n>tests<th class=n>passed<th class=n>failed"
      "<th class=n>errors<th class=n>skipped<th class=n>s</thead><tbody>";
  for (std::size_t i = 0; i < run.scripts.size(); ++i) {
    const ScriptResult& script = run.scripts[i];
    const Counts one = count(script);
    html += fmt::format(
        "<tr><td><a href=\"#s{}\">{}</a><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td "
        "class=n>{}<td class=n>{}<td class=n>{:.2f}",
        i, escaped(script.name), badge(script.outcome), one.tests, one.passed, one.failed,
        one.errors, one.skipped, static_cast<double>(script.took.count()) / 1e6);
  }
  html += "</tbody></table>";
  for (std::size_t i = 0; i < run.scripts.size(); ++i) put_script(html, run.scripts[i], i);
  return html + "</html>\n";
}

}  // namespace concord::runner
