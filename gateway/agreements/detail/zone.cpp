#include "gateway/agreements/detail/zone.h"

#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>

namespace concord::agreements::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class IcuZone final : public Zone {
 public:
  explicit IcuZone(std::unique_ptr<icu::TimeZone> zone) : zone_(std::move(zone)) {}

  std::chrono::sys_days day_at(Instant at) const override {
    const auto since = static_cast<UDate>(at.time_since_epoch().count());
    return std::chrono::floor<std::chrono::days>(at + offset(since, false));
  }

  Instant instant_at(std::chrono::sys_days day, std::int32_t of_day) const override {
    const Instant civil = Instant{day} + minutes{of_day};
    return civil - offset(static_cast<UDate>(civil.time_since_epoch().count()), true);
  }

 private:
  milliseconds offset(UDate at, bool civil) const {
    std::int32_t raw = 0;
    std::int32_t summer = 0;
    UErrorCode status = U_ZERO_ERROR;
    zone_->getOffset(at, static_cast<UBool>(civil), raw, summer, status);
    return milliseconds{U_SUCCESS(status) ? raw + summer : 0};
  }

  std::unique_ptr<icu::TimeZone> zone_;
};

}  // namespace

std::shared_ptr<const Zone> Zone::find(std::string_view name) {
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(
      icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())))));
  if (zone == nullptr || *zone == icu::TimeZone::getUnknown()) return nullptr;
  return std::make_shared<IcuZone>(std::move(zone));
}

}  // namespace concord::agreements::detail
