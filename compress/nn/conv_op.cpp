// Conv in execution: lists of taps made from the kept, unmasked weights.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <numeric>

#include "compress/nn/kernels.hpp"
#include "compress/nn/op.hpp"

namespace crosstwin::nn {

namespace {

// A weight's place in the kernel.
struct Tap {
  int32_t c = 0;
  int32_t y = 0;
  int32_t x = 0;
};

// Up to kTileOuts targets computed together; weight w of tap t and target o lies at
// index[t * targets.size() + o] in the parameters, -1 where there is none.
struct TapList {
  std::vector<int32_t> targets;
  std::vector<int32_t> offset;
  std::vector<int32_t> index;
  std::vector<float> weight;   // packed at every refresh
  std::vector<int32_t> first;  // [target rows] taps that meet the map there; empty = all
  std::vector<int32_t> last;

  void pack(const std::vector<float>& from) {
    weight.resize(index.size());
    for (size_t i = 0; i < index.size(); ++i) {
      weight[i] = index[i] < 0 ? 0 : from[static_cast<size_t>(index[i])];
    }
  }
};

// Outputs whose weight gradients are taken together, over the rows that any of them keeps.
struct GradGroup {
  std::vector<int32_t> outs;
  std::vector<int32_t> rows;    // places in the kept rows
  std::vector<int32_t> offset;  // of every row's source
  int64_t partial = 0;          // where the sums [outs][rows] of a block lie
};

// Input gradients at positions of one residue modulo the stride are a dense correlation.
struct Phase {
  int32_t y = 0;
  int32_t x = 0;
  std::vector<TapList> tiles;
};

// A map with a border of zeros, in scratch memory.
struct Padded {
  int32_t top = 0;
  int32_t left = 0;
  int32_t height = 0;  // with the border
  int32_t width = 0;
  int64_t plane() const { return int64_t{height} * width * kLanes; }
  int64_t row() const { return int64_t{width} * kLanes; }
};

// Copies planes into the middle of zeros; `gate` non-null lets only pass what has gate > 0.
void copy_padded(const float* from, const float* gate, const ir::Shape& shape, const Padded& to,
                 float* out) {
  const int64_t row = int64_t{shape.w} * kLanes;
  const int64_t left = int64_t{to.left} * kLanes;
  const auto bytes = [](int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); };
  for (int64_t c = 0; c < shape.c; ++c) {
    float* plane = out + c * to.plane();
    std::memset(plane, 0, bytes(to.top * to.row()));
    for (int64_t y = 0; y < shape.h; ++y) {
      float* target = plane + (to.top + y) * to.row();
      const int64_t source = (c * shape.h + y) * row;
      std::memset(target, 0, bytes(left));
      if (gate == nullptr) {
        std::memcpy(target + left, from + source, bytes(row));
      } else {
        relu_backward(gate + source, from + source, row, false, target + left);
      }
      std::memset(target + left + row, 0, bytes(to.row() - left - row));
    }
    const int64_t below = to.top + shape.h;
    std::memset(plane + below * to.row(), 0, bytes((to.height - below) * to.row()));
  }
}

class ConvOp final : public Op {
 public:
  ConvOp(OpContext context, const ir::Conv& conv, LayerParameters& parameters, const Model& model)
      : Op(std::move(context)),
        conv_(conv),
        in_(context_.inputs[0].tensor->shape),
        out_(context_.output->shape),
        parameters_(parameters),
        model_(model) {
    padded_in_ = {conv.pad, conv.pad, in_.h + 2 * conv.pad, in_.w + 2 * conv.pad};
    // Rows outside the map are left out by lists of taps, so only the sides need zeros.
    const int32_t left =
        std::max(0, (conv.kernel_w - 1 - conv.pad + conv.stride - 1) / conv.stride);
    const int32_t right = std::max(out_.w, (in_.w - 1 + conv.pad) / conv.stride + 1);
    padded_dy_ = {0, left, out_.h, left + right};
  }

  void refresh() override {
    if (!listed_ || mask_version_ != model_.mask_version()) make_lists();
    for (TapList& tile : forward_) tile.pack(parameters_.weight);
    for (Phase& phase : phases_) {
      for (TapList& tile : phase.tiles) tile.pack(parameters_.weight);
    }
  }

