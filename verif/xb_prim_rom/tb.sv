// Testbench of xb_prim_rom: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0
//
// An input beat is a command {write, addr[23], chunk[8], data[32]}. A read's word is the next output
// beat; a write goes through while the output stalls and gives no beat.

`define DUT(i, dut, width, depth, style, writable) \
  if (1) begin : gen_case_``i \
    localparam int unsigned AddrBits = (depth > 1) ? $clog2(depth) : 1; \
    logic [width-1:0] x; \
    logic [1:0] valid_q; \
    logic en, write; \
    dut #( \
        .Width(width), .Depth(depth), .InitFile(`"words_``i.hex`"), .Style(style), \
        .Writable(writable) \
    ) u_dut ( \
        .clk_i(clk_i[i]), .en_i(en), .addr_i(in_data_i[i][40+:AddrBits]), .data_o(x), \
        .wr_en_i(in_valid_i[i] && write), .wr_addr_i(in_data_i[i][40+:AddrBits]), \
        .wr_chunk_i(in_data_i[i][39:32]), .wr_data_i(in_data_i[i][31:0]) \
    ); \
    assign write = in_data_i[i][63]; \
    assign en = !valid_q[1] || out_ready_i[i]; \
    assign in_ready_o[i] = write || en; \
    assign out_valid_o[i] = valid_q[1]; \
    assign out_data_o[i] = 64'(x); \
    assign out_last_o[i] = 1'b0; \
    always_ff @(posedge clk_i[i]) begin \
      if (!rst_ni) valid_q <= '0; \
      else if (en) valid_q <= {valid_q[0], in_valid_i[i] && !write}; \
    end \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
