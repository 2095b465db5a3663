// The network: a graph of layers in topological order, each naming its inputs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace crosstwin::ir {

// Channels, height, width of one item; time series have h = 1, flat features h = w = 1.
struct Shape {
  int32_t c = 0;
  int32_t h = 0;
  int32_t w = 0;
  static constexpr int64_t kMaxSize = int64_t{1} << 28;  // of every map: checked on entry
  int64_t size() const { return int64_t{c} * h * w; }
  // Positive extents whose product, which may not fit 64 bits, is at most kMaxSize.
  bool fits() const {
    return c > 0 && h > 0 && w > 0 && c <= kMaxSize / h && c <= kMaxSize / h / w;
  }
  friend bool operator==(const Shape&, const Shape&) = default;
};

// Raw uint8 values enter; layers see (u / 255 - zero[c] / 255) / stddev[c]. `zero` is the integer
// z_c of the numeric contract: the channel's zero and the value that zero padding pads with.
struct Input {
  Shape shape;
  std::vector<int32_t> zero;  // [c], 0..255
  std::vector<float> stddev;  // [c], > 0
};

// Crossbar words: a row is one input of the matrix (a kernel position of a channel), a column one
// output (a filter). Only kept rows are stored, so a pruned layer is physically smaller.
// Full row number: row = (c * kernel_h + y) * kernel_w + x, over the channels of the layer's input.
struct Conv {
  int32_t out_channels = 0;
  int32_t kernel_h = 0;
  int32_t kernel_w = 0;
  int32_t stride = 1;
  int32_t pad = 0;
  std::vector<int32_t> rows;        // kept rows, strictly ascending
  std::vector<float> weight;        // [out_channels][rows.size()]
  std::vector<float> bias;          // [out_channels]
  std::vector<float> weight_scale;  // [out_channels] once on the conductance grid: weight =
                                    // scale * integer; empty before quantization
};

// The input is flat (c features) or is flattened by a Flatten node in c, h, w order (as PyTorch's).
struct Dense {
  int32_t out_features = 0;
  std::vector<int32_t> rows;        // kept inputs, strictly ascending
  std::vector<float> weight;        // [out_features][rows.size()]
  std::vector<float> bias;          // [out_features]
  std::vector<float> weight_scale;  // as Conv
};

// Windows that do not fit are dropped (floor).
struct MaxPool {
  int32_t kernel = 2;
  int32_t stride = 2;
};
struct AvgPool {
  int32_t kernel = 2;
  int32_t stride = 2;
};
struct Relu {};
struct Flatten {};
struct BatchNorm {
  std::vector<float> gamma, beta, mean, variance;  // [c]
  float epsilon = 1e-5F;
};
struct Add {};
struct Concat {};  // along c
struct Softmax {};

using Kind = std::variant<Input, Conv, Dense, MaxPool, AvgPool, Relu, Flatten, BatchNorm, Add,
                          Concat, Softmax>;

// How a node's output is quantized: value = scale * integer.
struct ActivationQuant {
  int32_t bits = 8;
  bool is_signed = false;
  float scale = 0;  // > 0
};

struct Node {
  std::string name;                 // unique, [a-z][a-z0-9_]*
  std::vector<std::string> inputs;  // names of earlier nodes; empty for Input only
  Kind kind;
  std::optional<ActivationQuant> quant = {};
};

// Nodes in topological order; the first is the Input, the last is the output.
struct Network {
  std::string name;
  std::vector<Node> nodes;
};

// "conv", "dense", "max_pool", ... as in files and messages.
std::string kind_name(const Kind& kind);

// Index of a node; Error when there is none.
int32_t node_index(const Network& network, const std::string& name);

// Output shape of every node. Checks the whole graph (names, order, arity, shapes, rows within
// range and ascending, sizes of parameters) and throws Error naming the node; `source` ("FILE: ")
// goes before the place.
std::vector<Shape> infer_shapes(const Network& network, const std::string& source = {});

// Number of rows before pruning: in.c * kernel_h * kernel_w, or the flat input size of a Dense.
int64_t full_rows(const Shape& input, const Node& node);

// Weights stored (pruned layers store fewer); biases are not counted.
int64_t weight_count(const Network& network, bool conv_only = false);

// A folder with network.json and tensors.npz (docs/artifact.md). Written atomically.
void save_network(const Network& network, const std::filesystem::path& dir);
Network load_network(const std::filesystem::path& dir);

}  // namespace crosstwin::ir
