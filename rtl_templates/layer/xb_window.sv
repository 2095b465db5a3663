// Activation buffer and gather: feeds a tile the kept rows of every output position.
// SPDX-License-Identifier: Apache-2.0
//
// In: an image, one activation a beat, h, w, c order. Out: for every output position in raster
// order, Groups times the Rows activations that the row table names, one a beat; out_last_o with
// the image's last. Padding supplies the zero that the table holds for the row's channel.
//
// A ring of a power-of-two number of words holds at least the lines asked for; a line is released
// when the last output row that needs it has been read, so the following lines, and the next image,
// arrive while this one is computed. Latency from the last needed beat of the input 7; one beat a
// cycle out. out_* are registered, in_ready_o comes from registers.
//
// Row table word (README): Pad = 0 {off}; Pad > 0 {zero[Bits], kw[KwBits], kh[KhBits], off[OffBits]},
// off = (kh * InW + kw) * InC + c.

`include "xb_assert.svh"

module xb_window #(
    parameter int unsigned InH = 6,  // input map
    parameter int unsigned InW = 6,
    parameter int unsigned InC = 2,
    parameter int unsigned KernelH = 3,
    parameter int unsigned KernelW = 3,
    parameter int unsigned Stride = 1,
    parameter int unsigned Pad = 0,  // on all four sides, < kernel
    parameter int unsigned Lines = 0,  // lines kept; 0: derived, see README
    parameter int unsigned Rows = 18,  // kept rows
    parameter int unsigned Groups = 4,  // times each position's rows are sent
    parameter int unsigned Bits = 8,  // bits of an activation
    parameter RowImage = ""  // $readmemh, Rows words
) (
    input  logic            clk_i,        // clock
    input  logic            rst_ni,       // synchronous reset, active low
    input  logic            in_valid_i,
    output logic            in_ready_o,
    input  logic [Bits-1:0] in_data_i,    // activation
    input  logic            in_last_i,    // last beat of the image
    output logic            out_valid_o,
    input  logic            out_ready_i,
    output logic [Bits-1:0] out_data_o,   // activation of the next kept row
    output logic            out_last_o    // last beat of the image
);

  localparam int unsigned OutH = (InH + 2 * Pad - KernelH) / Stride + 1;
  localparam int unsigned OutW = (InW + 2 * Pad - KernelW) / Stride + 1;
  localparam int unsigned LineWords = InW * InC;
  localparam int unsigned MinLines = xb_pkg::min(KernelH, InH);
  localparam int unsigned WantLines = (Lines != 0) ? Lines : (OutH == 1) ? 2 * InH : xb_pkg::min(
      KernelH + Stride, 2 * InH
  );
  localparam int unsigned AddrBits = xb_pkg::max(1, $clog2(WantLines * LineWords));
  localparam int unsigned HasLines = (1 << AddrBits) / LineWords;

  if (InH < 1 || InW < 1 || InC < 1 || Rows < 1 || Groups < 1 || Bits < 1) begin : gen_bad_size
    $error("xb_window: InH, InW, InC, Rows, Groups and Bits must be at least 1");
  end
  if (KernelH > InH + 2 * Pad || KernelW > InW + 2 * Pad) begin : gen_bad_kernel
    $error("xb_window: the kernel does not fit the padded map");
  end
  if (Stride < 1 || Pad >= KernelH || Pad >= KernelW) begin : gen_bad_stride
    $error("xb_window: need Stride >= 1 and Pad < kernel");
  end
  if (Lines != 0 && Lines < MinLines) begin : gen_bad_lines
    $error("xb_window: Lines must be 0 or at least the kernel's height");
  end

  localparam int unsigned OffBits = xb_pkg::digits(((KernelH - 1) * InW + KernelW) * InC - 1);
  localparam int unsigned KhBits = xb_pkg::digits(KernelH - 1);
  localparam int unsigned KwBits = xb_pkg::digits(KernelW - 1);
  localparam int unsigned WordBits = (Pad == 0) ? OffBits : OffBits + KhBits + KwBits + Bits;

  // Line numbers relative to the image being read: within -(InH + Stride)..HasLines + 2 InH.
  localparam int unsigned LineBits = xb_pkg::digits(HasLines + 2 * InH + 2 * Stride + KernelH) + 1;
  localparam int unsigned RowBits = xb_pkg::digits(Rows - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);
  localparam int unsigned OxBits = xb_pkg::digits(OutW - 1);
  localparam int unsigned OyBits = xb_pkg::digits(OutH - 1);
  localparam int unsigned ColBits = xb_pkg::digits(LineWords - 1);

  logic en;  // the read pipeline moves

  // ------------------------------------------------------------------ write side
  logic write, line_end;
  logic [AddrBits-1:0] wr_addr_q;
  logic [ColBits-1:0] wr_col_q;
  logic signed [LineBits-1:0] held_q;  // whole lines not yet released; negative: released unwritten
  logic line_done_q;  // a line was completed in the cycle before
  logic signed [LineBits-1:0] release_q;  // lines released by the read at the memory
  logic release_valid;

  assign in_ready_o = held_q < $signed(LineBits'(HasLines));
  assign write = in_valid_i && in_ready_o;
  assign line_end = write && wr_col_q == ColBits'(LineWords - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_addr_q <= '0;
      wr_col_q <= '0;
      held_q <= '0;
      line_done_q <= 1'b0;
    end else begin
      if (write) begin
        wr_addr_q <= wr_addr_q + AddrBits'(1);
        wr_col_q  <= line_end ? '0 : wr_col_q + ColBits'(1);
      end
      held_q <= held_q + (line_end ? LineBits'(1) : '0) - (release_valid ? release_q : '0);
      line_done_q <= line_end;
    end
  end

  // ------------------------------------------------------------------ issue: which row next
  logic [RowBits-1:0] row_q;
  logic [GroupBits-1:0] group_q;
  logic [OxBits-1:0] ox_q;
  logic [OyBits-1:0] oy_q;
  logic signed [LineBits-1:0] avail_q;  // lines of the image that are in the ring
  logic signed [LineBits-1:0] below_q;  // top of the kernel + KernelH
  logic signed [LineBits-1:0] need;
  logic issue, rows_end, pos_end, line_out_end, image_end;

  assign need = (below_q > $signed(LineBits'(InH))) ? $signed(LineBits'(InH)) : below_q;
  assign issue = en && avail_q >= need;
  assign rows_end = row_q == RowBits'(Rows - 1);
  assign pos_end = rows_end && group_q == GroupBits'(Groups - 1);
  assign line_out_end = pos_end && ox_q == OxBits'(OutW - 1);
  assign image_end = line_out_end && oy_q == OyBits'(OutH - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q <= '0;
      group_q <= '0;
      ox_q <= '0;
      oy_q <= '0;
      avail_q <= '0;
      below_q <= $signed(LineBits'(KernelH - Pad));
    end else begin
      if (issue) begin
        row_q <= rows_end ? '0 : row_q + RowBits'(1);
        if (rows_end) group_q <= pos_end ? '0 : group_q + GroupBits'(1);
        if (pos_end) ox_q <= line_out_end ? '0 : ox_q + OxBits'(1);
        if (line_out_end) begin
          oy_q <= image_end ? '0 : oy_q + OyBits'(1);
          below_q <= image_end ? $signed(
              LineBits'(KernelH - Pad)
          ) : below_q + $signed(
              LineBits'(Stride)
          );
        end
      end
      avail_q <= avail_q + (line_done_q ? LineBits'(1) : '0) -
          ((issue && image_end) ? LineBits'(InH) : '0);
    end
  end

  // ------------------------------------------------------------------ row table, 2 stages
  logic [WordBits-1:0] word;

  xb_prim_rom #(
      .Width   (WordBits),
      .Depth   (Rows),
      .InitFile(RowImage)
  ) u_rows (
      .clk_i(clk_i),
      .en_i(en),
      .addr_i(row_q),
      .data_o(word),
      .wr_en_i(1'b0),
      .wr_addr_i('0),
      .wr_chunk_i('0),
      .wr_data_i('0)
  );

  // Flags of the beat in the table's two stages, the address stage and the memory's two.
  logic [4:0] valid_q, image_end_q;
  logic [1:0] pos_end_q, line_out_end_q;
  assign en = !valid_q[4] || out_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[3:0], issue};
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      image_end_q <= {image_end_q[3:0], image_end};
      pos_end_q <= {pos_end_q[0], pos_end};
      line_out_end_q <= {line_out_end_q[0], line_out_end};
    end
  end

  // ------------------------------------------------------------------ address stage
  // Address of the kernel's first word at this position, and at the start of this output row;
  // the ring wraps by itself.
  localparam int unsigned Start = Pad * (LineWords + InC);
  localparam int unsigned ImageStep = (InH - (OutH - 1) * Stride) * LineWords;
  logic [AddrBits-1:0] base_q, line_base_q, base_next, addr_q;
  logic at, at_pos_end, at_line_end, at_image_end;

  assign at = valid_q[1];
  assign at_pos_end = pos_end_q[1];
  assign at_line_end = line_out_end_q[1];
  assign at_image_end = image_end_q[1];
  assign base_next = (at_line_end ? line_base_q : base_q) +
      (at_image_end ? AddrBits'(ImageStep) : at_line_end ? AddrBits'(Stride * LineWords)
                                                         : AddrBits'(Stride * InC));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      base_q <= AddrBits'(32'd0 - Start);
      line_base_q <= AddrBits'(32'd0 - Start);
    end else if (en && at && at_pos_end) begin
      base_q <= base_next;
      if (at_line_end) line_base_q <= base_next;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) addr_q <= base_q + AddrBits'(word[OffBits-1:0]);
  end

  // Lines that the next output row no longer needs; at the image's end all that are left.
  logic signed [LineBits-1:0] top_q, first_q, top_next, first_next;
  assign top_next = at_image_end ? $signed(
      LineBits'(32'd0 - Pad)
  ) : top_q + $signed(
      LineBits'(Stride)
  );
  assign first_next = (top_next < 0) ? '0 : top_next;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      top_q   <= $signed(LineBits'(32'd0 - Pad));
      first_q <= '0;
    end else if (en && at && at_line_end) begin
      top_q   <= top_next;
      first_q <= first_next;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      if (!at_line_end) release_q <= '0;
      else release_q <= (at_image_end ? $signed(LineBits'(InH)) : first_next) - first_q;
    end
  end
  assign release_valid = en && valid_q[2];

  // ------------------------------------------------------------------ memory, 2 stages
  logic [Bits-1:0] rd_data, data_q;

  xb_prim_ram #(
      .Width(Bits),
      .Depth(1 << AddrBits)
  ) u_ring (
      .clk_i    (clk_i),
      .wr_en_i  (write),
      .wr_addr_i(wr_addr_q),
      .wr_data_i(in_data_i),
      .rd_en_i  (en),
      .rd_addr_i(addr_q),
      .rd_data_o(rd_data)
  );

  always_ff @(posedge clk_i) begin
    if (en) data_q <= rd_data;
  end

  if (Pad == 0) begin : gen_plain
    assign out_data_o = data_q;
  end else begin : gen_pad
    localparam int unsigned XBits = xb_pkg::digits(InW + 2 * Pad + Stride + KernelW) + 1;
    logic signed [XBits-1:0] left_q, x;
    logic signed [LineBits-1:0] y;
    logic outside;
    logic [2:0] outside_q;
    logic [3*Bits-1:0] zero_q;

    assign x = left_q + $signed(XBits'(word[OffBits+KhBits+:KwBits]));
    assign y = top_q + $signed(LineBits'(word[OffBits+:KhBits]));
    assign outside = x < 0 || x >= $signed(XBits'(InW)) || y < 0 || y >= $signed(LineBits'(InH));

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        left_q <= $signed(XBits'(32'd0 - Pad));
      end else if (en && at && at_pos_end) begin
        left_q <= at_line_end ? $signed(XBits'(32'd0 - Pad)) : left_q + $signed(XBits'(Stride));
      end
    end
    always_ff @(posedge clk_i) begin
      if (en) begin
        outside_q <= {outside_q[1:0], outside};
        zero_q <= {zero_q[2*Bits-1:0], word[WordBits-1-:Bits]};
      end
    end
    assign out_data_o = outside_q[2] ? zero_q[2*Bits+:Bits] : data_q;
  end

  assign out_valid_o = valid_q[4];
  assign out_last_o  = image_end_q[4];

  // The image's own end must come with its last word.
  localparam int unsigned HBits = xb_pkg::digits(InH - 1);
  logic [HBits-1:0] wr_line_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) wr_line_q <= '0;
    else if (line_end) wr_line_q <= (wr_line_q == HBits'(InH - 1)) ? '0 : wr_line_q + HBits'(1);
  end

  `XB_ASSERT(LastInPlace, !write || in_last_i == (line_end && wr_line_q == HBits'(InH - 1)))
  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})

endmodule
