#include "gateway/app/isolation.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/core/descriptor.h"
#include "gateway/app/carriers.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kMargin{5'000};
constexpr milliseconds kLook{10};
constexpr rlim_t kProcessorSeconds = 60;
constexpr std::size_t kMostAnswer = std::size_t{64} << 20;

/// A file in memory, for what goes to the process and what comes back: neither side waits for the
/// other to read. Holds `text`, to be read from its beginning; none when it could not be made.
Descriptor memory_file(std::string_view text = {}) {
  Descriptor file(::memfd_create("concord", MFD_CLOEXEC));
  const bool whole =
      file.is_open() && write_all(file.get(), text) && ::lseek(file.get(), 0, SEEK_SET) == 0;
  return whole ? std::move(file) : Descriptor();
}

std::optional<std::string> read_all(int file) {
  std::string all;
  char block[65'536];
  while (all.size() <= kMostAnswer) {
    const ssize_t count = ::read(file, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return all;
    all.append(block, static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

/// Texts one behind the other, each with its length before it.
std::string pack(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    all += std::to_string(text.size());
    all += ':';
    all += text;
  }
  return all;
}

/// Nothing when it is not exactly `count` of them.
std::optional<std::vector<std::string>> unpack(std::string_view all, std::size_t count) {
  std::vector<std::string> texts;
  while (!all.empty() && texts.size() < count) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), size);
    if (error != std::errc{}) return std::nullopt;
    all.remove_prefix(static_cast<std::size_t>(end - all.data()));
    if (all.empty() || all.front() != ':' || all.size() - 1 < size) return std::nullopt;
    texts.emplace_back(all.substr(1, size));
    all.remove_prefix(1 + size);
  }
  if (!all.empty() || texts.size() != count) return std::nullopt;
  return texts;
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string packed(const channels::Receipt& receipt) {
  return pack({std::to_string(static_cast<int>(receipt.carried)), std::to_string(receipt.peer_code),
               receipt.bytes, receipt.content_type,
               receipt.retry_after ? std::to_string(receipt.retry_after->count()) : std::string(),
               receipt.reason});
}

std::optional<channels::Receipt> receipt_from(std::string_view text) {
  const auto texts = unpack(text, 6);
  if (!texts) return std::nullopt;
  const std::int64_t carried = number((*texts)[0]);
  if (carried < 0 || carried > static_cast<std::int64_t>(channels::Carried::turned_away)) {
    return std::nullopt;
  }
  channels::Receipt receipt;
  receipt.carried = static_cast<channels::Carried>(carried);
  receipt.peer_code = static_cast<std::int32_t>(number((*texts)[1]));
  receipt.bytes = (*texts)[2];
  receipt.content_type = (*texts)[3];
  if (!(*texts)[4].empty()) receipt.retry_after = std::chrono::seconds(number((*texts)[4]));
  receipt.reason = (*texts)[5];
  return receipt;
}

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

/// This program, with two files and nothing else of ours; -1 when it cannot be started.
pid_t start(std::vector<std::string> arguments, int in, int out) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  if (::posix_spawn_file_actions_init(&files) != 0) return -1;
  if (::posix_spawnattr_init(&how) != 0) {
    ::posix_spawn_file_actions_destroy(&files);
    return -1;
  }
  sigset_t none, ours;
  sigemptyset(&none);
  sigemptyset(&ours);
  for (const int one : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, one);
  pid_t child = -1;
  constexpr const char* kProgram = "/proc/self/exe";
  arguments.insert(arguments.begin(), "concord");
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  // What it says on standard error is not for the log, which holds lines of ours only.
  const bool made =
      ::posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO) == 0 &&
      ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) == 0 &&
      ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
      ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) == 0 &&
      ::posix_spawnattr_setsigmask(&how, &none) == 0 &&
      ::posix_spawnattr_setsigdefault(&how, &ours) == 0 &&
      ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
      ::posix_spawn(&child, kProgram, &files, &how, words.data(), environ) == 0;
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&how);
  return made ? child : -1;
}

