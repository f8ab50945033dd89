#pragma once
/// Another host, as a network namespace of this machine: programs in it are reached by a pair of
/// virtual network cards, and that way can be cut. Needs root and the program `ip`.

#include <filesystem>
#include <memory>
#include <string>

namespace concord::campaign {

/// Gone with the object. One thread at a time.
class NetworkHost {
 public:
  /// Null, with the reason in words, where it is not permitted.
  static std::unique_ptr<NetworkHost> make(std::string& why_not);
  ~NetworkHost();
  NetworkHost(const NetworkHost&) = delete;
  NetworkHost& operator=(const NetworkHost&) = delete;

  /// For setns(2).
  std::filesystem::path name_space() const { return "/var/run/netns/" + name_; }
  /// Of that host, as seen from this one.
  std::string address() const { return network_ + ".2"; }
  /// The network between the two, for lists of who may connect.
  std::string network() const { return network_ + ".0/24"; }

  enum class Cut {
    both,     ///< nothing arrives on either side, and nobody is told
    to,       ///< what this host sends is lost, what comes back arrives
    answers,  ///< what this host sends arrives, what comes back is lost
  };
  bool cut(Cut how);
  /// The way is whole again.
  bool mend();

 private:
  NetworkHost(std::string name, std::string card, std::string network, int lock)
      : name_(std::move(name)), card_(std::move(card)), network_(std::move(network)), lock_(lock) {}
  bool inside(const std::string& command) const;

  std::string name_, card_, network_;
  int lock_;
};

}  // namespace concord::campaign
