// Conv in execution: lists of taps made from the kept, unmasked weights.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

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
  std::vector<float> weight;  // packed at every refresh

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
    const int32_t s = conv.stride;
    padded_in_ = {conv.pad, conv.pad, in_.h + 2 * conv.pad, in_.w + 2 * conv.pad};
    const auto border = [&](int32_t kernel) {
      return std::max(0, (kernel - 1 - conv.pad + s - 1) / s);
    };
    const auto extent = [&](int32_t in, int32_t out, int32_t before) {
      return before + std::max(out, (in - 1 + conv.pad) / s + 1);
    };
    const int32_t top = border(conv.kernel_h);
    const int32_t left = border(conv.kernel_w);
    padded_dy_ = {top, left, extent(in_.h, out_.h, top), extent(in_.w, out_.w, left)};
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
    std::fill(parameters_.weight_grad.begin(), parameters_.weight_grad.end(), 0.0F);
    std::vector<int32_t> active;
    std::vector<int32_t> idle;
    for (int32_t o = 0; o < out_.c; ++o) {
      bool any = false;
      for (int64_t r = 0; r < parameters_.rows && !any; ++r) any = kept(o, r);
      (any ? active : idle).push_back(o);
    }
    forward_.clear();
    groups_.clear();
    partial_block_ = out_.c;
    for (size_t first = 0; first < active.size(); first += kTileOuts) {
      const size_t last = std::min(active.size(), first + kTileOuts);
      add_outputs({active.begin() + static_cast<int64_t>(first),
                   active.begin() + static_cast<int64_t>(last)});
    }
    for (const int32_t o : idle) forward_.push_back({{o}, {}, {}, {}});
    if (!context_.training) return;
    partial_ = Buffer(partial_block_ * context_.blocks);
    phases_.clear();
    if (context_.inputs[0].tensor->grad != nullptr) make_phases(active);
  }

  void add_outputs(const std::vector<int32_t>& outs) {
    TapList list;
    GradGroup group;
    list.targets = group.outs = outs;
    for (int64_t r = 0; r < parameters_.rows; ++r) {
      if (std::none_of(outs.begin(), outs.end(), [&](int32_t o) { return kept(o, r); })) continue;
      group.rows.push_back(static_cast<int32_t>(r));
      list.offset.push_back(source_offset(r));
      for (const int32_t o : outs) {
        list.index.push_back(static_cast<int32_t>(o * parameters_.rows + r));
      }
    }
    group.offset = list.offset;
    group.partial = partial_block_;
    partial_block_ += static_cast<int64_t>(outs.size() * group.rows.size());
    forward_.push_back(std::move(list));
    groups_.push_back(std::move(group));
  }

  void make_phases(const std::vector<int32_t>& outs) {
    // row_of[full row] = place among the kept rows, or -1.
    std::vector<int32_t> row_of(static_cast<size_t>(in_.c * conv_.kernel_h * conv_.kernel_w), -1);
    for (size_t r = 0; r < conv_.rows.size(); ++r) {
      row_of[static_cast<size_t>(conv_.rows[r])] = static_cast<int32_t>(r);
    }
    for (int32_t y = 0; y < std::min(conv_.stride, in_.h); ++y) {
      for (int32_t x = 0; x < std::min(conv_.stride, in_.w); ++x) {
        Phase phase{y, x, {}};
        for (int32_t c = 0; c < in_.c; c += kTileOuts) {
          std::vector<int32_t> channels;
          for (int32_t i = c; i < std::min(in_.c, c + kTileOuts); ++i) channels.push_back(i);
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
    size_t used = 0;
    for (const int32_t o : outs) {
      for (int32_t ky = (phase.y + conv_.pad) % conv_.stride; ky < conv_.kernel_h;
           ky += conv_.stride) {
        for (int32_t kx = (phase.x + conv_.pad) % conv_.stride; kx < conv_.kernel_w;
             kx += conv_.stride) {
          std::vector<int32_t> index;
          for (const int32_t c : channels) {
            const int32_t row =
                row_of[static_cast<size_t>((c * conv_.kernel_h + ky) * conv_.kernel_w + kx)];
            const bool there = row >= 0 && kept(o, row);
            index.push_back(there ? static_cast<int32_t>(o * parameters_.rows + row) : -1);
          }
          const auto there = static_cast<size_t>(
              std::count_if(index.begin(), index.end(), [](int32_t i) { return i >= 0; }));
          if (there == 0) continue;
          used += there;
          list.offset.push_back(static_cast<int32_t>(
              o * padded_dy_.plane() +
              (padded_dy_.top + (phase.y + conv_.pad - ky) / conv_.stride) * padded_dy_.row() +
              (padded_dy_.left + (phase.x + conv_.pad - kx) / conv_.stride) * kLanes));
          list.index.insert(list.index.end(), index.begin(), index.end());
        }
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
    tile.outs = static_cast<int32_t>(list.targets.size());
    conv_tile(tile);
  }

  void weight_gradient(int64_t b, const float* source, const float* upstream) {
    float* partial = partial_.data() + b * partial_block_;
    const int64_t inside = padded_dy_.top * padded_dy_.row() + padded_dy_.left * kLanes;
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
