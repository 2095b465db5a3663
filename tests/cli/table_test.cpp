// Text tables, what steps say of their results, and the page of the report.
// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <nlohmann/json.hpp>

#include "cli/html.hpp"
#include "cli/step.hpp"
#include "tests/catch.hpp"

namespace crosstwin::cli {
namespace {

using tests::contains;

TEST_CASE("a table is as wide as its content") {
  Table table({"layer", "rows"});
  table.add({"c", "1,000"});
  table.add({"longer"});
  CHECK(table.text() == "layer    rows\n------  -----\nc       1,000\nlonger\n");
  Table left({"a", "b"}, Table::Align::left);
  left.add({"c", "long"});
  CHECK(left.text() == "a  b\n-  ----\nc  long\n");
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(percent(0.98765) == "98.77%");
}

TEST_CASE("a board without a figure for cycles an image shows no throughput") {
  nlohmann::ordered_json board = {{"board", "hx8k"},
                                  {"lut", 1},
                                  {"ff", 2},
                                  {"lc", {{"used", 3}, {"available", 4}}},
                                  {"bram", {{"used", 5}, {"available", 6}}},
                                  {"dsp", {{"used", 0}, {"available", 0}}},
                                  {"fmax_mhz", {{"min", 10.5}, {"median", 11}, {"max", 12}}},
                                  {"bitstream", {{"file", "x.bin"}}},
                                  {"folder", "out"}};
  const Step& fpga = find_step("fpga");
  CHECK_THAT(fpga.text({{"boards", {board}}}), contains("10.5/11.0/12.0         -  out/x.bin"));
  CHECK_THAT(fpga.line({{"boards", {board}}}), contains("12.0 MHz, - images/s"));
  board["images_per_second"] = 734.6;
  CHECK_THAT(fpga.text({{"boards", {board}}}), contains("       735  out/x.bin"));
}

TEST_CASE("the report's page escapes text and inlines pictures") {
  const std::string page = html_page("a<b", {{"x & y", "\"1\""}}, "c & d",
                                     {{"p.svg", "<?xml version=\"1.0\"?>\n<svg>p</svg>"}});
  CHECK_THAT(page, contains("<h1>a&lt;b</h1>") && contains("x &amp; y") && contains("&quot;1") &&
                       contains("<h2>c &amp; d</h2>") && contains("<svg>p</svg>"));
  CHECK_THAT(page, !contains("<?xml"));
}

}  // namespace
}  // namespace crosstwin::cli
