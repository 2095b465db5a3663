// A sweep as text, CSV, picture and page.
// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_plot.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"

namespace crosstwin::cli {
namespace {

using nlohmann::ordered_json;
using tests::contains;

ordered_json point(std::vector<double> values, double mean, ordered_json half_width) {
  return {{"values", std::move(values)}, {"chips", 1200},        {"mean", mean}, {"sigma", 0.01},
          {"half_width", half_width},    {"worst", mean - 0.02}, {"best", 1}};
}

ordered_json one_parameter() {
  return {{"title", "a<b"},
          {"parameters",
           ordered_json::array({ordered_json{{"name", "time"}, {"values", {1, 1000, 10}}}})},
          {"points",
           {point({1}, 0.9, 0.01), point({1000}, 0.8, 0.02), point({10}, 0.85, ordered_json())}}};
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("a sweep's table and CSV have a line a point, an interval where there is one") {
  const std::string table = sweep_table(one_parameter());
  CHECK_THAT(table, contains("time") && contains("1,200") && contains("90.00% +- 1.00") &&
                        contains("+- 1.00  78.00%") && contains("85.00%             83.00%"));
  CHECK(sweep_csv(one_parameter()) ==
        "time,chips,mean,sigma,half_width,worst,best\n"
        "1,1200,0.9,0.01,0.01,0.88,1\n"
        "1000,1200,0.8,0.01,0.02,0.78,1\n"
        "10,1200,0.85,0.01,,0.83,1\n");
}

TEST_CASE("a sweep's picture goes from left to right, logarithmic over decades") {
  const std::string svg = sweep_svg(one_parameter());
  // The plot spans x 80..630, y 380..50; accuracies 78% to 91% stand on ticks of 5: 75% to 95%.
  CHECK_THAT(svg, contains("M80.0 132.5L263.3 215.0L630.0 297.5\" fill=\"none\""));
  CHECK_THAT(svg,
             contains("M80.0 116.0L263.3 215.0L630.0 264.5L630.0 330.5L263.3 215.0L80.0 149.0Z"));
  CHECK_THAT(svg, contains(">75%<") && contains(">95%<") && contains("a&lt;b") &&
                      contains("10: 85.00%, 1200 chips"));
  CHECK(count(svg, "<circle") == 3);
}

TEST_CASE("two parameters are a line a value of the second, named") {
  ordered_json sweep = {
      {"title", "t"},
      {"parameters",
       {{{"name", "sigma"}, {"values", {0, 0.1}}}, {{"name", "adc_bits"}, {"values", {4, 5, 6}}}}},
      {"points", ordered_json::array()}};
  for (const double sigma : {0., 0.1}) {
    for (const double bits : {4., 5., 6.}) {
      sweep["points"].push_back(point({sigma, bits}, 0.1 * bits - sigma, 0.01));
    }
  }
  const std::string svg = sweep_svg(sweep);
  CHECK(count(svg, "stroke-width=\"1.5\"") == 3);
  CHECK_THAT(svg, contains(">adc_bits 4<") && contains(">adc_bits 6<"));
  const std::string page = sweep_html(sweep);
  CHECK_THAT(page, contains("<svg") && contains("sigma 0.1, adc_bits 5") &&
                       contains("40.00% +- 1.00, worst 38.00%"));
}

ordered_json one_point(double mean, ordered_json half_width) {
  return {{"title", "t"},
          {"parameters", ordered_json::array({ordered_json{{"name", "sigma"},
                                                           {"values", ordered_json::array({0})}}})},
          {"points", ordered_json::array({point({0}, mean, std::move(half_width))})}};
}

TEST_CASE("points that are all equal can be drawn, on ticks of tenths") {
  const std::string svg = sweep_svg(one_point(1, ordered_json()));
  CHECK_THAT(svg, contains("cx=\"355.0\"") && !contains("nan") && !contains("inf"));
  CHECK_THAT(svg, contains(">99.5%<") && contains(">99.6%<") && contains(">100%<"));
  CHECK_THAT(sweep_svg(one_point(0.97, 0)),
             contains(">96.4%<") && contains(">97.6%<") && !contains(">97.00"));
}

TEST_CASE("an interval is not wider than accuracy can be") {
  const ordered_json two_chips = one_point(0.97, 2.7954);
  CHECK_THAT(sweep_table(two_chips), contains("97.00% -") && !contains("279"));
  CHECK_THAT(sweep_html(two_chips), contains("97.00% -, worst") && !contains("279"));
  CHECK_THAT(sweep_svg(two_chips), contains(">0%<") && contains(">100%<") && !contains(">400%<"));
  CHECK_THAT(sweep_csv(two_chips), contains(",2.7954,"));
}

TEST_CASE("words stand side by side as given, and a point that is not drawn says so") {
  ordered_json sweep = {{"title", "t"},
                        {"parameters",
                         {{{"name", "adc_range"}, {"values", {"mse", "max", "percentile"}}},
                          {{"name", "lognormal"}, {"values", {"false", "true"}}}}},
                        {"points", ordered_json::array()}};
  for (const char* range : {"mse", "max", "percentile"}) {
    for (const char* normal : {"false", "true"}) {
      ordered_json each = point({}, 0.9, ordered_json());
      each["values"] = {range, normal};
      sweep["points"].push_back(each);
    }
  }
  sweep["points"][0]["chips"] = 1;
  sweep["points"][0]["drawn"] = false;
  const std::string svg = sweep_svg(sweep);
  CHECK_THAT(svg, contains("x=\"80.0\" y=\"398\" text-anchor=\"middle\" fill=\"#6b7280\">mse<"));
  CHECK_THAT(svg, contains("x=\"355.0\" y=\"398\" text-anchor=\"middle\" fill=\"#6b7280\">max<"));
  CHECK_THAT(svg, contains(">percentile<") && contains(">lognormal true<"));
  CHECK(count(svg, "cx=\"355.0\"") == 2);
  CHECK_THAT(sweep_table(sweep), contains("mse") && contains("1, not drawn"));
  CHECK_THAT(sweep_csv(sweep),
             contains("adc_range,lognormal,chips") && contains("\nmax,true,1200,0.9"));
  CHECK_THAT(sweep_html(sweep), contains("adc_range percentile, lognormal false"));
}

}  // namespace
}  // namespace crosstwin::cli
