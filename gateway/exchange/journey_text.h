#pragma once
/// Journeys as text: JSON for programs, lines for people. Pure functions, safe from any thread.
/// Texts for people hold printable characters only, whatever a sender put into an id.

#include <string>

#include "gateway/exchange/journeys.h"

namespace concord::exchange {

/// {"exchanges":[…],"next":"…","lookedBackTo":"…"}; the last two where there are any.
std::string to_json(const ExchangePage& page);
std::string to_json(const JourneyView& view);
/// {"dryRun":…,"items":[…],"next":"…","waitSeconds":…}; the last two where there are any.
std::string to_json(const Handled& handled);

std::string to_text(const ExchangePage& page);
std::string to_text(const JourneyView& view);
std::string to_text(const Handled& handled);

/// Where an item stands, in words: "waits, next attempt 2026-01-01T00:00:00Z".
std::string standing_of(const FoundItem& item);
/// As standing_of(), with the exchange it waits for.
std::string standing_of(const ItemJourney& item);

}  // namespace concord::exchange
