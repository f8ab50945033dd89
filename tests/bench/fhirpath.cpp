// FHIRPath over whole prescription orders, against loops written by hand over the same trees, by
// turns in one run. Expressions of the kinds maps, agreements and searches use.
// DEPENDS fhir/path fhir/json fhir/definitions

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/path/expression.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

struct Orders {
  tree::Symbols symbols;
  path::FunctionTable functions = path::FunctionTable::standard();
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  std::vector<tree::Document> trees;
  path::EvalContext context;

  Orders() {
    for (const std::string& source : json_orders()) {
      trees.push_back(*json::read(source, symbols));
      tree::Builder builder(trees.back());
      definitions::annotate(builder, definitions);
    }
  }
  path::Expression compile(std::string_view text) {
    path::CompileContext compile{symbols, functions};
    compile.definitions = &definitions;
    compile.focus_type = "Bundle";
    compile.strict = true;
    return *path::Expression::compile(text, compile);
  }
};

Orders& orders() {
  static Orders orders;
  return orders;
}

/// Names the loops by hand need.
struct Names {
  tree::Symbol entry, resource, medication_request, patient, message_header, medication, coding,
      code, dispense_request, quantity, value, identifier, system;
  Names() {
    tree::Symbols& s = orders().symbols;
    entry = s.intern("entry");
    resource = s.intern("resource");
    medication_request = s.intern("MedicationRequest");
    patient = s.intern("Patient");
    message_header = s.intern("MessageHeader");
    medication = s.intern("medicationCodeableConcept");
    coding = s.intern("coding");
    code = s.intern("code");
    dispense_request = s.intern("dispenseRequest");
    quantity = s.intern("quantity");
    value = s.intern("value");
    identifier = s.intern("identifier");
    system = s.intern("system");
  }
};
const Names& names() {
  static const Names names;
  return names;
}

using Found = std::vector<const tree::Node*>;

template <typename Each>
void each(const tree::Node& node, tree::Symbol name, Each&& then) {
  for (const tree::Node& child : node.children()) {
    if (child.name() == name) then(child);
  }
}

template <typename Each>
void each_resource(const tree::Document& document, tree::Symbol type, Each&& then) {
  each(document.root(), names().entry, [&](const tree::Node& entry) {
    each(entry, names().resource, [&](const tree::Node& resource) {
      if (resource.type() == type) then(resource);
    });
  });
}

void codes_by_hand(const tree::Document& document, Found& found) {
  each_resource(document, names().medication_request, [&](const tree::Node& request) {
    each(request, names().medication, [&](const tree::Node& concept_node) {
      each(concept_node, names().coding, [&](const tree::Node& coding) {
        each(coding, names().code, [&](const tree::Node& code) { found.push_back(&code); });
      });
    });
  });
}

void quantities_by_hand(const tree::Document& document, Found& found) {
  each_resource(document, names().medication_request, [&](const tree::Node& request) {
    each(request, names().dispense_request, [&](const tree::Node& dispense) {
      each(dispense, names().quantity, [&](const tree::Node& quantity) {
        each(quantity, names().value, [&](const tree::Node& value) { found.push_back(&value); });
      });
    });
  });
}

constexpr std::string_view kNhsNumber = "https://fhir.nhs.uk/Id/nhs-number";

void nhs_number_by_hand(const tree::Document& document, Found& found) {
  each_resource(document, names().patient, [&](const tree::Node& patient) {
    each(patient, names().identifier, [&](const tree::Node& identifier) {
      bool wanted = false;
      each(identifier, names().system,
           [&](const tree::Node& system) { wanted = wanted || system.text() == kNhsNumber; });
      if (wanted) {
        each(identifier, names().value, [&](const tree::Node& value) { found.push_back(&value); });
      }
    });
  });
}

void header_by_hand(const tree::Document& document, Found& found) {
  each_resource(document, names().message_header, [&](const tree::Node& header) {
    if (found.empty()) found.push_back(&header);
  });
}

