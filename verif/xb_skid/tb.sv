// Testbench of xb_skid: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, dut, width) \
  if (1) begin : gen_case_``i \
    logic [width-1:0] x; \
    dut #(.Width(width)) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][width-1:0]), .out_valid_o(out_valid_o[i]), \
        .out_ready_i(out_ready_i[i]), .out_data_o(x) \
    ); \
    assign out_data_o[i] = 64'(x); \
    assign out_last_o[i] = 1'b0; \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
