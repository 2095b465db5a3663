// Assertion macros: concurrent assertions in simulation, nothing for synthesis.
// SPDX-License-Identifier: Apache-2.0
`ifndef XB_ASSERT_SVH
`define XB_ASSERT_SVH
`ifdef VERILATOR
// The property holds in every cycle out of reset.
`define XB_ASSERT(name_, prop_) \
  name_ : assert property (@(posedge clk_i) disable iff (!rst_ni) (prop_)) \
  else $error(`"name_`");
// A stream's beat stays as it is until it is accepted.
`define XB_ASSERT_HELD(name_, valid_, ready_, data_) \
  name_ : assert property (@(posedge clk_i) disable iff (!rst_ni) \
      ((valid_) && !(ready_)) |=> ((valid_) && $stable(data_))) \
  else $error(`"name_`");
`else
`define XB_ASSERT(name_, prop_)
`define XB_ASSERT_HELD(name_, valid_, ready_, data_)
`endif
`endif
