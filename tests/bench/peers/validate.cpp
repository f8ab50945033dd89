// Concord's side of validate.mjs: reads and validates one document after the other, as told line by
// line on standard input.
//
//   bench_peer_validate serve
//   load FILE             → "ok N" (its number)
//   report N DEPTH        → "K", then K lines "severity id": DEPTH is intake or full
//   read N REPEATS        → nanoseconds of CPU time: bytes to the typed tree
//   validate N DEPTH REPEATS  → the same for bytes to the report
//   check N DEPTH REPEATS     → the same for a tree that was read before
//
// Without an argument it validates an own document and ends: the smoke test.
// DEPENDS fhir/json fhir/definitions fhir/packages fhir/snapshot fhir/terminology fhir/validate
#include "fhir/validate/validator.h"

#include <time.h>

#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
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
  std::size_t load(std::string source) {
    sources_.push_back(std::move(source));
    trees_.push_back(read(sources_.back()));
    return sources_.size() - 1;
  }

  validate::Report report(std::size_t number, const std::string& depth) const {
    const auto& tree = trees_.at(number);
    return tree ? validator_.validate(*tree, options(depth)) : validate::Report{};
  }

  bool is_read(std::size_t number) const { return trees_.at(number).has_value(); }

  template <typename Work>
  static std::int64_t timed(std::size_t repeats, Work&& work) {
    const std::int64_t start = thread_cpu_nanoseconds();
    for (std::size_t i = 0; i < repeats; ++i) work();
    return thread_cpu_nanoseconds() - start;
  }

  std::int64_t time_read(std::size_t number, std::size_t repeats) {
    return timed(repeats, [&] { nodes_ += read(sources_.at(number))->node_count(); });
  }
  std::int64_t time_validate(std::size_t number, const std::string& depth, std::size_t repeats) {
    const validate::Options use = options(depth);
    return timed(repeats, [&] {
      const auto tree = read(sources_.at(number));
      nodes_ += validator_.validate(*tree, use).errors;
    });
  }
  std::int64_t time_check(std::size_t number, const std::string& depth, std::size_t repeats) {
    const validate::Options use = options(depth);
    return timed(repeats, [&] { nodes_ += validator_.validate(*trees_.at(number), use).errors; });
  }

 private:
  static validate::Options options(const std::string& depth) {
    return depth == "full" ? validate::Options::reference() : validate::Options::lenient();
  }

  std::optional<tree::Document> read(const std::string& source) const {
    auto document = json::read(source, symbols_);
    if (!document) return std::nullopt;
    tree::Builder builder(*document);
    definitions::annotate(builder, definitions_);
    return *std::move(document);
  }

  tree::Symbols symbols_;
  definitions::Definitions definitions_ = *definitions::Definitions::r4(symbols_);
  packages::Registry registry_{definitions_};
  snapshot::Profiles profiles_{registry_};
  terminology::Terminology terminology_{registry_};
  validate::Validator validator_ = validate::Validator::compile(
      validate::Parts{&definitions_, &registry_, &profiles_, &terminology_});
  std::vector<std::string> sources_;
  std::vector<std::optional<tree::Document>> trees_;
  std::size_t nodes_ = 0;  ///< so that nothing is optimised away
};

void print(const Program& program, std::size_t number, const std::string& depth) {
  if (!program.is_read(number)) {
    std::cout << "1\nerror unreadable" << std::endl;
    return;
  }
  const validate::Report report = program.report(number, depth);
  std::cout << report.issues.size();
  for (const Issue& issue : report.issues) {
    std::cout << '\n' << severity_name(issue.severity) << ' ' << issue.detail_code;
  }
  std::cout << std::endl;
}

int serve(Program& program) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb, depth;
    std::size_t number = 0, repeats = 0;
    words >> verb;
    if (verb == "load") {
      std::cout << "ok " << program.load(read_bytes(line.substr(5))) << std::endl;
    } else if (verb == "report" && words >> number >> depth) {
      print(program, number, depth);
    } else if (verb == "read" && words >> number >> repeats) {
      std::cout << program.time_read(number, repeats) << std::endl;
    } else if (verb == "validate" && words >> number >> depth >> repeats) {
      std::cout << program.time_validate(number, depth, repeats) << std::endl;
    } else if (verb == "check" && words >> number >> depth >> repeats) {
      std::cout << program.time_check(number, depth, repeats) << std::endl;
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
  Program program;
  if (argc > 1 && std::string(argv[1]) == "serve") return serve(program);
  const std::size_t own = program.load(own_bundle());
  print(program, own, "intake");
  std::cout << program.time_validate(own, "full", 2) << "\n";
  return program.is_read(own) ? 0 : 1;
}
