#pragma once
/// The person who looks after what was given up.

#include <stop_token>

#include "tests/campaign/board.h"

namespace concord::campaign {

/// Looks every moment for messages that were given up, at any gateway, and has most of them sent
/// again and one in four cancelled, by `POST /exchange/{id}/…` or, one in three, `concord
/// exchange`; while faults go on some are left for later. Each word is in the history. Until it is
/// stopped; on a thread of its own.
void look_after_dead_letters(Board& board, const std::stop_token& stop);

}  // namespace concord::campaign
