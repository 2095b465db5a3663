// Activation buffer and gather: feeds a tile the kept rows of every output position.
// SPDX-License-Identifier: Apache-2.0
//
// In: an image, one activation a beat, h, w, c order. Out: for every output position in raster
// order, Groups times the Rows activations that the row table names, RowLanes a beat, lane 0 first;
// a row tile (TileRows rows) begins with a new beat, so the lanes behind its last row hold anything.
// out_last_o with the image's last beat. Padding supplies the zero of the row's table word.
//
// A ring of a power-of-two number of words holds at least the lines asked for, once for each lane;
// a line is released when the last output row that needs it has been read, so the following lines,
// and the next image, arrive while this one is computed. Latency from the last needed beat of the
// input 7; one beat a cycle out. out_* are registered (with Pad behind one multiplexer),
// in_ready_o comes from a register. README, Cycles, has the exact times.
//
// Row table word (README): RowLanes fields, lane 0 lowest, each
// Pad = 0 {off}; Pad > 0 {zero[Bits], kw[KwBits], kh[KhBits], off[OffBits]},
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
    parameter int unsigned TileRows = 128,  // rows of a row tile
    parameter int unsigned RowLanes = 1,  // rows a beat
    parameter int unsigned Groups = 4,  // times each position's rows are sent
    parameter int unsigned Bits = 8,  // bits of an activation
    parameter int unsigned RowBlock = 0,  // row table: 0 tool decides, 1 block RAM, 2 logic
    parameter bit Writable = 1'b0,  // the configuration bus writes the row table
    parameter RowImage = ""  // $readmemh, one word for each beat of a position
) (
    input  logic                     clk_i,        // clock
    input  logic                     rst_ni,       // synchronous reset, active low
    // verilator lint_off UNUSED
    input  logic                     cfg_valid_i,  // configuration bus; memory 0 is the row table
    input  logic [              2:0] cfg_mem_i,
    input  logic [             23:0] cfg_addr_i,
    input  logic [              7:0] cfg_chunk_i,
    input  logic [             31:0] cfg_data_i,
    // verilator lint_on UNUSED
    input  logic                     in_valid_i,
    output logic                     in_ready_o,
    input  logic [         Bits-1:0] in_data_i,    // activation
    input  logic                     in_last_i,    // last beat of the image
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [RowLanes*Bits-1:0] out_data_o,   // activations of the next kept rows
    output logic                     out_last_o    // last beat of the image
);

  localparam int unsigned OutH = (InH + 2 * Pad - KernelH) / Stride + 1;
  localparam int unsigned OutW = (InW + 2 * Pad - KernelW) / Stride + 1;
  localparam int unsigned Beats = (Rows / TileRows) * xb_pkg::ceil_div(
      TileRows, RowLanes
  ) + xb_pkg::ceil_div(
      Rows % TileRows, RowLanes
  );
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
  if (TileRows < 1 || RowLanes < 1) begin : gen_bad_lanes
    $error("xb_window: TileRows and RowLanes must be at least 1");
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
  localparam int unsigned FieldBits = (Pad == 0) ? OffBits : OffBits + KhBits + KwBits + Bits;
  localparam int unsigned WordBits = RowLanes * FieldBits;

  localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);
  localparam int unsigned OxBits = xb_pkg::digits(OutW - 1);
  localparam int unsigned OyBits = xb_pkg::digits(OutH - 1);
  localparam int unsigned ColBits = xb_pkg::digits(LineWords - 1);
  localparam int unsigned InYBits = xb_pkg::digits(InH - 1);

  logic en;  // the read pipeline moves

  // ------------------------------------------------------------------ write side
  // Places are counted in lines. More may be released than was written: lines that no kernel sees.
  localparam int unsigned LinesAtEnd =  // released by the image's last output row
  ((OutH - 1) * Stride > Pad) ? InH + Pad - (OutH - 1) * Stride : InH;
  localparam int unsigned RoomBits = xb_pkg::digits(HasLines + xb_pkg::max(Stride, LinesAtEnd)) + 1;

  logic write, line_end;
  logic [AddrBits-1:0] wr_addr_q;
  logic [ColBits-1:0] wr_col_q;
  logic wr_col_last_q;  // wr_col_q is the line's last word
  logic signed [RoomBits-1:0] room_q;  // free lines - 1
  logic signed [RoomBits-1:0] room_step;  // + lines the read at the memory frees, - a line written
  logic line_done_q;  // a line was completed in the cycle before

  assign in_ready_o = !room_q[RoomBits-1];
  assign write = in_valid_i && in_ready_o;
  assign line_end = write && wr_col_last_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_addr_q <= '0;
      wr_col_q <= '0;
      wr_col_last_q <= LineWords == 1;
      room_q <= $signed(RoomBits'(HasLines - 1));
      line_done_q <= 1'b0;
    end else begin
      if (write) begin
        wr_addr_q <= wr_addr_q + AddrBits'(1);
        wr_col_q <= wr_col_last_q ? '0 : wr_col_q + ColBits'(1);
        wr_col_last_q <= LineWords == 1 || wr_col_q == ColBits'(LineWords - 2);
      end
      room_q <= room_q + room_step;
      line_done_q <= line_end;
    end
  end

  // ------------------------------------------------------------------ issue: which beat next
  // Each counter has a register that says that it stands at its end.
  logic [BeatBits-1:0] beat_q;
  logic [GroupBits-1:0] group_q;
  logic [OxBits-1:0] ox_q;
  logic [OyBits-1:0] oy_q;
  logic beat_last_q, group_last_q, ox_last_q, oy_last_q;
  logic issue, pos_end, row_end, image_end;

  // Lines in the ring less lines that the output row needs. The padding above and below counts as
  // lines that come with the last line of an image: the first for the next image, the other for its own.
  localparam int unsigned NeedAtEnd = InH + 2 * Pad - (OutH - 1) * Stride;
  localparam int unsigned SurplusBits = xb_pkg::digits(
      xb_pkg::max(HasLines + 2 * Pad * (HasLines / InH + 2), xb_pkg::max(Stride, NeedAtEnd))
  ) + 1;
  logic signed [SurplusBits-1:0] surplus_q, surplus_step;
  logic image_done;  // with line_done_q: the line was the image's last

  assign issue = en && !surplus_q[SurplusBits-1];
  assign pos_end = beat_last_q && group_last_q;
  assign row_end = pos_end && ox_last_q;
  assign image_end = row_end && oy_last_q;

  // A choice of constants in front of one adder: this is the window's longest path.
  function automatic logic signed [SurplusBits-1:0] step_of(
      input int unsigned need, input logic line_done, input logic all_done);
    step_of = $signed(SurplusBits'(32'd0 - need));
    if (line_done) step_of = $signed(SurplusBits'(32'd1 - need));
    if (line_done && all_done) step_of = $signed(SurplusBits'(32'd1 + 2 * Pad - need));
  endfunction
  assign surplus_step = !(issue && row_end) ? step_of(
      0, line_done_q, image_done
  ) : oy_last_q ? step_of(
      NeedAtEnd, line_done_q, image_done
  ) : step_of(
      Stride, line_done_q, image_done
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      group_q <= '0;
      ox_q <= '0;
      oy_q <= '0;
      beat_last_q <= Beats == 1;
      group_last_q <= Groups == 1;
      ox_last_q <= OutW == 1;
      oy_last_q <= OutH == 1;
      surplus_q <= $signed(SurplusBits'(Pad - KernelH));
    end else begin
      if (issue) begin
        beat_q <= beat_last_q ? '0 : beat_q + BeatBits'(1);
        beat_last_q <= Beats == 1 || beat_q == BeatBits'(Beats - 2);
      end
      if (issue && beat_last_q) begin
        group_q <= group_last_q ? '0 : group_q + GroupBits'(1);
        group_last_q <= Groups == 1 || group_q == GroupBits'(Groups - 2);
      end
      if (issue && pos_end) begin
        ox_q <= ox_last_q ? '0 : ox_q + OxBits'(1);
        ox_last_q <= OutW == 1 || ox_q == OxBits'(OutW - 2);
      end
      if (issue && row_end) begin
        oy_q <= oy_last_q ? '0 : oy_q + OyBits'(1);
        oy_last_q <= OutH == 1 || oy_q == OyBits'(OutH - 2);
      end
      surplus_q <= surplus_q + surplus_step;
    end
  end

  // ------------------------------------------------------------------ row table, 2 stages
  logic [WordBits-1:0] word;

  xb_prim_rom #(
      .Width   (WordBits),
      .Depth   (Beats),
      .InitFile(RowImage),
      .Style   (RowBlock),
      .Writable(Writable)
  ) u_rows (
      .clk_i     (clk_i),
      .en_i      (en),
      .addr_i    (beat_q),
      .data_o    (word),
      .wr_en_i   (cfg_valid_i && cfg_mem_i == 3'd0),
      .wr_addr_i (cfg_addr_i[BeatBits-1:0]),
      .wr_chunk_i(cfg_chunk_i),
      .wr_data_i (cfg_data_i)
  );

  // Flags of the beat in the table's two stages, the address stage and the memory's two.
  logic [4:0] valid_q, image_end_q;
  logic [2:0] row_end_q;
  logic [1:0] pos_end_q;
  assign en = !valid_q[4] || out_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[3:0], issue};
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      image_end_q <= {image_end_q[3:0], image_end};
      row_end_q   <= {row_end_q[1:0], row_end};
      pos_end_q   <= {pos_end_q[0], pos_end};
    end
  end

  // ------------------------------------------------------------------ address stage
  // Address of the kernel's first word at this position; the ring wraps by itself.
  localparam int unsigned Start = Pad * (LineWords + InC);
  localparam int unsigned Back = (OutW - 1) * Stride * InC;  // along an output row
  localparam int unsigned ImageStep = (InH - (OutH - 1) * Stride) * LineWords - Back;
  localparam int unsigned RowStep = Stride * LineWords - Back;
  logic [AddrBits-1:0] base_q;
  logic step;

  assign step = en && valid_q[1] && pos_end_q[1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      base_q <= AddrBits'(32'd0 - Start);
    end else if (step) begin
      base_q <= base_q + (!row_end_q[1] ? AddrBits'(Stride * InC)
                          : image_end_q[1] ? AddrBits'(ImageStep) : AddrBits'(RowStep));
    end
  end

  // ------------------------------------------------------------------ lanes: memory, 2 stages
  for (genvar l = 0; l < RowLanes; l++) begin : gen_lane
    logic [AddrBits-1:0] addr_q;
    logic [Bits-1:0] rd_data, data_q;

    always_ff @(posedge clk_i) begin
      if (en) addr_q <= base_q + AddrBits'(word[l*FieldBits+:OffBits]);
    end

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
  end

  // Lines that the next output row no longer needs; at the image's end all that are left.
  logic release_valid;
  assign release_valid = en && valid_q[2] && row_end_q[2];

  if (Pad == 0) begin : gen_plain
    for (genvar l = 0; l < RowLanes; l++) begin : gen_out
      assign out_data_o[l*Bits+:Bits] = gen_lane[l].data_q;
    end
    assign image_done = 1'b0;
    always_comb begin
      unique case ({
        line_end, release_valid, image_end_q[2]
      })
        3'b010: room_step = $signed(RoomBits'(Stride));
        3'b011: room_step = $signed(RoomBits'(LinesAtEnd));
        3'b100, 3'b101: room_step = '1;
        3'b110: room_step = $signed(RoomBits'(Stride - 1));
        3'b111: room_step = $signed(RoomBits'(LinesAtEnd - 1));
        default: room_step = '0;
      endcase
    end
  end else begin : gen_pad
    // Place of the kernel in the map, modulo a power of two that holds the padded map.
    localparam int unsigned XBits = $clog2(InW + 2 * Pad);
    localparam int unsigned YBits = $clog2(InH + 2 * Pad);
    logic [XBits-1:0] left_q;
    logic [YBits-1:0] top_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        left_q <= XBits'(32'd0 - Pad);
        top_q  <= YBits'(32'd0 - Pad);
      end else if (step) begin
        left_q <= row_end_q[1] ? XBits'(32'd0 - Pad) : left_q + XBits'(Stride);
        if (row_end_q[1]) begin
          top_q <= image_end_q[1] ? YBits'(32'd0 - Pad) : top_q + YBits'(Stride);
        end
      end
    end

    for (genvar l = 0; l < RowLanes; l++) begin : gen_out
      logic [XBits-1:0] x;
      logic [YBits-1:0] y;
      logic [2:0] outside_q;
      logic [3*Bits-1:0] zero_q;
      assign x = left_q + XBits'(word[l*FieldBits+OffBits+KhBits+:KwBits]);
      assign y = top_q + YBits'(word[l*FieldBits+OffBits+:KhBits]);
      always_ff @(posedge clk_i) begin
        if (en) begin
          outside_q <= {outside_q[1:0], x >= XBits'(InW) || y >= YBits'(InH)};
          zero_q <= {zero_q[2*Bits-1:0], word[(l+1)*FieldBits-1-:Bits]};
        end
      end
      assign out_data_o[l*Bits+:Bits] = outside_q[2] ? zero_q[2*Bits+:Bits] : gen_lane[l].data_q;
    end

    // top_q already stands at the next output row: nothing above it, less what was released.
    logic signed [RoomBits-1:0] released;
    always_comb begin
      released = $signed(RoomBits'(Stride));
      if (top_q < YBits'(Stride)) released = $signed(RoomBits'(top_q));
      if (top_q >= YBits'(32'd0 - Pad)) released = '0;
      if (image_end_q[2]) released = $signed(RoomBits'(LinesAtEnd));
      if (!release_valid) released = '0;
    end
    assign room_step = line_end ? released - RoomBits'(1) : released;

    logic [InYBits-1:0] wr_line_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) wr_line_q <= '0;
      else if (line_done_q) wr_line_q <= image_done ? '0 : wr_line_q + InYBits'(1);
    end
    assign image_done = wr_line_q == InYBits'(InH - 1);
  end

  assign out_valid_o = valid_q[4];
  assign out_last_o  = image_end_q[4];

  // The image's own end must come with its last word.
  logic [InYBits-1:0] in_line_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_line_q <= '0;
    else if (line_end) begin
      in_line_q <= (in_line_q == InYBits'(InH - 1)) ? '0 : in_line_q + InYBits'(1);
    end
  end

  `XB_ASSERT(LastInPlace, !write || in_last_i == (line_end && in_line_q == InYBits'(InH - 1)))
  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})

endmodule
