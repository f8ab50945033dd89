#pragma once
/// Who is to hear of the Task of an exchange: subscriptions, without this room knowing them.

#include <functional>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/store.h"

namespace concord::exchange {

/// Gives the messages a Task brings as it is about to be stored (version 1: made; later: changed),
/// for the transaction that stores it: both come, or neither. Asked again at each try. Called from
/// many threads. Errors: those of the store; the Task is not stored then.
using TaskWatch =
    std::function<Result<std::vector<store::NewExchange>>(const store::TaskRow& task)>;

}  // namespace concord::exchange
