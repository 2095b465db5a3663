// Testbench of xb_max_pool: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, dut, ih, iw, ic, k, st, bits, sgn) \
  if (1) begin : gen_case_``i \
    logic [bits-1:0] x; \
    dut #( \
        .InH(ih), .InW(iw), .InC(ic), .Kernel(k), .Stride(st), .Bits(bits), .Signed(sgn) \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][bits-1:0]), .in_last_i(in_last_i[i]), \
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
