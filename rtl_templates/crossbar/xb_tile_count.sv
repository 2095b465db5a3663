// Names the words of a tile in the order in which they are converted.
// SPDX-License-Identifier: Apache-2.0
//
// Order, slowest first: group, pass, row tile, column, planes of a cycle, words of a plane. The
// flags of the next word (*_d_o) are there a cycle early, for who decides on them.

module xb_tile_count #(
    parameter int unsigned Subs = 4,  // cycles of a plane's words
    parameter int unsigned Beats = 8,  // cycles of a pass's planes
    parameter int unsigned Pe = 1,  // columns of a group
    parameter int unsigned LastCols = 1,  // columns of the last group
    parameter int unsigned Tiles = 1,  // row tiles
    parameter int unsigned Passes = 1,  // passes
    parameter int unsigned Groups = 4,  // column groups
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1),
    localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1),
    localparam int unsigned ColBits = xb_pkg::digits(Pe - 1),
    localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1),
    localparam int unsigned PassBits = xb_pkg::digits(Passes - 1),
    localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1)
) (
    input  logic                 clk_i,         // clock
    input  logic                 rst_ni,        // synchronous reset, active low
    input  logic                 step_i,        // on to the next word
    output logic [  SubBits-1:0] sub_o,
    output logic [ BeatBits-1:0] beat_o,        // 0: the top planes of the pass
    output logic [  ColBits-1:0] col_o,
    output logic [ TileBits-1:0] tile_o,
    output logic [ PassBits-1:0] pass_o,
    output logic [GroupBits-1:0] group_o,
    output logic                 col_end_o,     // the last word of its column
    output logic                 seg_end_o,     // the last word of its segment
    output logic                 sums_o,        // of the last row tile of the last pass
    output logic                 single_o,      // of a group of one column
    output logic                 group_last_o,  // of the last group
    output logic                 col_end_d_o,
    output logic                 seg_end_d_o,
    output logic                 sums_d_o
);

  logic [  SubBits-1:0] sub_d;
  logic [ BeatBits-1:0] beat_d;
  logic [  ColBits-1:0] col_d;
  logic [ TileBits-1:0] tile_d;
  logic [ PassBits-1:0] pass_d;
  logic [GroupBits-1:0] group_d;
  logic sub_end_q, sub_end_d, tile_last_q, tile_last_d, group_last_d, single_d;

  always_comb begin
    sub_d   = sub_o;
    beat_d  = beat_o;
    col_d   = col_o;
    tile_d  = tile_o;
    pass_d  = pass_o;
    group_d = group_o;
    if (!rst_ni) begin
      sub_d   = '0;
      beat_d  = '0;
      col_d   = '0;
      tile_d  = '0;
      pass_d  = '0;
      group_d = '0;
    end else if (step_i) begin
      sub_d = sub_end_q ? '0 : sub_o + SubBits'(1);
      if (sub_end_q) beat_d = col_end_o ? '0 : beat_o + BeatBits'(1);
      if (col_end_o) col_d = seg_end_o ? '0 : col_o + ColBits'(1);
      if (seg_end_o) begin
        tile_d = tile_last_q ? '0 : tile_o + TileBits'(1);
        if (tile_last_q) pass_d = sums_o ? '0 : pass_o + PassBits'(1);
        if (sums_o) group_d = group_last_o ? '0 : group_o + GroupBits'(1);
      end
    end
    sub_end_d = sub_d == SubBits'(Subs - 1);
    col_end_d_o = sub_end_d && beat_d == BeatBits'(Beats - 1);
    tile_last_d = tile_d == TileBits'(Tiles - 1);
    sums_d_o = tile_last_d && pass_d == PassBits'(Passes - 1);
    group_last_d = group_d == GroupBits'(Groups - 1);
    seg_end_d_o = col_end_d_o &&
        col_d == (group_last_d ? ColBits'(LastCols - 1) : ColBits'(Pe - 1));
    single_d = (Pe == 1) || (LastCols == 1 && group_last_d);
  end

  always_ff @(posedge clk_i) begin
    sub_o        <= sub_d;
    beat_o       <= beat_d;
    col_o        <= col_d;
    tile_o       <= tile_d;
    pass_o       <= pass_d;
    group_o      <= group_d;
    sub_end_q    <= sub_end_d;
    tile_last_q  <= tile_last_d;
    group_last_o <= group_last_d;
    col_end_o    <= col_end_d_o;
    seg_end_o    <= seg_end_d_o;
    sums_o       <= sums_d_o;
    single_o     <= single_d;
  end

endmodule
