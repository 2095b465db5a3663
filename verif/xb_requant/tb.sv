// Testbench of xb_requant: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// A writable memory is written before the first beat.
`define DUT(i, dut, cols, yb, bb, logits, ob, low, high, par, dsp, wr) \
  if (1) begin : gen_case_``i \
    logic [ob-1:0] x; \
    logic ready, valid, written; \
    logic [23:0] addr; \
    logic [7:0] chunk; \
    logic [31:0] data; \
    tb_writer #( \
        .Width(logits ? bb : bb + 21), .Depth(cols), .Enable(wr), .InitFile(`"write_``i``.hex`") \
    ) u_writer ( \
        .clk_i(clk_i[i]), .start_i(rst_ni), .cfg_valid_o(valid), .cfg_addr_o(addr), \
        .cfg_chunk_o(chunk), .cfg_data_o(data), .done_o(written) \
    ); \
    dut #( \
        .Cols(cols), .YBits(yb), .BiasBits(bb), .Logits(logits), .OutBits(ob), .OutLow(low), \
        .OutHigh(high), .Parallel(par), .Dsp(dsp), .Writable(wr), \
        .RequantImage(`"requant_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .cfg_valid_i(valid), .cfg_addr_i(addr), \
        .cfg_chunk_i(chunk), .cfg_data_i(data), .in_valid_i(in_valid_i[i] && written), \
        .in_ready_o(ready), .in_data_i(in_data_i[i][yb-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(x), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign in_ready_o[i] = ready && written; \
    assign out_data_o[i] = 64'(x); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
