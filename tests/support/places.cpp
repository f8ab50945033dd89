#include "tests/support/places.h"

namespace concord::test {

const std::string& source_dir() {
  static const std::string place = CONCORD_SOURCE_DIR;
  return place;
}

const std::string& binary_dir() {
  static const std::string place = CONCORD_BINARY_DIR;
  return place;
}

}  // namespace concord::test
