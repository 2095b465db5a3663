// Testbench of xb_window: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0
//
// A writable window starts with another image; its table is written, 8 chunks a word, before the
// first input beat. Other memories' writes, which must not reach it, come in between.

`define DUT(i, dut, wr, ih, iw, ic, kh, kw, st, pad, lines, rows, groups, bits, lanes, tile) \
  if (1) begin : gen_case_``i \
    localparam int Words = \
        (rows / tile) * ((tile + lanes - 1) / lanes) + (rows % tile + lanes - 1) / lanes; \
    logic [lanes*bits-1:0] x; \
    logic [255:0] image[Words]; \
    logic [31:0] step_q; \
    logic loaded, ready; \
    initial $readmemh(`"rows_``i.hex`", image); \
    assign loaded = !wr || step_q == 16 * Words; \
    always_ff @(posedge clk_i[i]) begin \
      if (!rst_ni) step_q <= 0; \
      else if (!loaded) step_q <= step_q + 1; \
    end \
    dut #( \
        .InH(ih), .InW(iw), .InC(ic), .KernelH(kh), .KernelW(kw), .Stride(st), .Pad(pad), \
        .Lines(lines), .Rows(rows), .TileRows(tile), .RowLanes(lanes), .Groups(groups), \
        .Bits(bits), .Writable(wr), .RowImage(wr ? `"other_``i.hex`" : `"rows_``i.hex`") \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), \
        .cfg_valid_i(rst_ni && !loaded), .cfg_mem_i(step_q[0] ? 3'd3 : 3'd0), \
        .cfg_addr_i(24'(step_q / 16)), .cfg_chunk_i(8'(step_q / 2 % 8)), \
        .cfg_data_i(step_q[0] ? ~32'd0 : image[step_q/16%Words][step_q/2%8*32+:32]), \
        .in_valid_i(in_valid_i[i] && loaded), .in_ready_o(ready), \
        .in_data_i(in_data_i[i][bits-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(x), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign in_ready_o[i] = ready && loaded; \
    assign out_data_o[i] = 64'(x); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
