#pragma once
/// What the files of this folder register into.

#include "gateway/api/endpoint.h"

namespace concord::api::endpoints {
using Table = EndpointTable;
}
