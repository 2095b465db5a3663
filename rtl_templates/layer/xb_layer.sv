// A conv or dense layer on crossbars: buffer and gather, tile, requantizer.
// SPDX-License-Identifier: Apache-2.0
//
// A dense layer is a conv whose kernel is its whole input map. Streams of one activation a beat in
// h, w, c order; parameters, images and cycles are described in README.md. Collapsed puts xb_mac in
// the place of xb_tile: integer products, for layers whose cells and converters lose nothing.
//
// The configuration bus writes 32 bits of a memory's word a cycle (Writable): cfg_mem_i 0 rows,
// 1 weights, 2 table, 3 requant, 4 adc, 5 inl, 6 noise keys, 7 noise. Images that are inside
// meanwhile come out undefined.

module xb_layer #(
    parameter int unsigned InH = 6,  // input map
    parameter int unsigned InW = 6,
    parameter int unsigned InC = 2,
    parameter int unsigned KernelH = 3,
    parameter int unsigned KernelW = 3,
    parameter int unsigned Stride = 1,
    parameter int unsigned Pad = 0,  // on all four sides
    parameter int unsigned Lines = 0,  // lines the window keeps, 0 = derived
    parameter bit Collapsed = 1'b0,  // 1: integer products, no planes, slices and converters
    parameter int unsigned Rows = 18,  // kept rows, all row tiles together
    parameter int unsigned TileRows = 128,  // rows of a physical array
    parameter int unsigned Cols = 4,  // columns = output channels
    parameter int unsigned Pe = 1,  // columns a group
    parameter int unsigned RowLanes = 1,  // rows a cycle
    parameter int unsigned InBits = 8,  // bits of an input activation
    parameter bit InSigned = 1'b0,  // input is two's complement
    parameter int unsigned WeightBits = 8,  // Collapsed: bits of a weight, two's complement
    parameter int unsigned Planes = InBits,  // planes a pass, divides InBits; 1 = bit-serial
    parameter int unsigned CellBits = 4,  // bits of a cell's code
    parameter int unsigned Slices = 2,  // cells of a weight and polarity
    parameter bit PerCell = 1'b0,  // 0: codes and a shared table, 1: a conductance for every cell
    parameter int unsigned MagBits = 7,  // coded: bits of a magnitude
    parameter int unsigned GBits = 8,  // bits of a conductance
    parameter int unsigned AdcBits = 8,  // bits of an ADC code
    parameter int unsigned AdcLanes = 1,  // converters
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // slice 0 low
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},
    parameter logic [Slices*AdcBits-1:0] AdcClip = '1,  // highest code
    parameter bit AdcPerColumn = 1'b0,  // 1: gain, offset and clip of a column from AdcImage
    parameter int unsigned OffsetBits = 32,  // AdcPerColumn: bits of an offset
    parameter logic [15:0] AdcMask = '1,  // AdcPerColumn: OR of all gains that may come
    parameter bit Inl = 1'b0,  // 1: codes pass the table InlImage
    parameter bit Noise = 1'b0,  // 1: read noise
    parameter logic [Slices*16-1:0] NoiseMult = {Slices{16'd1}},  // slice 0 low
    parameter int unsigned NoiseShift = 0,
    parameter logic [xb_pkg::NoiseKeyBits-1:0] NoiseKeys = '0,
    parameter bit NoiseRows = 1'b0,  // 1: gains by driven rows from NoiseImage
    parameter logic [Slices*16-1:0] Lsb = {Slices{16'd1}},
    parameter int unsigned LsbBits = 0,  // AdcPerColumn: bits of a column's LSB, up to Lsb
    parameter int unsigned BiasBits = 32,  // bits of a bias
    parameter bit Logits = 1'b0,  // 1: out = Y + bias
    parameter int unsigned OutBits = 8,  // bits of an output; 32 for logits
    parameter int OutLow = 0,  // clamp; signed output when negative
    parameter int OutHigh = 255,
    parameter bit Parallel = 1'b0,  // requantizer: 0 serial, 1 a column a cycle
    parameter bit Dsp = 1'b0,  // multipliers of DSP blocks, 0: of logic cells
    parameter bit Writable = 1'b0,  // the configuration bus works
    parameter int unsigned RowBlock = 0,  // memory styles: 0 tool decides, 1 block RAM, 2 logic
    parameter int unsigned WeightBlock = 0,
    parameter int unsigned RequantBlock = 0,
    parameter int unsigned AdcBlock = 0,
    parameter int unsigned InlBlock = 0,
    parameter int unsigned NoiseBlock = 0,
    parameter RowImage = "",  // $readmemh images, see README
    parameter WeightImage = "",
    parameter TableImage = "",
    parameter AdcImage = "",
    parameter InlImage = "",
    parameter NoiseImage = "",
    parameter RequantImage = ""
) (
    input  logic               clk_i,          // clock
    input  logic               rst_ni,         // synchronous reset, active low
    input  logic               cfg_valid_i,    // Writable: write 32 bits of a memory's word
    input  logic [        2:0] cfg_mem_i,      // memory
    input  logic [       23:0] cfg_addr_i,     // word
    input  logic [        7:0] cfg_chunk_i,    // which 32 bits of it, 0 the lowest
    input  logic [       31:0] cfg_data_i,
    // verilator lint_off UNUSED
    input  logic [       31:0] first_image_i,  // Noise: image number after reset
    // verilator lint_on UNUSED
    input  logic               in_valid_i,
    output logic               in_ready_o,
    input  logic [ InBits-1:0] in_data_i,      // activation
    input  logic               in_last_i,      // last beat of the image
    output logic               out_valid_o,
    input  logic               out_ready_i,
    output logic [OutBits-1:0] out_data_o,     // activation or logit
    output logic               out_last_o      // last beat of the image
);

  localparam int unsigned OutH = (InH + 2 * Pad - KernelH) / Stride + 1;
  localparam int unsigned OutW = (InW + 2 * Pad - KernelW) / Stride + 1;
  localparam int unsigned Tiles = xb_pkg::ceil_div(Rows, TileRows);
  localparam int unsigned Groups = xb_pkg::ceil_div(Cols, Pe);
  localparam int unsigned YBits = Collapsed ? xb_pkg::mac_bits(
      Rows, InBits, InSigned, WeightBits
  ) : xb_pkg::y_bits(
      Tiles, AdcBits, InBits, CellBits, Slices, (xb_pkg::MaxSlices * 16)'(Lsb)
  );

  logic row_valid, row_ready, row_last, sum_valid, sum_ready, sum_last;
  logic [RowLanes*InBits-1:0] row_data;
  logic [YBits-1:0] sum_data;

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
      .TileRows(Collapsed ? Rows : TileRows),
      .RowLanes(RowLanes),
      .Groups  (Collapsed ? Groups : Groups * (InBits / Planes)),
      .Bits    (InBits),
      .RowBlock(RowBlock),
      .Writable(Writable),
      .RowImage(RowImage)
  ) u_window (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .cfg_valid_i(cfg_valid_i),
      .cfg_mem_i  (cfg_mem_i),
      .cfg_addr_i (cfg_addr_i),
      .cfg_chunk_i(cfg_chunk_i),
      .cfg_data_i (cfg_data_i),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready_o),
      .in_data_i  (in_data_i),
      .in_last_i  (in_last_i),
      .out_valid_o(row_valid),
      .out_ready_i(row_ready),
      .out_data_o (row_data),
      .out_last_o (row_last)
  );

  if (Collapsed) begin : gen_mac
    xb_mac #(
        .Rows       (Rows),
        .Cols       (Cols),
        .Pe         (Pe),
        .RowLanes   (RowLanes),
        .InBits     (InBits),
        .InSigned   (InSigned),
        .WeightBits (WeightBits),
        .Dsp        (Dsp),
        .Writable   (Writable),
        .WeightBlock(WeightBlock),
        .WeightImage(WeightImage)
    ) u_mac (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .cfg_valid_i(cfg_valid_i && cfg_mem_i == 3'd1),
        .cfg_addr_i (cfg_addr_i),
        .cfg_chunk_i(cfg_chunk_i),
        .cfg_data_i (cfg_data_i),
        .in_valid_i (row_valid),
        .in_ready_o (row_ready),
        .in_data_i  (row_data),
        .in_last_i  (row_last),
        .out_valid_o(sum_valid),
        .out_ready_i(sum_ready),
        .out_data_o (sum_data),
        .out_last_o (sum_last)
    );
  end else begin : gen_tile
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
        .PerCell     (PerCell),
        .MagBits     (MagBits),
        .GBits       (GBits),
        .AdcBits     (AdcBits),
        .AdcLanes    (AdcLanes),
        .AdcMult     (AdcMult),
        .AdcShift    (AdcShift),
        .AdcOffset   (AdcOffset),
        .AdcClip     (AdcClip),
        .AdcPerColumn(AdcPerColumn),
        .OffsetBits  (OffsetBits),
        .AdcMask     (AdcMask),
        .Inl         (Inl),
        .Dsp         (Dsp),
        .Noise       (Noise),
        .NoiseMult   (NoiseMult),
        .NoiseShift  (NoiseShift),
        .NoiseKeys   (NoiseKeys),
        .NoiseRows   (NoiseRows),
        .Positions   (OutH * OutW),
        .Lsb         (Lsb),
        .LsbBits     (LsbBits),
        .WeightImage (WeightImage),
        .TableImage  (TableImage),
        .AdcImage    (AdcImage),
        .InlImage    (InlImage),
        .NoiseImage  (NoiseImage),
        .WeightBlock (WeightBlock),
        .AdcBlock    (AdcBlock),
        .InlBlock    (InlBlock),
        .NoiseBlock  (NoiseBlock),
        .Writable    (Writable)
    ) u_tile (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .cfg_valid_i  (cfg_valid_i),
        .cfg_mem_i    (cfg_mem_i),
        .cfg_addr_i   (cfg_addr_i),
        .cfg_chunk_i  (cfg_chunk_i),
        .cfg_data_i   (cfg_data_i),
        .first_image_i(first_image_i),
        .in_valid_i   (row_valid),
        .in_ready_o   (row_ready),
        .in_data_i    (row_data),
        .in_last_i    (row_last),
        .out_valid_o  (sum_valid),
        .out_ready_i  (sum_ready),
        .out_data_o   (sum_data),
        .out_last_o   (sum_last)
    );
  end

  xb_requant #(
      .Cols        (Cols),
      .YBits       (YBits),
      .BiasBits    (BiasBits),
      .Logits      (Logits),
      .OutBits     (OutBits),
      .OutLow      (OutLow),
      .OutHigh     (OutHigh),
      .Parallel    (Parallel),
      .Dsp         (Dsp),
      .Writable    (Writable),
      .RequantBlock(RequantBlock),
      .RequantImage(RequantImage)
  ) u_requant (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .cfg_valid_i(cfg_valid_i && cfg_mem_i == 3'd3),
      .cfg_addr_i (cfg_addr_i),
      .cfg_chunk_i(cfg_chunk_i),
      .cfg_data_i (cfg_data_i),
      .in_valid_i (sum_valid),
      .in_ready_o (sum_ready),
      .in_data_i  (sum_data),
      .in_last_i  (sum_last),
      .out_valid_o(out_valid_o),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data_o),
      .out_last_o (out_last_o)
  );

endmodule
