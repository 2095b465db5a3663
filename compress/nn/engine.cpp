// Builds the ops of a model and runs them block by block.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/engine.hpp"

#include <algorithm>
#include <map>

#include "compress/ir/error.hpp"
#include "compress/ir/overload.hpp"
#include "compress/nn/kernels.hpp"

namespace crosstwin::nn {

namespace {

template <class T>
bool is(const ir::Node& node) {
  return std::holds_alternative<T>(node.kind);
}

bool has_parameters(const ir::Node& node) {
  return is<ir::Conv>(node) || is<ir::Dense>(node) || is<ir::BatchNorm>(node);
}

bool takes_relu(const ir::Node& node) { return has_parameters(node) || is<ir::Add>(node); }

}  // namespace

Engine::Engine(Model& model, Workers& workers, const EngineConfig& config)
    : model_(model), workers_(workers), training_(config.training), product_(config.product) {
  build(config);
  const auto& input = std::get<ir::Input>(model.graph().nodes[0].kind);
  lut_.resize(static_cast<size_t>(input.shape.c));
  for (size_t c = 0; c < lut_.size(); ++c) {
    for (int32_t u = 0; u < 256; ++u) {
      lut_[c][static_cast<size_t>(u)] =
          static_cast<float>((u - input.zero[c]) / (255.0 * input.stddev[c]));
    }
  }
}

void Engine::build(const EngineConfig& config) {
  const std::vector<ir::Node>& nodes = model_.graph().nodes;
  const int64_t blocks = blocks_of(config.images);
  size_t count = nodes.size();
  if (training_ && is<ir::Softmax>(nodes.back())) --count;
  output_ = count - 1;

  std::vector<std::vector<size_t>> inputs(count);
  std::vector<int32_t> consumers(count, 0);
  std::vector<uint8_t> wants_grad(count, 0);
  for (size_t i = 0; i < count; ++i) {
    wants_grad[i] = training_ && has_parameters(nodes[i]);
    for (const std::string& name : nodes[i].inputs) {
      inputs[i].push_back(static_cast<size_t>(ir::node_index(model_.graph(), name)));
      ++consumers[inputs[i].back()];
      if (wants_grad[inputs[i].back()] != 0) wants_grad[i] = 1;
    }
  }

  // fused[i]: node i is a Relu computed by the node before it.
  std::vector<uint8_t> fused(count, 0);
  for (size_t i = 0; i < count; ++i) {
    if (!is<ir::Relu>(nodes[i]) || !config.fuse || config.product) continue;
    fused[i] = takes_relu(nodes[inputs[i][0]]) && consumers[inputs[i][0]] == 1;
  }
  for (size_t i = 0; i < count; ++i) {
    if (fused[i] != 0 || is<ir::Flatten>(nodes[i])) {
      // Flat features are in c, h, w order: the same memory under another shape.
      const auto& from = tensors_[inputs[i][0]];
      if (fused[i] != 0) {
        tensors_.push_back(from);
      } else {
        tensors_.push_back(std::make_shared<Tensor>(*from));
        tensors_.back()->shape = model_.shapes()[i];
      }
      continue;
    }
    auto tensor = std::make_shared<Tensor>();
    tensor->shape = model_.shapes()[i];
    tensor->block = tensor->shape.size() * kLanes;
    buffers_.emplace_back(tensor->block * blocks);
    tensor->value = buffers_.back().data();
    if (wants_grad[i] != 0) {
      buffers_.emplace_back(tensor->block * blocks);
      tensor->grad = buffers_.back().data();
    }
    tensors_.push_back(std::move(tensor));
  }

  // The backward pass goes from the last node to the first: who comes first sets a gradient.
  std::map<const float*, bool> written;
  std::vector<std::vector<Operand>> operands(count);
  for (size_t i = count; i-- > 0;) {
    if (fused[i] != 0 || is<ir::Flatten>(nodes[i])) continue;
    for (const size_t input : inputs[i]) {
      Tensor* tensor = tensors_[input].get();
      bool& seen = written[tensor->grad];
      operands[i].push_back({tensor, seen});
      seen = true;
    }
  }
  for (size_t i = 1; i < count; ++i) {
    if (fused[i] != 0 || is<ir::Flatten>(nodes[i])) continue;
    OpContext context{std::move(operands[i]), tensors_[i].get(), false, blocks, training_};
    for (size_t j = i + 1; j < count; ++j) {
      if (fused[j] != 0 && inputs[j][0] == i) context.relu = true;
    }
    Parameters& all = model_.parameters();
    auto op = std::visit(
        ir::Overload{[&](const ir::Conv& conv) {
                       return make_conv(std::move(context), conv, all.at(nodes[i].name), model_);
                     },
                     [&](const ir::Dense& dense) {
                       return make_dense(std::move(context), dense, all.at(nodes[i].name), model_);
                     },
                     [&](const ir::BatchNorm& norm) {
                       return make_batch_norm(std::move(context), norm, all.at(nodes[i].name),
                                              config.batch_norm_momentum);
                     },
                     [&](const auto& other) { return make_map(std::move(context), other); }},
        nodes[i].kind);
    const bool replaced = config.product && (is<ir::Conv>(nodes[i]) || is<ir::Dense>(nodes[i]));
    steps_.push_back({std::move(op), wants_grad[i] != 0, replaced ? nodes[i].name : std::string(),
                      tensors_[inputs[i][0]].get(), tensors_[i].get()});
  }
}

const Tensor& Engine::tensor(const std::string& node) const {
  return *tensors_[static_cast<size_t>(ir::node_index(model_.graph(), node))];
}

void Engine::load(int64_t block, int64_t images, const BlockImages& source) {
  Tensor& tensor = *tensors_[0];
  const int64_t plane = int64_t{tensor.shape.h} * tensor.shape.w;
  float* out = tensor.values(block);
  for (size_t c = 0; c < lut_.size(); ++c) {
    const std::array<float, 256>& lut = lut_[c];
    for (int64_t p = static_cast<int64_t>(c) * plane; p < static_cast<int64_t>(c + 1) * plane;
         ++p) {
      float* to = out + p * kLanes;
      for (int64_t lane = 0; lane < images; ++lane) {
        to[lane] = lut[source[static_cast<size_t>(lane)][p]];
      }
      for (int64_t lane = images; lane < kLanes; ++lane) to[lane] = 0;
    }
  }
}

void Engine::refresh() {
  for (Step& step : steps_) step.op->refresh();
}

void Engine::forward_block(int64_t block, int64_t images, const BlockImages& source,
                           Scratch& scratch) {
  load(block, images, source);
  for (Step& step : steps_) step.op->forward(block, scratch);
}

namespace {

int64_t lanes_used(int64_t block, int64_t images) {
  return std::min(kLanes, images - block * kLanes);
}

}  // namespace

void Engine::forward(int64_t images, const Source& source) {
  ir::check(!training_, "forward() is for evaluation");
  refresh();
  workers_.each(blocks_of(images), [&](int64_t b, Scratch& scratch) {
    forward_block(b, lanes_used(b, images), source(b), scratch);
  });
}

void Engine::gradients(int64_t images, const Source& source, const Loss& loss) {
  ir::check(training_, "gradients() is for training");
  refresh();
  const int64_t blocks = blocks_of(images);
  // Blocks run through the ops on their own up to one that needs the whole batch.
  std::vector<std::function<void(int64_t, Scratch&)>> run;
  const auto flush = [&] {
    workers_.each(blocks, [&](int64_t b, Scratch& scratch) {
      for (const auto& piece : run) piece(b, scratch);
    });
    run.clear();
  };
  run.emplace_back([&](int64_t b, Scratch&) { load(b, lanes_used(b, images), source(b)); });
  for (Step& step : steps_) {
    Op& op = *step.op;
    if (op.synchronizes()) {
      run.emplace_back(
          [&op, images](int64_t b, Scratch&) { op.collect_forward(b, lanes_used(b, images)); });
      flush();
      op.combine_forward(blocks, images);
    }
    if (step.replaced.empty()) {
      run.emplace_back([&op](int64_t b, Scratch& scratch) { op.forward(b, scratch); });
      continue;
    }
    run.emplace_back([this, &step](int64_t b, Scratch&) {
      product_(step.replaced, b, step.input->values(b), step.output->values(b));
    });
  }
  const Tensor& out = output();
  run.emplace_back(
      [&](int64_t b, Scratch& scratch) { loss(b, out.values(b), out.grads(b), scratch); });
  for (size_t i = steps_.size(); i-- > 0;) {
    if (!steps_[i].backward) continue;
    Op& op = *steps_[i].op;
    if (op.synchronizes()) {
      run.emplace_back([&op](int64_t b, Scratch&) { op.collect_backward(b); });
      flush();
      op.combine_backward(blocks);
    }
    run.emplace_back([&op](int64_t b, Scratch& scratch) { op.backward(b, scratch); });
  }
  flush();
  std::vector<std::pair<Op*, int64_t>> parts;
  for (Step& step : steps_) {
    for (int64_t p = 0; p < step.op->gradient_parts(); ++p) parts.emplace_back(step.op.get(), p);
  }
  workers_.each(static_cast<int64_t>(parts.size()), [&](int64_t i, Scratch&) {
    const auto& [op, part] = parts[static_cast<size_t>(i)];
    op->gradient(part, blocks);
  });
}

}  // namespace crosstwin::nn
