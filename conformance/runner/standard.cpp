#include "conformance/runner/standard.h"

#include "fhir/core/output.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"

namespace concord::runner {

namespace {

constexpr std::size_t kMostExpressions = 10'000;  // kept; the scripts of one run are the operator's

tree::Limits wide_limits() {
  tree::Limits limits;
  limits.max_bytes = std::size_t{64} << 20;
  return limits;
}

definitions::Definitions r4_or_end(tree::Symbols& symbols) {
  auto loaded = definitions::Definitions::r4(symbols);
  if (!loaded) std::abort();  // load() asked before
  return *std::move(loaded);
}

bool looks_like_xml(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && text[first] == '<';
}

}  // namespace

Standard::Standard(Clock now)
    : definitions(r4_or_end(symbols)),
      registry(definitions),
      clock(std::move(now)),
      functions_(path::FunctionTable::standard()) {}

Result<std::unique_ptr<Standard>> Standard::load(std::span<const std::filesystem::path> packages,
                                                 Clock clock) {
  {
    tree::Symbols trial;
    CONCORD_TRY(definitions::Definitions::r4(trial));
  }
  std::unique_ptr<Standard> made(new Standard(std::move(clock)));
  for (const auto& package : packages) CONCORD_TRY(made->registry.add(package));
  made->profiles.emplace(made->registry);
  made->terminology.emplace(made->registry);
  made->validator.emplace(validate::Validator::compile(
      validate::Parts{&made->definitions, &made->registry, &*made->profiles, &*made->terminology}));
  return made;
}

Result<tree::Document> Standard::read(std::string text, bool lenient) const {
  const auto finish = [&](tree::Document document) {
    tree::Builder builder(document);
    definitions::annotate(builder, definitions);
    return document;
  };
  const tree::Limits limits = wide_limits();
  const bool xml = looks_like_xml(text);
  auto strict = xml ? xml::read_fhir(text, symbols, limits) : json::read(text, symbols, limits);
  if (strict) return finish(*std::move(strict));
  if (!lenient) return std::move(strict).error();
  auto reading = xml ? xml::read_fhir_collecting(std::move(text), symbols, limits)
                     : json::read_collecting(std::move(text), symbols, limits);
  if (!reading.document) return std::move(strict).error();
  return finish(*std::move(reading.document));
}

Result<path::Expression> Standard::compiled(const std::string& expression, std::string_view type) {
  auto key = std::make_pair(expression, std::string(type));
  if (const auto found = expressions_.find(key); found != expressions_.end()) return found->second;
  path::CompileContext context{symbols, functions_, &definitions, key.second};
  auto made = path::Expression::compile(expression, context);
  if (!made) {
    // What does not fit the type of the focus may still be right without it.
    context.focus_type.clear();
    made = path::Expression::compile(expression, context);
  }
  if (made) {
    if (expressions_.size() >= kMostExpressions) expressions_.clear();
    expressions_.emplace(std::move(key), *made);
  }
  return made;
}

Result<std::vector<std::string>> Standard::texts(const std::string& expression,
                                                 const tree::Document& document) {
  CONCORD_ASSIGN(const path::Expression code, compiled(expression, resource_type(document)));
  context_.reset();
  context_.now = clock();
  CONCORD_ASSIGN(const path::Collection items,
                 code.evaluate(context_, path::Collection::of(document, document.root())));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const path::Value& item : items) {
    if (auto text = context_.text_of(item)) {
      texts.emplace_back(*text);
    } else if (item.is_node()) {
      CONCORD_ASSIGN(auto written, json::write(item.document(), item.node()));
      texts.push_back(std::move(written));
    }
  }
  context_.reset();
  return texts;
}

Result<bool> Standard::holds(const std::string& expression, const tree::Document& document) {
  CONCORD_ASSIGN(const path::Expression code, compiled(expression, resource_type(document)));
  context_.reset();
  context_.now = clock();
  CONCORD_ASSIGN(const path::Collection items,
                 code.evaluate(context_, path::Collection::of(document, document.root())));
  bool answer = !items.empty();
  if (items.size() == 1) {
    const auto single = context_.system_value(items.front());
    if (single && single->tag() == path::Tag::boolean) answer = single->boolean();
  }
  context_.reset();
  return answer;
}

std::vector<Issue> Standard::errors_of(const tree::Document& document, const std::string& profile,
                                       bool any_extension) const {
  validate::Options options = validate::Options::reference();
  options.anyone_extensions = any_extension;
  validate::Validator::Request request;
  const std::string asked[] = {profile};
  if (!profile.empty()) request.profiles = asked;
  auto report = validator->validate(document, options, request);
  std::erase_if(report.issues, [](const Issue& issue) { return issue.severity > Severity::error; });
  return std::move(report.issues);
}

std::string_view resource_type(const tree::Document& document) {
  return document.root().is(tree::Flag::resource) ? document.text(document.root().type())
                                                  : std::string_view{};
}

std::string_view root_text(const tree::Document& document, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return {};
  const tree::Node* const child = document.root().child(symbol);
  return child == nullptr ? std::string_view{} : child->text();
}

}  // namespace concord::runner
