// One template's control, a clock at a time: what pipeline.cpp is put together from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "hwgen/plan/pipeline.hpp"

namespace crosstwin::hwgen {

// A module between two streams. In a cycle a beat moves where valid and ready meet; valid comes
// from registers, ready may look through to the ready behind it.
class Part {
 public:
  virtual ~Part() = default;
  virtual bool valid() const = 0;                // a beat is offered
  virtual bool ready(bool out_ready) const = 0;  // a beat would be taken
  // The clock's edge. `in_valid` is the part before, `out_ready` the part behind.
  virtual void step(bool in_valid, bool out_ready) = 0;
};

std::unique_ptr<Part> unpack_part(int32_t channels);
std::unique_ptr<Part> pool_part(const PoolTiming& timing);
std::unique_ptr<Part> fifo_part(const FifoTiming& timing);
std::unique_ptr<Part> argmax_part();

// The three modules of xb_layer.
std::unique_ptr<Part> window_part(const LayerTiming& timing);
std::unique_ptr<Part> tile_part(const LayerTiming& timing);
std::unique_ptr<Part> requant_part(const LayerTiming& timing);

}  // namespace crosstwin::hwgen
