// What the tools report, parsed, and what is made of it.
// SPDX-License-Identifier: Apache-2.0
#include "fpga/flow/nextpnr.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "fpga/flow/build.hpp"
#include "fpga/flow/report.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::fpga;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;
namespace ir = crosstwin::ir;

namespace {

Routed routed(const std::string& text) {
  const TemporaryDir dir;
  ir::write_file(dir / "report.json", text);
  return read_routed(dir / "report.json");
}

// Lines of nextpnr-ice40 0.4 and of the pinned 0.11, which pad differently.
constexpr const char* kLog =
    "Info: Packing constants..\n"
    "Info: Device utilisation:\n"
    "Info: \t         ICESTORM_LC:  8000/ 7680   104%\n"
    "Info: \t        ICESTORM_RAM:      31/     32    96%\n"
    "Info: \t               SB_IO:     9/  256     3%\n"
    "\n"
    "Info: Placed 0 cells based on constraints.\n"
    "ERROR: Unable to place cell\n";

}  // namespace

TEST_CASE("a nextpnr report gives cells and the slowest clock") {
  const Routed report = routed(R"({
    "critical_paths": [],
    "fmax": {"clk_i": {"achieved": 93.5, "constraint": 100}, "osc": {"achieved": 200.25}},
    "utilization": {"ICESTORM_LC": {"available": 7680, "used": 6646},
                    "ICESTORM_RAM": {"available": 32, "used": 28}}})");
  CHECK(report.fmax_mhz == 93.5);
  CHECK(report.cells.at("ICESTORM_LC").used == 6646);
  CHECK(report.cells.at("ICESTORM_LC").available == 7680);
  CHECK(report.cells.at("ICESTORM_RAM").used == 28);
}

TEST_CASE("a damaged nextpnr report is refused with its place") {
  CHECK_THAT(message_of([] { routed(R"({"fmax": {}, "utilization": {}})"); }),
             contains("$.fmax: no clock was timed"));
  CHECK_THAT(message_of([] { routed(R"({"fmax": {}})"); }), contains("utilization"));
  CHECK_THAT(message_of([] { routed(R"({"fmax": )"); }), contains("report.json"));
}

TEST_CASE("the utilisation lines of a log are read, and nothing else") {
  const auto cells = utilisation(kLog);
  CHECK(cells.size() == 3);
  CHECK(cells.at("ICESTORM_LC").used == 8000);
  CHECK(cells.at("ICESTORM_RAM").available == 32);
  CHECK(utilisation("ERROR: cannot open file\n").empty());
}

TEST_CASE("a design that does not fit says what is short and by how much") {
  const std::string message = message_of([] { check_fits(utilisation(kLog), load_board("hx8k")); });
  CHECK_THAT(message, contains("hx8k: the design does not fit") &&
                          contains("logic cells: needs 8000, the part has 7680 (320 short)") &&
                          contains("larger board"));
  CHECK_THAT(message, !contains("block RAM"));
  auto cells = utilisation(kLog);
  cells["ICESTORM_LC"].used = 7680;
  CHECK_NOTHROW(check_fits(cells, load_board("hx8k")));
}

TEST_CASE("Yosys' statistics give the cells of the flattened design") {
  const TemporaryDir dir;
  ir::write_file(dir / "stat.json", R"({"modules": {"\\top": {"num_cells_by_type": {"X": 1}}},
    "design": {"num_cells_by_type": {"SB_LUT4": 9, "SB_DFF": 4, "SB_DFFESR": 5}}})");
  const auto cells = read_cells(dir / "stat.json");
  CHECK(cells.at("SB_LUT4") == 9);
  CHECK(cells.at("SB_DFFESR") == 5);
  CHECK(cells.size() == 3);
}

TEST_CASE("seeds give minimum, median, maximum and the fastest is kept") {
  Report report;
  report.clock_mhz = 12;
  report.cycles_per_image = 10000;
  report.seeds = {{.seed = 1, .fmax_mhz = 90},
                  {.seed = 2, .fmax_mhz = 0},  // did not route
                  {.seed = 3, .fmax_mhz = 100},
                  {.seed = 4, .fmax_mhz = 100},
                  {.seed = 5, .fmax_mhz = 96}};
  summarize_seeds(report);
  CHECK(report.best_seed == 3);
  CHECK(report.fmax_min_mhz == 90);
  CHECK(report.fmax_median_mhz == 98);
  CHECK(report.fmax_max_mhz == 100);
  CHECK(report.images_per_second == 10000);
  CHECK(report.images_per_second_at_clock == 1200);
  CHECK(to_json(report)["seeds"][1]["fmax_mhz"].is_null());
  CHECK_THAT(to_text(report),
             contains("100.0 MHz (min 90.0, median 98.0; 4 of 5 seeds routed, seed 3 kept)"));

  report.seeds = {{.seed = 1, .fmax_mhz = 0}};
  CHECK_THROWS_AS(summarize_seeds(report), ir::Bug);
}
