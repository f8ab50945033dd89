// The messages this room reads: one row each.
#include <array>

#include "mappers/eps/decoder.h"

namespace concord::eps {
namespace {

constexpr std::string_view kAnswer = "https://concord.example/model/eps/SpineAnswer";
constexpr std::string_view kRefusal = "https://concord.example/map/eps/answers/acknowledgement";

constexpr std::array kRows{
    Readable{"MCCI_IN010000UK13", "", kAnswer, kRefusal, "acknowledgement", StatusRule::outcome},
};

}  // namespace

std::span<const Readable> readable() { return kRows; }

}  // namespace concord::eps
