#pragma once
/// Resources as callers see them: whole, cut, and in Bundles. Bodies that stay whole are never
/// read, their texts are put together.

#include <string>
#include <string_view>

#include "gateway/resources/detail/room.h"

namespace concord::resources::detail {

/// A stored body cut for reading. Errors: internal (it cannot be read).
Result<std::string> cut_body(const Room& room, std::string body, const Cut& cut);

/// A page as Bundle. Errors: too_long, internal.
Result<std::string> write_page(const Room& room, const Page& page, std::string_view base_url);

/// An address in front of relative ones, "/" at the end; empty when there is none or when it holds
/// what cannot stand in JSON as it is.
std::string base_of(std::string_view base_url);

}  // namespace concord::resources::detail
