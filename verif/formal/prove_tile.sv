// xb_tile: every Y is exact for any cells and inputs, once and in order; no overflow, no deadlock.
// SPDX-License-Identifier: Apache-2.0
//
// The memories of weights, converter constants and codes hold whatever the solver likes
// (free_rom.sv), the noise of every conversion is what it likes (free_noise.sv); with NoiseRows it is
// there or not by the number of driven rows, as the solver likes. One column, the
// solver's choice, is computed again in arithmetic wide enough for anything; so a sum that wraps is
// a failure. Data = 0 leaves that out and proves the handshakes alone.

module prove_tile #(
    parameter int unsigned Rows = 3,
    parameter int unsigned TileRows = 2,
    parameter int unsigned Cols = 3,
    parameter int unsigned Pe = 2,
    parameter int unsigned RowLanes = 1,
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
    parameter bit PerColumn = 1'b0,  // any gain of MultBits, offset and clip a column
    parameter int unsigned OffsetBits = 3,
    parameter int unsigned MultBits = 2,
    parameter int unsigned LsbBits = 0,  // > 0: any LSB a column, of at most Lsb = 2^LsbBits - 1
    parameter bit Inl = 1'b0,  // any code table
    parameter bit Noise = 1'b0,  // every position is an image
    parameter bit NoiseRows = 1'b0,  // any gains of 0 and 1 by driven rows
    parameter int unsigned MaxHeld = 8,
    parameter int unsigned Wait = 24,
    parameter bit Data = 1'b1,
    parameter bit Stalls = 1'b1,  // 0: input and output never wait
    localparam int unsigned NoiseShift = 7,  // draws of -3..3
    localparam int unsigned Groups = (Cols + Pe - 1) / Pe,
    localparam int unsigned LaneBits = 2 * Slices * GBits,
    localparam int unsigned Tiles = (Rows + TileRows - 1) / TileRows,
    localparam int unsigned LastRows = Rows - (Tiles - 1) * TileRows,
    localparam int unsigned LastBeats = (LastRows + RowLanes - 1) / RowLanes,
    localparam int unsigned FullBeats = (TileRows + RowLanes - 1) / RowLanes,
    localparam int unsigned RowBeats = (Tiles - 1) * FullBeats + LastBeats,
    localparam int unsigned WordBits = RowLanes * Pe * LaneBits,
    localparam int unsigned WeightBits = Groups * RowBeats * WordBits,
    localparam int unsigned FieldBits = 16 + OffsetBits + AdcBits + LsbBits,
    localparam int unsigned AdcWordBits = Slices * FieldBits,
    localparam int unsigned CodeBits = AdcBits << AdcBits,
    // {the image's lowest bit, what names a conversion in its image}
    localparam int unsigned KeyBits = 1 + xb_pkg::noise_counter_bits(
        1, Tiles, Cols, InBits, Slices
    ),
    localparam int unsigned NoiseBits = xb_pkg::noise_bits(128'd1, NoiseShift),
    localparam int unsigned DrawBits = Noise ? NoiseBits << KeyBits : 1,
    localparam int unsigned FullRows = (Rows < TileRows) ? Rows : TileRows,
    localparam int unsigned GainBits = (FullRows + 1) * Slices
) (
    input logic                        clk_i,
    input logic                        rst_ni,
    // Taken in reset: contents of the memories, the noise of every conversion, the column followed.
    input logic [      WeightBits-1:0] weights_i,
    input logic [Cols*AdcWordBits-1:0] adc_i,
    input logic [        CodeBits-1:0] codes_i,
    input logic [        DrawBits-1:0] draws_i,
    input logic [        GainBits-1:0] gains_i,
    input logic [                 3:0] pick_i,
    input logic                        mark_i,
    input logic                        in_valid_i,
    input logic [ RowLanes*InBits-1:0] in_data_i,
    input logic                        in_last_i,
    input logic                        out_ready_i
);

  localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1);
  localparam int unsigned ColBits = xb_pkg::digits(Cols - 1);
  localparam int unsigned PlaneBits = xb_pkg::digits(InBits - 1);
  localparam int unsigned NameBits = xb_pkg::digits(2 * Slices - 1);
  localparam int unsigned Passes = InBits / Planes;
  localparam int unsigned LastCols = Cols - (Groups - 1) * Pe;
  localparam int unsigned YBits = xb_pkg::y_bits(
      Tiles, AdcBits, InBits, CellBits, Slices, {8{16'(Lsb)}}
  );

  logic rst_n, in_valid, in_ready, out_valid, out_ready, out_last, accept;
  logic [YBits-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  logic [WeightBits-1:0] weights_q;
  logic [Cols*AdcWordBits-1:0] adc_q;
  logic [CodeBits-1:0] codes_q;
  logic [DrawBits-1:0] draws_q;
  logic [GainBits*16-1:0] gains_q;  // word n: n driven rows, slice 0 low
  logic [3:0] pick_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      weights_q <= weights_i;
      codes_q <= codes_i;
      draws_q <= draws_i;
      pick_q <= (32'(pick_i) < Cols) ? pick_i : 4'd0;
      adc_q <= adc_i;
      for (int i = 0; i < GainBits; i = i + 1) gains_q[i*16+:16] <= 16'(gains_i[i]);
      for (int i = 0; i < Cols * Slices; i = i + 1) begin
        adc_q[i*FieldBits+MultBits+:16-MultBits] <= '0;
      end
    end
  end

  // Last may come with the final beat of the final group, or never; with noise it does.
  logic [3:0] beat_q, tile_beat_q, tile_q, group_q, pass_q, rows_here;
  logic row_end, pass_end, tile_last, tile_end, group_end, in_last, image_q;
  assign in_valid = in_valid_i || !Stalls;
  assign out_ready = out_ready_i || !Stalls;
  assign accept = in_valid && in_ready;
  assign tile_last = 32'(tile_q) == Tiles - 1;
  assign rows_here = tile_last ? 4'(LastRows) : 4'(TileRows);
  assign tile_end = (32'(tile_beat_q) + 1) * RowLanes >= 32'(rows_here);
  assign row_end = tile_end && tile_last;
  assign pass_end = 32'(pass_q) == Passes - 1;
  assign group_end = 32'(group_q) == Groups - 1;
  assign in_last = (in_last_i || Noise) && row_end && pass_end && group_end;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      beat_q      <= '0;
      tile_beat_q <= '0;
      tile_q      <= '0;
      group_q     <= '0;
      pass_q      <= '0;
      image_q     <= 1'b0;
    end else if (accept) begin
      beat_q <= row_end ? 4'd0 : beat_q + 4'd1;
      tile_beat_q <= tile_end ? 4'd0 : tile_beat_q + 4'd1;
      if (tile_end) tile_q <= tile_last ? 4'd0 : tile_q + 4'd1;
      if (row_end) pass_q <= pass_end ? 4'd0 : pass_q + 4'd1;
      if (row_end && pass_end) group_q <= group_end ? 4'd0 : group_q + 4'd1;
      image_q <= image_q ^ in_last;
    end
  end

  xb_tile #(
      .Rows        (Rows),
      .TileRows    (TileRows),
      .Cols        (Cols),
      .Pe          (Pe),
      .RowLanes    (RowLanes),
      .InBits      (InBits),
      .InSigned    (InSigned),
      .Planes      (Planes),
      .CellBits    (CellBits),
      .Slices      (Slices),
      .PerCell     (1'b1),
      .GBits       (GBits),
      .AdcBits     (AdcBits),
      .AdcLanes    (AdcLanes),
      .AdcMult     ({Slices{16'(Mult)}}),
      .AdcShift    ({Slices{5'(Shift)}}),
      .AdcOffset   ({Slices{32'(Offset)}}),
      .AdcPerColumn(PerColumn),
      .OffsetBits  (OffsetBits),
      .AdcMask     (16'((1 << MultBits) - 1)),
      .Inl         (Inl),
      .Noise       (Noise),
      .NoiseShift  (NoiseShift),
      .NoiseRows   (NoiseRows),
      .Lsb         ({Slices{16'(Lsb)}}),
      .LsbBits     (LsbBits)
  ) u_dut (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .cfg_valid_i  (1'b0),
      .cfg_mem_i    ('0),
      .cfg_addr_i   ('0),
      .cfg_chunk_i  ('0),
      .cfg_data_i   ('0),
      .first_image_i('0),
      .in_valid_i   (in_valid),
      .in_ready_o   (in_ready),
      .in_data_i    (in_data_i),
      .in_last_i    (in_last),
      .out_valid_o  (out_valid),
      .out_ready_i  (out_ready),
      .out_data_o   (out_data),
      .out_last_o   (out_last)
  );

  // ------------------------------------------------------------------ Y of the picked column again
  logic [WordBits-1:0] word;
  logic [LaneBits-1:0] cells;
  logic [InBits*2*Slices*16-1:0] current_q, current;
  logic [InBits*4-1:0] driven_q, driven;  // rows of the tile, a plane each
  logic [FieldBits-1:0] fields;  // of the column's slice: {lsb, clip, offset, gain}
  logic [  KeyBits-1:0] key;
  logic signed [31:0] y_q, y, code, product, most, lsb;
  logic pick_here;
  assign word = weights_q[(32'(group_q)*RowBeats+32'(beat_q))*WordBits+:WordBits];
  assign pick_here = 32'(pick_q) / Pe == 32'(group_q);

  always_comb begin
    current = current_q;
    driven  = driven_q;
    cells   = '0;
    for (int l = 0; l < RowLanes; l = l + 1) begin
      cells = word[(l*Pe+32'(pick_q)%Pe)*LaneBits+:LaneBits];
      for (int b = 0; b < InBits; b = b + 1) begin
        if (in_data_i[l*InBits+b] && 32'(tile_beat_q) * RowLanes + l < 32'(rows_here)) begin
          driven[b*4+:4] = driven[b*4+:4] + 4'd1;
        end
        for (int k = 0; k < 2 * Slices; k = k + 1) begin
          // k = polarity * Slices + slice, as the cells of a word lie
          if (in_data_i[l*InBits+b] && 32'(tile_beat_q) * RowLanes + l < 32'(rows_here)) begin
            current[(b*2*Slices+k)*16+:16] = current[(b*2*Slices+k)*16+:16] +
                16'(cells[k*GBits+:GBits]);
          end
        end
      end
    end
  end

  always_comb begin
    y = y_q;
    code = '0;
    product = '0;
    fields = '0;
    key = '0;
    most = (1 << AdcBits) - 1;
    lsb = $signed(Lsb);
    for (int b = 0; b < InBits; b = b + 1) begin
      for (int k = 0; k < 2 * Slices; k = k + 1) begin
        code = $signed({16'd0, current[(b*2*Slices+k)*16+:16]});
        if (Noise) begin
          key = KeyBits'({
            image_q,
            1'b0,
            TileBits'(tile_q),
            ColBits'(pick_q),
            PlaneBits'(b),
            NameBits'(k % Slices * 2 + k / Slices)
          });
          if (!NoiseRows || gains_q[(32'(driven[b*4+:4])*Slices+k%Slices)*16]) begin
            code = code + 32'($signed(draws_q[key*NoiseBits+:NoiseBits]));
          end
        end
        if (PerColumn) begin
          fields  = adc_q[(32'(pick_q)*Slices+k%Slices)*FieldBits+:FieldBits];
          product = 32'($signed(fields[16+:OffsetBits]));
          for (int i = 0; i < MultBits; i = i + 1) begin
            if (fields[i]) product = product + (code <<< i);
          end
          code = product;
          most = 32'(fields[16+OffsetBits+:AdcBits]);
          if (LsbBits > 0) lsb = $signed(32'(fields >> (16 + OffsetBits + AdcBits)));
        end else begin
          code = code * $signed(Mult) + Offset;
        end
        if (Shift != 0) code = (code + (32'sd1 <<< (Shift - 1))) >>> Shift;
        if (code < 0) code = '0;
        if (code > most) code = most;
        if (Inl) code = 32'(codes_q[code[AdcBits-1:0]*AdcBits+:AdcBits]);
        code = (code * lsb) <<< (b + CellBits * (k % Slices));
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
      driven_q <= '0;
      y_q <= '0;
    end else if (accept && pick_here) begin
      current_q <= tile_end ? '0 : current;
      driven_q  <= tile_end ? '0 : driven;
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
      .ready_i(out_ready),
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
      .pop_i(out_valid && out_ready),
      .pop_data_i({32'($signed(out_data)), out_last}),
      .empty_o(empty)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty && out_ready),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready),
      .moved_i(in_ready)
  );

endmodule
