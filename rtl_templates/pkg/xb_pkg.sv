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

  // The noise generator; compress/ir/noise.hpp is its definition. Only xb_noise and what holds it
  // read these, so any other file linted alone leaves them unused.
  // verilator lint_off UNUSED
  localparam int unsigned NoiseKeyBits = 64;  // parameter NoiseKeys
  localparam int unsigned NoiseKeyWords = 2;  // 32-bit words of the key bus
  localparam int unsigned NoiseRounds = 9;
  localparam int unsigned NoiseImageDelay = 1;  // cycles from a counter to its image number
  localparam int unsigned NoiseMax = 383;  // greatest |z|
  // verilator lint_on UNUSED

  // Bits of the counter {position, row tile, column, plane, word}.
  function automatic int unsigned noise_counter_bits(
      input int unsigned positions, input int unsigned tiles, input int unsigned cols,
      input int unsigned in_bits, input int unsigned slices);
    noise_counter_bits = digits(positions - 1) + digits(tiles - 1) + digits(cols - 1) +
        digits(in_bits - 1) + digits(2 * slices - 1);
  endfunction

  // Greatest sum z * mult + half of any slice, which is also that of the greatest |n| when shifted.
  function automatic logic [63:0] noise_sum_max(input logic [MaxSlices*16-1:0] mult,
                                                input int unsigned shift);
    int unsigned s;
    noise_sum_max = '0;
    for (s = 0; s < MaxSlices; s = s + 1) begin
      if ({48'b0, mult[s*16+:16]} > noise_sum_max) noise_sum_max = {48'b0, mult[s*16+:16]};
    end
    noise_sum_max = noise_sum_max * {32'b0, NoiseMax} + ((64'd1 << shift) >> 1);
  endfunction

  // Width of the signed noise n = (z * mult + half) >>> shift.
  function automatic int unsigned noise_bits(input logic [MaxSlices*16-1:0] mult,
                                             input int unsigned shift);
    noise_bits = digits64(noise_sum_max(mult, shift) >> shift) + 1;
  endfunction

  // Levels of the tree of addends: the constant and every multiplier bit that some slice has set.
  function automatic int unsigned noise_levels(input logic [MaxSlices*16-1:0] mult);
    noise_levels = max(1, $clog2(ones(mult_mask(mult)) + 1));
  endfunction

  // Cycles from a counter to its n: the rounds, three stages of z, the tree.
  function automatic int unsigned noise_latency(input logic [MaxSlices*16-1:0] mult);
    noise_latency = NoiseRounds + 3 + noise_levels(mult);
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

endpackage
