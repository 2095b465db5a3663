// Writes all memories of a tile through its configuration port, one after the other.
// SPDX-License-Identifier: Apache-2.0

module tb_fill #(
    parameter bit Enable = 1'b1,  // 0: done at once
    parameter int unsigned WeightWidth = 8,  // bits and words of the memories
    parameter int unsigned WeightDepth = 1,
    parameter int unsigned TableWidth = 8,
    parameter int unsigned TableDepth = 16,
    parameter bit Coded = 1'b1,  // there is a table
    parameter int unsigned AdcWidth = 8,
    parameter int unsigned AdcDepth = 1,
    parameter bit Column = 1'b0,  // there are words of columns
    parameter int unsigned InlWidth = 8,
    parameter bit Inl = 1'b0,  // there is a code table
    parameter int unsigned NoiseWidth = 16,
    parameter int unsigned NoiseDepth = 2,
    parameter bit NoiseRows = 1'b0,  // there are gains by driven rows
    parameter WeightImage = "",
    parameter TableImage = "",
    parameter AdcImage = "",
    parameter InlImage = "",
    parameter NoiseImage = ""
) (
    input  logic        clk_i,
    input  logic        start_i,
    output logic        cfg_valid_o,
    output logic [ 2:0] cfg_mem_o,
    output logic [23:0] cfg_addr_o,
    output logic [ 7:0] cfg_chunk_o,
    output logic [31:0] cfg_data_o,
    output logic        done_o
);

  localparam int unsigned Memories = 6;
  logic [Memories-1:0] valid;
  logic [Memories:0] done;
  logic [Memories*24-1:0] addr;
  logic [Memories*8-1:0] chunk;
  logic [Memories*32-1:0] data;
  assign done[0] = start_i;

  `define XB_WRITER(n_, width_, depth_, enable_, image_) \
    tb_writer #(.Width(width_), .Depth(depth_), .Enable(Enable && (enable_)), .InitFile(image_)) u_``n_ ( \
        .clk_i(clk_i), .start_i(done[n_]), .cfg_valid_o(valid[n_]), \
        .cfg_addr_o(addr[n_*24+:24]), .cfg_chunk_o(chunk[n_*8+:8]), \
        .cfg_data_o(data[n_*32+:32]), .done_o(finished[n_]) \
    ); \
    assign done[n_+1] = done[n_] && finished[n_];
  logic [Memories-1:0] finished;
  `XB_WRITER(0, WeightWidth, WeightDepth, 1'b1, WeightImage)
  `XB_WRITER(1, TableWidth, TableDepth, Coded, TableImage)
  `XB_WRITER(2, AdcWidth, AdcDepth, Column, AdcImage)
  `XB_WRITER(3, InlWidth, 1 << InlWidth, Inl, InlImage)
  `XB_WRITER(4, 32, 2, 1'b1, "new_keys.hex")
  `XB_WRITER(5, NoiseWidth, NoiseDepth, NoiseRows, NoiseImage)

  assign cfg_valid_o = |valid;
  assign done_o = done[Memories];
  always_comb begin
    cfg_mem_o   = '0;
    cfg_addr_o  = '0;
    cfg_chunk_o = '0;
    cfg_data_o  = '0;
    for (int unsigned n = 0; n < Memories; n++) begin
      if (valid[n]) begin
        cfg_mem_o   = (n < 2) ? 3'(n + 1) : 3'(n + 2);
        cfg_addr_o  = addr[n*24+:24];
        cfg_chunk_o = chunk[n*8+:8];
        cfg_data_o  = data[n*32+:32];
      end
    end
  end
endmodule
