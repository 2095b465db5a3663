// diagram.svg: the design as blocks, from pixels to logits, and each layer's share of time.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "hwgen/emit/files.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int kWidth = 960;
constexpr int kLeft = 30;
constexpr int kCard = 660;  // width of a layer's card
constexpr int kHeight = 96;
constexpr int kGap = 40;                       // between cards: the stream's arrow
constexpr int kBarLeft = kLeft + kCard + 30;   // of the cycles
constexpr int kBar = kWidth - kBarLeft - 110;  // full length: the slowest part

constexpr const char* kInk = "#20242b";
constexpr const char* kSoft = "#6b7280";
constexpr const char* kEdge = "#9aa3af";
constexpr const char* kPaper = "#ffffff";
constexpr const char* kCardFill = "#f4f5f7";
constexpr const char* kTile = "#c2dafb";
constexpr const char* kPool = "#e7e2f6";
constexpr const char* kBusy = "#5aa469";
constexpr const char* kSlowest = "#c22634";

class Svg {
 public:
  void rect(int x, int y, int w, int h, const char* fill, const char* stroke = "none") {
    body_ += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"{}\" stroke=\"{}\"/>\n",
        x, y, w, h, fill, stroke);
  }
  void line(int x1, int y1, int x2, int y2) {
    body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\"/>\n", x1, y1,
                         x2, y2, kEdge);
  }
  void arrow(int x, int y1, int y2) {
    body_ += fmt::format(
        "<path d=\"M{0} {1}V{2}m-4 -7l4 7l4 -7\" fill=\"none\" stroke=\"{3}\" "
        "stroke-width=\"1.5\"/>\n",
        x, y1, y2, kInk);
  }
  void text(int x, int y, int size, const std::string& words, const char* fill = kInk,
            const char* more = "") {
    body_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y,
                         size, fill, more, words);
  }
  std::string finish(int height, const std::string& title) const {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
               "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\">\n"
               "<title>{2}</title>\n"
               "<rect width=\"100%\" height=\"100%\" fill=\"{3}\"/>\n",
               kWidth, height, title, kPaper) +
           body_ + "</svg>\n";
  }

 private:
  std::string body_;
};

std::string map(const ir::Shape& s) { return fmt::format("{}x{}x{}", s.h, s.w, s.c); }

// One of a layer's modules: its name and up to two lines about it.
void block(Svg& svg, int x, int y, int w, const char* fill, const std::string& name,
           const std::string& first, const std::string& second) {
  svg.rect(x, y, w, 50, fill, kEdge);
  svg.text(x + 8, y + 15, 11, name, kInk, " font-weight=\"bold\"");
  svg.text(x + 8, y + 30, 10, first, kInk);
  svg.text(x + 8, y + 43, 10, second, kSoft);
}

// The logical tiles of a layer: row tiles down, column groups to the right.
void tile_grid(Svg& svg, const Layer& layer, int x, int y) {
  constexpr int kMost = 6;  // lines a side
  const int groups = (layer.cols + layer.build.pe - 1) / layer.build.pe;
  const int down = std::clamp(layer.row_tiles, 1, kMost);
  const int right = std::clamp(groups, 1, kMost);
  constexpr int kSide = 36;
  svg.rect(x, y, kSide, kSide, kPaper, kEdge);
  for (int i = 1; i < down; ++i) svg.line(x, y + i * kSide / down, x + kSide, y + i * kSide / down);
  for (int i = 1; i < right; ++i)
    svg.line(x + i * kSide / right, y, x + i * kSide / right, y + kSide);
}

