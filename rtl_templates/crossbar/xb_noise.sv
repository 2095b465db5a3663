// Read noise of one converter: a counter-based generator, one draw a cycle.
// SPDX-License-Identifier: Apache-2.0
//
//   n = (z * NoiseMult[slice] + (NoiseShift ? 2^(NoiseShift-1) : 0)) >>> NoiseShift
//   z = 32 * popcount(22 bits of the draw) + two 5-bit numbers of the draw - 383
//   draw = the permutation of compress/ir/noise.hpp of {position, row tile, column, plane, word}
//
// A new counter every cycle, no stalls; value_o follows xb_pkg::noise_latency(NoiseMult) cycles
// later. image_i is taken xb_pkg::NoiseImageDelay cycles after the counter that it belongs to: it
// enters between the rounds, and so needs no registers here; with Gain so is mult_i, NoiseGainDelay
// cycles after it, which then multiplies in the place of NoiseMult[slice]. Nothing is reset but the
// keys.
//
// A round is 16 adder cells and 16 exclusive ors on two halves of 16 bits. The gain is a tree of
// one addend for every bit that is set in some slice's multiplier plus one for the constants, as in
// xb_adc; it multiplies z + 384, which is not negative, and the constants take that back.

module xb_noise #(
    parameter int unsigned Positions = 16,  // output positions of an image
    parameter int unsigned Tiles = 1,  // row tiles
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned InBits = 8,  // planes
    parameter int unsigned Slices = 2,  // slices of a weight
    parameter logic [Slices*16-1:0] NoiseMult = {Slices{16'd1}},  // slice 0 low, 0..65535
    parameter int unsigned NoiseShift = 0,  // 0..31
    parameter logic [xb_pkg::NoiseKeyBits-1:0] NoiseKeys = 64'h0123_4567_89ab_cdef,
    parameter bit Gain = 1'b0,  // 1: gains come with mult_i, NoiseMult is the OR of a slice's
    parameter bit Writable = 1'b0,  // 1: NoiseKeys are only what the keys are after reset
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
    input  logic                 clk_i,        // clock
    input  logic                 rst_ni,       // synchronous reset of the keys, active low
    input  logic                 key_we_i,     // Writable: write a word of the keys
    input  logic [IndexBits-1:0] key_index_i,  // its number
    input  logic [         31:0] key_data_i,   // the word
    input  logic [         31:0] image_i,      // image number, NoiseImageDelay cycles later
    input  logic [  PosBits-1:0] position_i,   // output position, row-major
    input  logic [ TileBits-1:0] tile_i,       // row tile
    input  logic [  ColBits-1:0] column_i,     // column of the layer
    input  logic [PlaneBits-1:0] plane_i,      // input bit
    input  logic [ WordBits-1:0] word_i,       // 2 * slice + polarity
    // verilator lint_off UNUSED
    input  logic [         15:0] mult_i,       // Gain: the gain, NoiseGainDelay cycles later
    // verilator lint_on UNUSED
    output logic [NoiseBits-1:0] value_o       // n, signed, noise_latency cycles later
);

  localparam int unsigned Rounds = xb_pkg::NoiseRounds;
  localparam int unsigned ImageRound = xb_pkg::NoiseImageDelay;  // counted from 0
  localparam int unsigned CounterBits = xb_pkg::noise_counter_bits(
      Positions, Tiles, Cols, InBits, Slices
  );
  localparam logic [xb_pkg::MaxSlices*16-1:0] Mult = (xb_pkg::MaxSlices * 16)'(NoiseMult);

  if (Positions < 1 || Tiles < 1 || Cols < 1 || InBits < 1) begin : gen_bad_size
    $error("xb_noise: sizes must be at least 1");
  end
  if (Slices < 1 || Slices > xb_pkg::MaxSlices) begin : gen_bad_slices
    $error("xb_noise: Slices must be 1..8");
  end
  if (CounterBits > 32) begin : gen_bad_counter
    $error("xb_noise: the counter needs more than 32 bits");
  end
  if (NoiseShift > 31) begin : gen_bad_shift
    $error("xb_noise: NoiseShift must be 0..31");
  end

  // ------------------------------------------------------------------ keys
  logic [63:0] keys;
  if (Writable) begin : gen_keys
    logic [63:0] keys_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) keys_q <= NoiseKeys;
      else if (key_we_i) begin
        if (key_index_i == '0) keys_q[31:0] <= key_data_i;
        else keys_q[63:32] <= key_data_i;
      end
    end
    assign keys = keys_q;
  end else begin : gen_fixed
    assign keys = NoiseKeys;
    // verilator lint_off UNUSED
    logic unused;
    assign unused = &{1'b0, rst_ni, key_we_i, key_index_i, key_data_i};
    // verilator lint_on UNUSED
  end

  // ------------------------------------------------------------------ rounds
  // Word r holds the state that round r starts from, {x, y}.
  logic [(Rounds+1)*32-1:0] state;
  assign state[31:0] = 32'({position_i, tile_i, column_i, plane_i, word_i});

  for (genvar r = 0; r < Rounds; r++) begin : gen_round
    logic [31:0] extra;
    logic [15:0] x, y, next;
    logic [15:0] x_q, y_q;
    assign {x, y} = state[r*32+:32];
    if (r == ImageRound) begin : gen_image
      assign extra = image_i;
    end else if (r == 0 || r == 2) begin : gen_key
      assign extra = (r == 0) ? keys[31:0] : keys[63:32];
    end else begin : gen_plain
      assign extra = '0;
    end
    assign next = ({x[6:0], x[15:7]} + y) ^ extra[15:0];
    always_ff @(posedge clk_i) begin
      x_q <= next;
      y_q <= {y[11:0], y[15:12]} ^ next ^ extra[31:16];
    end
    assign state[(r+1)*32+:32] = {x_q, y_q};
  end

  // ------------------------------------------------------------------ z + 384
  // Number of ones of four bits: one logic cell a digit.
  function automatic logic [2:0] count4(input logic [3:0] v);
    count4 = {2'b0, v[0]} + {2'b0, v[1]} + {2'b0, v[2]} + {2'b0, v[3]};
  endfunction

  // Of the draw: the coins (bits 31..21 and 15..5) and the two low numbers.
  logic [21:0] coins;
  logic [4:0] low_a, low_b;
  assign {coins[21:11], low_a, coins[10:0], low_b} = state[Rounds*32+:32];

  logic [14:0] count_q;  // of coins 0..19, by four
  logic [ 1:0] rest_q;  // coins 20, 21
  logic [ 5:0] uniform_q;  // low_a + low_b + 1
  logic [ 4:0] most_q;  // coins 0..15
  logic [ 2:0] few_q;  // coins 16..21 and the carry of the uniform sum
  logic [ 4:0] fraction_q;
  logic [ 9:0] z_q;

  for (genvar i = 0; i < 5; i++) begin : gen_count
    always_ff @(posedge clk_i) count_q[i*3+:3] <= count4(coins[i*4+:4]);
  end

  logic [3:0] pair_a, pair_b;
  assign pair_a = 4'(count_q[2:0]) + 4'(count_q[5:3]);
  assign pair_b = 4'(count_q[8:6]) + 4'(count_q[11:9]);
  always_ff @(posedge clk_i) begin
    rest_q <= coins[21:20];
    uniform_q <= 6'(low_a) + 6'(low_b) + 6'd1;
    most_q <= 5'(pair_a) + 5'(pair_b);
    few_q <= count_q[14:12] + count4({1'b0, rest_q, uniform_q[5]});
    fraction_q <= uniform_q[4:0];
    z_q <= {most_q + 5'(few_q), fraction_q};
  end

  // ------------------------------------------------------------------ gain
  localparam logic [63:0] Mask = xb_pkg::mult_mask(Mult);
  localparam int unsigned Addends = xb_pkg::ones(Mask) + 1;
  localparam int unsigned Levels = xb_pkg::noise_levels(Mult);
  localparam int unsigned Leaves = 1 << Levels;
  localparam int unsigned SliceBits = xb_pkg::digits(Slices - 1);
  localparam int unsigned Delay = Rounds + 3;  // cycles from word_i to z_q
  localparam int unsigned SumBits = xb_pkg::digits64(xb_pkg::noise_sum_max(Mult, NoiseShift)) + 1;

  // The constant of a slice: half of the last place less what the 384 adds.
  function automatic logic [63:0] constant(input int unsigned s);
    constant = ((64'd1 << NoiseShift) >> 1) - 64'd384 * {48'b0, Mult[s*16+:16]};
  endfunction

  // Whether all slices have the bit: its addend then needs no gate.
  function automatic bit everywhere(input int unsigned b);
    int unsigned s;
    everywhere = 1'b1;
    for (s = 0; s < Slices; s = s + 1) if (!Mult[s*16+b]) everywhere = 1'b0;
  endfunction

  logic [SliceBits-1:0] slice;
  if (Slices > 1) begin : gen_slice
    logic [Delay*SliceBits-1:0] slice_q;
    always_ff @(posedge clk_i)
      slice_q <= {
        slice_q[(Delay-1)*SliceBits-1:0], SliceBits'(word_i >> 1)
      };
    assign slice = slice_q[(Delay-1)*SliceBits+:SliceBits];
  end else begin : gen_one_slice
    assign slice = '0;
  end

  // A gain of its own, and its constant: with z_q.
  logic [15:0] gain;
  logic [SumBits-1:0] gain_constant;
  if (Gain) begin : gen_gain
    logic [15:0] once_q, gain_q;
    logic [17:0] thrice_q;  // 384 = 3 * 2^7
    logic [SumBits-1:0] constant_q;
    always_ff @(posedge clk_i) begin
      once_q <= mult_i;
      thrice_q <= 18'(mult_i) + {1'b0, mult_i, 1'b0};
      gain_q <= once_q;
      constant_q <= SumBits'((64'd1 << NoiseShift) >> 1) - (SumBits'(thrice_q) << 7);
    end
    assign gain = gain_q;
    assign gain_constant = constant_q;
  end else begin : gen_fixed_gain
    assign gain = '0;
    assign gain_constant = '0;
  end

  // A heap as in xb_adc: node n, at (n - 1) * SumBits, adds nodes 2n and 2n + 1; node 1 is the root.
  logic [(2*Leaves-1)*SumBits-1:0] node;

  for (genvar j = 0; j < Leaves; j++) begin : gen_leaf
    logic [SumBits-1:0] leaf;
    if (j == 0) begin : gen_constant
      always_comb begin
        leaf = SumBits'(constant(0));
        for (int unsigned s = 1; s < Slices; s++) begin
          if (slice == SliceBits'(s)) leaf = SumBits'(constant(s));
        end
        if (Gain) leaf = gain_constant;
      end
    end else if (j < Addends) begin : gen_addend
      localparam int unsigned Bit = xb_pkg::nth_one(Mask, j - 1);
      logic gate;
      always_comb begin
        gate = 1'b0;
        for (int unsigned s = 0; s < Slices; s++) begin
          if (slice == SliceBits'(s)) gate = Mult[s*16+Bit];
        end
        if (everywhere(Bit)) gate = 1'b1;
        if (Gain) gate = gain[Bit];
      end
      assign leaf = gate ? (SumBits'(z_q) << Bit) : '0;
    end else begin : gen_none
      assign leaf = '0;
    end
    assign node[(Leaves+j-1)*SumBits+:SumBits] = leaf;
  end

  for (genvar n = 1; n < Leaves; n++) begin : gen_node
    logic [SumBits-1:0] sum_q;
    always_ff @(posedge clk_i) begin
      sum_q <= node[(2*n-1)*SumBits+:SumBits] + node[2*n*SumBits+:SumBits];
    end
    assign node[(n-1)*SumBits+:SumBits] = sum_q;
  end

  logic signed [SumBits-1:0] sum;
  assign sum = $signed(node[0+:SumBits]);
  assign value_o = NoiseBits'(sum >>> NoiseShift);

endmodule
