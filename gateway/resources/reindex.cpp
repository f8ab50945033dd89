#include "gateway/resources/reindex.h"

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"

namespace concord::resources {

Result<Reindexing> reindex(store::Resources& store, const search::Parameters& parameters,
                           const definitions::Definitions& definitions, const std::stop_token& stop,
                           bool always, std::size_t batch) {
  Reindexing done;
  CONCORD_ASSIGN(const std::int64_t version, store.index_version());
  done.needed = version != parameters.version();
  done.finished = !done.needed;
  if (!done.needed && !always) return done;
  done.finished = false;
  for (std::int64_t last = 0;;) {
    if (stop.stop_requested()) return done;
    CONCORD_ASSIGN(const std::vector<store::ResourceRow> rows, store.rows_after(last, batch));
    if (rows.empty()) break;
    std::vector<store::Resources::Reindexed> values;
    for (const store::ResourceRow& row : rows) {
      last = row.row;
      auto document = json::read(row.body, definitions.symbols());
      if (!document) {
        ++done.not_readable;
        continue;
      }
      tree::Builder builder(*document);
      definitions::annotate(builder, definitions);
      auto index = parameters.extract(*document, document->root());
      if (!index) {
        ++done.not_readable;
        continue;
      }
      values.push_back({row.row, row.version, *std::move(index)});
    }
    done.resources += values.size();
    CONCORD_TRY(store.reindex(std::move(values)));
  }
  CONCORD_TRY(store.set_index_version(parameters.version()));
  done.finished = true;
  return done;
}

}  // namespace concord::resources
