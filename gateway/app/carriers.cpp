#include "gateway/app/carriers.h"

#ifdef CONCORD_FAULT_POINTS
#include "gateway/app/fault_points.h"
#endif
#include "gateway/app/room_settings.h"

namespace concord::app {

Result<void> add_carriers(const Config& config, channels::Channels& channels,
                          [[maybe_unused]] bool isolated) {
  CONCORD_ASSIGN(auto http, http_channel(config));
  CONCORD_ASSIGN(auto files, file_channel(config));
#ifdef CONCORD_FAULT_POINTS
  http = with_faults(std::move(http), isolated);
  files = with_faults(std::move(files), isolated);
#endif
  channels.add(std::move(http));
  channels.add(std::move(files));
  return {};
}

}  // namespace concord::app
