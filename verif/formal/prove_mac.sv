// xb_mac equals the faithful xb_tile with an ideal ADC, for any weights and inputs: a miter.
// SPDX-License-Identifier: Apache-2.0
//
// Conductance = code, converters with gain 1 and no shift, as wide as the largest current. Both get
// the same beats; their Y must be equal one by one. The weight memories hold the same weights,
// whichever the solver likes (free_rom.sv).

module prove_mac #(
    parameter int unsigned Rows = 2,
    parameter int unsigned Cols = 2,
    parameter int unsigned Pe = 1,
    parameter int unsigned InBits = 2,
    parameter bit InSigned = 1'b0,
    parameter int unsigned CellBits = 1,
    parameter int unsigned Slices = 1,
    localparam int unsigned LaneBits = 2 * Slices * CellBits,
    localparam int unsigned Lanes = (Cols + Pe - 1) / Pe * Rows * Pe
) (
    input logic                      clk_i,
    input logic                      rst_ni,
    input logic [Lanes*LaneBits-1:0] cells_i,     // contents of the tile's memory, taken in reset
    input logic                      in_valid_i,
    input logic [        InBits-1:0] in_data_i,
    input logic                      in_last_i,
    input logic                      out_ready_i
);

  localparam int unsigned WeightBits = CellBits * Slices + 1;
  localparam int unsigned AdcBits = xb_pkg::digits(Rows * ((1 << CellBits) - 1));
  localparam int unsigned TileBits = xb_pkg::y_bits(
      1, AdcBits, InBits, CellBits, Slices, {8{16'd1}}
  );
  localparam int unsigned MacBits = xb_pkg::mac_bits(Rows, InBits, InSigned, WeightBits);

  logic rst_n;
  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // A weight is what its cells are worth.
  logic [Lanes*LaneBits-1:0] cells_q;
  logic [Lanes*WeightBits-1:0] weights;
  logic [LaneBits-1:0] lane;
  logic [WeightBits-1:0] weight;
  always_ff @(posedge clk_i) if (!rst_n) cells_q <= cells_i;
  always_comb begin
    lane = '0;
    weight = '0;
    weights = '0;
    for (int i = 0; i < Lanes; i = i + 1) begin
      lane   = cells_q[i*LaneBits+:LaneBits];
      weight = '0;
      for (int s = 0; s < Slices; s = s + 1) begin
        weight = weight + (WeightBits'(lane[s*CellBits+:CellBits]) << (CellBits * s)) -
            (WeightBits'(lane[(Slices+s)*CellBits+:CellBits]) << (CellBits * s));
      end
      weights[i*WeightBits+:WeightBits] = weight;
    end
  end

  // ------------------------------------------------------------------ fork, both, join
  logic mac_ready, tile_ready, mac_valid, tile_valid, mac_last, tile_last, both;
  logic [ MacBits-1:0] mac_y;
  logic [TileBits-1:0] tile_y;
  logic [3:0] row_q, group_q;
  logic row_end, group_end, last;

  assign both = mac_valid && tile_valid;
  assign row_end = 32'(row_q) == Rows - 1;
  assign group_end = 32'(group_q) == (Cols + Pe - 1) / Pe - 1;
  assign last = in_last_i && row_end && group_end;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      row_q   <= '0;
      group_q <= '0;
    end else if (in_valid_i && mac_ready && tile_ready) begin
      row_q <= row_end ? 4'd0 : row_q + 4'd1;
      if (row_end) group_q <= group_end ? 4'd0 : group_q + 4'd1;
    end
  end

  xb_mac #(
      .Rows      (Rows),
      .Cols      (Cols),
      .Pe        (Pe),
      .InBits    (InBits),
      .InSigned  (InSigned),
      .WeightBits(WeightBits)
  ) u_mac (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .cfg_valid_i(1'b0),
      .cfg_addr_i ('0),
      .cfg_chunk_i('0),
      .cfg_data_i ('0),
      .in_valid_i (in_valid_i && tile_ready),
      .in_ready_o (mac_ready),
      .in_data_i  (in_data_i),
      .in_last_i  (last),
      .out_valid_o(mac_valid),
      .out_ready_i(out_ready_i && both),
      .out_data_o (mac_y),
      .out_last_o (mac_last)
  );

  xb_tile #(
      .Rows    (Rows),
      .TileRows(Rows),
      .Cols    (Cols),
      .Pe      (Pe),
      .InBits  (InBits),
      .InSigned(InSigned),
      .CellBits(CellBits),
      .Slices  (Slices),
      .PerCell (1'b1),
      .GBits   (CellBits),
      .AdcBits (AdcBits)
  ) u_tile (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .cfg_valid_i  (1'b0),
      .cfg_mem_i    ('0),
      .cfg_addr_i   ('0),
      .cfg_chunk_i  ('0),
      .cfg_data_i   ('0),
      .first_image_i('0),
      .in_valid_i   (in_valid_i && mac_ready),
      .in_ready_o   (tile_ready),
      .in_data_i    (in_data_i),
      .in_last_i    (last),
      .out_valid_o  (tile_valid),
      .out_ready_i  (out_ready_i && both),
      .out_data_o   (tile_y),
      .out_last_o   (tile_last)
  );

  always_ff @(posedge clk_i) begin
    if (rst_n && both)
      equal : assert (64'($signed(mac_y)) == 64'($signed(tile_y)) && mac_last == tile_last);
  end

  // No deadlock of the two together; both must come to speak at all.
  formal_progress #(
      .Limit(40)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (in_valid_i && out_ready_i),
      .moved_i(both)
  );

endmodule
