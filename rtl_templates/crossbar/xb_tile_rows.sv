// Walks a tile's weight memory with the rows that come in, and picks the planes of the pass.
// SPDX-License-Identifier: Apache-2.0
//
// Order of the beats: group, pass, row tile, row. A pass repeats its group's words. The address is
// combinational from the beat; the counters move when one is accepted. The bits and flags wait for
// what is read there: the bits for Cells enabled cycles, the flags for Depth. The bits are 0 where
// there is no beat, reset included: with one row a beat they alone enable the accumulators.

module xb_tile_rows #(
    parameter int unsigned Rows = 18,  // kept rows, all row tiles together
    parameter int unsigned TileRows = 128,  // rows of a physical array
    parameter int unsigned RowLanes = 1,  // rows a beat
    parameter int unsigned Groups = 4,  // column groups
    parameter int unsigned InBits = 8,  // planes
    parameter int unsigned Planes = InBits,  // planes a pass
    parameter int unsigned Cells = 2,  // enabled cycles from an address to its conductances
    parameter int unsigned Depth = Cells,  // and to the accumulators
    localparam int unsigned FullRows = xb_pkg::min(Rows, TileRows),
    localparam int unsigned Tiles = xb_pkg::ceil_div(Rows, TileRows),
    localparam int unsigned LastRows = Rows - (Tiles - 1) * TileRows,
    localparam int unsigned FullBeats = xb_pkg::ceil_div(FullRows, RowLanes),
    localparam int unsigned LastBeats = xb_pkg::ceil_div(LastRows, RowLanes),
    localparam int unsigned Words = Groups * ((Tiles - 1) * FullBeats + LastBeats),
    localparam int unsigned AddrBits = (Words > 1) ? $clog2(Words) : 1
) (
    input  logic                       clk_i,    // clock
    input  logic                       rst_ni,   // synchronous reset, active low
    input  logic                       en_i,     // everything moves
    input  logic                       valid_i,  // a beat
    input  logic [RowLanes*InBits-1:0] data_i,   // activations of its rows, lane 0 low
    input  logic                       last_i,   // it is the last of its image
    output logic [       AddrBits-1:0] addr_o,   // its weights
    output logic [RowLanes*Planes-1:0] bits_o,   // bits of the pass, 0 without a row
    output logic                       valid_o,  // a beat has come to the accumulators
    output logic                       end_o,    // it is the last of its row tile
    output logic                       last_o    // and of its image
);

  localparam int unsigned Passes = InBits / Planes;
  localparam int unsigned BeatBits = xb_pkg::digits(FullBeats - 1);
  localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1);
  localparam int unsigned PassBits = xb_pkg::digits(Passes - 1);
  // Rows in the last beat of a row tile.
  localparam int unsigned FullRest = FullRows - (FullBeats - 1) * RowLanes;
  localparam int unsigned LastRest = LastRows - (LastBeats - 1) * RowLanes;

  logic [AddrBits-1:0] addr_q, addr_d;
  logic [BeatBits-1:0] beat_q;
  logic [TileBits-1:0] tile_q;
  logic [PassBits-1:0] pass;  // 0: the top planes
  logic accept;
  logic tile_last, tile_end;

  assign accept = valid_i && en_i;
  assign tile_last = tile_q == TileBits'(Tiles - 1);
  assign tile_end = beat_q == (tile_last ? BeatBits'(LastBeats - 1) : BeatBits'(FullBeats - 1));
  assign addr_o = addr_q;

  if (Passes > 1) begin : gen_passes
    logic [PassBits-1:0] pass_q;
    logic [AddrBits-1:0] base_q;  // first word of the group
    logic pass_end, pass_last;
    assign pass = pass_q;
    assign pass_end = tile_end && tile_last;
    assign pass_last = pass_q == PassBits'(Passes - 1);
    always_comb begin
      if (pass_end && !pass_last) addr_d = base_q;
      else if (addr_q == AddrBits'(Words - 1)) addr_d = '0;
      else addr_d = addr_q + AddrBits'(1);
    end
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        pass_q <= '0;
        base_q <= '0;
      end else if (accept && pass_end) begin
        pass_q <= pass_last ? '0 : pass_q + PassBits'(1);
        base_q <= addr_d;
      end
    end
  end else begin : gen_one_pass
    assign pass   = '0;
    assign addr_d = (addr_q == AddrBits'(Words - 1)) ? '0 : addr_q + AddrBits'(1);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_q <= '0;
      beat_q <= '0;
      tile_q <= '0;
    end else if (accept) begin
      addr_q <= addr_d;
      beat_q <= tile_end ? '0 : beat_q + BeatBits'(1);
      if (tile_end) tile_q <= tile_last ? '0 : tile_q + TileBits'(1);
    end
  end

  logic [RowLanes*Planes-1:0] beat_bits;
  for (genvar l = 0; l < RowLanes; l++) begin : gen_lane
    logic live;
    logic [Planes-1:0] bits;
    assign live = !tile_end || (tile_last ? l < LastRest : l < FullRest);
    always_comb begin
      bits = '0;
      for (int unsigned k = 0; k < Passes; k++) begin
        if (pass == PassBits'(k)) bits = data_i[l*InBits+(Passes-1-k)*Planes+:Planes];
      end
    end
    assign beat_bits[l*Planes+:Planes] = live ? bits : '0;
  end

  localparam int unsigned Bits = RowLanes * Planes;
  logic [Depth-1:0] valid_q, end_q, last_q;
  logic [Cells*Bits-1:0] bits_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      bits_q  <= '0;
    end else if (en_i) begin
      valid_q <= Depth'({valid_q, valid_i});
      bits_q  <= (Cells * Bits)'({bits_q, valid_i ? beat_bits : {Bits{1'b0}}});
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      end_q  <= Depth'({end_q, tile_end});
      last_q <= Depth'({last_q, last_i});
    end
  end
  assign bits_o  = bits_q[(Cells-1)*Bits+:Bits];
  assign valid_o = valid_q[Depth-1];
  assign end_o   = end_q[Depth-1];
  assign last_o  = last_q[Depth-1];

endmodule
