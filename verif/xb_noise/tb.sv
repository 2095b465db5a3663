// Testbench of xb_noise: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// The arguments are those of cases.inc in its order.
`define DUT(i, dut, pos, tl, c, ib, sl, m0, m1, m2, m3, sh, gn, wr) \
  if (1) begin : gen_case_``i \
    localparam logic [sl*16-1:0] Mult = (sl*16)'({16'(m3), 16'(m2), 16'(m1), 16'(m0)}); \
    localparam int unsigned Bits = xb_pkg::noise_bits((xb_pkg::MaxSlices*16)'(Mult), sh); \
    logic [Bits-1:0] n; \
    dut #( \
        .Positions(pos), .Tiles(tl), .Cols(c), .InBits(ib), .Slices(sl), .NoiseMult(Mult), \
        .NoiseShift(sh), .NoiseKeys(64'h0f1e_2d3c_4b5a_6978), .Gain(gn), .Writable(wr) \
    ) u_dut ( \
        .clk_i(clk_i), .rst_ni(rst_ni), .key_we_i(key_we_i), .key_index_i(key_index_i), \
        .key_data_i(key_data_i), .image_i(image_i), \
        .position_i(xb_pkg::digits(pos - 1)'(position_i[i])), \
        .tile_i(xb_pkg::digits(tl - 1)'(tile_i[i])), \
        .column_i(xb_pkg::digits(c - 1)'(column_i[i])), \
        .plane_i(xb_pkg::digits(ib - 1)'(plane_i[i])), \
        .word_i(xb_pkg::digits(2 * sl - 1)'(word_i[i])), .mult_i(mult_i[i]), .value_o(n) \
    ); \
    assign value_o[i] = 32'($signed(n)); \
    assign latency_o[i] = xb_pkg::noise_latency((xb_pkg::MaxSlices*16)'(Mult)); \
    assign bits_o[i] = Bits; \
  end

module tb (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        key_we_i,
    input  logic        key_index_i,
    input  logic [31:0] key_data_i,
    input  logic [31:0] image_i,
    output logic [31:0] image_delay_o,
    output logic [31:0] gain_delay_o,
    input  logic [31:0] position_i   [0:63],
    input  logic [31:0] tile_i       [0:63],
    input  logic [31:0] column_i     [0:63],
    input  logic [31:0] plane_i      [0:63],
    input  logic [31:0] word_i       [0:63],
    input  logic [15:0] mult_i       [0:63],
    output logic [31:0] value_o      [0:63],
    output logic [31:0] latency_o    [0:63],
    output logic [31:0] bits_o       [0:63]
);
  assign image_delay_o = xb_pkg::NoiseImageDelay;
  assign gain_delay_o  = xb_pkg::NoiseGainDelay;
  `include "cases.svh"
endmodule