/// Its exit status, when it ended by itself and in time.
std::optional<int> status_of(pid_t child, milliseconds timeout, const std::stop_token& stop) {
  const auto until = steady_clock::now() + timeout;
  bool killed = false;
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, killed ? 0 : WNOHANG);
    if (ended == child) {
      if (killed || !WIFEXITED(status)) return std::nullopt;
      return WEXITSTATUS(status);
    }
    if (ended < 0 && errno != EINTR) return std::nullopt;
    if (!killed && (stop.stop_requested() || steady_clock::now() >= until)) {
      ::kill(child, SIGKILL);
      killed = true;
    } else if (!killed) {
      std::this_thread::sleep_for(kLook);
    }
  }
}

}  // namespace

std::optional<channels::Receipt> isolated(const Config& config, const store::Item& item,
                                          milliseconds timeout, const std::stop_token& stop) {
  const Descriptor order =
      memory_file(pack({to_yaml(config), item.channel, item.format, item.destination, item.id,
                        item.message_id, item.interaction, item.content_type,
                        std::to_string(item.number), std::to_string(timeout.count()), item.bytes}));
  const Descriptor answer = memory_file();
  if (!order.is_open() || !answer.is_open()) return std::nullopt;
  const pid_t child = start({kIsolatedDelivery}, order.get(), answer.get());
  if (child < 0 || status_of(child, timeout + kMargin, stop) != 0) return std::nullopt;
  if (::lseek(answer.get(), 0, SEEK_SET) != 0) return std::nullopt;
  const auto said = read_all(answer.get());
  return said ? receipt_from(*said) : std::nullopt;
}

bool survives_alone(const Config& config, std::string_view bytes) {
  const Descriptor in = memory_file(bytes);
  const Descriptor out = memory_file();
  if (!in.is_open() || !out.is_open()) return false;
  const pid_t child = start({"translate", "--from", "fhir", "--to", "eps", "--losses", "any",
                             "--identifiers", "warn", "--overlays", config.eps.overlays.string(),
                             "--max-bytes", std::to_string(config.limits.max_bytes), "--max-depth",
                             std::to_string(config.limits.max_depth)},
                            in.get(), out.get());
  if (child < 0) return false;
  const rlimit processor{kProcessorSeconds, kProcessorSeconds};
  ::prlimit(child, RLIMIT_CPU, &processor, nullptr);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlim_t memory = static_cast<rlim_t>(config.outbox.isolation_mib) << 20;
  const rlimit addresses{memory, memory};
  ::prlimit(child, RLIMIT_AS, &addresses, nullptr);
#endif
  return status_of(child, config.limits.deadline + kMargin, {}).has_value();
}

int isolated_delivery(int in, int out) {
  constexpr int kBad = 3;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto text = read_all(in);
  const auto order = text ? unpack(*text, 11) : std::nullopt;
  if (!order) return kBad;
  const std::vector<std::string>& said = *order;
  const auto config =
      make_config({{"isolation", said[0]}},
                  [](const std::string&) -> std::optional<std::string> { return std::nullopt; });
  if (!config) return kBad;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, kProcessorSeconds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Sanitizers reserve terabytes of addresses.
  limit(RLIMIT_AS, static_cast<rlim_t>(config->outbox.isolation_mib) << 20);
#endif
  // All that can fail before anything is sent.
  channels::Channels channels;
  if (!add_carriers(*config, channels, true)) return kBad;
  channels::Channel* const channel = channels.find(said[1]);
  auto engine = Engine::load();
  const auto overlays = read_overlays(config->eps.overlays);
  if (channel == nullptr || !engine || !overlays || !(*engine)->add_mappers(overlays->maps)) {
    return kBad;
  }
  const channels::Receipt receipt =
      channel->deliver({said[3], said[4], said[5], said[6], said[7], said[10], number(said[8])},
                       milliseconds(number(said[9])), {});
  // What it means is for the gateway to say; here it is only seen that reading it does no harm.
  if (const mappers::Mapper* mapper = (*engine)->mappers().find(said[2]);
      mapper != nullptr && !receipt.bytes.empty()) {
    static_cast<void>(mapper->read_acknowledgement(receipt.bytes, receipt.content_type));
  }
  return write_all(out, packed(receipt)) ? 0 : kBad;
}

}  // namespace concord::app
