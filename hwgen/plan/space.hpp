// The ways of building one crossbar layer, what each costs, and how fast each is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "hwgen/plan/cycles.hpp"
#include "hwgen/plan/plan_options.hpp"
#include "hwgen/plan/proof.hpp"
#include "hwgen/plan/structure.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {

struct Candidate {
  Build build;
  int64_t bound = 0;  // cycles an image that its slowest part alone takes; never over cycles()
  Resources resources;
};

class LayerSpace {
 public:
  // The design and the chip must outlive it. `asked` holds what this layer is asked to be. Throws
  // ir::Error naming the layer when that is out of range, or collapsed without a proof.
  LayerSpace(const ir::Design& design, const ir::Stage& stage, const ir::Chip& chip,
             const ir::CrossbarChip& cells, int32_t out_bits, const LayerOptions& asked,
             const Rewriting& rewriting);

  const ir::Stage& stage() const { return *stage_; }
  const ir::Crossbar& crossbar() const { return *crossbar_; }
  const ir::CrossbarChip& cells() const { return *cells_; }
  const LayerShape& shape() const { return shape_; }
  const TileForm& form() const { return form_; }
  const LayerOptions& asked() const { return asked_; }

  // Why the layer may be collapsed, or may not; made when first asked for.
  const Proof& proof();
  bool proved() const { return proved_; }  // it was made

  // What is asked for, and for the rest the plain choice: bit-plane, one of everything.
  Build plain() const;

  // Every way that `asked` leaves, in a fixed order. DSP blocks are used only where `dsp`; a block
  // RAM counts for `block_worth` look-up tables.
  std::vector<Candidate> candidates(ir::PartFamily family, bool dsp, int32_t block_worth);

  int64_t bound(const Build& build) const;
  int64_t cycles(const Build& build);  // cycle model, remembered
  // What the time is spent on: "rows", "conversions", "requantizer" or "input".
  std::string bound_by(const Build& build) const;
  Structure structure(const Build& build) const;
  // How many lines the window keeps, and why.
  int32_t lines() const { return lines_; }
  const std::string& lines_reason() const { return lines_reason_; }

  LayerTiming timing(const Build& build) const;

 private:
  struct Parts {
    int64_t rows = 0, conversions = 0, segments = 0, requant = 0, input = 0;
  };
  Parts parts(const Build& build) const;
  int32_t requant_of(const Build& build, int32_t col) const;  // cycles of a column
  void check_asked();
  void choose_lines();
  bool may_collapse();
  bool can_be_written(const Structure& structure) const;
  std::vector<int32_t> possible_lanes(int32_t planes) const;

  const ir::Layout* layout_;
  const ir::Stage* stage_;
  const ir::Crossbar* crossbar_;
  const ir::Chip* chip_;
  const ir::CrossbarChip* cells_;
  LayerOptions asked_;
  Rewriting rewriting_;
  LayerShape shape_;
  TileForm form_;
  int64_t serial_requant_ = 0;  // cycles of all columns of a position
  int32_t lines_ = 1;
  std::string lines_reason_;
  bool proved_ = false;
  Proof proof_;
  std::vector<std::pair<Build, int64_t>> known_cycles_;
};

}  // namespace crosstwin::hwgen
