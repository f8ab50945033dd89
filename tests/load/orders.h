#pragma once
/// Many prescription-orders out of one, cheaply: a generator that shares the machine with what it
/// measures must not take the time itself.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concord::load {

/// Copies of one prescription-order with identities of their own. References stay whole: in one
/// copy equal identifiers stay equal and different ones different. Thread-safe once made.
class Orders {
 public:
  /// `bundle`: the JSON text of a prescription-order; its UUIDs must differ in their last 24
  /// digits. Copies of different series share no identity.
  Orders(std::string_view bundle, std::uint64_t series);

  /// The same number gives the same bytes.
  std::string order(std::uint64_t number) const;

 private:
  std::string bundle_;
  std::array<char, 4> series_{};        ///< hexadecimal digits
  std::vector<std::size_t> uuids_;      ///< where each begins
  std::vector<std::size_t> short_ids_;  ///< where each short form prescription id begins
};

}  // namespace concord::load
