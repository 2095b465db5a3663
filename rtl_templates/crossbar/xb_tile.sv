// A crossbar layer's tiles: bit-plane accumulators, converters, shift-add.
// SPDX-License-Identifier: Apache-2.0
//
// In: for every position, column group and pass, the activations of the kept rows, RowLanes a beat
// (the same rows again for each group and pass; a row tile begins a new beat); in_last_i with the
// last beat of an image. Out: Y of column 0..Cols-1 of each position, one a beat; out_last_o with
// the image's last.
//
//   I = sum over a row tile of G, for the rows whose input bit is set, + n with Noise
//   A = ADC of I, see xb_adc
//   Y = sum_tiles sum_b sum_s w_b 2^(CellBits s) lsb (A[+] - A[-])     w_b = 2^b, sign -2^b
//
// A pass takes Planes of the input bits, the top ones first; each has its accumulators. At the end
// of a row tile they are copied into a shift register (and cleared, which takes the one cycle beyond
// the beats) that drains through AdcLanes converters while the next segment accumulates. Columns
// that the last group lacks are not drained. Order of a segment: group, pass, row tile; of its
// words: column, plane from the top, slice, polarity; so Y is a Horner sum.
//
// Throughput: README, Cycles. out_* are registered; in_ready_o comes from registers only.
// Widths: AccBits holds TileRows * (2^GBits - 1); Y holds Tiles * (2^AdcBits - 1) * (2^InBits - 1) *
// sum_s Lsb[s] 2^(CellBits s), either sign.

