// One analog-to-digital converter of the twin: an integer gain, offset, shift and clamp.
// SPDX-License-Identifier: Apache-2.0
//
//   A = clamp((I * mult[s] + offset[s] + (sh[s] ? 2^(sh[s]-1) : 0)) >> sh[s], 0, 2^AdcBits - 1)
//
// with an arithmetic shift. A new current every cycle; the code follows Latency =
// xb_pkg::adc_latency(AdcMult) cycles later. The gain is a tree of one addend for every bit that is
// set in some slice's multiplier plus one for the constants, registered at every level, so that
// the clock does not depend on the multiplier.

module xb_adc #(
    parameter int unsigned AccBits = 14,  // bits of the current I (unsigned)
    parameter int unsigned AdcBits = 8,  // bits of the code
    parameter int unsigned Slices = 2,  // slices with a transfer of their own
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // slice 0 low, 1..65535
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},  // 0..31
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},  // int32
    localparam int unsigned SliceBits = xb_pkg::digits(Slices - 1)
) (
    input  logic                 clk_i,      // clock
    input  logic [  AccBits-1:0] current_i,  // I
    input  logic [SliceBits-1:0] slice_i,    // slice of the array that I comes from
    output logic [  AdcBits-1:0] code_o      // A, Latency cycles later
);

  if (AccBits < 1 || AccBits > 40) begin : gen_bad_acc
    $error("xb_adc: AccBits must be 1..40");
  end
  if (AdcBits < 1 || AdcBits > 16) begin : gen_bad_adc
    $error("xb_adc: AdcBits must be 1..16");
  end
  if (Slices < 1 || Slices > xb_pkg::MaxSlices) begin : gen_bad_slices
    $error("xb_adc: Slices must be 1..8");
  end

  localparam logic [63:0] Mask = xb_pkg::mult_mask((xb_pkg::MaxSlices * 16)'(AdcMult));
  localparam int unsigned Addends = xb_pkg::ones(Mask) + 1;
  localparam int unsigned Levels = (Addends > 2) ? $clog2(Addends) : 1;
  localparam int unsigned Leaves = 1 << Levels;

  // The constant of a slice: its offset and half of the last place.
  function automatic logic signed [63:0] constant(input int unsigned s);
    logic [4:0] shift;
    logic signed [31:0] offset;
    shift = AdcShift[s*5+:5];
    offset = $signed(AdcOffset[s*32+:32]);
    constant = 64'(offset) + ((shift == 5'd0) ? 64'sd0 : (64'sd1 <<< (shift - 5'd1)));
  endfunction

  // Width of the signed sum: holds I * mult + constant and every partial sum for every slice.
  function automatic int unsigned sum_bits(input int unsigned acc_bits);
    int unsigned s;
    logic signed [63:0] c;
    logic [63:0] top, largest;
    largest = 64'd1;
    for (s = 0; s < Slices; s = s + 1) begin
      c   = constant(s);
      top = ((64'd1 << acc_bits) - 64'd1) * {48'b0, AdcMult[s*16+:16]};
      top = top + ((c < 64'sd0) ? $unsigned(-c) : $unsigned(c));
      if (top > largest) largest = top;
    end
    sum_bits = xb_pkg::digits64(largest) + 1;
  endfunction

  localparam int unsigned SumBits = sum_bits(AccBits);

  // A binary tree stored as a heap: node n, at (n - 1) * SumBits, adds nodes 2n and 2n + 1; node 1 is
  // the root, the leaves start at node Leaves.
  logic [(2*Leaves-1)*SumBits-1:0] node;

  for (genvar j = 0; j < Leaves; j++) begin : gen_leaf
    logic [SumBits-1:0] leaf;
    if (j == 0) begin : gen_constant
      always_comb begin
        leaf = '0;
        for (int unsigned s = 0; s < Slices; s++) begin
          if (slice_i == SliceBits'(s)) leaf = SumBits'(constant(s));
        end
      end
    end else if (j < Addends) begin : gen_addend
      localparam int unsigned Bit = xb_pkg::nth_one(Mask, j - 1);
      logic gate;
      always_comb begin
        gate = 1'b0;
        for (int unsigned s = 0; s < Slices; s++) begin
          if (slice_i == SliceBits'(s)) gate = AdcMult[s*16+Bit];
        end
      end
      assign leaf = gate ? (SumBits'(current_i) << Bit) : '0;
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

  // The slice travels beside the sum.
  logic [Levels*SliceBits-1:0] slice_q;
  if (Levels > 1) begin : gen_slices
    always_ff @(posedge clk_i) slice_q <= {slice_q[(Levels-1)*SliceBits-1:0], slice_i};
  end else begin : gen_slice
    always_ff @(posedge clk_i) slice_q <= slice_i;
  end

  logic signed [SumBits-1:0] sum, shifted;
  assign sum = $signed(node[0+:SumBits]);
  always_comb begin
    shifted = sum;
    for (int unsigned s = 0; s < Slices; s++) begin
      if (slice_q[(Levels-1)*SliceBits+:SliceBits] == SliceBits'(s))
        shifted = sum >>> AdcShift[s*5+:5];
    end
  end

  // Over full scale: a bit above the code is set in a value that is not negative.
  logic over;
  if (SumBits > AdcBits + 1) begin : gen_over
    assign over = |shifted[SumBits-2:AdcBits];
  end else begin : gen_never_over
    assign over = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (shifted[SumBits-1]) code_o <= '0;
    else if (over) code_o <= '1;
    else code_o <= AdcBits'($unsigned(shifted));
  end

endmodule
