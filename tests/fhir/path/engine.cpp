#include "tests/fhir/path/engine.h"

#include <gtest/gtest.h>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/path/context.h"
#include "fhir/xml/reader.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

CompileContext Engine::context(std::string focus_type, bool strict) {
  CompileContext compile{symbols, functions};
  compile.definitions = definitions.get();
  compile.focus_type = std::move(focus_type);
  compile.strict = strict;
  return compile;
}

Engine& engine() {
  static Engine* made = [] {
    auto* fresh = new Engine;
    auto loaded = definitions::Definitions::r4(fresh->symbols);
    if (!loaded) {
      ADD_FAILURE() << to_string(loaded.error());
      std::abort();
    }
    fresh->definitions = std::make_unique<definitions::Definitions>(*std::move(loaded));
    return fresh;
  }();
  return *made;
}

tree::Document resource(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  auto read = is_xml ? xml::read_fhir(std::move(text), engine().symbols)
                     : json::read(std::move(text), engine().symbols);
  if (!read) {
    ADD_FAILURE() << to_string(read.error());
    return tree::Document(engine().symbols);
  }
  tree::Builder builder(*read);
  definitions::annotate(builder, *engine().definitions);
  return *std::move(read);
}

std::vector<std::string> printed(EvalContext& context, const Collection& items) {
  constexpr std::string_view kTags[] = {"node",     "boolean",   "integer",     "decimal",
                                        "string",   "date",      "date_time",   "time",
                                        "quantity", "type_info", "long_integer"};
  std::vector<std::string> lines;
  for (const Value& item : items) {
    if (item.is_node()) {
      std::string line(item.document().text(context.type_of(item)));
      line += ':';
      if (item.node().has_value()) {
        line += item.node().text();
      } else if (auto json = json::write(item.document(), item.node())) {
        line += *json;
      }
      lines.push_back(std::move(line));
    } else if (item.tag() == Tag::type_info) {
      lines.push_back("type_info:" + std::string(item.type_info().space) + "." +
                      std::string(item.type_info().name));
    } else {
      lines.push_back(std::string(kTags[static_cast<std::size_t>(item.tag())]) + ":" +
                      std::string(context.text_of(item).value_or("")));
    }
  }
  return lines;
}

namespace {
std::vector<std::string> failed(const Error& error) {
  return {"!" + std::string(error_row(error.code).name) + ": " +
          (error.issues.empty() ? std::string() : error.issues.front().text)};
}
}  // namespace

std::vector<std::string> run(std::string_view text, const tree::Document& document, bool strict) {
  const auto expression = Expression::compile(
      text, engine().context(std::string(document.text(document.root().type())), strict));
  if (!expression) return failed(expression.error());
  EvalContext context;
  context.now = *parse_instant("2026-03-01T10:30:00.250Z");
  const auto items = expression->evaluate(context, Collection::of(document, document.root()));
  if (!items) return failed(items.error());
  return printed(context, *items);
}

std::vector<std::string> run(std::string_view text) {
  static const tree::Document* patient =
      new tree::Document(resource(R"({"resourceType":"Patient","id":"p"})"));
  return run(text, *patient);
}

}  // namespace concord::path::test
