#pragma once
/// The table of keys: how each is read into a Config and written out again.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/app/config.h"

namespace concord::app {

/// What kind of YAML a key takes.
enum class KeyShape { scalar, list };

/// One key. `path` has * where the operator's own name stands; `name` is that name.
struct KeyRow {
  std::string_view path;
  KeyShape shape;
  /// Errors: invalid, with what would be right.
  std::function<Result<void>(Config&, const std::string& name, const std::string& text)> set;
  std::function<std::string(const Config&, const std::string& name)> get;
};

const std::vector<KeyRow>& key_rows();

}  // namespace concord::app
