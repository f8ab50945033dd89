#pragma once
/// The FHIR messages of a prescription's life after its order, made for any prescription. All
/// people and organisations are invented.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord::test {

/// What later messages need to know of an order.
struct Ordered {
  std::string bundle;  ///< the prescription-order, FHIR JSON
  std::string short_id, long_id;
  std::vector<std::string> items;  ///< prescription-order-item-number
  std::string nhs_number;
  int issues = 1;  ///< more than one: repeat dispensing
};

/// The example order with identities of its own.
Ordered ordered(std::string_view series, std::uint64_t number);
/// The same as repeat dispensing with so many issues, each for 28 days.
Ordered ordered_repeat_dispensing(std::string_view series, std::uint64_t number, int issues);

/// Item code (medicationdispense-type) of an item by its index.
using Dispensed = std::vector<std::pair<std::size_t, std::string_view>>;

/// Parameters for Task/$release; without an order what waits for the pharmacy.
std::string release_request(const Ordered* order, std::string_view pharmacy = "FZZ99");
/// A dispense-notification Bundle. `status` is the prescription's (EPS-task-business-status);
/// `issue` counts from 1; `replaces` the notification it amends.
std::string dispense_notification(const Ordered& order, std::string_view id,
                                  std::string_view release, std::string_view status,
                                  const Dispensed& items, int issue = 1,
                                  std::string_view replaces = "",
                                  std::string_view pharmacy = "FZZ99");
/// A Claim for everything.
std::string claim(const Ordered& order, std::string_view id, int issue = 1,
                  std::string_view replaces = "");
/// A Task that gives the prescription back, or takes back its last notification.
std::string return_task(const Ordered& order, std::string_view id, std::string_view release,
                        int issue = 1);
std::string withdraw_task(const Ordered& order, std::string_view id, std::string_view notification,
                          int issue = 1);
/// A prescription-order-update Bundle that cancels one item.
std::string cancellation(const Ordered& order, std::string_view id, std::size_t item);

/// A UUID for each name, the same for the same name.
std::string uuid_for(std::string_view name);

/// Values of identifiers of a system anywhere in a resource, each once, in order.
std::vector<std::string> identifiers(std::string_view json, std::string_view system);
/// The value at a path of names (first of each) in a resource; "" when there is none.
std::string value_at(std::string_view json, const std::vector<std::string_view>& path);

}  // namespace concord::test
