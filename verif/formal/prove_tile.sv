// xb_tile: every Y is exact for any cells and inputs, once and in order; no overflow, no deadlock.
// SPDX-License-Identifier: Apache-2.0
//
// The weight memory holds whatever the solver likes (free_rom.sv). One column, the solver's choice,
// is computed again in arithmetic wide enough for anything; so a sum that wraps is a failure. Data =
// 0 leaves that out and proves the handshakes alone.

module prove_tile #(
    parameter int unsigned Rows = 3,
    parameter int unsigned TileRows = 2,
    parameter int unsigned Cols = 3,
    parameter int unsigned Pe = 2,
    parameter int unsigned InBits = 2,
    parameter bit InSigned = 1'b0,
    parameter int unsigned Planes = InBits,
    parameter int unsigned CellBits = 1,
    parameter int unsigned Slices = 1,
    parameter int unsigned GBits = 1,
    parameter int unsigned AdcBits = 2,
    parameter int unsigned AdcLanes = 1,
    parameter int unsigned Mult = 1,
    parameter int unsigned Shift = 0,
    parameter int Offset = 0,
    parameter int unsigned Lsb = 1,
    parameter int unsigned MaxHeld = 8,
    parameter int unsigned Wait = 24,
    parameter bit Data = 1'b1,
    localparam int unsigned Groups = (Cols + Pe - 1) / Pe,
    localparam int unsigned LaneBits = 2 * Slices * GBits,
    localparam int unsigned WeightBits = Groups * Rows * Pe * LaneBits
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic [WeightBits-1:0] weights_i,   // contents of the memory, taken in reset
    input logic [           3:0] pick_i,      // column followed, taken in reset
    input logic                  mark_i,
    input logic                  in_valid_i,
    input logic [    InBits-1:0] in_data_i,
    input logic                  in_last_i,
    input logic                  out_ready_i
);

  localparam int unsigned Tiles = (Rows + TileRows - 1) / TileRows;
  localparam int unsigned Passes = InBits / Planes;
  localparam int unsigned LastCols = Cols - (Groups - 1) * Pe;
  localparam int unsigned YBits = xb_pkg::y_bits(
      Tiles, AdcBits, InBits, CellBits, Slices, {8{16'(Lsb)}}
  );

  logic rst_n, in_ready, out_valid, out_last, accept;
  logic [YBits-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  logic [WeightBits-1:0] weights_q;
  logic [3:0] pick_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      weights_q <= weights_i;
      pick_q <= (32'(pick_i) < Cols) ? pick_i : 4'd0;
    end
  end

  // Last may come with the final row of the final group, or never.
  logic [3:0] row_q, group_q, pass_q;
  logic row_end, pass_end, tile_end, group_end, in_last;
  assign accept = in_valid_i && in_ready;
  assign row_end = 32'(row_q) == Rows - 1;
  assign tile_end = row_end || (32'(row_q) % TileRows == TileRows - 1);
  assign pass_end = 32'(pass_q) == Passes - 1;
  assign group_end = 32'(group_q) == Groups - 1;
  assign in_last = in_last_i && row_end && pass_end && group_end;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      row_q   <= '0;
      group_q <= '0;
      pass_q  <= '0;
    end else if (accept) begin
      row_q <= row_end ? 4'd0 : row_q + 4'd1;
      if (row_end) pass_q <= pass_end ? 4'd0 : pass_q + 4'd1;
      if (row_end && pass_end) group_q <= group_end ? 4'd0 : group_q + 4'd1;
    end
  end

  xb_tile #(
      .Rows     (Rows),
      .TileRows (TileRows),
      .Cols     (Cols),
      .Pe       (Pe),
      .InBits   (InBits),
      .InSigned (InSigned),
      .Planes   (Planes),
      .CellBits (CellBits),
      .Slices   (Slices),
      .PerCell  (1'b1),
      .GBits    (GBits),
      .AdcBits  (AdcBits),
      .AdcLanes (AdcLanes),
      .AdcMult  ({Slices{16'(Mult)}}),
      .AdcShift ({Slices{5'(Shift)}}),
      .AdcOffset({Slices{32'(Offset)}}),
      .Lsb      ({Slices{16'(Lsb)}})
  ) u_dut (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .cfg_valid_i  (1'b0),
      .cfg_mem_i    ('0),
      .cfg_addr_i   ('0),
      .cfg_chunk_i  ('0),
      .cfg_data_i   ('0),
      .first_image_i('0),
      .in_valid_i   (in_valid_i),
      .in_ready_o   (in_ready),
      .in_data_i    (in_data_i),
      .in_last_i    (in_last),
      .out_valid_o  (out_valid),
      .out_ready_i  (out_ready_i),
      .out_data_o   (out_data),
      .out_last_o   (out_last)
  );

  // ------------------------------------------------------------------ Y of the picked column again
  logic [Pe*LaneBits-1:0] word;
  logic [LaneBits-1:0] cells;
  logic [InBits*2*Slices*16-1:0] current_q, current;
  logic signed [31:0] y_q, y, code;
  logic pick_here;
  assign word = weights_q[(32'(group_q)*Rows+32'(row_q))*Pe*LaneBits+:Pe*LaneBits];
  assign cells = word[(32'(pick_q)%Pe)*LaneBits+:LaneBits];
  assign pick_here = 32'(pick_q) / Pe == 32'(group_q);

  always_comb begin
    current = current_q;
    y = y_q;
    code = '0;
    for (int b = 0; b < InBits; b = b + 1) begin
      for (int k = 0; k < 2 * Slices; k = k + 1) begin
        // k = polarity * Slices + slice, as the cells of a word lie
        current[(b*2*Slices+k)*16+:16] = current_q[(b*2*Slices+k)*16+:16] +
            (in_data_i[b] ? 16'(cells[k*GBits+:GBits]) : 16'd0);
        code = $signed({16'd0, current[(b*2*Slices+k)*16+:16]}) * $signed(Mult) + Offset;
        if (Shift != 0) code = (code + (32'sd1 <<< (Shift - 1))) >>> Shift;
        if (code < 0) code = '0;
        if (code > $signed((1 << AdcBits) - 1)) code = (1 << AdcBits) - 1;
        code = (code * $signed(Lsb)) <<< (b + CellBits * (k % Slices));
        // A pass has the planes of its own.
        if (32'(pass_q) != Passes - 1 - b / Planes) code = '0;
        if ((k >= Slices) != (InSigned && b == InBits - 1)) y = y - code;
        else y = y + code;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      current_q <= '0;
      y_q <= '0;
    end else if (accept && pick_here) begin
      current_q <= tile_end ? '0 : current;
      if (tile_end) y_q <= (row_end && pass_end) ? 32'sd0 : y;
    end
  end

  // ------------------------------------------------------------------ properties
  logic empty;

  formal_held #(
      .Width(YBits + 1)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i ({out_data, out_last})
  );

  formal_queue #(
      .Width  (33),
      .MaxHeld(MaxHeld),
      .MaxPush(Pe)
  ) u_queue (
      .clk_i(clk_i),
      .rst_ni(rst_n),
      .mark_i(mark_i && pick_here && Data),
      .push_i($clog2(Pe + 1)'((accept && row_end && pass_end) ? (group_end ? LastCols : Pe) : 0)),
      .push_index_i($clog2(Pe + 1)'(32'(pick_q) % Pe)),
      .push_data_i({y, in_last && 32'(pick_q) == Cols - 1}),
      .pop_i(out_valid && out_ready_i),
      .pop_data_i({32'($signed(out_data)), out_last}),
      .empty_o(empty)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty && out_ready_i),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i),
      .moved_i(in_ready)
  );

endmodule
