// A crossbar layer's tiles, one row of cells a cycle: bit-plane accumulators, converters, shift-add.
// SPDX-License-Identifier: Apache-2.0
//
// In: for every position and column group, the Rows activations of the kept rows, one a beat
// (the same rows again for each group); in_last_i with the last beat of an image. Out: Y of column
// 0..Cols-1 of each position, one a beat; out_last_o with the image's last.
//
//   I = sum over a row tile of G, for the rows whose input bit is set
//   A = ADC of I, see xb_adc
//   Y = sum_tiles sum_b sum_s w_b 2^(CellBits s) lsb[s] (A[+] - A[-])     w_b = 2^b, sign -2^b
//
// Every plane has its accumulators, clock-enabled by the input bit. At the end of a row tile they
// are copied into a shift register (and cleared, which takes the one cycle beyond the rows) that
// drains through AdcLanes converters while the next tile or group accumulates. Drain order: column,
// plane from the top, slice, polarity; so Y is a Horner sum. Columns that the last group lacks are
// not drained.
//
// Throughput: README, Cycles. out_* are registered; in_ready_o comes from registers only.
// Widths: AccBits holds TileRows * (2^GBits - 1); Y holds Tiles * (2^AdcBits - 1) * (2^InBits - 1) *
// sum_s lsb[s] 2^(CellBits s), either sign.

