// Testbench of xb_unpack: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, dut, channels, bits) \
  if (1) begin : gen_case_``i \
    logic [bits-1:0] x; \
    dut #(.Channels(channels), .Bits(bits)) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .s_axis_tvalid(in_valid_i[i]), \
        .s_axis_tready(in_ready_o[i]), .s_axis_tdata(in_data_i[i][channels*bits-1:0]), \
        .s_axis_tlast(in_last_i[i]), .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), \
        .out_data_o(x), .out_last_o(out_last_o[i]) \
    ); \
    assign out_data_o[i] = 64'(x); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
