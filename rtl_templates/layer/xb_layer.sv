// A conv or dense layer on crossbars: buffer and gather, tile, requantizer.
// SPDX-License-Identifier: Apache-2.0
//
// A dense layer is a conv whose kernel is its whole input map. Streams of one activation a beat in
// h, w, c order; parameters, images and cycles are described in README.md.

module xb_layer #(
    parameter int unsigned InH = 6,  // input map
    parameter int unsigned InW = 6,
    parameter int unsigned InC = 2,
    parameter int unsigned KernelH = 3,
    parameter int unsigned KernelW = 3,
    parameter int unsigned Stride = 1,
    parameter int unsigned Pad = 0,  // on all four sides
    parameter int unsigned Lines = 0,  // lines the window keeps, 0 = derived
    parameter int unsigned Rows = 18,  // kept rows, all row tiles together
    parameter int unsigned TileRows = 128,  // rows of a physical array
    parameter int unsigned Cols = 4,  // columns = output channels
    parameter int unsigned Pe = 1,  // columns a pass
    parameter int unsigned InBits = 8,  // bits of an input activation
    parameter bit InSigned = 1'b0,  // input is two's complement
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
    parameter logic [Slices*16-1:0] Lsb = {Slices{16'd1}},
    parameter int unsigned BiasBits = 32,  // bits of a bias
    parameter bit Logits = 1'b0,  // 1: out = Y + bias
    parameter int unsigned OutBits = 8,  // bits of an output; 32 for logits
    parameter int OutLow = 0,  // clamp; signed output when negative
    parameter int OutHigh = 255,
    parameter RowImage = "",  // $readmemh images, see README
    parameter WeightImage = "",
    parameter TableImage = "",
    parameter RequantImage = ""
) (
    input  logic               clk_i,        // clock
    input  logic               rst_ni,       // synchronous reset, active low
    input  logic               in_valid_i,
    output logic               in_ready_o,
    input  logic [ InBits-1:0] in_data_i,    // activation
    input  logic               in_last_i,    // last beat of the image
    output logic               out_valid_o,
    input  logic               out_ready_i,
    output logic [OutBits-1:0] out_data_o,   // activation or logit
    output logic               out_last_o    // last beat of the image
);

  localparam int unsigned YBits = xb_pkg::y_bits(
      xb_pkg::ceil_div(
          Rows, TileRows
      ),
      AdcBits,
      InBits,
      CellBits,
      Slices,
      (xb_pkg::MaxSlices * 16)'(Lsb)
  );

  logic row_valid, row_ready, row_last, sum_valid, sum_ready, sum_last;
  logic [InBits-1:0] row_data;
  logic [ YBits-1:0] sum_data;

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
      .Groups  (xb_pkg::ceil_div(Cols, Pe)),
      .Bits    (InBits),
      .RowImage(RowImage)
  ) u_window (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .cfg_valid_i(1'b0),
      .cfg_mem_i  ('0),
      .cfg_addr_i ('0),
      .cfg_chunk_i('0),
      .cfg_data_i ('0),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready_o),
      .in_data_i  (in_data_i),
      .in_last_i  (in_last_i),
      .out_valid_o(row_valid),
      .out_ready_i(row_ready),
      .out_data_o (row_data),
      .out_last_o (row_last)
  );

  xb_tile #(
      .Rows       (Rows),
      .TileRows   (TileRows),
      .Cols       (Cols),
      .Pe         (Pe),
      .InBits     (InBits),
      .InSigned   (InSigned),
      .CellBits   (CellBits),
      .Slices     (Slices),
      .PerCell    (PerCell),
      .MagBits    (MagBits),
      .GBits      (GBits),
      .AdcBits    (AdcBits),
      .AdcLanes   (AdcLanes),
      .AdcMult    (AdcMult),
      .AdcShift   (AdcShift),
      .AdcOffset  (AdcOffset),
      .Lsb        (Lsb),
      .WeightImage(WeightImage),
      .TableImage (TableImage)
  ) u_tile (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (row_valid),
      .in_ready_o (row_ready),
      .in_data_i  (row_data),
      .in_last_i  (row_last),
      .out_valid_o(sum_valid),
      .out_ready_i(sum_ready),
      .out_data_o (sum_data),
      .out_last_o (sum_last)
  );

  xb_requant #(
      .Cols        (Cols),
      .YBits       (YBits),
      .BiasBits    (BiasBits),
      .Logits      (Logits),
      .OutBits     (OutBits),
      .OutLow      (OutLow),
      .OutHigh     (OutHigh),
      .RequantImage(RequantImage)
  ) u_requant (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
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
