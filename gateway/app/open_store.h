#pragma once
/// The configured store.

#include <memory>
#include <string>

#include "gateway/app/config.h"
#include "gateway/store/group_hook.h"
#include "gateway/store/store.h"

namespace concord::app {

/// Opens the store of the configuration, makes it when absent, brings an older schema up to date.
/// @param on_group  told of each transaction calls shared; may be empty
/// Errors: those of sqlite::open() and postgresql::open().
Result<std::unique_ptr<store::Store>> open_store(const Config& config, const Clock& clock,
                                                 store::GroupHook on_group = {});

/// For looking into it: never made, never changed.
Result<std::unique_ptr<store::Store>> open_store_for_reading(const Config& config,
                                                             const Clock& clock);

/// What people know the store by: its path, or that it is a PostgreSQL database.
std::string store_name(const Config& config);

}  // namespace concord::app
