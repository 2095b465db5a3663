// The shift register that a tile's finished sums leave through, word by word, and their names.
// SPDX-License-Identifier: Apache-2.0
//
// A segment is loaded when load_i meets free_o; its words leave in the order of xb_tile_count, from
// the next cycle on, in Subs * Beats cycles a column. The last word of an output column waits until
// the tile's output has a place that no column on its way will take: a place is free for it the
// cycle after a beat was taken.

module xb_tile_drain #(
    parameter int unsigned AccBits = 14,  // bits of a word
    parameter int unsigned AdcLanes = 1,  // words a cycle
    parameter int unsigned Subs = 4,  // cycles of a plane's words
    parameter int unsigned Beats = 8,  // cycles of a pass's planes
    parameter int unsigned Pe = 1,  // columns of a group
    parameter int unsigned LastCols = 1,  // columns of the last group
    parameter int unsigned Tiles = 1,  // row tiles
    parameter int unsigned Passes = 1,  // passes
    parameter int unsigned Groups = 4,  // column groups
    parameter int unsigned OutDepth = 1,  // places of the output
    localparam int unsigned Width = Pe * Subs * Beats * AdcLanes * AccBits,
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1),
    localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1),
    localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1),
    localparam int unsigned PassBits = xb_pkg::digits(Passes - 1)
) (
    input  logic                        clk_i,         // clock
    input  logic                        rst_ni,        // synchronous reset, active low
    input  logic                        load_i,        // take a segment, only when free_o
    input  logic                        empty_i,       // it has no words: nothing is to leave
    input  logic [           Width-1:0] words_i,       // the first word low
    input  logic                        last_i,        // it is the last of its image
    output logic                        free_o,        // a segment can be taken in this cycle
    input  logic                        taken_i,       // the output was accepted
    output logic                        issue_o,       // the words below leave
    output logic [AdcLanes*AccBits-1:0] current_o,
    output logic [         SubBits-1:0] sub_o,         // their names, of xb_tile_count
    output logic [        BeatBits-1:0] beat_o,
    output logic [        TileBits-1:0] tile_o,
    output logic [        PassBits-1:0] pass_o,
    output logic                        col_end_o,
    output logic                        seg_end_o,
    output logic                        sums_o,
    output logic                        group_last_o,
    output logic                        send_o,        // an output column is complete
    output logic                        last_o         // the segment is the last of its image
);

  localparam int unsigned ColBits = xb_pkg::digits(Pe - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);

  logic busy_q, busy_d;  // words are left
  logic stuck_d;  // the word waits for a place
  logic col_end_d, seg_end_d, sums_d;
  // verilator lint_off UNUSED
  logic [GroupBits-1:0] group;
  logic [ColBits-1:0] col;
  logic single;
  // verilator lint_on UNUSED

  xb_tile_count #(
      .Subs    (Subs),
      .Beats   (Beats),
      .Pe      (Pe),
      .LastCols(LastCols),
      .Tiles   (Tiles),
      .Passes  (Passes),
      .Groups  (Groups)
  ) u_count (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .step_i      (issue_o),
      .sub_o       (sub_o),
      .beat_o      (beat_o),
      .col_o       (col),
      .tile_o      (tile_o),
      .pass_o      (pass_o),
      .group_o     (group),
      .col_end_o   (col_end_o),
      .seg_end_o   (seg_end_o),
      .sums_o      (sums_o),
      .single_o    (single),
      .group_last_o(group_last_o),
      .col_end_d_o (col_end_d),
      .seg_end_d_o (seg_end_d),
      .sums_d_o    (sums_d)
  );

  // Places that are taken, or will be by a column on its way.
  logic full_d;
  assign send_o = issue_o && col_end_o && sums_o;
  if (OutDepth == 1) begin : gen_one_place
    logic used_q;
    assign full_d = rst_ni && (send_o || (used_q && !taken_i));
    always_ff @(posedge clk_i) used_q <= full_d;
  end else begin : gen_places
    localparam int unsigned UsedBits = xb_pkg::digits(OutDepth);
    logic [UsedBits-1:0] used_q, used_d;
    assign full_d = used_d == UsedBits'(OutDepth);
    always_comb begin
      used_d = used_q;
      if (!rst_ni) used_d = '0;
      else if (send_o && !taken_i) used_d = used_q + UsedBits'(1);
      else if (!send_o && taken_i) used_d = used_q - UsedBits'(1);
    end
    always_ff @(posedge clk_i) used_q <= used_d;
  end

  always_comb begin
    stuck_d = col_end_d && sums_d && full_d;
    busy_d  = rst_ni && ((load_i && !empty_i) || (busy_q && !(issue_o && seg_end_o)));
  end
  always_ff @(posedge clk_i) begin
    busy_q  <= busy_d;
    issue_o <= busy_d && !stuck_d;
    free_o  <= !busy_d || (seg_end_d && !stuck_d);
  end

  logic [Width-1:0] words_q;
  assign current_o = words_q[AdcLanes*AccBits-1:0];
  always_ff @(posedge clk_i) begin
    if (load_i) words_q <= words_i;
    else if (issue_o) words_q <= words_q >> (AdcLanes * AccBits);
  end
  always_ff @(posedge clk_i) begin
    if (load_i) last_o <= last_i;
  end

endmodule
