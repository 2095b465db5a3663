// Text of a sweep's files.
// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/html.hpp"
#include "cli/table.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 440;
constexpr double kLeft = 80;
constexpr double kRight = 130;  // the names of the lines
constexpr double kTop = 50;
constexpr double kBottom = 60;

std::string name(const ordered_json& sweep, size_t axis) {
  return sweep["parameters"][axis]["name"].get<std::string>();
}

std::string value_text(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  return fmt::format("{:.12g}", value.get<double>());
}

// Where a value of the first parameter lies: the number itself, a word by its place in the list.
double number(const ordered_json& sweep, const ordered_json& value) {
  if (!value.is_string()) return value.get<double>();
  const ordered_json& all = sweep["parameters"][0]["values"];
  return static_cast<double>(std::find(all.begin(), all.end(), value) - all.begin());
}

double half_width(const ordered_json& point) {
  return point["half_width"].is_null() ? 0 : point["half_width"].get<double>();
}

// "97.31% +- 0.12"
std::string mean_text(const ordered_json& point) {
  const auto mean = point["mean"].get<double>();
  if (point["half_width"].is_null()) return percent(mean);
  return percent(mean) + " " + interval_text(mean, half_width(point));
}

// "200"; where nothing is drawn one chip is all of them.
std::string chips_text(const ordered_json& point) {
  const std::string chips = grouped(point["chips"].get<int64_t>());
  return point.value("drawn", true) ? chips : chips + ", not drawn";
}

// Where the first parameter's values lie.
class Across {
 public:
  explicit Across(const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    logarithmic_ = *low > 0 && *high / *low >= 100;
    low_ = scaled(*low);
    high_ = scaled(*high);
  }

  double at(double value) const {
    const double share = high_ > low_ ? (scaled(value) - low_) / (high_ - low_) : 0.5;
    return kLeft + (kWidth - kRight - kLeft) * share;
  }

 private:
  double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }

  bool logarithmic_ = false;
  double low_ = 0;
  double high_ = 0;
};

// Accuracy from a whole tick below all bands to one above, in percent.
class Up {
 public:
  explicit Up(const ordered_json& points) {
    double low = 100;
    double high = 0;
    for (const ordered_json& point : points) {
      const double mean = 100 * point["mean"].get<double>();
      low = std::min(low, std::max(0., mean - 100 * half_width(point)));
      high = std::max(high, std::min(100., mean + 100 * half_width(point)));
    }
    // Points that are all equal are no reason for ticks of a thousandth.
    if (high - low < 0.1) {
      low = std::max(0., low - 0.5);
      high = std::min(100., high + 0.5);
    }
    const double span = high - low;
    const double decade = std::pow(10., std::floor(std::log10(span / 4)));
    for (const double of : {1., 2., 5., 10.}) {
      step_ = of * decade;
      if (span / step_ <= 6) break;
    }
    low_ = std::max(0., std::floor(low / step_) * step_);
    high_ = std::min(100., std::ceil(high / step_) * step_);
  }

  double at(double accuracy) const {
    const double share = std::clamp((100 * accuracy - low_) / (high_ - low_), 0., 1.);
    return kHeight - kBottom - (kHeight - kBottom - kTop) * share;
  }

  std::vector<double> ticks() const {
    std::vector<double> list;
    for (int i = 0; low_ + i * step_ <= high_ + step_ / 1000; ++i) list.push_back(low_ + i * step_);
    return list;
  }

 private:
  double low_, high_, step_ = 1;
};

std::string frame(const ordered_json& sweep, const Across& x, const Up& y) {
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" font-family=\"Helvetica, Arial, sans-serif\" "
      "font-size=\"12\">\n<title>{2}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"{3:.0f}\" y=\"28\" font-size=\"16\">{2}</text>\n",
      kWidth, kHeight, html_escape(sweep["title"].get<std::string>()), kLeft);
  const ordered_json& values = sweep["parameters"][0]["values"];
  // A name about every 50 pixels.
  const size_t every = values.size() / 11 + 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const double at = x.at(number(sweep, values[i]));
    text += fmt::format("<path d=\"M{:.1f} {:.0f}V{:.0f}\" stroke=\"#e5e7eb\"/>\n", at, kTop,
                        kHeight - kBottom);
    if (i % every != 0) continue;
    text += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"middle\" fill=\"#6b7280\">{}</text>\n", at,
        kHeight - kBottom + 18, value_text(values[i]));
  }
  for (const double tick : y.ticks()) {
    const double at = y.at(tick / 100);
    text += fmt::format(
        "<path d=\"M{0:.0f} {1:.1f}H{2:.0f}\" stroke=\"#e5e7eb\"/>\n"
        "<text x=\"{3:.0f}\" y=\"{4:.1f}\" text-anchor=\"end\" fill=\"#6b7280\">{5:.6g}%</text>\n",
        kLeft, at, kWidth - kRight, kLeft - 8, at + 4, tick);
  }
  return text + fmt::format(
                    "<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n"
                    "<text transform=\"translate(20 {:.0f}) rotate(-90)\" "
                    "text-anchor=\"middle\">accuracy, mean of the chips</text>\n",
                    (kLeft + kWidth - kRight) / 2, kHeight - 16, html_escape(name(sweep, 0)),
                    (kTop + kHeight - kBottom) / 2);
}

}  // namespace