  void forward(int64_t b, Scratch& scratch) override {
    ConvTile tile;
    const float* source = input(b, scratch);
    tile.source_row = padded_in_.row() * conv_.stride;
    tile.source_pixel = kLanes * conv_.stride;
    tile.target_row = int64_t{out_.w} * kLanes;
    tile.target_pixel = kLanes;
    tile.height = out_.h;
    tile.width = out_.w;
    tile.relu = context_.relu;
    tile.source = source;
    for (const TapList& list : forward_) {
      float bias[kTileOuts];
      for (size_t o = 0; o < list.targets.size(); ++o) {
        bias[o] = parameters_.bias[static_cast<size_t>(list.targets[o])];
        tile.target[o] = y(b) + list.targets[o] * int64_t{out_.h} * out_.w * kLanes;
      }
      tile.bias = bias;
      run(tile, list);
    }
  }

  void backward(int64_t b, Scratch& scratch) override {
    const float* source = input(b, scratch);
    float* upstream = scratch.get(1, out_.c * padded_dy_.plane());
    copy_padded(dy(b), context_.relu ? y(b) : nullptr, out_, padded_dy_, upstream);
    weight_gradient(b, source, upstream);
    if (dx(b) != nullptr) input_gradient(b, upstream);
  }

  int64_t gradient_parts() const override { return static_cast<int64_t>(groups_.size()) + 1; }

  // Part 0 is the biases, the others one group each; blocks are added in order.
  void gradient(int64_t part, int64_t blocks) override {
    if (part == 0) {
      clear_masked(parameters_);
      std::fill(parameters_.bias_grad.begin(), parameters_.bias_grad.end(), 0.0F);
      for (int64_t b = 0; b < blocks; ++b) {
        for (size_t o = 0; o < parameters_.bias_grad.size(); ++o) {
          parameters_.bias_grad[o] += partial_.data()[b * partial_block_ + static_cast<int64_t>(o)];
        }
      }
      return;
    }
    const GradGroup& group = groups_[static_cast<size_t>(part - 1)];
    for (size_t o = 0; o < group.outs.size(); ++o) {
      float* grad = parameters_.weight_grad.data() + group.outs[o] * parameters_.rows;
      for (size_t r = 0; r < group.rows.size(); ++r) {
        const int64_t at = group.partial + static_cast<int64_t>(o * group.rows.size() + r);
        float sum = 0;
        for (int64_t b = 0; b < blocks; ++b) sum += partial_.data()[b * partial_block_ + at];
        if (kept(group.outs[o], group.rows[r])) grad[group.rows[r]] = sum;
      }
    }
  }

 private:
  bool kept(int64_t out, int64_t row) const {
    return parameters_.mask.empty() ||
           parameters_.mask[static_cast<size_t>(out * parameters_.rows + row)] != 0;
  }

  Tap tap(int64_t row) const {
    const int32_t full = conv_.rows[static_cast<size_t>(row)];
    const int32_t area = conv_.kernel_h * conv_.kernel_w;
    return {full / area, full % area / conv_.kernel_w, full % conv_.kernel_w};
  }

  // Of a row's source in the padded input.
  int32_t source_offset(int64_t row) const {
    const Tap t = tap(row);
    return static_cast<int32_t>(t.c * padded_in_.plane() + t.y * padded_in_.row() + t.x * kLanes);
  }

  void make_lists() {
    listed_ = true;
    mask_version_ = model_.mask_version();
    std::vector<int32_t> active;
    std::vector<int32_t> idle;
    for (int32_t o = 0; o < out_.c; ++o) {
      bool any = false;
      for (int64_t r = 0; r < parameters_.rows && !any; ++r) any = kept(o, r);
      (any ? active : idle).push_back(o);
    }
    forward_.clear();
    groups_.clear();
    for (const std::vector<int32_t>& outs : groups_of(active, tile_outs(out_.w))) {
      add_forward(outs);
    }
    for (const int32_t o : idle) forward_.push_back({{o}, {}, {}, {}, {}, {}});
    if (!context_.training) return;
    partial_block_ = out_.c;
    for (const std::vector<int32_t>& outs : groups_of(active, kGradOuts)) add_grad_group(outs);
    partial_ = Buffer(partial_block_ * context_.blocks);
    phases_.clear();
    if (context_.inputs[0].tensor->grad != nullptr) make_phases(active);
  }

  static std::vector<std::vector<int32_t>> groups_of(const std::vector<int32_t>& all,
                                                     int32_t size) {
    std::vector<std::vector<int32_t>> groups;
    for (size_t i = 0; i < all.size(); ++i) {
      if (i % static_cast<size_t>(size) == 0) groups.emplace_back();
      groups.back().push_back(all[i]);
    }
    return groups;
  }

