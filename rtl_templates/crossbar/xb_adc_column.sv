// The converters' constants of one column from a memory, a slice selected.
// SPDX-License-Identifier: Apache-2.0
//
// Word c of AdcImage is column c: slice 0 lowest, each {lsb[LsbBits], clip[AdcBits],
// offset[OffsetBits], mult[16]}.
// What column_i and sub_i name comes Latency = xb_pkg::adc_column_latency() cycles later, a lane each:
// lane l of AdcLanes works on word sub * AdcLanes + l = 2 * slice + polarity, modulo 2 * Slices.

module xb_adc_column #(
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned Slices = 2,  // slices of a column
    parameter int unsigned AdcBits = 8,  // bits of a code
    parameter int unsigned OffsetBits = 32,  // bits of an offset, signed
    parameter int unsigned LsbBits = 0,  // bits of an LSB; 0: not in the memory
    parameter int unsigned AdcLanes = 1,  // converters
    parameter AdcImage = "",  // $readmemh, Cols words
    parameter int unsigned AdcBlock = 0,  // memory style, xb_prim_rom
    parameter bit Writable = 1'b0,  // the memory has a write port
    localparam int unsigned ColumnBits = xb_pkg::digits(Cols - 1),
    localparam int unsigned Subs = (AdcLanes < 2 * Slices) ? 2 * Slices / AdcLanes : 1,
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1),
    localparam int unsigned LsbWidth = xb_pkg::max(1, LsbBits)
) (
    input  logic                           clk_i,       // clock
    // verilator lint_off UNUSED
    input  logic                           wr_en_i,     // write port
    input  logic [                   23:0] wr_addr_i,
    input  logic [                    7:0] wr_chunk_i,
    input  logic [                   31:0] wr_data_i,
    // verilator lint_on UNUSED
    input  logic [         ColumnBits-1:0] column_i,    // 0..Cols-1
    input  logic [            SubBits-1:0] sub_i,       // 0..Subs-1
    output logic [        AdcLanes*16-1:0] mult_o,      // lane 0 low
    output logic [AdcLanes*OffsetBits-1:0] offset_o,
    output logic [   AdcLanes*AdcBits-1:0] clip_o,
    output logic [  AdcLanes*LsbWidth-1:0] lsb_o
);

  localparam int unsigned SliceWidth = 16 + OffsetBits + AdcBits + LsbBits;

  logic [Slices*SliceWidth-1:0] word;

  xb_prim_rom #(
      .Width   (Slices * SliceWidth),
      .Depth   (Cols),
      .InitFile(AdcImage),
      .Style   (AdcBlock),
      .Writable(Writable)
  ) u_words (
      .clk_i     (clk_i),
      .en_i      (1'b1),
      .addr_i    (column_i),
      .data_o    (word),
      .wr_en_i   (wr_en_i),
      .wr_addr_i (wr_addr_i[ColumnBits-1:0]),
      .wr_chunk_i(wr_chunk_i),
      .wr_data_i (wr_data_i)
  );

  logic [2*SubBits-1:0] sub_q;
  always_ff @(posedge clk_i) sub_q <= {sub_q[SubBits-1:0], sub_i};

  for (genvar l = 0; l < AdcLanes; l++) begin : gen_lane
    logic [SliceWidth-1:0] fields, fields_q;
    always_comb begin
      fields = '0;
      for (int unsigned k = 0; k < Subs; k++) begin
        if (sub_q[SubBits+:SubBits] == SubBits'(k)) begin
          fields = word[(xb_pkg::lane_word(k, l, AdcLanes, Slices)/2)*SliceWidth+:SliceWidth];
        end
      end
    end
    always_ff @(posedge clk_i) fields_q <= fields;
    assign mult_o[l*16+:16] = fields_q[15:0];
    assign offset_o[l*OffsetBits+:OffsetBits] = fields_q[16+:OffsetBits];
    assign clip_o[l*AdcBits+:AdcBits] = fields_q[16+OffsetBits+:AdcBits];
    assign lsb_o[l*LsbWidth+:LsbWidth] = LsbWidth'(fields_q >> (16 + OffsetBits + AdcBits));
  end

endmodule
