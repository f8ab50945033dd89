#pragma once
/// Searches, histories and Patient/$everything: lists of resources on their way into Bundles.

#include <optional>
#include <string_view>

#include "gateway/resources/detail/plan.h"
#include "gateway/resources/detail/query.h"

namespace concord::resources::detail {

/// As ResourceService::search().
Result<Page> search_page(const Room& room, const Caller& caller, std::string_view type,
                         std::string_view query, search::Handling handling,
                         const std::optional<search::Compartment>& compartment);
/// As ResourceService::history().
Result<Page> history_page(const Room& room, const Caller& caller, std::string_view type,
                          std::string_view id, std::string_view query);
/// As ResourceService::everything().
Result<Page> everything_page(const Room& room, const Caller& caller, std::string_view patient,
                             std::string_view query);

/// Adds what `includes` ask for to the matches of a page: nothing twice, at most
/// Settings::included, with a warning when there is more.
Result<void> add_includes(const Room& room, const std::vector<search::Include>& includes,
                          Page& page);

/// A value of _count: at least 0, at most the limit of the settings.
/// Errors: malformed (no number).
Result<std::size_t> read_count(const Room& room, std::string_view text);

/// Takes `_cursor` out of the parameters. Errors: as read_cursor().
Result<PageCursor> take_cursor(const Room& room, search::QueryParameters& parameters);

/// Sets the links of a page: where it is, those around it as the store said, the first one, and the
/// last one, which is read backwards from the end.
void set_links(const Room& room, Page& page, std::string_view path,
               const search::QueryParameters& used, const std::string& asked_cursor,
               const store::ResourcePage& found);

}  // namespace concord::resources::detail