std::string sweep_table(const ordered_json& sweep) {
  std::vector<std::string> head;
  for (const ordered_json& parameter : sweep["parameters"]) head.push_back(parameter["name"]);
  head.insert(head.end(), {"chips", "accuracy, 95%", "of a chip", "worst", "best"});
  Table table(head);
  for (const ordered_json& point : sweep["points"]) {
    std::vector<std::string> row;
    for (const ordered_json& value : point["values"]) row.push_back(value_text(value));
    row.push_back(chips_text(point));
    row.push_back(mean_text(point));
    row.push_back(point["half_width"].is_null()
                      ? ""
                      : fmt::format("+- {:.2f}", 100 * point["sigma"].get<double>()));
    row.push_back(percent(point["worst"].get<double>()));
    row.push_back(percent(point["best"].get<double>()));
    table.add(row);
  }
  return table.text();
}

std::string sweep_csv(const ordered_json& sweep) {
  std::string text;
  for (const ordered_json& parameter : sweep["parameters"]) {
    text += parameter["name"].get<std::string>() + ",";
  }
  text += "chips,mean,sigma,half_width,worst,best\n";
  for (const ordered_json& point : sweep["points"]) {
    for (const ordered_json& value : point["values"]) text += value_text(value) + ",";
    text += point["chips"].dump();
    for (const char* member : {"mean", "sigma", "half_width", "worst", "best"}) {
      text += "," + (point[member].is_null() ? "" : point[member].dump());
    }
    text += "\n";
  }
  return text;
}

std::string sweep_svg(const ordered_json& sweep) {
  std::vector<double> values;
  for (const ordered_json& value : sweep["parameters"][0]["values"]) {
    values.push_back(number(sweep, value));
  }
  const Across x(values);
  const Up y(sweep["points"]);
  const bool two = sweep["parameters"].size() == 2;
  const size_t lines = two ? sweep["parameters"][1]["values"].size() : 1;
  std::string text = frame(sweep, x, y);
  for (size_t line = 0; line < lines; ++line) {
    const std::string colour = fmt::format(
        "hsl({:.0f},70%,42%)", 222 + 300. * static_cast<double>(line) / static_cast<double>(lines));
    std::vector<const ordered_json*> points;  // from left to right
    for (size_t i = 0; i < values.size(); ++i) points.push_back(&sweep["points"][i * lines + line]);
    const auto value_of = [&sweep](const ordered_json* point) {
      return number(sweep, (*point)["values"][0]);
    };
    std::sort(points.begin(), points.end(),
              [&](const auto* a, const auto* b) { return value_of(a) < value_of(b); });
    std::string upper;
    std::string lower;
    std::string middle;
    std::string dots;
    for (const ordered_json* point : points) {
      const double at = x.at(value_of(point));
      const double mean = (*point)["mean"].get<double>();
      const double band = half_width(*point);
      const char* move = middle.empty() ? "M" : "L";
      upper += fmt::format("{}{:.1f} {:.1f}", move, at, y.at(mean + band));
      lower = fmt::format("L{:.1f} {:.1f}", at, y.at(mean - band)) + lower;
      middle += fmt::format("{}{:.1f} {:.1f}", move, at, y.at(mean));
      dots += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"><title>{}: {}, {} "
          "chips</title></circle>\n",
          at, y.at(mean), colour, value_text((*point)["values"][0]), mean_text(*point),
          (*point)["chips"].get<int64_t>());
    }
    text += fmt::format(
        "<path d=\"{0}{1}Z\" fill=\"{3}\" fill-opacity=\"0.18\"/>\n"
        "<path d=\"{2}\" fill=\"none\" stroke=\"{3}\" stroke-width=\"1.5\"/>\n{4}",
        upper, lower, middle, colour, dots);
    if (!two) continue;
    text += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" fill=\"{}\">{} {}</text>\n",
                        kWidth - kRight + 10, kTop + 10 + 16 * static_cast<double>(line), colour,
                        html_escape(name(sweep, 1)),
                        value_text(sweep["parameters"][1]["values"][line]));
  }
  return text + "</svg>\n";
}

std::string sweep_html(const ordered_json& sweep) {
  std::vector<std::vector<std::string>> rows;
  for (const ordered_json& point : sweep["points"]) {
    std::string label;
    for (size_t axis = 0; axis < point["values"].size(); ++axis) {
      label +=
          (axis == 0 ? "" : ", ") + name(sweep, axis) + " " + value_text(point["values"][axis]);
    }
    rows.push_back({label, mean_text(point) + fmt::format(", worst {}, {} chips",
                                                          percent(point["worst"].get<double>()),
                                                          point["chips"].get<int64_t>())});
  }
  return html_page(sweep["title"].get<std::string>(), rows, "The same as a picture",
                   {{"sweep.svg", sweep_svg(sweep)}});
}

}  // namespace crosstwin::cli
