#pragma once
/// What the files of this folder register into.

#include "gateway/app/command_line.h"

namespace concord::app::commands {
using Table = CommandTable;
}
