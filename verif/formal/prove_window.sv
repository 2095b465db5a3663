// xb_window: every beat is the pixel its row names, or padding; none lost, doubled or overwritten.
// SPDX-License-Identifier: Apache-2.0
//
// The row table (free_rom.sv) holds whatever the solver likes: for each row a place (kernel y,
// kernel x, channel) and what padding supplies there. One pixel of one image, the solver's choice,
// is remembered as it goes in. A beat that stands for it must have its value, and any beat must
// stand for padding or for a pixel that went in before. Lanes behind a row tile's last row hold
// anything.

module prove_window #(
    parameter int unsigned InH = 3,
    parameter int unsigned InW = 3,
    parameter int unsigned InC = 1,
    parameter int unsigned KernelH = 2,
    parameter int unsigned KernelW = 2,
    parameter int unsigned Stride = 1,
    parameter int unsigned Pad = 0,
    parameter int unsigned Lines = 0,
    parameter int unsigned Rows = 2,
    parameter int unsigned TileRows = 2,
    parameter int unsigned RowLanes = 1,
    parameter int unsigned Groups = 1,
    parameter int unsigned Bits = 1,
    parameter int unsigned Wait = 8,
    localparam int unsigned OutH = (InH + 2 * Pad - KernelH) / Stride + 1,
    localparam int unsigned OutW = (InW + 2 * Pad - KernelW) / Stride + 1,
    localparam int unsigned PlaceBits = 6 + Bits  // {zero, ky[2], kx[2], channel[2]}
) (
    input logic                      clk_i,
    input logic                      rst_ni,
    input logic [Rows*PlaceBits-1:0] places_i,    // of the rows, taken in reset
    input logic [               5:0] pick_i,      // {y, x, channel} of the pixel followed
    input logic                      mark_i,      // follow the pixel that goes in now
    input logic                      in_valid_i,
    input logic [          Bits-1:0] in_data_i,
    input logic                      out_ready_i
);

  // As the window derives them, README.
  localparam int unsigned OffBits = xb_pkg::digits(((KernelH - 1) * InW + KernelW) * InC - 1);
  localparam int unsigned KhBits = xb_pkg::digits(KernelH - 1);
  localparam int unsigned KwBits = xb_pkg::digits(KernelW - 1);
  localparam int unsigned FieldBits = (Pad == 0) ? OffBits : OffBits + KhBits + KwBits + Bits;
  localparam int unsigned FullBeats = (TileRows + RowLanes - 1) / RowLanes;
  localparam int unsigned Beats = (Rows / TileRows) * FullBeats +
      (Rows % TileRows + RowLanes - 1) / RowLanes;

  logic rst_n, in_ready, in_last, out_valid, out_last;
  logic [RowLanes*Bits-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // ------------------------------------------------------------------ the row table
  logic [Rows*PlaceBits-1:0] places_q;
  logic [5:0] pick_q;
  logic [Beats*RowLanes*FieldBits-1:0] words;  // content of the table
  logic [PlaceBits-1:0] place;
  logic [FieldBits-1:0] field;
  logic [OffBits-1:0] offset;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      pick_q   <= pick_i;
      places_q <= places_i;
      for (int r = 0; r < Rows; r = r + 1) begin
        if (32'(places_i[r*PlaceBits+:2]) >= InC) places_q[r*PlaceBits+:2] <= 2'd0;
        if (32'(places_i[r*PlaceBits+2+:2]) >= KernelW) places_q[r*PlaceBits+2+:2] <= 2'd0;
        if (32'(places_i[r*PlaceBits+4+:2]) >= KernelH) places_q[r*PlaceBits+4+:2] <= 2'd0;
      end
    end
  end
  always_comb begin
    words  = '0;
    place  = '0;
    field  = '0;
    offset = '0;
    for (int r = 0; r < Rows; r = r + 1) begin
      place  = places_q[r*PlaceBits+:PlaceBits];
      offset = OffBits'((32'(place[5:4]) * InW + 32'(place[3:2])) * InC + 32'(place[1:0]));
      field  = FieldBits'(offset);
      if (Pad > 0) begin
        field = FieldBits'({place[6+:Bits], KwBits'(place[3:2]), KhBits'(place[5:4]), offset});
      end
      words[((r/TileRows)*FullBeats*RowLanes+r%TileRows)*FieldBits+:FieldBits] = field;
    end
  end

  xb_window #(
      .InH     (InH),
      .InW     (InW),
      .InC     (InC),
      .KernelH (KernelH),
      .KernelW (KernelW),
      .Stride  (Stride),
      .Pad     (Pad),
      .Lines   (Lines),
      .Rows    (Rows),
      .TileRows(TileRows),
      .RowLanes(RowLanes),
      .Groups  (Groups),
      .Bits    (Bits)
  ) u_dut (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .cfg_valid_i(1'b0),
      .cfg_mem_i  ('0),
      .cfg_addr_i ('0),
      .cfg_chunk_i('0),
      .cfg_data_i ('0),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .in_last_i  (in_last),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data),
      .out_last_o (out_last)
  );

  // ------------------------------------------------------------------ what goes in
  logic [1:0] c_q, x_q, y_q;
  logic accept, pop, x_end, in_line_end;
  assign accept = in_valid_i && in_ready;
  assign pop = out_valid && out_ready_i;
  assign x_end = 32'(x_q) == InW - 1;
  assign in_line_end = 32'(c_q) == InC - 1 && x_end;
  assign in_last = in_line_end && 32'(y_q) == InH - 1;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      {c_q, x_q, y_q} <= '0;
    end else if (accept) begin
      c_q <= (32'(c_q) == InC - 1) ? 2'd0 : c_q + 2'd1;
      if (32'(c_q) == InC - 1) x_q <= x_end ? 2'd0 : x_q + 2'd1;
      if (in_line_end) y_q <= in_last ? 2'd0 : y_q + 2'd1;
    end
  end

  // ------------------------------------------------------------------ what comes out
  logic [3:0] beat_q, group_q, ox_q, oy_q;
  logic beat_end, pos_end, line_end, image_end;
  assign beat_end  = 32'(beat_q) == Beats - 1;
  assign pos_end   = beat_end && 32'(group_q) == Groups - 1;
  assign line_end  = pos_end && 32'(ox_q) == OutW - 1;
  assign image_end = line_end && 32'(oy_q) == OutH - 1;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      {beat_q, group_q, ox_q, oy_q} <= '0;
    end else if (pop) begin
      beat_q <= beat_end ? 4'd0 : beat_q + 4'd1;
      if (beat_end) group_q <= pos_end ? 4'd0 : group_q + 4'd1;
      if (pos_end) ox_q <= line_end ? 4'd0 : ox_q + 4'd1;
      if (line_end) oy_q <= image_end ? 4'd0 : oy_q + 4'd1;
    end
  end

  // Images that are inside, begun ones included: how far the input is ahead of the output.
  logic [3:0] ahead_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) ahead_q <= '0;
    else ahead_q <= ahead_q + 4'(accept && in_last) - 4'(pop && image_end);
    if (rst_n) few : assert (ahead_q < 4'd8);
  end

  // The pixel that is followed, and how many images leave before its own.
  logic marked_q;
  logic [3:0] images_q;
  logic [Bits-1:0] pixel_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      marked_q <= 1'b0;
    end else if (!marked_q) begin
      if (accept && mark_i && {y_q, x_q, c_q} == pick_q) begin
        marked_q <= 1'b1;
        images_q <= ahead_q - 4'(pop && image_end);
        pixel_q  <= in_data_i;
      end
    end else if (pop && image_end) begin
      images_q <= images_q - 4'd1;
      if (images_q == 4'd0) marked_q <= 1'b0;
    end
  end

  logic [RowLanes-1:0] padding, written, same;  // hold, lane by lane
  for (genvar l = 0; l < RowLanes; l = l + 1) begin : gen_lane
    logic [31:0] place;  // within the row tile
    logic [3:0] row;
    logic [PlaceBits-1:0] here;
    logic [3:0] x, y;  // in the padded map
    logic there, outside, went_in;
    assign place = (32'(beat_q) % FullBeats) * RowLanes + l;
    assign row = 4'(32'(beat_q) / FullBeats * TileRows + place);
    assign there = place < TileRows && 32'(row) < Rows;
    assign here = places_q[row*PlaceBits+:PlaceBits];
    assign y = 4'(32'(oy_q) * Stride + 32'(here[5:4]));
    assign x = 4'(32'(ox_q) * Stride + 32'(here[3:2]));
    assign outside = 32'(y) < Pad || 32'(x) < Pad || 32'(y) >= InH + Pad || 32'(x) >= InW + Pad;
    assign went_in = ahead_q != 4'd0 ||
        {y_q, x_q, c_q} > {2'(32'(y) - Pad), 2'(32'(x) - Pad), here[1:0]};
    assign padding[l] = !(there && outside) ||
        (Pad != 0 && out_data[l*Bits+:Bits] == here[6+:Bits]);
    assign written[l] = !there || outside || went_in;
    assign same[l] = !(there && !outside && marked_q && images_q == 4'd0) ||
        {2'(32'(y) - Pad), 2'(32'(x) - Pad), here[1:0]} != pick_q ||
        out_data[l*Bits+:Bits] == pixel_q;
  end
  always_ff @(posedge clk_i) begin
    if (rst_n && out_valid) begin
      padding_is : assert (&padding);
      written_before : assert (&written);
      same_pixel : assert (&same);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) last : assert (!out_valid || out_last == image_end);
  end

  // ------------------------------------------------------------------ held, no deadlock
  // Lanes without a row do not count.
  logic [RowLanes*Bits-1:0] masked;
  for (genvar l = 0; l < RowLanes; l = l + 1) begin : gen_masked
    assign masked[l*Bits+:Bits] = gen_lane[l].there ? out_data[l*Bits+:Bits] : '0;
  end

  formal_held #(
      .Width(RowLanes * Bits + 1)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i ({out_last, masked})
  );

  // The lines that the next beat needs are there: it comes. They are not: the input is accepted.
  logic needs;
  assign needs = ahead_q == 4'd0 && 32'(y_q) < InH && 32'(y_q) < 32'(oy_q) * Stride + KernelH - Pad;

  formal_progress #(
      .Limit(Wait)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i && !needs),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i && needs),
      .moved_i(in_ready)
  );

endmodule
