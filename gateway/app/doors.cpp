#include "gateway/app/doors.h"

#include <algorithm>

#include "gateway/api/resource_builder.h"
#include "gateway/app/isolation.h"
#ifdef CONCORD_FAULT_POINTS
#include "gateway/app/fault_points.h"
#endif

namespace concord::app {
namespace {

namespace files = doors::files;

/// What a door did: a line of the log and a count. Names of files stay out of both.
void note(const Doors::Parts& parts, const files::Notice& notice) {
  using Kind = files::Notice::Kind;
  const std::string_view name = files::notice_name(notice.kind);
  const bool of_folder = notice.kind == Kind::folder_lost || notice.kind == Kind::folder_back;
  if (!of_folder) parts.metrics->door(notice.door, name);
  const bool good = notice.kind == Kind::accepted || notice.kind == Kind::replayed ||
                    notice.kind == Kind::folder_back;
  parts.log->write(good ? ops::LogLevel::info : ops::LogLevel::warning, "file",
                   {{"result", name},
                    {"door", notice.door},
                    {"file", notice.file},
                    {"exchange_id", notice.exchange},
                    {"code", notice.code}});
}

Result<files::Taken> submit(const Doors::Parts& parts, const std::string& door,
                            std::chrono::milliseconds patience, files::Letter letter) {
  exchange::Arrival arrival;
  arrival.bytes = std::move(letter.bytes);
  arrival.content_type = std::move(letter.content_type);
  arrival.door = "files:" + door;
  arrival.peer = "127.0.0.1";
  arrival.loopback = true;  // who may write to the folder is a user of this machine
  arrival.request_id = std::move(letter.key);
  arrival.request_id_given = true;
  arrival.received_at = letter.received_at;
  arrival.deadline = parts.clock() + patience;
  CONCORD_ASSIGN(exchange::Answer answer, parts.submit(std::move(arrival)));
  return files::Taken{std::move(answer.exchange_id), answer.replayed};
}

}  // namespace

Result<std::unique_ptr<Doors>> Doors::open(const Config& config, Parts parts) {
  auto all = std::make_unique<Doors>();
  for (const auto& [name, door] : config.doors) {
    if (door.folder.empty()) continue;
    files::Settings settings;
    settings.name = name;
    settings.folder = door.folder;
    settings.node = config.node;
    settings.max_bytes = config.limits.max_bytes;
    settings.most_files = door.files;
    settings.poison = config.outbox.poison_crashes;
    settings.poll = door.poll;
    settings.settle = door.settle;
    files::Parts use;
    use.submit = [parts, own = name, patience = config.limits.deadline](files::Letter letter) {
      return submit(parts, own, patience, std::move(letter));
    };
    use.outcome = [symbols = parts.symbols](const Error& error) {
      return api::write_outcome(*symbols, error, {}).body;
    };
    use.may_take = parts.may_take;
    if (config.outbox.isolation_mib > 0) {
      use.trial = [&config](const files::Letter& letter) -> Result<void> {
        if (survives_alone(config, letter.bytes)) return {};
        return make_error(ErrorCode::too_costly, "it ended the process made for it alone");
      };
    }
    use.observe = [parts](const files::Notice& notice) { note(parts, notice); };
    use.clock = parts.clock;
#ifdef CONCORD_FAULT_POINTS
    use.on_step = fault_point();
#endif
    CONCORD_ASSIGN(auto opened, files::FileDoor::open(std::move(use), std::move(settings)));
    all->doors_.push_back(std::move(opened));
  }
  for (const auto& door : all->doors_) door->start();
  return all;
}

void Doors::stop() {
  for (const auto& door : doors_) door->stop();
}

std::vector<ops::DoorSnapshot> Doors::figures(Instant now) const {
  std::vector<ops::DoorSnapshot> all;
  for (const auto& door : doors_) {
    const files::State state = door->state();
    ops::DoorSnapshot& one = all.emplace_back();
    one.name = state.name;
    one.waiting = static_cast<std::int64_t>(state.waiting);
    if (state.oldest) {
      one.oldest_seconds =
          std::max(0.0, std::chrono::duration<double>(now - *state.oldest).count());
    }
    one.usable = state.folder_usable;
  }
  return all;
}

}  // namespace concord::app
