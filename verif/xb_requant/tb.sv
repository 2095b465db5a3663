// Testbench of xb_requant: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, dut, cols, yb, bb, logits, ob, low, high) \
  if (1) begin : gen_case_``i \
    logic [ob-1:0] x; \
    dut #( \
        .Cols(cols), .YBits(yb), .BiasBits(bb), .Logits(logits), .OutBits(ob), .OutLow(low), \
        .OutHigh(high), .RequantImage(`"requant_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][yb-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(x), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign out_data_o[i] = 64'(x); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
