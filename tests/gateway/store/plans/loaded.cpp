#include "tests/gateway/store/plans/loaded.h"

#include <gmock/gmock.h>

#include <utility>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "tests/load/population.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

Loaded::Loaded(std::unique_ptr<store::Store> store, bool fill) : store_(std::move(store)) {
  resources::Parts parts;
  parts.definitions = &known_.definitions;
  parts.parameters = &known_.parameters;
  parts.validator = &known_.validator;
  parts.functions = &known_.functions;
  parts.store = &store_->resources();
  parts.of_exchange = [](std::string_view) -> Result<bool> { return false; };
  parts.clock = system_clock();
  parts.uuids = random_uuids();
  resources::Settings settings;
  settings.validation["*"] = {resources::Validation::Mode::off, {}};
  service_ = std::make_unique<resources::ResourceService>(std::move(parts), settings);
  if (!fill) return;
  for (std::size_t first = 0; first < kPatients; first += 20) {
    auto bundle = json::read(load::transaction(first, 20), known_.symbols);
    EXPECT_THAT(bundle, IsOk());
    EXPECT_THAT(service_->bundle({"X99001", "r", {}}, *std::move(bundle), "minimal"), IsOk());
  }
  many_tasks();
}

std::size_t Loaded::ask(const std::string& search) {
  const std::size_t mark = search.find('?');
  const auto page = service_->search({"X99001", "r", {}}, search.substr(0, mark),
                                     search.substr(mark + 1), search::Handling::strict);
  EXPECT_THAT(page, IsOk()) << search;
  return page ? page->entries.size() : 0;
}

/// The open Tasks of a clinician who has too many to sort: one Task under many ids.
void Loaded::many_tasks() {
  const std::string body =
      R"({"resourceType":"Task","status":"requested","intent":"order","authoredOn":"2026-03-01T09:00:00Z",)"
      R"("code":{"text":"Review"},"owner":{"reference":"Practitioner/load-gp-busy"}})";
  const Instant now = system_clock()();
  auto document = json::read(body, known_.symbols);
  ASSERT_THAT(document, IsOk());
  tree::Builder builder(*document);
  definitions::annotate(builder, known_.definitions);
  const auto index = known_.parameters.extract(*document, document->root());
  ASSERT_THAT(index, IsOk());
  store::ResourceChanges changes;
  for (std::size_t i = 0; i < kManyTasks; ++i) {
    store::ResourceWrite write;
    write.type = "Task";
    write.id = "many-" + std::to_string(i);
    write.updated_at = now + std::chrono::milliseconds(i);
    write.body = body;
    write.index = *index;
    for (search::Period& period : write.index.periods) {
      period.low += static_cast<std::int64_t>(i) * 60'000;
      period.high += static_cast<std::int64_t>(i) * 60'000;
    }
    changes.writes.push_back(std::move(write));
    if (changes.writes.size() < 650) continue;
    ASSERT_THAT(store_->resources().write(std::exchange(changes, {})), IsOk());
  }
}

}  // namespace concord::test
