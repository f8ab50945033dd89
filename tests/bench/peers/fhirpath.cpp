// Concord's side of fhirpath.mjs: compiles and times expressions over one document, as told line by
// line on standard input.
//
//   bench_peer_fhirpath FILE
//   compile EXPRESSION   → "ok N" (its number) or "error TEXT"
//   print N              → "K", then K lines: primitives as text, other items as JSON
//   time N REPEATS       → nanoseconds of CPU time of all repeats
//
// DEPENDS fhir/path fhir/json fhir/definitions
//
// Without FILE it evaluates an own document once and ends: the smoke test.
#include <time.h>

#include <charconv>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/path/expression.h"
#include "tests/bench/documents.h"

namespace concord::bench {
namespace {

std::int64_t thread_cpu_nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

class Program {
 public:
  explicit Program(std::string source)
      : definitions_(*definitions::Definitions::r4(symbols_)),
        document_(*json::read(std::move(source), symbols_)) {
    tree::Builder builder(document_);
    definitions::annotate(builder, definitions_);
    context_.now = system_clock()();
  }

  std::string compile(const std::string& text) {
    path::CompileContext compile{symbols_, functions_};
    compile.definitions = &definitions_;
    compile.focus_type = std::string(document_.text(document_.root().type()));
    auto expression = path::Expression::compile(text, compile);
    if (!expression) return "error " + to_string(expression.error());
    expressions_.push_back(*std::move(expression));
    return "ok " + std::to_string(expressions_.size() - 1);
  }

  std::string print(std::size_t number) {
    context_.reset();
    const auto items = expressions_.at(number).evaluate(context_, focus());
    if (!items) return "1\nerror " + to_string(items.error());
    std::string lines = std::to_string(items->size());
    for (const path::Value& item : *items) {
      const bool is_tree = item.is_node() && !item.node().has_value();
      lines += '\n';
      lines += is_tree ? *json::write(item.document(), item.node())
                       : std::string(context_.text_of(item).value_or(""));
    }
    return lines;
  }

  std::string time(std::size_t number, std::size_t repeats) {
    const path::Expression& expression = expressions_.at(number);
    std::size_t items = 0;
    const std::int64_t start = thread_cpu_nanoseconds();
    for (std::size_t i = 0; i < repeats; ++i) {
      context_.reset();
      items += expression.evaluate(context_, focus())->size();
    }
    const std::int64_t end = thread_cpu_nanoseconds();
    return std::to_string(end - start + (items == SIZE_MAX ? 1 : 0));
  }

 private:
  path::Collection focus() const { return path::Collection::of(document_, document_.root()); }

  tree::Symbols symbols_;
  path::FunctionTable functions_ = path::FunctionTable::standard();
  definitions::Definitions definitions_;
  tree::Document document_;
  path::EvalContext context_;
  std::vector<path::Expression> expressions_;
};

int serve(Program& program) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    std::size_t number = 0, repeats = 0;
    if (verb == "compile") {
      std::cout << program.compile(line.substr(8)) << std::endl;
    } else if (verb == "print" && words >> number) {
      std::cout << program.print(number) << std::endl;
    } else if (verb == "time" && words >> number >> repeats) {
      std::cout << program.time(number, repeats) << std::endl;
    } else {
      std::cerr << "not understood: " << verb << "\n";
      return 2;
    }
  }
  return 0;
}

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  using namespace concord::bench;
  if (argc > 1) {
    Program program(read_bytes(argv[1]));
    return serve(program);
  }
  Program program(own_bundle());
  std::cout << program.compile("Bundle.entry.fullUrl.count()") << "\n"
            << program.print(0) << "\n"
            << program.time(0, 10) << "\n";
  return program.print(0) == "1\n24" ? 0 : 1;
}
