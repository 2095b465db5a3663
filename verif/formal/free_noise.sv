// Stands for xb_noise in a proof about any noise: the prover's script connects `content`.
// SPDX-License-Identifier: Apache-2.0
//
// A table over the counter and the lowest bit of the image number, with the times of xb_noise. With
// Gain the gains are 0, for no noise, and 1.

module xb_noise #(
    parameter int unsigned Positions = 16,
    parameter int unsigned Tiles = 1,
    parameter int unsigned Cols = 4,
    parameter int unsigned InBits = 8,
    parameter int unsigned Slices = 2,
    parameter logic [Slices*16-1:0] NoiseMult = {Slices{16'd1}},
    parameter int unsigned NoiseShift = 0,
    parameter logic [xb_pkg::NoiseKeyBits-1:0] NoiseKeys = '0,
    parameter bit Gain = 1'b0,
    parameter bit Writable = 1'b0,
    localparam int unsigned PosBits = xb_pkg::digits(Positions - 1),
    localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1),
    localparam int unsigned ColBits = xb_pkg::digits(Cols - 1),
    localparam int unsigned PlaneBits = xb_pkg::digits(InBits - 1),
    localparam int unsigned WordBits = xb_pkg::digits(2 * Slices - 1),
    localparam int unsigned NoiseBits = xb_pkg::noise_bits(
        (xb_pkg::MaxSlices * 16)'(NoiseMult), NoiseShift
    ),
    localparam int unsigned IndexBits = xb_pkg::digits(xb_pkg::NoiseKeyWords - 1)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic key_we_i,
    input logic [IndexBits-1:0] key_index_i,
    input logic [31:0] key_data_i,
    input logic [31:0] image_i,
    input logic [PosBits-1:0] position_i,
    input logic [TileBits-1:0] tile_i,
    input logic [ColBits-1:0] column_i,
    input logic [PlaneBits-1:0] plane_i,
    input logic [WordBits-1:0] word_i,
    input logic [15:0] mult_i,
    output logic [NoiseBits-1:0] value_o
);

  localparam int unsigned KeyBits = 1 + PosBits + TileBits + ColBits + PlaneBits + WordBits;
  localparam int unsigned Stages = xb_pkg::noise_latency(
      (xb_pkg::MaxSlices * 16)'(NoiseMult)
  ) - xb_pkg::NoiseImageDelay;
  localparam int unsigned GainStage = xb_pkg::NoiseGainDelay - xb_pkg::NoiseImageDelay;

  logic [(NoiseBits<<KeyBits)-1:0] content;  // undriven
  logic [xb_pkg::NoiseImageDelay*(KeyBits-1)-1:0] counter_q;
  logic [KeyBits-1:0] key;
  logic [Stages*NoiseBits-1:0] value_d, value_q;

  assign key = {image_i[0], counter_q[(xb_pkg::NoiseImageDelay-1)*(KeyBits-1)+:KeyBits-1]};
  assign value_o = value_q[(Stages-1)*NoiseBits+:NoiseBits];
  always_comb begin
    value_d = (Stages * NoiseBits)'({value_q, content[key*NoiseBits+:NoiseBits]});
    if (Gain && !mult_i[0]) value_d[GainStage*NoiseBits+:NoiseBits] = '0;
  end
  always_ff @(posedge clk_i) begin
    counter_q <= (xb_pkg::NoiseImageDelay * (KeyBits - 1))'({
      counter_q, position_i, tile_i, column_i, plane_i, word_i
    });
    value_q <= value_d;
  end

endmodule
