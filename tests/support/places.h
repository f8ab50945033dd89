#pragma once
/// Where the tests find what they read. Asked at run time: a path in the compiler's command line
/// would make every checkout compile every test anew.

#include <string>

namespace concord::test {

/// The root of the checkout.
const std::string& source_dir();
/// The build folder; programs are in its bin/.
const std::string& binary_dir();

#ifdef CONCORD_TEST_ROOM
/// The folder of this test program: tests/fhir/json.
inline std::string test_dir() { return source_dir() + "/" + CONCORD_TEST_ROOM; }
#endif

}  // namespace concord::test