`include "xb_assert.svh"

module xb_tile #(
    parameter int unsigned Rows = 18,  // kept rows, all row tiles together
    parameter int unsigned TileRows = 128,  // rows of a physical array
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned Pe = 1,  // columns a group, 1..Cols
    parameter int unsigned RowLanes = 1,  // rows a beat
    parameter int unsigned InBits = 8,  // planes
    parameter bit InSigned = 1'b0,  // the top plane weighs -2^(InBits-1)
    parameter int unsigned Planes = InBits,  // planes a pass, divides InBits
    parameter int unsigned CellBits = 4,  // bits of a cell's code
    parameter int unsigned Slices = 2,  // cells of a weight and polarity
    parameter bit PerCell = 1'b0,  // 0: codes and a shared table, 1: a conductance for every cell
    parameter int unsigned MagBits = 7,  // coded: bits of a magnitude
    parameter int unsigned GBits = 8,  // bits of a conductance
    parameter int unsigned AdcBits = 8,  // bits of a code
    parameter int unsigned AdcLanes = 1,  // converters: divides 2 * Slices, or a multiple of it
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // 1..65535, slice 0 low
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},  // 0..31
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},  // int32
    parameter logic [Slices*AdcBits-1:0] AdcClip = '1,  // highest code
    parameter bit AdcPerColumn = 1'b0,  // 1: gain, offset and clip of a column from AdcImage
    parameter int unsigned OffsetBits = 32,  // AdcPerColumn: bits of an offset
    parameter logic [15:0] AdcMask = '1,  // AdcPerColumn: OR of all gains that may come
    parameter bit Inl = 1'b0,  // 1: codes pass the table InlImage
    parameter bit Dsp = 1'b0,  // 1: the converters' products are `*`
    parameter bit Noise = 1'b0,  // 1: read noise is added to I
    parameter logic [Slices*16-1:0] NoiseMult = {Slices{16'd1}},  // 0..65535, slice 0 low
    parameter bit NoiseRows = 1'b0,  // 1: by driven rows from NoiseImage, NoiseMult ORs a slice's
    parameter int unsigned NoiseShift = 0,  // 0..31
    parameter logic [xb_pkg::NoiseKeyBits-1:0] NoiseKeys = '0,
    parameter int unsigned Positions = 1,  // Noise: output positions of an image
    parameter logic [Slices*16-1:0] Lsb = {Slices{16'd1}},  // level steps a code stands for, lsb
    parameter int unsigned LsbBits = 0,  // > 0: a column's lsb from AdcImage, up to Lsb
    parameter WeightImage = "",  // $readmemh images, see README
    parameter TableImage = "",
    parameter AdcImage = "",
    parameter InlImage = "",
    parameter NoiseImage = "",
    parameter int unsigned WeightBlock = 0,  // memory styles, xb_prim_rom
    parameter int unsigned AdcBlock = 0,
    parameter int unsigned InlBlock = 0,
    parameter int unsigned NoiseBlock = 0,
    parameter bit Writable = 1'b0,  // the memories have write ports
    localparam int unsigned Tiles = xb_pkg::ceil_div(Rows, TileRows),
    localparam int unsigned YBits = xb_pkg::y_bits(
        Tiles, AdcBits, InBits, CellBits, Slices, (xb_pkg::MaxSlices * 16)'(Lsb)
    )
) (
    input logic clk_i,  // clock
    input logic rst_ni,  // synchronous reset, active low
    // verilator lint_off UNUSED
    input logic cfg_valid_i,  // Writable: write a chunk of a memory's word
    input logic [2:0] cfg_mem_i,  // 1 weights, 2 table, 4 adc, 5 inl, 6 keys, 7 noise
    input logic [23:0] cfg_addr_i,  // word
    input logic [7:0] cfg_chunk_i,  // 32 bits of it, 0 the lowest
    input logic [31:0] cfg_data_i,
    input logic [31:0] first_image_i,  // Noise: image number after reset
    // verilator lint_on UNUSED
    input logic in_valid_i,
    output logic in_ready_o,
    input logic [RowLanes*InBits-1:0] in_data_i,  // activations of the next rows, the first low
    input logic in_last_i,  // last beat of the image
    output logic out_valid_o,
    input logic out_ready_i,
    output logic [YBits-1:0] out_data_o,  // Y, signed
    output logic out_last_o  // last column of the image
);

  if (Rows < 1 || TileRows < 1 || Cols < 1 || Pe < 1 || Pe > Cols) begin : gen_bad_size
    $error("xb_tile: need Rows, TileRows, Cols >= 1 and Pe in 1..Cols");
  end
  if (RowLanes < 1 || RowLanes > xb_pkg::min(Rows, TileRows)) begin : gen_bad_row_lanes
    $error("xb_tile: RowLanes must be 1..min(Rows, TileRows)");
  end
  if (InBits < 1 || InBits > 16 || Planes < 1 || InBits % Planes != 0) begin : gen_bad_planes
    $error("xb_tile: InBits must be 1..16, and Planes must divide it");
  end
  if (CellBits < 1 || CellBits > 8 || GBits < 1 || GBits > 16) begin : gen_bad_cell
    $error("xb_tile: CellBits must be 1..8 and GBits 1..16");
  end
  if (Slices < 1 || Slices > xb_pkg::MaxSlices) begin : gen_bad_slices
    $error("xb_tile: Slices must be 1..8");
  end
  if (AdcLanes < 1 || ((2 * Slices) % AdcLanes != 0 &&
      (AdcLanes % (2 * Slices) != 0 || (2 * Slices * Planes) % AdcLanes != 0))) begin : gen_bad_adc
    $error("xb_tile: AdcLanes must divide 2 * Slices, or be a multiple that divides its Planes");
  end
  if (YBits > 48) begin : gen_bad_y
    $error("xb_tile: Y would need more than 48 bits");
  end

  localparam logic [xb_pkg::MaxSlices*16-1:0] AllMult = (xb_pkg::MaxSlices * 16)'(AdcMult);
  localparam int unsigned Passes = InBits / Planes;
  localparam int unsigned Groups = xb_pkg::ceil_div(Cols, Pe);
  localparam int unsigned LastCols = Cols - (Groups - 1) * Pe;
  localparam int unsigned FullRows = xb_pkg::min(Rows, TileRows);
  localparam int unsigned LastRows = Rows - (Tiles - 1) * TileRows;
  localparam int unsigned RowBeats = (Tiles - 1) * xb_pkg::ceil_div(
      FullRows, RowLanes
  ) + xb_pkg::ceil_div(
      LastRows, RowLanes
  );
  localparam int unsigned Words = Groups * RowBeats;
  localparam int unsigned AddrBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned AccBits = xb_pkg::digits64(
      {32'b0, FullRows} * ((64'd1 << GBits) - 64'd1)
  );
  localparam int unsigned CellDepth = PerCell ? 2 : 4;  // stages of xb_cells
  localparam int unsigned Depth = CellDepth + $clog2(RowLanes);  // to the accumulators

  localparam int unsigned PlaneWords = 2 * Slices;
  localparam int unsigned BeatPlanes = (AdcLanes > PlaneWords) ? AdcLanes / PlaneWords : 1;
  localparam int unsigned Subs = (AdcLanes > PlaneWords) ? 1 : PlaneWords / AdcLanes;
  localparam int unsigned Beats = Planes / BeatPlanes;
  localparam int unsigned SegmentWords = Pe * Planes * PlaneWords;

  localparam int unsigned SubBits = xb_pkg::digits(Subs - 1);
  localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1);
  localparam int unsigned ColBits = xb_pkg::digits(Pe - 1);
  localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1);
  localparam int unsigned PassBits = xb_pkg::digits(Passes - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);

  // Cycles from a word that leaves the shift register to its code, and to the output.
  localparam int unsigned CodeLatency = xb_pkg::wait_latency(
      AdcPerColumn, Noise, (xb_pkg::MaxSlices * 16)'(NoiseMult)
  ) + xb_pkg::adc_latency(
      AllMult, AdcPerColumn, AdcMask, AdcPerColumn || AdcClip != '1, Inl, Dsp
  );
  localparam int unsigned OutLatency = CodeLatency + 2 + xb_pkg::term_latency(
      AdcLanes, xb_pkg::lsb_latency((xb_pkg::MaxSlices * 16)'(Lsb), LsbBits, AdcBits, Dsp)
  );
  localparam int unsigned OutDepth = xb_pkg::queue_depth(
      OutLatency + 1, Subs * Beats, Pe, Passes * (RowBeats + Tiles)
  );

  // ------------------------------------------------------------------ rows in, cells out
  logic en;  // the row pipeline moves
  logic [AddrBits-1:0] addr;
  logic [RowLanes*Planes-1:0] bits;  // as the conductances come
  logic row_valid, row_end, row_last;  // as the accumulators add

  assign in_ready_o = en;

  xb_tile_rows #(
      .Rows    (Rows),
      .TileRows(TileRows),
      .RowLanes(RowLanes),
      .Groups  (Groups),
      .InBits  (InBits),
      .Planes  (Planes),
      .Cells   (CellDepth),
      .Depth   (Depth)
  ) u_rows (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .en_i   (en),
      .valid_i(in_valid_i),
      .data_i (in_data_i),
      .last_i (in_last_i),
      .addr_o (addr),
      .bits_o (bits),
      .valid_o(row_valid),
      .end_o  (row_end),
      .last_o (row_last)
  );

  logic [RowLanes*Pe*PlaneWords*GBits-1:0] g;

  xb_cells #(
      .Words      (Words),
      .Lanes      (RowLanes * Pe),
      .CellBits   (CellBits),
      .Slices     (Slices),
      .GBits      (GBits),
      .PerCell    (PerCell),
      .MagBits    (MagBits),
      .WeightImage(WeightImage),
      .TableImage (TableImage),
      .WeightBlock(WeightBlock),
      .Writable   (Writable)
  ) u_cells (
      .clk_i      (clk_i),
      .weight_wr_i(cfg_valid_i && cfg_mem_i == 3'd1),
      .table_wr_i (cfg_valid_i && cfg_mem_i == 3'd2),
      .wr_addr_i  (cfg_addr_i),
      .wr_chunk_i (cfg_chunk_i),
      .wr_data_i  (cfg_data_i),
      .en_i       (en),
      .addr_i     (addr),
      .g_o        (g)
  );

  // ------------------------------------------------------------------ accumulate
  logic full_q;  // the accumulators hold a finished row tile
  logic full_last_q;  // and it is the image's last
  logic flush_q;  // the first cycle out of reset: the accumulators hold nothing, clear them
  logic free;  // the shift register can take a row tile in this cycle
  logic load;  // it does, and the accumulators are cleared

  assign en   = !(full_q && row_valid);
  assign load = full_q && free;

  always_ff @(posedge clk_i) begin
    flush_q <= !rst_ni;
    if (!rst_ni) full_q <= 1'b1;
    else if (full_q) full_q <= !free;
    else full_q <= row_valid && row_end;
  end
  always_ff @(posedge clk_i) begin
    if (!full_q) full_last_q <= row_last;
  end

  logic [SegmentWords*AccBits-1:0] acc;

  xb_tile_sums #(
      .RowLanes(RowLanes),
      .Pe      (Pe),
      .Planes  (Planes),
      .Slices  (Slices),
      .GBits   (GBits),
      .AccBits (AccBits)
  ) u_sums (
      .clk_i  (clk_i),
      .en_i   (en),
      .bits_i (bits),
      .g_i    (g),
      .clear_i(load),
      .hold_i (full_q),
      .add_i  (row_valid),
      .sum_o  (acc)
  );

  // ------------------------------------------------------------------ drain
  logic issue, drain_last;
  // verilator lint_off UNUSED
  logic send;  // several places: the flags travel with the sums
  // verilator lint_on UNUSED
  logic [AdcLanes*AccBits-1:0] current;
  logic [SubBits-1:0] sub;
  logic [BeatBits-1:0] beat;
  logic [TileBits-1:0] tile;
  logic [PassBits-1:0] pass;
  logic col_end, seg_end, sums, group_last;

  xb_tile_drain #(
      .AccBits (AccBits),
      .AdcLanes(AdcLanes),
      .Subs    (Subs),
      .Beats   (Beats),
      .Pe      (Pe),
      .LastCols(LastCols),
      .Tiles   (Tiles),
      .Passes  (Passes),
      .Groups  (Groups),
      .OutDepth(OutDepth)
  ) u_drain (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .load_i      (load),
      .empty_i     (flush_q),
      .words_i     (acc),
      .last_i      (full_last_q),
      .free_o      (free),
      .taken_i     (out_valid_o && out_ready_i),
      .issue_o     (issue),
      .current_o   (current),
      .sub_o       (sub),
      .beat_o      (beat),
      .tile_o      (tile),
      .pass_o      (pass),
      .col_end_o   (col_end),
      .seg_end_o   (seg_end),
      .sums_o      (sums),
      .group_last_o(group_last),
      .send_o      (send),
      .last_o      (drain_last)
  );

  // ------------------------------------------------------------------ convert
  logic [AdcLanes*AdcBits-1:0] code;
  logic [AdcLanes*xb_pkg::max(1, LsbBits)-1:0] code_lsb;
  logic code_valid;

  xb_tile_convert #(
      .AccBits     (AccBits),
      .Positions   (Positions),
      .Tiles       (Tiles),
      .Cols        (Cols),
      .InBits      (InBits),
      .Planes      (Planes),
      .Slices      (Slices),
      .AdcBits     (AdcBits),
      .AdcLanes    (AdcLanes),
      .AdcMult     (AdcMult),
      .AdcShift    (AdcShift),
      .AdcOffset   (AdcOffset),
      .AdcClip     (AdcClip),
      .AdcPerColumn(AdcPerColumn),
      .OffsetBits  (OffsetBits),
      .AdcMask     (AdcMask),
      .LsbBits     (LsbBits),
      .Inl         (Inl),
      .Dsp         (Dsp),
      .Noise       (Noise),
      .NoiseMult   (NoiseMult),
      .NoiseShift  (NoiseShift),
      .NoiseKeys   (NoiseKeys),
      .NoiseRows   (NoiseRows),
      .FullRows    (FullRows),
      .RowLanes    (RowLanes),
      .AdcImage    (AdcImage),
      .InlImage    (InlImage),
      .NoiseImage  (NoiseImage),
      .AdcBlock    (AdcBlock),
      .InlBlock    (InlBlock),
      .NoiseBlock  (NoiseBlock),
      .Writable    (Writable)
  ) u_convert (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .cfg_valid_i  (cfg_valid_i),
      .cfg_mem_i    (cfg_mem_i),
      .cfg_addr_i   (cfg_addr_i),
      .cfg_chunk_i  (cfg_chunk_i),
      .cfg_data_i   (cfg_data_i),
      .first_image_i(first_image_i),
      .row_en_i     (en),
      .row_bits_i   (bits),
      .row_load_i   (load),
      .row_hold_i   (full_q),
      .row_add_i    (row_valid),
      .issue_i      (issue),
      .current_i    (current),
      .sub_i        (sub),
      .beat_i       (beat),
      .tile_i       (tile),
      .pass_i       (pass),
      .col_end_i    (col_end),
      .seg_end_i    (seg_end),
      .sums_i       (sums),
      .group_last_i (group_last),
      .last_i       (drain_last),
      .valid_o      (code_valid),
      .code_o       (code),
      .lsb_o        (code_lsb)
  );

  // ------------------------------------------------------------------ shift-add, out
  // The codes come in drain order, so a counter of the same kind names them.
  logic [  SubBits-1:0] code_sub;
  logic [ BeatBits-1:0] code_beat;
  logic [  ColBits-1:0] code_col;
  logic [ TileBits-1:0] code_tile;
  logic [ PassBits-1:0] code_pass;
  logic [GroupBits-1:0] code_group;
  logic code_col_end, code_sums, code_single;
  // verilator lint_off UNUSED
  logic code_seg_end, code_group_last, code_col_end_d, code_seg_end_d, code_sums_d;
  // verilator lint_on UNUSED

  xb_tile_count #(
      .Subs    (Subs),
      .Beats   (Beats),
      .Pe      (Pe),
      .LastCols(LastCols),
      .Tiles   (Tiles),
      .Passes  (Passes),
      .Groups  (Groups)
  ) u_code_count (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .step_i      (code_valid),
      .sub_o       (code_sub),
      .beat_o      (code_beat),
      .col_o       (code_col),
      .tile_o      (code_tile),
      .pass_o      (code_pass),
      .group_o     (code_group),
      .col_end_o   (code_col_end),
      .seg_end_o   (code_seg_end),
      .sums_o      (code_sums),
      .single_o    (code_single),
      .group_last_o(code_group_last),
      .col_end_d_o (code_col_end_d),
      .seg_end_d_o (code_seg_end_d),
      .sums_d_o    (code_sums_d)
  );

  logic y_valid, y_last;
  logic [YBits-1:0] y;

  xb_tile_tail #(
      .AdcBits (AdcBits),
      .AdcLanes(AdcLanes),
      .Slices  (Slices),
      .CellBits(CellBits),
      .Planes  (Planes),
      .Passes  (Passes),
      .Tiles   (Tiles),
      .Pe      (Pe),
      .InSigned(InSigned),
      .Lsb     (Lsb),
      .LsbBits (LsbBits),
      .Dsp     (Dsp),
      .YBits   (YBits)
  ) u_tail (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (code_valid),
      .code_i   (code),
      .lsb_i    (code_lsb),
      .sub_i    (code_sub),
      .beat_i   (code_beat),
      .col_i    (code_col),
      .tile_i   (code_tile),
      .pass_i   (code_pass),
      .col_end_i(code_col_end),
      .sums_i   (code_sums),
      .single_i (code_single),
      .valid_o  (y_valid),
      .y_o      (y)
  );

  // With one place there is one column on its way, else each carries its flag.
  if (OutDepth == 1) begin : gen_one_last
    logic last_flag_q;
    always_ff @(posedge clk_i) if (send) last_flag_q <= drain_last && seg_end;
    assign y_last = last_flag_q;
  end else begin : gen_last
    logic [OutLatency-2:0] last_flag_q;
    always_ff @(posedge clk_i) last_flag_q <= {last_flag_q[OutLatency-3:0], drain_last && seg_end};
    assign y_last = last_flag_q[OutLatency-2];
  end

  xb_tile_queue #(
      .Width(YBits + 1),
      .Depth(OutDepth)
  ) u_queue (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .push_i     (y_valid),
      .in_data_i  ({y_last, y}),
      .out_valid_o(out_valid_o),
      .out_ready_i(out_ready_i),
      .out_data_o ({out_last_o, out_data_o})
  );

  // ------------------------------------------------------------------ probe, see README
  // Only a bound checker reads these.
  // verilator lint_off UNUSED
  logic probe_valid;
  logic [AdcLanes*AdcBits-1:0] probe_code;
  logic [31:0] probe_tile, probe_column, probe_plane, probe_word;
  assign probe_valid  = code_valid;
  assign probe_code   = code;
  assign probe_tile   = 32'(code_tile);
  assign probe_column = 32'(code_group) * Pe + 32'(code_col);
  assign probe_plane  = InBits - 1 - 32'(code_pass) * Planes - 32'(code_beat) * BeatPlanes;
  assign probe_word   = 32'(code_sub) * AdcLanes;
  // verilator lint_on UNUSED

  `XB_ASSERT(LastEndsTile, !(in_valid_i && en && in_last_i) || addr == AddrBits'(Words - 1))

endmodule