  // Places of the kept rows that any of the outputs uses.
  std::vector<int32_t> rows_of(const std::vector<int32_t>& outs) const {
    std::vector<int32_t> rows;
    for (int64_t r = 0; r < parameters_.rows; ++r) {
      if (std::any_of(outs.begin(), outs.end(), [&](int32_t o) { return kept(o, r); })) {
        rows.push_back(static_cast<int32_t>(r));
      }
    }
    return rows;
  }

  void add_forward(const std::vector<int32_t>& outs) {
    TapList list;
    list.targets = outs;
    for (const int32_t r : rows_of(outs)) {
      list.offset.push_back(source_offset(r));
      for (const int32_t o : outs) {
        list.index.push_back(static_cast<int32_t>(o * parameters_.rows + r));
      }
    }
    forward_.push_back(std::move(list));
  }

  void add_grad_group(const std::vector<int32_t>& outs) {
    GradGroup group;
    group.outs = outs;
    group.rows = rows_of(outs);
    for (const int32_t r : group.rows) group.offset.push_back(source_offset(r));
    group.partial = partial_block_;
    partial_block_ += static_cast<int64_t>(outs.size() * group.rows.size());
    groups_.push_back(std::move(group));
  }

  void make_phases(const std::vector<int32_t>& outs) {
    // row_of[full row] = place among the kept rows, or -1.
    std::vector<int32_t> row_of(static_cast<size_t>(in_.c * conv_.kernel_h * conv_.kernel_w), -1);
    for (size_t r = 0; r < conv_.rows.size(); ++r) {
      row_of[static_cast<size_t>(conv_.rows[r])] = static_cast<int32_t>(r);
    }
    std::vector<int32_t> every_channel(static_cast<size_t>(in_.c));
    std::iota(every_channel.begin(), every_channel.end(), 0);
    for (int32_t y = 0; y < std::min(conv_.stride, in_.h); ++y) {
      for (int32_t x = 0; x < std::min(conv_.stride, in_.w); ++x) {
        Phase phase{y, x, {}};
        const int32_t width = (in_.w - x + conv_.stride - 1) / conv_.stride;
        for (const auto& channels : groups_of(every_channel, tile_outs(width))) {
          add_inputs(phase, channels, outs, row_of);
        }
        phases_.push_back(std::move(phase));
      }
    }
  }

  void add_inputs(Phase& phase, const std::vector<int32_t>& channels,
                  const std::vector<int32_t>& outs, const std::vector<int32_t>& row_of) {
    TapList list;
    list.targets = channels;
    const auto height = static_cast<size_t>((in_.h - phase.y + conv_.stride - 1) / conv_.stride);
    list.first.assign(height, 0);
    list.last.assign(height, 0);
    size_t used = 0;
    // Kernel rows from outside: those that meet the map at a target row are then neighbours.
    for (int32_t ky = (phase.y + conv_.pad) % conv_.stride; ky < conv_.kernel_h;
         ky += conv_.stride) {
      const auto begin = static_cast<int32_t>(list.offset.size());
      const int32_t up = (phase.y + conv_.pad - ky) / conv_.stride;
      for (const int32_t o : outs) {
        for (int32_t kx = (phase.x + conv_.pad) % conv_.stride; kx < conv_.kernel_w;
             kx += conv_.stride) {
          const size_t there = add_tap(list, channels, o, ky, kx, row_of);
          if (there == 0) continue;
          used += there;
          list.offset.push_back(static_cast<int32_t>(
              o * padded_dy_.plane() + up * padded_dy_.row() +
              (padded_dy_.left + (phase.x + conv_.pad - kx) / conv_.stride) * kLanes));
        }
      }
      const auto end = static_cast<int32_t>(list.offset.size());
      for (size_t row = 0; row < height; ++row) {
        const int64_t source = static_cast<int64_t>(row) + up;
        if (source < 0 || source >= out_.h) continue;
        if (list.last[row] == 0) list.first[row] = begin;
        list.last[row] = end;
      }
    }
    // A tile shares loads between its channels; where their rows hardly overlap, that costs more
    // multiplications by zero than it saves.
    if (channels.size() > 1 && used * 10 < list.index.size() * 6) {
      for (const int32_t c : channels) add_inputs(phase, {c}, outs, row_of);
      return;
    }
    phase.tiles.push_back(std::move(list));
  }

