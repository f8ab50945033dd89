#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>

#include "fhir/definitions/r4_generated.h"
#include "fhir/path/context.h"
#include "fhir/path/expression.h"
#include "fhir/search/detail/catalogue.h"
#include "fhir/search/detail/extractor.h"
#include "tests/fhir/search/engine.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

// The walk beside a resource and FHIRPath are two ways to the same elements: over all examples of
// R4 each part of each expression is evaluated both ways.

namespace concord::search::test {
namespace {

using detail::Part;
using detail::TypePlan;

bool belongs(const Part& part, IndexKey key) {
  return key == part.key || key == part.text_key || key == part.of_type_key ||
         key == part.identifier_key || key == part.canonical_key;
}

IndexValues of_part(const IndexValues& all, const Part& part) {
  IndexValues some;
  const auto take = [&part](const auto& from, auto& to) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to),
                 [&part](const auto& row) { return belongs(part, row.key); });
  };
  take(all.tokens, some.tokens);
  take(all.texts, some.texts);
  take(all.periods, some.periods);
  take(all.numbers, some.numbers);
  take(all.links, some.links);
  return some;
}

std::unique_ptr<detail::Catalogue> catalogue_of_r4() {
  auto made = std::make_unique<detail::Catalogue>(*engine().definitions, engine().functions);
  for (const auto* row : *engine().definitions->pack().search_parameters()) {
    detail::Definition one{
        row->url()->str(), row->code()->str(), row->type()->str(), {}, {}, {}, {}};
    if (row->expression() != nullptr) one.expression = row->expression()->str();
    for (const auto* base : *row->base()) one.base.push_back(base->str());
    if (one.type == "composite" || one.type == "special") continue;
    made->add(std::move(one));
  }
  made->build();
  return made;
}

TEST(Walk, FindsTheSameElementsAsFhirPath) {
  const auto folder = concord::test::corpus("fhir");
  if (!folder) return;
  const auto catalogue = catalogue_of_r4();
  path::EvalContext context;
  std::size_t compared = 0, with_rows = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder / "examples-r4")) {
    if (file.path().extension() != ".json") continue;
    const tree::Document document = resource(concord::test::read_file(file.path()));
    const TypePlan* plan = catalogue->plan(document.root().type());
    ASSERT_NE(plan, nullptr) << file.path();
    IndexValues all;
    detail::Extractor(*catalogue, {}, document, all)
        .walk(plan->walk, detail::Walk::kRoot, document.root());
    detail::settle(all);
    for (const auto& [code, parameter] : plan->parameters) {
      std::size_t use = 0;
      for (const std::string_view text : detail::split_union(parameter.definition->expression)) {
        const detail::PartText read = detail::read_part(text);
        if (parameter.uses.empty() || !read.plain) continue;
        path::CompileContext compile{engine().symbols, engine().functions};
        compile.definitions = engine().definitions.get();
        compile.focus_type = plan->type;
        // The end that resolve() decides is asked of the query, not of the index.
        std::string plain(text);
        if (!read.links_to.empty()) plain = plain.substr(0, plain.find(".where(resolve()"));
        // Which of the parameter's parts it is shows in the rows: each part is looked for.
        const auto expression = path::Expression::compile(plain, compile);
        ASSERT_THAT(expression, IsOk()) << text;
        const auto found =
            expression->evaluate(context, path::Collection::of(document, document.root()));
        if (!found) {
          // "as" takes one item in FHIRPath; R4 uses it on elements that repeat all the same.
          EXPECT_NE(text.find(" as "), std::string_view::npos) << text;
          context.reset();
          continue;
        }
        if (!read.root.empty() && read.root != plan->type && read.root != "Resource" &&
            read.root != "DomainResource") {
          EXPECT_TRUE(found->empty()) << text;
          context.reset();
          continue;
        }
        const bool contact = use < parameter.uses.size() && parameter.uses[use].contact_system;
        IndexValues expected, actual;
        bool same = false, any = false;
        for (const detail::Use& one : parameter.uses) {
          if (one.contact_system || one.part->expression) continue;
          expected = {};
          detail::Extractor(*catalogue, {}, document, expected).items(*one.part, *found, context);
          detail::settle(expected);
          actual = of_part(all, *one.part);
          if (expected == actual) same = true;
          if (!expected.empty()) any = true;
        }
        if (!contact) {
          // Samples of data and the like are no values: a part without use gives no rows.
          EXPECT_TRUE(same || !any) << file.path().filename() << " " << code << " " << text;
          ++compared;
          with_rows += any ? 1u : 0u;
        }
        ++use;
        context.reset();
      }
    }
  }
  EXPECT_GT(with_rows, 1000u);
  std::cout << compared << " parts compared, " << with_rows << " of them with rows\n";
}

}  // namespace
}  // namespace concord::search::test
