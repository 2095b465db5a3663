// The front of cycles against look-up tables as text.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/emit/pareto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace crosstwin::hwgen {
namespace {

using nlohmann::ordered_json;

constexpr int kWidth = 760;
constexpr int kHeight = 440;
constexpr int kLeft = 90;
constexpr int kRight = 30;
constexpr int kTop = 50;
constexpr int kBottom = 60;

std::vector<std::string> crossbar_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const Layer& layer : plan.layers) {
    if (layer.kind != LayerKind::kMaxPool) names.push_back(layer.name);
  }
  return names;
}

// One logarithmic axis over whole decades.
class Axis {
 public:
  Axis(double least, double most, int from, int to)
      : low_(std::floor(std::log10(least))),
        high_(std::max(std::ceil(std::log10(most)), low_ + 1)),
        from_(from),
        to_(to) {}

  double at(double value) const {
    return from_ + (to_ - from_) * (std::log10(value) - low_) / (high_ - low_);
  }

  // 1, 2 and 5 of every decade.
  std::vector<double> ticks() const {
    std::vector<double> list;
    for (double decade = low_; decade <= high_; ++decade) {
      for (const double step : {1., 2., 5.}) {
        const double value = step * std::pow(10., decade);
        if (value <= std::pow(10., high_) * 1.001) list.push_back(value);
      }
    }
    return list;
  }

 private:
  double low_, high_;
  int from_, to_;
};

}  // namespace

std::string pareto_json(const Plan& plan, const std::vector<ParetoPoint>& front) {
  const std::vector<std::string> names = crossbar_names(plan);
  ordered_json points = ordered_json::array();
  for (const ParetoPoint& point : front) {
    ordered_json layers = ordered_json::object();
    for (size_t i = 0; i < names.size(); ++i) {
      const Build& build = point.builds[i];
      layers[names[i]] = {{"form", to_string(build.form)},
                          {"planes", build.planes},
                          {"pe", build.pe},
                          {"row_lanes", build.row_lanes},
                          {"adc_lanes", build.adc_lanes},
                          {"requant", to_string(build.requant)},
                          {"dsp", build.dsp},
                          {"text", short_text(build)}};
    }
    points.push_back({{"cycles", point.cycles},
                      {"lut", std::llround(point.resources.lut)},
                      {"ff", std::llround(point.resources.ff)},
                      {"bram", point.resources.bram},
                      {"dsp", point.resources.dsp},
                      {"bottleneck", point.bottleneck},
                      {"fits", point.fits},
                      {"layers", layers}});
  }
  return ordered_json{{"schema_version", 1}, {"design", plan.design_name}, {"points", points}}.dump(
             2) +
         "\n";
}

std::string pareto_svg(const Plan& plan, const std::vector<ParetoPoint>& front) {
  const auto [fast, slow] = std::minmax_element(
      front.begin(), front.end(), [](const auto& a, const auto& b) { return a.cycles < b.cycles; });
  const auto [small, large] = std::minmax_element(
      front.begin(), front.end(),
      [](const auto& a, const auto& b) { return a.resources.lut < b.resources.lut; });
  const Axis x(static_cast<double>(fast->cycles), static_cast<double>(slow->cycles), kLeft,
               kWidth - kRight);
  const Axis y(small->resources.lut, large->resources.lut, kHeight - kBottom, kTop);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
      "<title>{2}: cycles an image against look-up tables</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"{3}\" y=\"28\" font-size=\"16\">{2}: the forms it can take</text>\n",
      kWidth, kHeight, plan.design_name, kLeft);
  for (const double tick : x.ticks()) {
    text += fmt::format(
        "<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#e5e7eb\"/>\n"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\" fill=\"#6b7280\">{4:.0f}</text>\n",
        x.at(tick), kTop, kHeight - kBottom, kHeight - kBottom + 18, tick);
  }
  for (const double tick : y.ticks()) {
    text += fmt::format(
        "<path d=\"M{0} {1:.1f}H{2}\" stroke=\"#e5e7eb\"/>\n"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\" fill=\"#6b7280\">{5:.0f}</text>\n",
        kLeft, y.at(tick), kWidth - kRight, kLeft - 8, y.at(tick) + 4, tick);
  }
  text += fmt::format(
      "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">cycles an image</text>\n"
      "<text transform=\"translate(24 {}) rotate(-90)\" text-anchor=\"middle\">look-up "
      "tables</text>\n",
      (kLeft + kWidth - kRight) / 2, kHeight - 16, (kTop + kHeight - kBottom) / 2);
  std::string path;
  std::string dots;
  for (const ParetoPoint& point : front) {
    const double px = x.at(static_cast<double>(point.cycles));
    const double py = y.at(point.resources.lut);
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", px, py);
    dots += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" stroke=\"#1d4ed8\"><title>{} "
        "cycles, {:.0f} LUT, {} block RAMs, {} DSP; bound by {}</title></circle>\n",
        px, py, point.fits ? "#1d4ed8" : "#ffffff", point.cycles, point.resources.lut,
        point.resources.bram, point.resources.dsp, point.bottleneck);
  }
  return text + fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"#93c5fd\"/>\n", path) + dots +
         "</svg>\n";
}

}  // namespace crosstwin::hwgen