void crossbar(Svg& svg, const Layer& layer, int y) {
  const int top = y + 36;
  block(svg, kLeft + 16, top, 140, kPaper, "u_window",
        fmt::format("{} lines of {}x{}", layer.build.lines, layer.in.w, layer.in.c),
        fmt::format("gathers {} rows", layer.rows));
  svg.line(kLeft + 156, top + 25, kLeft + 172, top + 25);
  const bool collapsed = layer.build.form == Form::kCollapsed;
  const std::string array = fmt::format("{} rows x {} columns, {} x {} a cycle", layer.rows,
                                        layer.cols, layer.build.row_lanes, layer.build.pe);
  const std::string converters =
      fmt::format("{} row tile{}, {} converter{}", layer.row_tiles, layer.row_tiles == 1 ? "" : "s",
                  layer.build.adc_lanes, layer.build.adc_lanes == 1 ? "" : "s");
  block(svg, kLeft + 172, top, 310, kTile, collapsed ? "u_mac" : "u_tile", array,
        collapsed ? "integer products, proved equal" : converters);
  tile_grid(svg, layer, kLeft + 436, top + 7);
  svg.line(kLeft + 482, top + 25, kLeft + 498, top + 25);
  block(svg, kLeft + 498, top, 140, kPaper, "u_requant", "bias, scale, clamp",
        fmt::format("{} columns", layer.cols));
}

void layer_card(Svg& svg, const Plan& plan, const Layer& layer, int y) {
  const bool pool = layer.kind == LayerKind::kMaxPool;
  svg.rect(kLeft, y, kCard, kHeight, pool ? kPool : kCardFill, kEdge);
  svg.text(kLeft + 16, y + 23, 15, layer.instance, kInk, " font-weight=\"bold\"");
  svg.text(kLeft + 160, y + 23, 12,
           fmt::format("{}, {} to {}", to_string(layer.kind), map(layer.in), map(layer.out)),
           kSoft);
  if (pool) {
    block(svg, kLeft + 16, y + 36, 310, kPaper, "xb_max_pool", "one line of maxima in memory", "");
  } else {
    crossbar(svg, layer, y);
  }
  const bool slowest = layer.name == plan.bottleneck;
  const auto length = static_cast<int>(layer.cycles * kBar / plan.cycles_per_image);
  svg.rect(kBarLeft, y + 40, kBar, 16, kCardFill, kEdge);
  svg.rect(kBarLeft, y + 40, std::max(1, length), 16, slowest ? kSlowest : kBusy);
  svg.text(kBarLeft + kBar + 10, y + 53, 12, fmt::format("{}", layer.cycles));
}

// The stream into the thing at `to`: bits a beat and beats an image.
void stream(Svg& svg, int to, int64_t bits, int64_t beats) {
  svg.arrow(kLeft + kCard / 2, to - kGap + 4, to - 4);
  svg.text(kLeft + kCard / 2 + 12, to - kGap / 2 + 4, 11,
           fmt::format("{} bits, {} beats an image", bits, beats), kSoft);
}

}  // namespace

std::string diagram(const Plan& plan) {
  Svg svg;
  svg.text(kLeft, 30, 17, plan.top, kInk, " font-weight=\"bold\"");
  svg.text(kBarLeft, 30, 12, "cycles an image (slowest in red)", kSoft);
  int y = 50;
  svg.rect(kLeft, y, kCard, 28, kPaper, kEdge);
  svg.text(kLeft + 16, y + 19, 13, fmt::format("s_axis: {} pixels", map(plan.input)));
  y += 28 + kGap;
  int64_t beats = plan.input.size();
  int64_t bits = plan.input_bits;
  for (const Layer& layer : plan.layers) {
    stream(svg, y, bits, beats);
    layer_card(svg, plan, layer, y);
    beats = layer.out.size();
    bits = layer.out_bits;
    y += kHeight + kGap;
  }
  stream(svg, y, bits, beats);
  svg.rect(kLeft, y, kCard, 28, kPaper, kEdge);
  svg.text(kLeft + 16, y + 19, 13,
           fmt::format("m_axis: {} logits, the class with the last", plan.outputs));
  return svg.finish(y + 50, plan.top);
}

}  // namespace crosstwin::hwgen
