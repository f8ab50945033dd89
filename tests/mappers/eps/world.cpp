#include "tests/mappers/eps/world.h"

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

/// Start-up of the test program: without definitions or maps there is nothing to test.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << to_string(result.error()) << "\n" << result.error().log_detail << "\n";
    std::abort();
  }
  return *std::move(result);
}

}  // namespace

World::World() : definitions(must(definitions::Definitions::r4(symbols))) {
  mapper = must(make_mapper(definitions));
}

World& World::get() {
  static World world;
  return world;
}

tree::Document typed(std::string json) {
  World& world = World::get();
  auto document = json::read_passing_empty_arrays(std::move(json), world.symbols);
  if (!document) {
    ADD_FAILURE() << to_string(document.error());
    return tree::Document(world.symbols);
  }
  tree::Builder builder(*document);
  definitions::annotate(builder, world.definitions);
  return *std::move(document);
}

mappers::Parameters case_parameters() {
  using namespace std::chrono;
  mappers::Parameters parameters;
  parameters.now = sys_days{2026y / March / 2} + 10h + 15min;
  parameters.values = {{"from_asid", "200000000999"},
                       {"to_asid", "567456789999"},
                       {"user_id", "999900000022"},
                       {"role_id", "999900000011"}};
  return parameters;
}

Result<mappers::Encoded> translate(std::string json, const mappers::Parameters& parameters,
                                   mapping::TraceSink* trace) {
  return World::get().mapper->encode(typed(std::move(json)), parameters, trace);
}

std::vector<std::filesystem::path> case_folders() {
  const std::filesystem::path root = concord::test::source_dir();
  auto folders = concord::test::case_folders(root / "tests/mappers/eps/cases");
  for (auto& shipped : concord::test::case_folders(root / "mappers/eps/cases")) {
    folders.push_back(std::move(shipped));
  }
  return folders;
}

std::filesystem::path case_folder(const std::string& name) {
  for (auto& folder : case_folders()) {
    if (folder.filename() == name) return folder;
  }
  ADD_FAILURE() << "no case " << name;
  return {};
}

std::string case_input(const std::string& name) {
  return concord::test::read_file(case_folder(name) / "input.json");
}

std::string edited_first(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "not in the text: " << from;
    return text;
  }
  return text.replace(at, from.size(), to);
}

std::string edited(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos && text.find(from, at + 1) != std::string::npos) {
    ADD_FAILURE() << "more than once in the text: " << from;
  }
  return edited_first(std::move(text), from, to);
}

std::string told(const Issue& issue) {
  return std::string(severity_name(issue.severity)) + " " + issue.detail_code + " " +
         issue.expression + ": " + issue.text;
}

std::string only_issue(const Result<mappers::Encoded>& result) {
  if (result.has_value()) {
    ADD_FAILURE() << "was translated";
    return {};
  }
  if (result.error().issues.size() != 1) {
    ADD_FAILURE() << to_string(result.error());
    return {};
  }
  return told(result.error().issues.front());
}

}  // namespace concord::eps::test