`include "xb_assert.svh"

module xb_tile #(
    parameter int unsigned Rows = 18,  // kept rows, all row tiles together
    parameter int unsigned TileRows = 128,  // rows of a physical array
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned Pe = 1,  // columns a pass, 1..Cols
    parameter int unsigned InBits = 8,  // planes
    parameter bit InSigned = 1'b0,  // the top plane weighs -2^(InBits-1)
    parameter int unsigned CellBits = 4,  // bits of a cell's code
    parameter int unsigned Slices = 2,  // cells of a weight and polarity
    parameter bit PerCell = 1'b0,  // 0: codes and a shared table, 1: a conductance for every cell
    parameter int unsigned MagBits = 7,  // coded: bits of a magnitude
    parameter int unsigned GBits = 8,  // bits of a conductance
    parameter int unsigned AdcBits = 8,  // bits of a code
    parameter int unsigned AdcLanes = 1,  // converters: 1, 2 or 4, divides 2 * Slices
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // 1..65535, slice 0 low
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},  // 0..31
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},  // int32
    parameter logic [Slices*16-1:0] Lsb = {Slices{16'd1}},  // level steps a code stands for
    parameter WeightImage = "",  // $readmemh, see README
    parameter TableImage = "",  // $readmemh, see README
    localparam int unsigned Tiles = xb_pkg::ceil_div(Rows, TileRows),
    localparam int unsigned YBits = xb_pkg::y_bits(
        Tiles, AdcBits, InBits, CellBits, Slices, (xb_pkg::MaxSlices * 16)'(Lsb)
    )
) (
    input  logic              clk_i,        // clock
    input  logic              rst_ni,       // synchronous reset, active low
    input  logic              in_valid_i,
    output logic              in_ready_o,
    input  logic [InBits-1:0] in_data_i,    // activation of the next row
    input  logic              in_last_i,    // last beat of the image
    output logic              out_valid_o,
    input  logic              out_ready_i,
    output logic [ YBits-1:0] out_data_o,   // Y, signed
    output logic              out_last_o    // last column of the image
);

  if (Rows < 1 || TileRows < 1 || Cols < 1 || Pe < 1 || Pe > Cols) begin : gen_bad_size
    $error("xb_tile: need Rows, TileRows, Cols >= 1 and Pe in 1..Cols");
  end
  if (InBits < 1 || InBits > 16) begin : gen_bad_in
    $error("xb_tile: InBits must be 1..16");
  end
  if (CellBits < 1 || CellBits > 8 || GBits < 1 || GBits > 16) begin : gen_bad_cell
    $error("xb_tile: CellBits must be 1..8 and GBits 1..16");
  end
  if (AdcLanes != 1 && AdcLanes != 2 && AdcLanes != 4) begin : gen_bad_lanes
    $error("xb_tile: AdcLanes must be 1, 2 or 4");
  end
  if ((2 * Slices) % AdcLanes != 0) begin : gen_bad_share
    $error("xb_tile: AdcLanes must divide 2 * Slices");
  end
  if (YBits > 48) begin : gen_bad_y
    $error("xb_tile: Y would need more than 48 bits");
  end

  localparam int unsigned Groups = xb_pkg::ceil_div(Cols, Pe);
  localparam int unsigned LastCols = Cols - (Groups - 1) * Pe;
  localparam int unsigned FullRows = xb_pkg::min(Rows, TileRows);
  localparam int unsigned LastRows = Rows - (Tiles - 1) * TileRows;
  localparam int unsigned Words = Groups * Rows;
  localparam int unsigned AddrBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned AccBits = xb_pkg::digits(FullRows * ((1 << GBits) - 1));
  localparam int unsigned Depth = PerCell ? 2 : 4;  // stages of xb_cells
  localparam int unsigned Subs = 2 * Slices / AdcLanes;  // cycles a plane of a column drains
  localparam int unsigned ColWords = 2 * Slices * InBits;
  localparam int unsigned AdcLatency = xb_pkg::adc_latency((xb_pkg::MaxSlices * 16)'(AdcMult));

  localparam int unsigned RowBits = xb_pkg::digits(FullRows - 1);
  localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);
  localparam int unsigned ColBits = xb_pkg::digits(Pe - 1);
  localparam int unsigned PlaneBits = xb_pkg::digits(InBits - 1);
  localparam int unsigned SubBits = xb_pkg::digits(Subs - 1);
  localparam int unsigned SliceBits = xb_pkg::digits(Slices - 1);

  // ------------------------------------------------------------------ rows in, cells out
  logic en;  // the row pipeline moves
  logic accept;
  logic tile_end;
  logic [AddrBits-1:0] addr_q;
  logic [RowBits-1:0] row_q;
  logic [TileBits-1:0] tile_q;

  assign in_ready_o = en;
  assign accept = in_valid_i && en;
  assign tile_end = (tile_q == TileBits'(Tiles - 1)) ? row_q == RowBits'(LastRows - 1)
                                                     : row_q == RowBits'(FullRows - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_q <= '0;
      row_q  <= '0;
      tile_q <= '0;
    end else if (accept) begin
      addr_q <= (addr_q == AddrBits'(Words - 1)) ? '0 : addr_q + AddrBits'(1);
      row_q  <= tile_end ? '0 : row_q + RowBits'(1);
      if (tile_end) tile_q <= (tile_q == TileBits'(Tiles - 1)) ? '0 : tile_q + TileBits'(1);
    end
  end

  logic [Pe*Slices*2*GBits-1:0] g;

  xb_cells #(
      .Words      (Words),
      .Pe         (Pe),
      .CellBits   (CellBits),
      .Slices     (Slices),
      .GBits      (GBits),
      .PerCell    (PerCell),
      .MagBits    (MagBits),
      .WeightImage(WeightImage),
      .TableImage (TableImage)
  ) u_cells (
      .clk_i (clk_i),
      .en_i  (en),
      .addr_i(addr_q),
      .g_o   (g)
  );

  // The activation and its flags wait for the conductances. The bits are 0 where there is no beat,
  // reset included: they alone enable the accumulators.
  logic [Depth-1:0] valid_q, end_q, last_q;
  logic [Depth*InBits-1:0] bits_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      bits_q  <= '0;
    end else if (en) begin
      valid_q <= {valid_q[Depth-2:0], in_valid_i};
      bits_q  <= {bits_q[(Depth-1)*InBits-1:0], in_valid_i ? in_data_i : {InBits{1'b0}}};
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      end_q  <= {end_q[Depth-2:0], tile_end};
      last_q <= {last_q[Depth-2:0], in_last_i};
    end
  end

  // ------------------------------------------------------------------ accumulate
  logic row_valid, row_end, row_last;
  logic [InBits-1:0] row_bits;
  logic full_q;  // the accumulators hold a finished row tile
  logic full_last_q;  // and it is the image's last
  logic flush_q;  // the first cycle out of reset: the accumulators hold nothing, clear them
  logic free_q;  // the shift register can take a row tile in this cycle
  logic load;  // it does, and the accumulators are cleared

  assign row_valid = valid_q[Depth-1];
  assign row_end = end_q[Depth-1];
  assign row_last = last_q[Depth-1];
  assign row_bits = bits_q[(Depth-1)*InBits+:InBits];
  assign en = !(full_q && row_valid);
  assign load = full_q && free_q;

  always_ff @(posedge clk_i) begin
    flush_q <= !rst_ni;
    if (!rst_ni) full_q <= 1'b1;
    else if (full_q) full_q <= !free_q;
    else full_q <= row_valid && row_end;
  end
  always_ff @(posedge clk_i) begin
    if (!full_q) full_last_q <= row_last;
  end

  // Word (column * InBits + planes from the top) * 2 Slices + slice * 2 + polarity: drain order.
  logic [Pe*ColWords*AccBits-1:0] acc;

  for (genvar b = 0; b < InBits; b++) begin : gen_plane
    logic acc_en;
    assign acc_en = full_q ? free_q : row_bits[b];
    for (genvar p = 0; p < Pe; p++) begin : gen_lane
      for (genvar w = 0; w < 2 * Slices; w++) begin : gen_word
        logic [AccBits-1:0] acc_q;
        always_ff @(posedge clk_i) begin
          if (acc_en) begin
            if (full_q) acc_q <= '0;
            else acc_q <= acc_q + AccBits'(g[(p*2*Slices+w)*GBits+:GBits]);
          end
        end
        assign acc[(p*ColWords+(InBits-1-b)*2*Slices+w)*AccBits+:AccBits] = acc_q;
      end
    end
  end

  // ------------------------------------------------------------------ drain
  logic [Pe*ColWords*AccBits-1:0] snap_q;
  logic busy_q;  // words are left
  logic snap_last_q, tail_last_q;
  logic [SubBits-1:0] sub_q, sub_d;
  logic [PlaneBits-1:0] plane_q, plane_d;
  logic [ColBits-1:0] col_q, col_d;
  logic [TileBits-1:0] snap_tile_q, snap_tile_d;
  logic [GroupBits-1:0] snap_group_q, snap_group_d;
  // What the word at the head is; registered, since they steer every bit of snap_q and acc.
  logic plane_end_q, plane_end_d;  // the last of its plane
  logic col_end_q, col_end_d;  // the last of its column
  logic seg_end_q, seg_end_d;  // the last of its row tile
  logic tile_last_q, tile_last_d;  // of the last row tile
  logic group_last_q, group_last_d;  // of the last group
  logic hold_q, hold_d;  // a column's Y is on its way to, or in, the output register
  logic stuck_d;  // the last word of a column waits until that register is sure to be free
  logic busy_d;
  logic issue_q;  // the head word leaves

  always_comb begin
    sub_d = sub_q;
    plane_d = plane_q;
    col_d = col_q;
    snap_tile_d = snap_tile_q;
    snap_group_d = snap_group_q;
    if (!rst_ni) begin
      sub_d = '0;
      plane_d = '0;
      col_d = '0;
      snap_tile_d = '0;
      snap_group_d = '0;
    end else if (issue_q) begin
      sub_d = plane_end_q ? '0 : sub_q + SubBits'(1);
      if (plane_end_q) plane_d = col_end_q ? '0 : plane_q + PlaneBits'(1);
      if (col_end_q) col_d = seg_end_q ? '0 : col_q + ColBits'(1);
      if (seg_end_q) snap_tile_d = tile_last_q ? '0 : snap_tile_q + TileBits'(1);
      if (seg_end_q && tile_last_q) begin
        snap_group_d = group_last_q ? '0 : snap_group_q + GroupBits'(1);
      end
    end
    plane_end_d = sub_d == SubBits'(Subs - 1);
    col_end_d = plane_end_d && plane_d == PlaneBits'(InBits - 1);
    tile_last_d = snap_tile_d == TileBits'(Tiles - 1);
    group_last_d = snap_group_d == GroupBits'(Groups - 1);
    seg_end_d = col_end_d && col_d == (group_last_d ? ColBits'(LastCols - 1) : ColBits'(Pe - 1));
    hold_d = rst_ni &&
        ((issue_q && col_end_q && tile_last_q) || (hold_q && !(out_valid_o && out_ready_i)));
    stuck_d = col_end_d && tile_last_d && hold_d;
    busy_d = rst_ni && ((load && !flush_q) || (busy_q && !(issue_q && seg_end_q)));
  end

  always_ff @(posedge clk_i) begin
    sub_q <= sub_d;
    plane_q <= plane_d;
    col_q <= col_d;
    snap_tile_q <= snap_tile_d;
    snap_group_q <= snap_group_d;
    plane_end_q <= plane_end_d;
    col_end_q <= col_end_d;
    seg_end_q <= seg_end_d;
    tile_last_q <= tile_last_d;
    group_last_q <= group_last_d;
    hold_q <= hold_d;
    busy_q <= busy_d;
    issue_q <= busy_d && !stuck_d;
    free_q <= !busy_d || (seg_end_d && !stuck_d);
  end

  always_ff @(posedge clk_i) begin
    if (load) snap_q <= acc;
    else if (issue_q) snap_q <= snap_q >> (AdcLanes * AccBits);
  end
  always_ff @(posedge clk_i) begin
    if (load) snap_last_q <= full_last_q;
    if (issue_q && col_end_q && tile_last_q) tail_last_q <= snap_last_q && seg_end_q;
  end

  // ------------------------------------------------------------------ convert
  logic [AdcLanes*AdcBits-1:0] code;
  logic [AdcLatency-1:0] code_valid_q;
  logic code_valid;

  for (genvar l = 0; l < AdcLanes; l++) begin : gen_adc
    xb_adc #(
        .AccBits  (AccBits),
        .AdcBits  (AdcBits),
        .Slices   (Slices),
        .AdcMult  (AdcMult),
        .AdcShift (AdcShift),
        .AdcOffset(AdcOffset)
    ) u_adc (
        .clk_i    (clk_i),
        .current_i(snap_q[l*AccBits+:AccBits]),
        .slice_i  (SliceBits'((32'(sub_q) * AdcLanes + l) >> 1)),
        .code_o   (code[l*AdcBits+:AdcBits])
    );
  end

  assign code_valid = code_valid_q[AdcLatency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) code_valid_q <= '0;
    else code_valid_q <= {code_valid_q[AdcLatency-2:0], issue_q};
  end

  // ------------------------------------------------------------------ shift-add
  // The codes come in drain order, so counters of the same kind name them.
  logic [  SubBits-1:0] code_sub_q;
  logic [PlaneBits-1:0] code_plane_q;
  logic [  ColBits-1:0] code_col_q;
  logic [ TileBits-1:0] code_tile_q;
  logic [GroupBits-1:0] code_group_q;
  logic code_sub_end, code_col_end, code_seg_end, code_tile_last, code_group_last;

  assign code_sub_end = code_sub_q == SubBits'(Subs - 1);
  assign code_col_end = code_sub_end && code_plane_q == PlaneBits'(InBits - 1);
  assign code_tile_last = code_tile_q == TileBits'(Tiles - 1);
  assign code_group_last = code_group_q == GroupBits'(Groups - 1);
  assign code_seg_end = code_col_q == (code_group_last ? ColBits'(LastCols - 1) : ColBits'(Pe - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      code_sub_q   <= '0;
      code_plane_q <= '0;
      code_col_q   <= '0;
      code_tile_q  <= '0;
      code_group_q <= '0;
    end else if (code_valid) begin
      code_sub_q <= code_sub_end ? '0 : code_sub_q + SubBits'(1);
      if (code_sub_end) code_plane_q <= code_col_end ? '0 : code_plane_q + PlaneBits'(1);
      if (code_col_end) begin
        code_col_q <= code_seg_end ? '0 : code_col_q + ColBits'(1);
        if (code_seg_end) begin
          code_tile_q <= code_tile_last ? '0 : code_tile_q + TileBits'(1);
          if (code_tile_last) begin
            code_group_q <= code_group_last ? '0 : code_group_q + GroupBits'(1);
          end
        end
      end
    end
  end

  // One cycle's codes with their slice's weight, positive minus negative.
  logic signed [YBits-1:0] term, term_q;
  always_comb begin
    term = '0;
    for (int unsigned l = 0; l < AdcLanes; l++) begin
      logic [YBits-1:0] scaled;
      logic [31:0] index;
      index  = 32'(code_sub_q) * AdcLanes + l;
      scaled = '0;
      for (int unsigned s = 0; s < Slices; s++) begin
        if (index[31:1] == 31'(s)) begin
          scaled = (YBits'(code[l*AdcBits+:AdcBits]) * YBits'(Lsb[s*16+:16])) << (CellBits * s);
        end
      end
      term = index[0] ? term - $signed(scaled) : term + $signed(scaled);
    end
    if (InSigned && code_plane_q == '0) term = -term;
  end

  logic term_valid_q, term_first_q, term_double_q, term_end_q;
  logic signed [YBits-1:0] sum_q;  // Horner: a row tile's Y of one column
  logic sum_valid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      term_valid_q <= 1'b0;
      sum_valid_q  <= 1'b0;
    end else begin
      term_valid_q <= code_valid;
      sum_valid_q  <= term_valid_q && term_end_q;
    end
  end
  always_ff @(posedge clk_i) begin
    term_q <= term;
    term_first_q <= code_sub_q == '0 && code_plane_q == '0;
    term_double_q <= code_sub_q == '0;
    term_end_q <= code_col_end;
    if (term_valid_q) begin
      sum_q <= (term_first_q ? '0 : term_double_q ? sum_q <<< 1 : sum_q) + term_q;
    end
  end

  // ------------------------------------------------------------------ add up row tiles, out
  logic [YBits-1:0] total;
  logic total_valid;

  if (Tiles > 1) begin : gen_total
    logic [YBits-1:0] total_q[Pe];
    logic [TileBits-1:0] sum_tile_q;
    logic [ColBits-1:0] sum_col_q;
    logic [TileBits-1:0] term_tile_q;
    logic [ColBits-1:0] term_col_q;
    always_ff @(posedge clk_i) begin
      term_tile_q <= code_tile_q;
      term_col_q  <= code_col_q;
      sum_tile_q  <= term_tile_q;
      sum_col_q   <= term_col_q;
      if (sum_valid_q) total_q[sum_col_q] <= total;
    end
    assign total = $unsigned(sum_q) + ((sum_tile_q == '0) ? '0 : total_q[sum_col_q]);
    assign total_valid = sum_valid_q && sum_tile_q == TileBits'(Tiles - 1);
  end else begin : gen_single
    assign total = $unsigned(sum_q);
    assign total_valid = sum_valid_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (total_valid) out_valid_o <= 1'b1;
    else if (out_ready_i) out_valid_o <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (total_valid) begin
      out_data_o <= total;
      out_last_o <= tail_last_q;
    end
  end

  // ------------------------------------------------------------------ probe, see README
  // Only a bound checker reads these.
  // verilator lint_off UNUSED
  logic probe_valid;
  logic [AdcLanes*AdcBits-1:0] probe_code;
  logic [31:0] probe_tile, probe_column, probe_plane, probe_word;
  assign probe_valid  = code_valid;
  assign probe_code   = code;
  assign probe_tile   = 32'(code_tile_q);
  assign probe_column = 32'(code_group_q) * Pe + 32'(code_col_q);
  assign probe_plane  = InBits - 1 - 32'(code_plane_q);
  assign probe_word   = 32'(code_sub_q) * AdcLanes;
  // verilator lint_on UNUSED

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})
  `XB_ASSERT(OutputFree, !total_valid || !out_valid_o || out_ready_i)
  `XB_ASSERT(LastEndsTile, !(accept && in_last_i) || addr_q == AddrBits'(Words - 1))

endmodule
