// Networks in evaluation, some blocks of images at a time.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/evaluate.hpp"

#include <algorithm>
#include <limits>

#include "compress/ir/error.hpp"
#include "compress/nn/engine.hpp"
#include "compress/nn/kernels.hpp"
#include "compress/nn/loss.hpp"

namespace crosstwin::nn {

namespace {

// Images of a run that visitors see.
constexpr int64_t kVisitImages = 64;

// Calls after(first image, images) when the engine holds the outputs of a run.
void run_all(Engine& engine, const data::Dataset& dataset, int64_t at_once,
             const std::function<void(int64_t, int64_t)>& after) {
  const int64_t size = dataset.shape.size();
  for (int64_t first = 0; first < dataset.size(); first += at_once) {
    const int64_t images = std::min(at_once, dataset.size() - first);
    engine.forward(images, [&](int64_t block) {
      BlockImages pointers{};
      for (int64_t i = 0; i < std::min(kLanes, images - block * kLanes); ++i) {
        pointers[static_cast<size_t>(i)] =
            dataset.images.data() + (first + block * kLanes + i) * size;
      }
      return pointers;
    });
    after(first, images);
  }
}

}  // namespace

void check_fit(const Model& model, const data::Dataset& dataset, const std::string& what) {
  const auto text = [](const ir::Shape& s) {
    return std::to_string(s.c) + " x " + std::to_string(s.h) + " x " + std::to_string(s.w);
  };
  const ir::Shape& input = model.shapes().front();
  if (!(dataset.shape == input)) {
    throw ir::Error({what, "images of the wrong shape for network " + model.graph().name,
                     text(input), text(dataset.shape), ""});
  }
  ir::check(static_cast<int64_t>(dataset.images.size()) == dataset.size() * dataset.shape.size(),
            "a data set has one label an image");
  const int64_t outputs = model.shapes().back().size();
  for (const uint8_t label : dataset.labels) {
    if (label < outputs) continue;
    throw ir::Error({what, "a label is no output of network " + model.graph().name,
                     "0.." + std::to_string(outputs - 1), std::to_string(label), ""});
  }
}

std::vector<float> logits(const ir::Network& network, const data::Dataset& dataset,
                          int32_t threads) {
  Model model(network);
  check_fit(model, dataset, "data");
  Workers workers(threads);
  // A few blocks a thread: enough to keep all busy, few enough to stay in the caches.
  const int64_t at_once = kLanes * 4 * workers.threads();
  Engine engine(model, workers, {at_once});
  const Tensor& out = engine.output();
  const int64_t outputs = out.shape.size();
  std::vector<float> all(static_cast<size_t>(dataset.size() * outputs));
  run_all(engine, dataset, at_once, [&](int64_t first, int64_t images) {
    for (int64_t i = 0; i < images; ++i) {
      const float* from = out.values(i / kLanes) + i % kLanes;
      float* to = all.data() + (first + i) * outputs;
      for (int64_t o = 0; o < outputs; ++o) to[o] = from[o * kLanes];
    }
  });
  return all;
}

double accuracy(const ir::Network& network, const data::Dataset& dataset, int32_t threads) {
  if (dataset.size() == 0) throw ir::Error({"data", "no images to measure the accuracy on"});
  const std::vector<float> all = logits(network, dataset, threads);
  const int64_t outputs = static_cast<int64_t>(all.size()) / dataset.size();
  int64_t correct = 0;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    if (argmax(all.data() + i * outputs, outputs, 1) == dataset.labels[static_cast<size_t>(i)]) {
      ++correct;
    }
  }
  return static_cast<double>(correct) / static_cast<double>(dataset.size());
}

void visit_activations(const ir::Network& network, const data::Dataset& dataset,
                       const std::function<void(const Activations&)>& visit, int32_t threads) {
  Model model(network);
  check_fit(model, dataset, "data");
  Workers workers(threads);
  Engine engine(model, workers, {kVisitImages, false, false});
  std::vector<float> values;
  run_all(engine, dataset, kVisitImages, [&](int64_t first, int64_t images) {
    for (const ir::Node& node : model.graph().nodes) {
      const Tensor& tensor = engine.tensor(node.name);
      const int64_t size = tensor.shape.size();
      values.resize(static_cast<size_t>(images * size));
      for (int64_t i = 0; i < images; ++i) {
        const float* from = tensor.values(i / kLanes) + i % kLanes;
        for (int64_t v = 0; v < size; ++v) {
          values[static_cast<size_t>(i * size + v)] = from[v * kLanes];
        }
      }
      visit({node.name, tensor.shape, first, images, values});
    }
  });
}

