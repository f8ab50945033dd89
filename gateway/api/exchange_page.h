#pragma once
/// Exchanges as pages for people: a list, and one journey. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "gateway/api/services.h"
#include "gateway/exchange/journeys.h"

namespace concord::api {

/// `query` is the address's, not decoded.
std::string exchange_list_page(const exchange::ExchangePage& page, std::string_view query);
std::string journey_page(const exchange::JourneyView& view, const Services& use);

}  // namespace concord::api
