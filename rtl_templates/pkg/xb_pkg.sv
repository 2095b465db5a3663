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

  // OR of all slices' multipliers: the bits that need an addend.
  function automatic logic [63:0] mult_mask(input logic [MaxSlices*16-1:0] mult);
    int unsigned s;
    mult_mask = '0;
    for (s = 0; s < MaxSlices; s = s + 1) mult_mask = mult_mask | {48'b0, mult[s*16+:16]};
  endfunction

  // A multiplier's digits: bit 2b is +2^b, bit 2b + 1 is -2^b. Recoded in non-adjacent form, else
  // its plain binary digits.
  function automatic logic [63:0] mult_digits(input logic [15:0] mult, input bit recode);
    int unsigned i;
    logic [17:0] once, thrice, plus, minus;
    once = {2'b0, mult};
    thrice = once + (once << 1);
    plus = recode ? (thrice & ~once) >> 1 : once;
    minus = recode ? (once & ~thrice) >> 1 : 18'b0;
    mult_digits = '0;
    for (i = 0; i < 18; i = i + 1) begin
      mult_digits[2*i]   = plus[i];
      mult_digits[2*i+1] = minus[i];
    end
  endfunction

  // OR of all slices' digits: those that need an addend.
  function automatic logic [63:0] any_digits(input logic [MaxSlices*16-1:0] mult, input bit recode);
    int unsigned s;
    any_digits = '0;
    for (s = 0; s < MaxSlices; s = s + 1) begin
      any_digits = any_digits | mult_digits(mult[s*16+:16], recode);
    end
  endfunction

  // Whether the recoded gains need fewer addends than their binary digits.
  function automatic bit mult_recode(input logic [MaxSlices*16-1:0] mult);
    mult_recode = ones(any_digits(mult, 1'b1)) < ones(any_digits(mult, 1'b0));
  endfunction

  // Registers of xb_adc's multiplier and sum. Constant gains: one addend for the constants; gains a
  // column: one for the offset and one for the half of the last place.
  localparam int unsigned DspLevels = 4;
  function automatic int unsigned adc_levels(input logic [MaxSlices*16-1:0] mult,
                                             input bit per_column, input logic [15:0] mask,
                                             input bit dsp);
    if (dsp) adc_levels = DspLevels;
    else if (per_column) adc_levels = max(1, $clog2(ones({48'b0, mask}) + 2));
    else adc_levels = max(1, $clog2(ones(any_digits(mult, mult_recode(mult))) + 1));
  endfunction

  // Cycles from a current to its code: the sum, the clamp, a clip of its own, the code table.
  function automatic int unsigned adc_latency(input logic [MaxSlices*16-1:0] mult,
                                              input bit per_column, input logic [15:0] mask,
                                              input bit clip, input bit inl, input bit dsp);
    adc_latency = adc_levels(mult, per_column, mask, dsp) + 1 + (clip ? 1 : 0) + (inl ? 2 : 0);
  endfunction

  // Cycles from a column's number to its ADC words, xb_adc_column.
  function automatic int unsigned adc_column_latency();
    adc_column_latency = 3;
  endfunction

  // Cycles that a word waits in front of its converter: for the column's constants, for its noise.
  function automatic int unsigned wait_latency(input bit per_column, input bit noise,
                                               input logic [MaxSlices*16-1:0] noise_mult);
    wait_latency =
        max(per_column ? adc_column_latency() : 0, noise ? noise_latency(noise_mult) + 1 : 0);
  endfunction

  // Whether some level step needs more than a shift, and so a register of its own.
  function automatic bit lsb_multiplies(input logic [MaxSlices*16-1:0] lsb);
    int unsigned s;
    lsb_multiplies = 1'b0;
    for (s = 0; s < MaxSlices; s = s + 1) begin
      if (ones({48'b0, lsb[s*16+:16]}) > 1) lsb_multiplies = 1'b1;
    end
  endfunction

  // Cycles of a code's product with its level step: lsb_bits of the column's own, 0 a constant.
  function automatic int unsigned lsb_latency(input logic [MaxSlices*16-1:0] lsb,
                                              input int unsigned lsb_bits,
                                              input int unsigned adc_bits, input bit dsp);
    if (lsb_bits > 0) lsb_latency = mul_latency(lsb_bits, 1'b0, adc_bits + 1, dsp);
    else lsb_latency = lsb_multiplies(lsb) ? 1 : 0;
  endfunction

  // Cycles from the codes to their weighted sum, xb_tile_tail: differences of pairs, level steps
  // (lsb_latency), the adder tree.
  function automatic int unsigned term_latency(input int unsigned adc_lanes,
                                               input int unsigned lsb_cycles);
    int unsigned terms;
    terms = (adc_lanes % 2 == 0) ? adc_lanes / 2 : adc_lanes;
    term_latency = (adc_lanes > 1 ? 1 : 0) + lsb_cycles + max(1, $clog2(terms));
  endfunction

  // Word 2 * slice + polarity that a converter works on; sub counts the cycles of a plane.
  function automatic int unsigned lane_word(input int unsigned sub, input int unsigned lane,
                                            input int unsigned adc_lanes,
                                            input int unsigned slices);
    lane_word = (sub * adc_lanes + lane) % (2 * slices);
  endfunction

  // Output registers that let columns follow each other without a gap: as many as can leave in
  // `latency` cycles when a column takes `spacing`, and Pe of them come every `period`.
  function automatic int unsigned queue_depth(input int unsigned latency,
                                              input int unsigned spacing, input int unsigned pe,
                                              input int unsigned period);
    int unsigned segment;
    segment = max(period, pe * spacing);
    queue_depth = (latency / segment) * pe + min(pe, ceil_div(latency % segment, spacing));
  endfunction

  // The noise generator; compress/ir/noise.hpp is its definition. Only xb_noise and what holds it
  // read these, so any other file linted alone leaves them unused.
  // verilator lint_off UNUSED
  localparam int unsigned NoiseKeyBits = 64;  // parameter NoiseKeys
  localparam int unsigned NoiseKeyWords = 2;  // 32-bit words of the key bus
  localparam int unsigned NoiseRounds = 9;
  localparam int unsigned NoiseImageDelay = 1;  // cycles from a counter to its image number
  localparam int unsigned NoiseGainDelay = NoiseRounds + 1;  // to its gain, where that varies
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
