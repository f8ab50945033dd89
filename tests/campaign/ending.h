#pragma once
/// The end of a campaign: time for everything to be delivered, and what is there then, read from
/// the receiver's record, the store, the logs and the metrics into the history.

#include "tests/campaign/board.h"
#include "tests/campaign/stage.h"

namespace concord::campaign {

/// Waits until no message is waiting and none is in a person's hands, as long as something moves.
/// False when nothing moved for half a minute: less than a lease lasts.
bool drain(Board& board, Stage& stage);

/// Ends the gateways as an operator would, and puts all there is to see into the history.
void read_the_end(Board& board, Stage& stage);

}  // namespace concord::campaign