void run(benchmark::State& state, std::string_view text,
         void (*by_hand)(const tree::Document&, Found&)) {
  Orders& all = orders();
  const path::Expression expression = all.compile(text);
  const auto evaluate = [&](const tree::Document& document) {
    all.context.reset();
    return expression.evaluate(all.context, path::Collection::of(document, document.root()));
  };
  Found found;
  for (const tree::Document& document : all.trees) {
    found.clear();
    by_hand(document, found);
    if (evaluate(document)->size() != found.size()) {
      state.SkipWithError("the expression and the loop disagree");
      return;
    }
  }
  // Enough of each that the clock does not matter.
  constexpr int kRounds = 50;
  compare(
      state, all.trees.size() * kRounds,
      [&] {
        for (int i = 0; i < kRounds; ++i) {
          for (const tree::Document& document : all.trees) {
            auto items = evaluate(document);
            benchmark::DoNotOptimize(items);
          }
        }
      },
      [&] {
        for (int i = 0; i < kRounds; ++i) {
          for (const tree::Document& document : all.trees) {
            found.clear();
            by_hand(document, found);
            benchmark::DoNotOptimize(found.data());
          }
        }
      });
}

BENCHMARK_CAPTURE(
    run, E1_path_of_codes,
    "Bundle.entry.resource.ofType(MedicationRequest).medication.ofType(CodeableConcept)"
    ".coding.code",
    &codes_by_hand);
BENCHMARK_CAPTURE(run, E2_path_of_quantities,
                  "Bundle.entry.resource.ofType(MedicationRequest).dispenseRequest.quantity.value",
                  &quantities_by_hand);
BENCHMARK_CAPTURE(run, E3_where,
                  "Bundle.entry.resource.ofType(Patient).identifier"
                  ".where(system = 'https://fhir.nhs.uk/Id/nhs-number').value",
                  &nhs_number_by_hand);
BENCHMARK_CAPTURE(run, E4_first_of_a_type, "Bundle.entry.resource.ofType(MessageHeader).first()",
                  &header_by_hand);

void other(benchmark::State& state, std::string_view text) {
  Orders& all = orders();
  const path::Expression expression = all.compile(text);
  for (auto _ : state) {
    for (const tree::Document& document : all.trees) {
      all.context.reset();
      auto items =
          expression.evaluate(all.context, path::Collection::of(document, document.root()));
      if (!items) {
        state.SkipWithError("fails");
        return;
      }
      benchmark::DoNotOptimize(items);
    }
  }
  state.counters["us_per_bundle"] = benchmark::Counter(
      static_cast<double>(state.iterations() * static_cast<std::int64_t>(all.trees.size())),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(other, exists,
                  "entry.resource.ofType(MedicationRequest).exists(status = 'active')");
BENCHMARK_CAPTURE(other, resolve,
                  "entry.resource.ofType(MedicationRequest).select(subject.resolve()).count()");
BENCHMARK_CAPTURE(other, union_of_paths, "(entry.fullUrl | entry.resource.id).count()");
BENCHMARK_CAPTURE(
    other, dates,
    "entry.resource.ofType(MedicationRequest).all(authoredOn <= now() or authoredOn.empty())");
BENCHMARK_CAPTURE(
    other, texts,
    "entry.resource.ofType(Patient).name.select(given.first().upper() & ' ' & family)");
BENCHMARK_CAPTURE(other, descendants, "descendants().where(url.exists()).count()");

void compile_one(benchmark::State& state) {
  for (auto _ : state) {
    auto expression = orders().compile(
        "Bundle.entry.resource.ofType(Patient).identifier"
        ".where(system = 'https://fhir.nhs.uk/Id/nhs-number').value");
    benchmark::DoNotOptimize(expression);
  }
}
BENCHMARK(compile_one);

}  // namespace
}  // namespace concord::bench
