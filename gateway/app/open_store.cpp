#include "gateway/app/open_store.h"

#ifdef CONCORD_FAULT_POINTS
#include "gateway/app/fault_points.h"
#endif
#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::app {
namespace {

Result<std::unique_ptr<store::Store>> open(const Config& config, const Clock& clock, bool read_only,
                                           store::GroupHook on_group) {
  if (config.store_kind == "postgresql") {
    store::postgresql::Options options;
    options.connection = config.store_connection;
    options.read_only = read_only;
    options.on_group = std::move(on_group);
#ifdef CONCORD_FAULT_POINTS
    options.on_step = fault_point();
#endif
    return store::postgresql::open(options, clock);
  }
  store::sqlite::Options options;
  options.path = config.store_path;
  options.read_only = read_only;
  options.on_group = std::move(on_group);
#ifdef CONCORD_FAULT_POINTS
  options.on_step = fault_point();
#endif
  return store::sqlite::open(options, clock);
}

}  // namespace

Result<std::unique_ptr<store::Store>> open_store(const Config& config, const Clock& clock,
                                                 store::GroupHook on_group) {
  return open(config, clock, false, std::move(on_group));
}

Result<std::unique_ptr<store::Store>> open_store_for_reading(const Config& config,
                                                             const Clock& clock) {
  return open(config, clock, true, {});
}

std::string store_name(const Config& config) {
  return config.store_kind == "postgresql" ? "store.connection" : config.store_path.string();
}

}  // namespace concord::app
