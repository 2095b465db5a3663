// A device in a few words, for the labels of results.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "compress/ir/device.hpp"

namespace crosstwin::cli {

// Its name and what is not ideal about it: "reram (sigma 0.1, stuck 0.5%)", "pcm_joshi (spread by
// level)", "x (measured cells, fault map, aged 86400 s, wires)", "ideal (nothing varies)".
std::string device_title(const ir::Device& device);

}  // namespace crosstwin::cli
