#include "tests/campaign/network_host.h"

#include <unistd.h>

#include <chrono>
#include <sstream>
#include <vector>

#include "tests/campaign/ports.h"
#include "tests/support/process.h"

namespace concord::campaign {
namespace {

namespace fs = std::filesystem;

fs::path program() {
  for (const char* const path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    std::error_code none;
    if (fs::exists(path, none)) return path;
  }
  return {};
}

bool ip(const std::string& command) {
  std::istringstream words(command);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return test::run(program(), {.arguments = arguments, .log = "/dev/null"},
                   std::chrono::seconds(20)) == 0;
}

}  // namespace

std::unique_ptr<NetworkHost> NetworkHost::make(std::string& why_not) {
  if (::geteuid() != 0) return why_not = "this is not root", nullptr;
  if (program().empty()) return why_not = "there is no program ip (package iproute2)", nullptr;
  for (unsigned number = 1; number < 255; ++number) {
    const int lock = lock_number("network", number);
    if (lock < 0) continue;  // another campaign's
    const std::string text = std::to_string(number);
    std::unique_ptr<NetworkHost> host(
        new NetworkHost("concord-" + text, "concord" + text, "10.213." + text, lock));
    // What a killed run left there under this number.
    ip("netns del " + host->name_), ip("link del " + host->card_ + "a");
    if (!ip("netns add " + host->name_)) {
      return why_not = "network namespaces are not permitted here", nullptr;
    }
    const std::string near = host->card_ + "a", far = host->card_ + "b";
    if (ip("link add " + near + " type veth peer name " + far + " netns " + host->name_) &&
        ip("addr add " + host->network_ + ".1/24 dev " + near) && ip("link set " + near + " up") &&
        host->inside("addr add " + host->address() + "/24 dev " + far) &&
        host->inside("link set " + far + " up") && host->inside("link set lo up")) {
      return host;
    }
    return why_not = "virtual network cards are not permitted here", nullptr;
  }
  return why_not = "there are too many of them", nullptr;
}

NetworkHost::~NetworkHost() {
  ip("link del " + card_ + "a");
  ip("netns del " + name_);
  ::close(lock_);
}

bool NetworkHost::inside(const std::string& command) const {
  return ip("-n " + name_ + " " + command);
}

bool NetworkHost::cut(Cut how) {
  switch (how) {
    case Cut::both:
      // The far card: this one keeps its route, so that nobody is told that it leads nowhere.
      return inside("link set " + card_ + "b down");
    case Cut::to:
      return ip("route add blackhole " + address() + "/32");
    case Cut::answers:
      return inside("route add blackhole " + network_ + ".1/32");
  }
  return false;
}

bool NetworkHost::mend() {
  ip("route del blackhole " + address() + "/32");
  inside("route del blackhole " + network_ + ".1/32");
  return inside("link set " + card_ + "b up");
}

}  // namespace concord::campaign
