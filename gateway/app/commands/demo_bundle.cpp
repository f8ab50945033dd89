// concord demo-bundle: something to try things out with.
#include <ostream>

#include "gateway/app/commands/registry.h"
#include "mappers/eps/eps.h"

namespace concord::app {

void register_demo_bundle(commands::Table& table) {
  CLI::App& command = table.add("demo-bundle",
                                "Print a prescription-order Bundle made for trying things out: "
                                "every person in it is invented",
                                "concord demo-bundle | concord validate -");
  table.on(command, [](Streams& streams) -> int {
    streams.out << eps::example_prescription_order();
    return kDone;
  });
}

}  // namespace concord::app