std::vector<Histogram> histograms(const ir::Network& network, const data::Dataset& dataset,
                                  int32_t bins, int32_t threads) {
  std::vector<Histogram> all(network.nodes.size());
  std::vector<double> sums(all.size(), 0);
  std::vector<int64_t> counts(all.size(), 0);
  for (Histogram& h : all) {
    h.low = std::numeric_limits<float>::max();
    h.high = std::numeric_limits<float>::lowest();
    h.bins.assign(static_cast<size_t>(bins), 0);
  }
  const auto index = [&](const std::string& node) {
    return static_cast<size_t>(ir::node_index(network, node));
  };
  visit_activations(
      network, dataset,
      [&](const Activations& a) {
        const size_t n = index(a.node);
        for (const float v : a.values) {
          all[n].low = std::min(all[n].low, v);
          all[n].high = std::max(all[n].high, v);
          sums[n] += v;
        }
        counts[n] += static_cast<int64_t>(a.values.size());
      },
      threads);
  for (size_t n = 0; n < all.size(); ++n) {
    all[n].mean = sums[n] / static_cast<double>(std::max<int64_t>(1, counts[n]));
  }
  visit_activations(
      network, dataset,
      [&](const Activations& a) {
        Histogram& h = all[index(a.node)];
        const double width = (static_cast<double>(h.high) - h.low) / bins;
        for (const float v : a.values) {
          const auto bin =
              width > 0 ? static_cast<int32_t>((static_cast<double>(v) - h.low) / width) : 0;
          ++h.bins[static_cast<size_t>(std::min(bin, bins - 1))];
        }
      },
      threads);
  return all;
}

namespace {

// Where the rows of a layer read, relative to the window's corner; windows of the output map.
struct Windows {
  std::vector<ir::Shape> rows;  // channel, y, x of every kept row
  int32_t stride = 1;
  int32_t pad = 0;
  ir::Shape out;
};

Windows windows_of(const ir::Node& node, const ir::Shape& in, const ir::Shape& out) {
  Windows windows;
  windows.out = out;
  if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
    const int32_t area = conv->kernel_h * conv->kernel_w;
    for (const int32_t row : conv->rows) {
      windows.rows.push_back(
          {row / area, row % area / conv->kernel_w, row % area % conv->kernel_w});
    }
    windows.stride = conv->stride;
    windows.pad = conv->pad;
    return windows;
  }
  if (const auto* dense = std::get_if<ir::Dense>(&node.kind)) {
    for (const int32_t row : dense->rows) {
      windows.rows.push_back({row / (in.h * in.w), row / in.w % in.h, row % in.w});
    }
    return windows;
  }
  throw ir::Error({node.name, "this layer multiplies no matrix", "conv or dense",
                   ir::kind_name(node.kind), ""});
}

}  // namespace

PatchMatrix input_patches(const ir::Network& network, const data::Dataset& dataset,
                          const std::string& name, int64_t positions, int32_t threads) {
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto at = static_cast<size_t>(ir::node_index(network, name));
  const ir::Node& node = network.nodes[at];
  if (node.inputs.empty()) windows_of(node, {}, {});  // throws: an Input multiplies nothing
  const std::string& source = node.inputs[0];
  const ir::Shape in = shapes[static_cast<size_t>(ir::node_index(network, source))];
  const Windows windows = windows_of(node, in, shapes[at]);
  const int64_t all = int64_t{windows.out.h} * windows.out.w;
  const int64_t taken = positions == 0 ? all : std::min(positions, all);
  PatchMatrix matrix;
  matrix.rows = static_cast<int64_t>(windows.rows.size());
  matrix.samples = dataset.size() * taken;
  matrix.values.reserve(static_cast<size_t>(matrix.rows * matrix.samples));
  visit_activations(
      network, dataset,
      [&](const Activations& a) {
        if (a.node != source) return;
        for (int64_t i = 0; i < a.images; ++i) {
          const float* image = a.values.data() + i * in.size();
          for (int64_t p = 0; p < taken; ++p) {
            const int64_t place = p * all / taken;
            const int64_t y = place / windows.out.w * windows.stride - windows.pad;
            const int64_t x = place % windows.out.w * windows.stride - windows.pad;
            for (const ir::Shape& row : windows.rows) {
              const int64_t h = y + row.h;
              const int64_t w = x + row.w;
              const bool inside = h >= 0 && h < in.h && w >= 0 && w < in.w;
              matrix.values.push_back(inside ? image[(row.c * in.h + h) * in.w + w] : 0.0F);
            }
          }
        }
      },
      threads);
  return matrix;
}

}  // namespace crosstwin::nn