  // Appends where the weights of a tap lie for every channel; how many there are. None: no tap.
  size_t add_tap(TapList& list, const std::vector<int32_t>& channels, int32_t o, int32_t ky,
                 int32_t kx, const std::vector<int32_t>& row_of) const {
    std::vector<int32_t> index;
    size_t there = 0;
    for (const int32_t c : channels) {
      const int32_t row =
          row_of[static_cast<size_t>((c * conv_.kernel_h + ky) * conv_.kernel_w + kx)];
      const bool is_kept = row >= 0 && kept(o, row);
      index.push_back(is_kept ? static_cast<int32_t>(o * parameters_.rows + row) : -1);
      there += is_kept ? 1 : 0;
    }
    if (there > 0) list.index.insert(list.index.end(), index.begin(), index.end());
    return there;
  }

  const float* input(int64_t b, Scratch& scratch) const {
    if (conv_.pad == 0) return x(b);
    float* padded = scratch.get(0, in_.c * padded_in_.plane());
    copy_padded(x(b), nullptr, in_, padded_in_, padded);
    return padded;
  }

  static void run(ConvTile& tile, const TapList& list) {
    tile.offset = list.offset.data();
    tile.weight = list.weight.data();
    tile.taps = static_cast<int64_t>(list.offset.size());
    tile.first_tap = list.first.empty() ? nullptr : list.first.data();
    tile.last_tap = list.last.empty() ? nullptr : list.last.data();
    tile.outs = static_cast<int32_t>(list.targets.size());
    conv_tile(tile);
  }

  void weight_gradient(int64_t b, const float* source, const float* upstream) {
    float* partial = partial_.data() + b * partial_block_;
    const int64_t inside = padded_dy_.left * kLanes;
    plane_sums(upstream + inside, out_.c, padded_dy_.plane(), out_.h, padded_dy_.row(), out_.w,
               partial);
    ConvGradTile tile;
    tile.source = source;
    tile.source_row = padded_in_.row() * conv_.stride;
    tile.source_pixel = kLanes * conv_.stride;
    tile.upstream_row = padded_dy_.row();
    tile.upstream_pixel = kLanes;
    tile.height = out_.h;
    tile.width = out_.w;
    for (const GradGroup& group : groups_) {
      tile.offset = group.offset.data();
      tile.rows = static_cast<int64_t>(group.rows.size());
      tile.outs = static_cast<int32_t>(group.outs.size());
      for (size_t o = 0; o < group.outs.size(); ++o) {
        tile.upstream[o] = upstream + group.outs[o] * padded_dy_.plane() + inside;
      }
      tile.grad = partial + group.partial;
      tile.grad_stride = tile.rows;
      conv_grad_tile(tile);
    }
  }

  void input_gradient(int64_t b, const float* upstream) {
    ConvTile tile;
    tile.source = upstream;
    tile.source_row = padded_dy_.row();
    tile.source_pixel = kLanes;
    tile.target_row = int64_t{in_.w} * kLanes * conv_.stride;
    tile.target_pixel = kLanes * conv_.stride;
    tile.accumulate = accumulate();
    for (const Phase& phase : phases_) {
      tile.height = (in_.h - phase.y + conv_.stride - 1) / conv_.stride;
      tile.width = (in_.w - phase.x + conv_.stride - 1) / conv_.stride;
      for (const TapList& list : phase.tiles) {
        for (size_t c = 0; c < list.targets.size(); ++c) {
          tile.target[c] =
              dx(b) + ((list.targets[c] * int64_t{in_.h} + phase.y) * in_.w + phase.x) * kLanes;
        }
        run(tile, list);
      }
    }
  }

  const ir::Conv conv_;
  const ir::Shape in_;
  const ir::Shape out_;
  LayerParameters& parameters_;
  const Model& model_;
  Padded padded_in_;
  Padded padded_dy_;
  bool listed_ = false;
  uint64_t mask_version_ = 0;
  std::vector<TapList> forward_;
  std::vector<GradGroup> groups_;
  std::vector<Phase> phases_;
  Buffer partial_;  // [blocks]([out_.c] biases, then the groups)
  int64_t partial_block_ = 0;
};

}  // namespace

std::unique_ptr<Op> make_conv(OpContext context, const ir::Conv& conv, LayerParameters& parameters,
                              const Model& model) {
  return std::make_unique<ConvOp>(std::move(context), conv, parameters, model);
}

}  // namespace crosstwin::nn
