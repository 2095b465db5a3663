// The ways of building one crossbar layer, what each costs, and how fast each is.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compress/ir/error.hpp"
#include "hwgen/plan/load.hpp"
#include "hwgen/plan/pipeline.hpp"

namespace crosstwin::hwgen {
namespace {

// Activations that a block RAM of every supported part holds at 8 bits (iCE40: 512 x 8).
constexpr int64_t kBlockWords = 512;
// Rows a cycle of a taller tile are powers of two; of this and below every useful number.
constexpr int32_t kFineRows = 64;
// Ways beyond any part are not looked at.
constexpr double kMostLuts = 200'000;
// Cycles an image up to which a layer's control is followed rather than timed by segments.
constexpr int64_t kFollowedCycles = 30'000;

std::string layer(const ir::Stage& stage) { return fmt::format("layer {}", stage.name); }

// The least number a pass for each number of passes.
std::set<int32_t> useful(int32_t count) {
  std::set<int32_t> values;
  for (int32_t passes = 1; passes <= count; ++passes) {
    values.insert((count + passes - 1) / passes);
    // Over sqrt(count) passes every smaller number has its own.
    if (int64_t{passes} * passes > count) {
      for (int32_t value = 1; value < (count + passes - 1) / passes; ++value) values.insert(value);
      break;
    }
  }
  return values;
}

std::set<int32_t> useful_rows(int32_t rows) {
  if (rows <= kFineRows) return useful(rows);
  std::set<int32_t> values = {rows};
  for (int32_t lanes = 1; lanes < rows; lanes *= 2) values.insert(lanes);
  return values;
}

[[noreturn]] void out_of_range(const ir::Stage& stage, const char* option, int32_t low,
                               int32_t high, int32_t got, const char* fix) {
  throw ir::Error({layer(stage), fmt::format("option {} out of range", option),
                   fmt::format("{}..{}", low, high), fmt::format("{}", got), fix});
}

}  // namespace

LayerSpace::LayerSpace(const ir::Design& design, const ir::Stage& stage, const ir::Chip& chip,
                       const ir::CrossbarChip& cells, int32_t out_bits, const LayerOptions& asked,
                       const Rewriting& rewriting)
    : layout_(&design.layout),
      stage_(&stage),
      crossbar_(&std::get<ir::Crossbar>(stage.kind)),
      chip_(&chip),
      cells_(&cells),
      asked_(asked),
      rewriting_(rewriting),
      shape_(layer_shape(design.layout, stage, *crossbar_, out_bits)),
      form_(tile_form(design, stage, *crossbar_, chip, cells, rewriting)) {
  Build serial;
  serial.requant = Requant::kSerial;
  for (int32_t col = 0; col < shape_.cols; ++col) serial_requant_ += requant_of(serial, col);
  check_asked();
  choose_lines();
}

const Proof& LayerSpace::proof() {
  if (!proved_) proof_ = prove_lossless(*layout_, *crossbar_, *chip_, *cells_);
  proved_ = true;
  return proof_;
}

std::vector<int32_t> LayerSpace::possible_lanes(int32_t planes) const {
  const int32_t words = shape_.words();
  std::vector<int32_t> lanes;
  for (int32_t count = 1; count <= words * planes; ++count) {
    if (words % count == 0 || (count % words == 0 && words * planes % count == 0)) {
      lanes.push_back(count);
    }
  }
  return lanes;
}

void LayerSpace::check_asked() {
  const int32_t bits = shape_.in_bits;
  if (asked_.pe && (*asked_.pe < 1 || *asked_.pe > shape_.cols)) {
    out_of_range(*stage_, "pe", 1, shape_.cols, *asked_.pe,
                 "no more columns a pass than the layer has; it need not divide them");
  }
  const int32_t tile =
      asked_.form == Form::kCollapsed ? shape_.rows : std::min(shape_.rows, shape_.tile_rows);
  if (asked_.row_lanes && (*asked_.row_lanes < 1 || *asked_.row_lanes > tile)) {
    out_of_range(*stage_, "row_lanes", 1, tile, *asked_.row_lanes,
                 "no more rows a cycle than a row tile has; it need not divide them");
  }
  if (asked_.planes && (*asked_.planes < 1 || bits % *asked_.planes != 0)) {
    throw ir::Error({layer(*stage_), "option planes is not possible",
                     fmt::format("a divisor of the input's {} bits", bits),
                     fmt::format("{}", *asked_.planes),
                     "all planes take the same number of passes"});
  }
  if (asked_.form == Form::kBitPlane && asked_.planes && *asked_.planes != bits) {
    throw ir::Error({layer(*stage_), "form bit_plane accumulates every plane at once",
                     fmt::format("planes {}", bits), fmt::format("{}", *asked_.planes),
                     "take form bit_serial for fewer"});
  }
  if (asked_.form == Form::kBitSerial && asked_.planes == bits && bits > 1) {
    throw ir::Error({layer(*stage_), "form bit_serial accumulates some of the planes at a time",
                     fmt::format("planes below {}", bits), fmt::format("{}", bits),
                     "take form bit_plane for all"});
  }
  if (asked_.adc_lanes && asked_.form != Form::kCollapsed) {
    const std::vector<int32_t> lanes = possible_lanes(plain().planes);
    if (std::find(lanes.begin(), lanes.end(), *asked_.adc_lanes) == lanes.end()) {
      throw ir::Error({layer(*stage_), "option adc_lanes is not possible",
                       fmt::format("one of {}", fmt::join(lanes, ", ")),
                       fmt::format("{}", *asked_.adc_lanes),
                       "it divides 2 * slices, or is a multiple of it that divides 2 * slices * "
                       "planes"});
    }
  }
  if (asked_.form == Form::kCollapsed) {
    if (!proof().exact) {
      throw ir::Error({layer(*stage_), "cannot be collapsed: its conversions are not exact",
                       "the integer product for every input", proof().failure,
                       "take form bit_plane, or program the chip with chip.adc_range lossless and "
                       "enough layout.adc_bits"});
    }
    check_collapsed_sum(*stage_, *crossbar_, form_);
  }
}

void LayerSpace::choose_lines() {
  const int32_t kernel = crossbar_->kernel_h;
  const int32_t most = 2 * (stage_->in.h + kernel);
  if (asked_.lines) {
    if (*asked_.lines < kernel || *asked_.lines > most) {
      out_of_range(*stage_, "lines", kernel, most, *asked_.lines,
                   "leave it out to have it derived");
    }
    lines_ = *asked_.lines;
    lines_reason_ = "asked for";
    return;
  }
  if (stage_->out.h == 1) {
    lines_ = 2 * stage_->in.h;
    lines_reason_ = "two maps: the next image loads while this one computes";
    return;
  }
  const int64_t fit = kBlockWords / (int64_t{stage_->in.w} * stage_->in.c);
  const int64_t least = kernel + crossbar_->stride;
  lines_ = static_cast<int32_t>(std::max(least, std::min(int64_t{2} * kernel, fit)));
  lines_reason_ = lines_ == least
                      ? "the kernel and the lines of the next step"
                      : "as many as one block RAM holds, so that the next image loads early";
}

Build LayerSpace::plain() const {
  Build build;
  build.form = asked_.form.value_or(
      asked_.planes && *asked_.planes < shape_.in_bits ? Form::kBitSerial : Form::kBitPlane);
  const int32_t usual = build.form == Form::kBitSerial ? 1 : shape_.in_bits;
  build.planes = build.form == Form::kCollapsed ? shape_.in_bits : asked_.planes.value_or(usual);
  build.pe = asked_.pe.value_or(1);
  build.row_lanes = asked_.row_lanes.value_or(1);
  build.adc_lanes = build.form == Form::kCollapsed ? 0 : asked_.adc_lanes.value_or(1);
  build.requant = asked_.requant.value_or(Requant::kSerial);
  build.dsp = asked_.dsp.value_or(false);
  build.lines = lines_;
  return build;
}

bool LayerSpace::may_collapse() {
  if (asked_.form) return *asked_.form == Form::kCollapsed;
  if (asked_.faithful || rewriting_.writable || rewriting_.per_cell) return false;
  if (asked_.planes || asked_.adc_lanes) return false;
  return proof().exact && collapsed_sum_fits(*stage_, *crossbar_, form_);
}

bool LayerSpace::can_be_written(const Structure& structure) const {
  return !rewriting_.writable ||
         std::all_of(structure.memories.begin(), structure.memories.end(),
                     [](const Structure::Memory& memory) {
                       return !memory.writable ||
                              (memory.words <= kMostWords && memory.width <= kMostWordBits);
                     });
}

std::vector<Candidate> LayerSpace::candidates(ir::PartFamily family, bool dsp,
                                              int32_t block_worth) {
  std::vector<Build> forms;  // form and planes
  const int32_t bits = shape_.in_bits;
  for (int32_t planes = bits; planes >= 1; --planes) {
    if (bits % planes != 0 || (asked_.planes && planes != *asked_.planes)) continue;
    const Form form = planes == bits ? Form::kBitPlane : Form::kBitSerial;
    if (asked_.form && *asked_.form != form) continue;
    Build build = plain();
    build.form = form;
    build.planes = planes;
    forms.push_back(build);
  }
  if (may_collapse()) {
    Build build = plain();
    build.form = Form::kCollapsed;
    build.planes = bits;
    forms.push_back(build);
  }

  std::vector<Candidate> list;
  for (Build build : forms) {
    const bool collapsed = build.form == Form::kCollapsed;
    const std::set<int32_t> pes = asked_.pe ? std::set{*asked_.pe} : useful(shape_.cols);
    const int32_t tile = collapsed ? shape_.rows : std::min(shape_.rows, shape_.tile_rows);
    const std::set<int32_t> rows =
        asked_.row_lanes ? std::set{*asked_.row_lanes} : useful_rows(tile);
    const std::vector<int32_t> lanes = collapsed ? std::vector{0} : possible_lanes(build.planes);
    for (build.pe = 0; const int32_t pe : pes) {
      build.pe = pe;
      for (const int32_t row_lanes : rows) {
        build.row_lanes = row_lanes;
        for (const int32_t adc_lanes : lanes) {
          if (asked_.adc_lanes && !collapsed && adc_lanes != *asked_.adc_lanes) continue;
          build.adc_lanes = adc_lanes;
          for (const Requant requant : {Requant::kSerial, Requant::kParallel}) {
            if (asked_.requant && requant != *asked_.requant) continue;
            // Logits are not requantized.
            if (shape_.logits && requant != plain().requant) continue;
            build.requant = requant;
            for (const bool blocks : {false, true}) {
              if (asked_.dsp ? blocks != *asked_.dsp : blocks && !dsp) continue;
              build.dsp = blocks;
              build.block_worth = block_worth;
              const Structure parts = structure(build);
              const Resources resources = estimate(parts, family);
              if (resources.lut > kMostLuts || !can_be_written(parts)) continue;
              list.push_back({build, bound(build), resources});
            }
          }
        }
      }
    }
  }
  if (list.empty()) {
    throw ir::Error({layer(*stage_), "cannot be built as asked for", "a form that can be had",
                     asked_.form ? to_string(*asked_.form) : "options that exclude each other",
                     "leave form, planes, pe or row_lanes to the planner, or make them smaller"});
  }
  return list;
}

int32_t LayerSpace::requant_of(const Build& build, int32_t col) const {
  if (shape_.logits || build.requant == Requant::kParallel) return kLogitCycles;
  return requant_cycles(crossbar_->shift[static_cast<size_t>(col)]);
}

LayerSpace::Parts LayerSpace::parts(const Build& build) const {
  Parts parts;
  const bool collapsed = build.form == Form::kCollapsed;
  const int32_t tile = collapsed ? shape_.rows : shape_.tile_rows;
  const int32_t tiles = (shape_.rows + tile - 1) / tile;
  const int32_t groups = (shape_.cols + build.pe - 1) / build.pe;
  const int32_t passes = collapsed ? 1 : shape_.in_bits / build.planes;
  const int32_t last_cols = shape_.cols - (groups - 1) * build.pe;
  for (int32_t t = 0; t < tiles; ++t) {
    const int32_t rows = std::min(tile, shape_.rows - t * tile);
    const int64_t beats = (rows + build.row_lanes - 1) / build.row_lanes + (collapsed ? 0 : 1);
    for (const auto& [count, cols] : {std::pair{groups - 1, build.pe}, std::pair{1, last_cols}}) {
      const int64_t drain =
          collapsed ? cols : int64_t{cols} * build.planes * shape_.words() / build.adc_lanes;
      const int64_t times = int64_t{count} * passes;
      parts.rows += times * beats;
      parts.conversions += times * drain;
      parts.segments += times * std::max(beats, drain);
    }
  }
  parts.requant = build.requant == Requant::kParallel ? shape_.cols : serial_requant_;
  parts.rows *= shape_.positions();
  parts.conversions *= shape_.positions();
  parts.segments *= shape_.positions();
  parts.requant *= shape_.positions();
  parts.input = stage_->in.size();
  return parts;
}

int64_t LayerSpace::bound(const Build& build) const {
  const Parts p = parts(build);
  return std::max({p.segments, p.requant, p.input});
}

std::string LayerSpace::bound_by(const Build& build) const {
  const Parts p = parts(build);
  const int64_t most = std::max({p.segments, p.requant, p.input});
  if (most == p.input) return "input";
  if (most == p.requant) return "requantizer";
  return p.rows >= p.conversions ? "rows" : "conversions";
}

Structure LayerSpace::structure(const Build& build) const {
  return layer_structure(shape_, form_, build, rewriting_.writable);
}

LayerTiming LayerSpace::timing(const Build& build) const {
  LayerTiming timing;
  timing.in_h = shape_.in_h;
  timing.in_w = shape_.in_w;
  timing.in_c = shape_.in_c;
  timing.kernel_h = shape_.kernel_h;
  timing.stride = shape_.stride;
  timing.pad = shape_.pad;
  timing.lines = build.lines;
  timing.out_h = shape_.out_h;
  timing.out_w = shape_.out_w;
  timing.rows = shape_.rows;
  timing.tile_rows = shape_.tile_rows;
  timing.cols = shape_.cols;
  timing.pe = build.pe;
  timing.adc_lanes = build.adc_lanes;
  timing.in_bits = shape_.in_bits;
  timing.slices = shape_.slices;
  timing.per_cell = form_.per_cell;
  timing.planes = build.planes;
  timing.row_lanes = build.row_lanes;
  timing.lsb_latency = lsb_latency({form_.lsb, form_.lsb_bits, shape_.adc_bits, build.dsp});
  timing.collapsed = build.form == Form::kCollapsed;
  if (timing.collapsed) {
    timing.adc_lanes = 1;
    timing.mac_latency = mac_latency(shape_.in_bits, shape_.in_signed, build.row_lanes, build.dsp);
  } else {
    AdcTiming adc;
    adc.mult = form_.adc_mult;
    adc.per_column = form_.adc_per_column;
    adc.mask = static_cast<int32_t>(form_.adc_mask);
    const int32_t top = (1 << shape_.adc_bits) - 1;
    adc.clip = std::any_of(form_.adc_clip.begin(), form_.adc_clip.end(),
                           [&](int32_t clip) { return clip < top; });
    adc.inl = form_.inl;
    adc.dsp = build.dsp;
    adc.noise_mult = form_.noise_mult;
    timing.adc_latency = adc_latency(adc);
  }
  for (int32_t col = 0; col < shape_.cols; ++col) {
    timing.requant.push_back(requant_of(build, col));
  }
  if (shape_.logits) {
    timing.requant_stages = 1;
  } else if (build.requant == Requant::kParallel) {
    const int32_t sum_bits =
        timing.collapsed ? collapsed_sum_bits(*stage_, *crossbar_, form_) : form_.sum_bits;
    timing.requant_stages = requant_stages(std::max(sum_bits, form_.bias_bits) + 1, build.dsp);
  }
  return timing;
}

int64_t LayerSpace::cycles(const Build& asked) {
  Build build = asked;
  build.block_worth = kBlockWorth;  // where memories lie costs no cycle
  for (const auto& [known, cycles] : known_cycles_) {
    if (known == build) return cycles;
  }
  known_cycles_.emplace_back(
      build, bound(build) > kFollowedCycles
                 ? layer_cycles(timing(build))
                 : run_pipeline({.pixels = stage_->in.size(),
                                 .outputs = static_cast<int32_t>(stage_->out.size()),
                                 .stages = {timing(build)}})
                       .steady_cycles());
  return known_cycles_.back().second;
}

}  // namespace crosstwin::hwgen
