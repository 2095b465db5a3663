// Width and field functions shared by the templates; elaboration time only.
// SPDX-License-Identifier: Apache-2.0

package xb_pkg;

  // Per-slice parameter vectors are passed to functions zero-extended to this many slices.
  localparam int unsigned MaxSlices = 8;

  // Binary digits of n, at least 1: the width that holds 0..n.
  function automatic int unsigned digits64(input logic [63:0] n);
    int unsigned i;
    digits64 = 1;
    for (i = 1; i < 64; i = i + 1) if (n[i]) digits64 = i + 1;
  endfunction

  function automatic int unsigned digits(input int unsigned n);
    digits = digits64({32'b0, n});
  endfunction

  function automatic int unsigned max(input int unsigned a, input int unsigned b);
    max = (a > b) ? a : b;
  endfunction

  function automatic int unsigned min(input int unsigned a, input int unsigned b);
    min = (a < b) ? a : b;
  endfunction

  function automatic int unsigned ceil_div(input int unsigned a, input int unsigned b);
    ceil_div = (a + b - 1) / b;
  endfunction

  function automatic int unsigned ones(input logic [63:0] v);
    int unsigned i;
    ones = 0;
    for (i = 0; i < 64; i = i + 1) if (v[i]) ones = ones + 1;
  endfunction

  // Position of the n-th set bit of v (n counts from 0); 0 when there is none.
  function automatic int unsigned nth_one(input logic [63:0] v, input int unsigned n);
    int unsigned i;
    int unsigned seen;
    nth_one = 0;
    seen = 0;
    for (i = 0; i < 64; i = i + 1) begin
      if (v[i]) begin
        if (seen == n) nth_one = i;
        seen = seen + 1;
      end
    end
  endfunction

  // OR of all slices' ADC multipliers: the bits that need an addend.
  function automatic logic [63:0] mult_mask(input logic [MaxSlices*16-1:0] mult);
    int unsigned s;
    mult_mask = '0;
    for (s = 0; s < MaxSlices; s = s + 1) mult_mask = mult_mask | {48'b0, mult[s*16+:16]};
  endfunction

  // Cycles from a current to its code: the adder tree and the clamp.
  function automatic int unsigned adc_latency(input logic [MaxSlices*16-1:0] mult);
    adc_latency = max(1, $clog2(ones(mult_mask(mult)) + 1)) + 1;
  endfunction

  // Worst |Y| of one row tile: every code at full scale on one polarity, every plane set.
  function automatic logic [63:0] tile_max(input int unsigned adc_bits, input int unsigned in_bits,
                                           input int unsigned cell_bits, input int unsigned slices,
                                           input logic [MaxSlices*16-1:0] lsb);
    int unsigned s;
    tile_max = '0;
    for (s = 0; s < slices; s = s + 1) begin
      tile_max = tile_max + ({48'b0, lsb[s*16+:16]} << (cell_bits * s));
    end
    tile_max = tile_max * ((64'd1 << adc_bits) - 64'd1) * ((64'd1 << in_bits) - 64'd1);
  endfunction

  // Width of the signed column sum Y over all row tiles.
  function automatic int unsigned y_bits(
      input int unsigned tiles, input int unsigned adc_bits, input int unsigned in_bits,
      input int unsigned cell_bits, input int unsigned slices, input logic [MaxSlices*16-1:0] lsb);
    y_bits = digits64({32'b0, tiles} * tile_max(adc_bits, in_bits, cell_bits, slices, lsb)) + 1;
  endfunction

  // Cycles of xb_mul.
  function automatic int unsigned mul_latency(input int unsigned a_bits, input bit a_signed,
                                              input int unsigned b_bits, input bit dsp);
    if (!dsp) mul_latency = 1 + ((a_bits > 2) ? $clog2(ceil_div(a_bits, 2)) : 0);
    else if (b_bits > 16) mul_latency = 3;
    else mul_latency = (a_signed || a_bits < 16) ? 1 : 2;
  endfunction

  // Width of the signed sum of `rows` products of an activation and a two's complement weight;
  // the fields are at most 16 bits each, so that 64 bits hold the worst magnitude.
  function automatic int unsigned mac_bits(input int unsigned rows, input int unsigned in_bits,
                                           input bit in_signed, input int unsigned weight_bits);
    logic [63:0] most;
    most = in_signed ? 64'd1 << (in_bits - 1) : (64'd1 << in_bits) - 64'd1;
    mac_bits = digits64(({32'b0, rows} * most) << (weight_bits - 1)) + 1;
  endfunction

endpackage
