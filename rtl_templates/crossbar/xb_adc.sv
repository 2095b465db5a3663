// One analog-to-digital converter of the twin: gain, offset, shift, clamp, clip and code table.
// SPDX-License-Identifier: Apache-2.0
//
//   A = min(clamp((I * mult + offset + (sh ? 2^(sh-1) : 0)) >> sh, 0, 2^AdcBits - 1), clip)
//   A = inl[A] with Inl
//
// with an arithmetic shift. A new current every cycle; the code follows xb_pkg::adc_latency()
// cycles later. Constant gains (AdcPerColumn = 0) are a tree of one addend for every digit that
// some slice's multiplier has, binary or signed digits, whichever are fewer, plus one for the
// constants, registered at every level, so that the clock does not depend on the multiplier. Gains
// that come with the current are a tree over the bits of AdcMask. With Dsp the product is a `*`
// between registers that DSP blocks take in.

module xb_adc #(
    parameter int unsigned CurrentBits = 14,  // bits of the current I
    parameter bit CurrentSigned = 1'b0,  // I is two's complement
    parameter int unsigned AdcBits = 8,  // bits of the code
    parameter int unsigned Slices = 2,  // slices with a transfer of their own
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // slice 0 low, 1..65535
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},  // 0..31
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},  // int32
    parameter logic [Slices*AdcBits-1:0] AdcClip = '1,  // highest code
    parameter bit AdcPerColumn = 1'b0,  // 1: gain, offset and clip are inputs
    parameter int unsigned OffsetBits = 32,  // bits of offset_i
    parameter logic [15:0] AdcMask = '1,  // AdcPerColumn: bits that a gain may have
    parameter bit Inl = 1'b0,  // 1: a code table behind the clamp
    parameter InlImage = "",  // $readmemh, 2^AdcBits words of AdcBits
    parameter int unsigned InlBlock = 0,  // its memory style, xb_prim_rom
    parameter bit Writable = 1'b0,  // the code table has a write port
    parameter bit Dsp = 1'b0,  // 1: the product is a `*`
    localparam int unsigned SliceBits = xb_pkg::digits(Slices - 1)
) (
    input  logic                   clk_i,       // clock
    // verilator lint_off UNUSED
    input  logic                   inl_wr_i,    // write port of the code table
    input  logic [           23:0] wr_addr_i,
    input  logic [            7:0] wr_chunk_i,
    input  logic [           31:0] wr_data_i,
    // verilator lint_on UNUSED
    input  logic [CurrentBits-1:0] current_i,   // I
    input  logic [  SliceBits-1:0] slice_i,     // slice of the array that I comes from
    // verilator lint_off UNUSED
    input  logic [           15:0] mult_i,      // AdcPerColumn: its gain,
    input  logic [ OffsetBits-1:0] offset_i,    // offset
    input  logic [    AdcBits-1:0] clip_i,      // and highest code
    // verilator lint_on UNUSED
    output logic [    AdcBits-1:0] code_o       // A
);

  if (CurrentBits < 1 || CurrentBits > 40) begin : gen_bad_current
    $error("xb_adc: CurrentBits must be 1..40");
  end
  if (AdcBits < 1 || AdcBits > 16) begin : gen_bad_adc
    $error("xb_adc: AdcBits must be 1..16");
  end
  if (Slices < 1 || Slices > xb_pkg::MaxSlices) begin : gen_bad_slices
    $error("xb_adc: Slices must be 1..8");
  end
  if (OffsetBits < 1 || OffsetBits > 32) begin : gen_bad_offset
    $error("xb_adc: OffsetBits must be 1..32");
  end
  if (AdcPerColumn && AdcMask == 16'd0) begin : gen_bad_mask
    $error("xb_adc: AdcMask must have the bits of every column's gain");
  end

  localparam bit HasClip = AdcPerColumn || AdcClip != '1;
  localparam logic [xb_pkg::MaxSlices*16-1:0] Mult = (xb_pkg::MaxSlices * 16)'(AdcMult);
  localparam bit Recode = !AdcPerColumn && !Dsp && xb_pkg::mult_recode(Mult);
  localparam logic [63:0] Digits = AdcPerColumn ? xb_pkg::mult_digits(
      AdcMask, 1'b0
  ) : xb_pkg::any_digits(
      Mult, Recode
  );
  localparam int unsigned Constants = AdcPerColumn ? 2 : 1;
  localparam int unsigned Addends = xb_pkg::ones(Digits) + Constants;
  localparam int unsigned Levels = xb_pkg::adc_levels(Mult, AdcPerColumn, AdcMask, Dsp);

  function automatic logic signed [63:0] half(input int unsigned s);
    logic [4:0] shift;
    shift = AdcShift[s*5+:5];
    half  = (shift == 5'd0) ? 64'sd0 : (64'sd1 <<< (shift - 5'd1));
  endfunction

  // The constants of a slice: half of the last place; the offset; and since an addend of digit
  // -2^b is (~I) 2^b, the 2^b that it lacks.
  function automatic logic signed [63:0] constant(input int unsigned s);
    int unsigned i;
    logic [63:0] digits;
    constant = half(s);
    digits   = xb_pkg::mult_digits(AdcMult[s*16+:16], Recode);
    if (!AdcPerColumn) begin
      constant = constant + 64'($signed(AdcOffset[s*32+:32]));
      for (i = 0; i < 18; i = i + 1) begin
        if (digits[2*i+1]) constant = constant + (64'sd1 <<< i);
      end
    end
  endfunction

  // Largest |I|, one more when it is inverted.
  localparam logic signed [63:0] CurrentMax =
      64'sd1 <<< (CurrentSigned ? CurrentBits - 1 : CurrentBits);

  // Bound of addend j: 0 is the constants, 1 the offset where it is an input.
  function automatic logic signed [63:0] addend_max(input int unsigned j);
    int unsigned s;
    addend_max = 64'sd0;
    if (j == 0) begin
      for (s = 0; s < Slices; s = s + 1) begin
        if (constant(s) > addend_max) addend_max = constant(s);
        if (-constant(s) > addend_max) addend_max = -constant(s);
      end
    end else if (j < Constants) begin
      addend_max = 64'sd1 <<< (OffsetBits - 1);
    end else if (j < Addends) begin
      addend_max = CurrentMax <<< (xb_pkg::nth_one(Digits, j - Constants) / 2);
    end
  endfunction

  // Signed bits that hold the sum of addends from..to.
  function automatic int unsigned range_bits(input int unsigned from, input int unsigned to);
    int unsigned j;
    logic signed [63:0] bound;
    bound = 64'sd0;
    for (j = from; j <= to; j = j + 1) bound = bound + addend_max(j);
    range_bits = xb_pkg::digits64($unsigned(bound)) + 1;
  endfunction

  // Signed bits that hold I * mult + offset + half of every slice; partial sums may wrap, the sum
  // does not.
  function automatic int unsigned sum_bits();
    int unsigned s;
    logic signed [63:0] bound, top;
    top = 64'sd0;
    for (s = 0; s < Slices; s = s + 1) begin
      bound = 64'($signed(AdcOffset[s*32+:32]));
      if (bound < 64'sd0) bound = -bound;
      if (AdcPerColumn) bound = 64'sd1 <<< (OffsetBits - 1);
      bound = bound + half(s) +
          CurrentMax * $signed({48'b0, AdcPerColumn ? AdcMask : AdcMult[s*16+:16]});
      if (bound > top) top = bound;
    end
    sum_bits = xb_pkg::max(xb_pkg::digits64($unsigned(top)), AdcBits) + 1;
  endfunction

  localparam int unsigned SumBits = sum_bits();

  // The adder tree is a heap: node n adds nodes 2n and 2n + 1, the leaves start at node Leaves.
  localparam int unsigned Leaves = 1 << Levels;

  // Lowest bit that node n can set.
  function automatic int unsigned node_low(input int unsigned n);
    int unsigned leaf;
    leaf = n;
    while (leaf < Leaves) leaf = leaf * 2;
    leaf = leaf - Leaves;
    node_low = (leaf < Constants || leaf >= Addends) ? 0 :
        xb_pkg::nth_one(Digits, leaf - Constants) / 2;
  endfunction

  function automatic int unsigned node_bits(input int unsigned n);
    int unsigned from, to;
    from = n;
    to   = n;
    while (from < Leaves) begin
      from = from * 2;
      to   = to * 2 + 1;
    end
    node_bits = xb_pkg::min(SumBits, range_bits(from - Leaves, to - Leaves));
  endfunction

  logic [CurrentBits:0] current;  // two's complement
  assign current = {CurrentSigned && current_i[CurrentBits-1], current_i};

  logic signed [SumBits-1:0] constant_sel;
  always_comb begin
    constant_sel = '0;
    for (int unsigned s = 0; s < Slices; s++) begin
      if (slice_i == SliceBits'(s)) constant_sel = SumBits'(constant(s));
    end
  end

  logic signed [SumBits-1:0] sum;

  if (Dsp) begin : gen_dsp
    logic [15:0] mult_sel;
    logic signed [CurrentBits:0] current_q;
    logic signed [16:0] mult_q;
    logic signed [SumBits-1:0] constant_q, rest_q, late_q, product_q, late_product_q, sum_q;
    always_comb begin
      mult_sel = mult_i;
      for (int unsigned s = 0; s < Slices; s++) begin
        if (!AdcPerColumn && slice_i == SliceBits'(s)) mult_sel = AdcMult[s*16+:16];
      end
    end
    always_ff @(posedge clk_i) begin
      current_q      <= $signed(current);
      mult_q         <= $signed({1'b0, mult_sel});
      constant_q     <= constant_sel + (AdcPerColumn ? SumBits'($signed(offset_i)) : '0);
      product_q      <= SumBits'(current_q * mult_q);
      late_product_q <= product_q;
      rest_q         <= constant_q;
      late_q         <= rest_q;
      sum_q          <= late_product_q + late_q;
    end
    assign sum = sum_q;
  end else begin : gen_tree
    // Node n at (n - 1) * SumBits. Low bits that only one of the two has pass.
    logic [(2*Leaves-1)*SumBits-1:0] node;

    for (genvar j = 0; j < Leaves; j++) begin : gen_leaf
      logic signed [SumBits-1:0] leaf;
      if (j == 0) begin : gen_constant
        assign leaf = constant_sel;
      end else if (j < Constants) begin : gen_offset
        assign leaf = SumBits'($signed(offset_i));
      end else if (j < Addends) begin : gen_addend
        localparam int unsigned Digit = xb_pkg::nth_one(Digits, j - Constants);
        logic gate;
        logic signed [CurrentBits:0] value;
        always_comb begin
          gate = mult_i[Digit/2];
          for (int unsigned s = 0; s < Slices; s++) begin
            if (!AdcPerColumn && slice_i == SliceBits'(s)) begin
              gate = 1'(xb_pkg::mult_digits(AdcMult[s*16+:16], Recode) >> Digit);
            end
          end
        end
        assign value = $signed((Digit % 2 == 1) ? ~current : current);
        assign leaf  = gate ? (SumBits'(value) <<< (Digit / 2)) : '0;
      end else begin : gen_none
        assign leaf = '0;
      end
      assign node[(Leaves+j-1)*SumBits+:SumBits] = leaf;
    end

    for (genvar n = 1; n < Leaves; n++) begin : gen_node
      localparam int unsigned Bits = node_bits(n);
      localparam int unsigned Cut = xb_pkg::min(Bits - 1, node_low(2 * n + 1));
      // verilator lint_off UNUSED
      logic [SumBits-1:0] left, right;  // bits outside of Bits never count
      // verilator lint_on UNUSED
      logic signed [Bits-1:0] sum_q;
      assign left  = node[(2*n-1)*SumBits+:SumBits];
      assign right = node[2*n*SumBits+:SumBits];
      if (Cut > 0) begin : gen_pass
        always_ff @(posedge clk_i) begin
          sum_q <= {left[Bits-1:Cut] + right[Bits-1:Cut], left[Cut-1:0]};
        end
      end else begin : gen_add
        always_ff @(posedge clk_i) sum_q <= left[Bits-1:0] + right[Bits-1:0];
      end
      assign node[(n-1)*SumBits+:SumBits] = SumBits'(sum_q);
    end
    assign sum = $signed(node[0+:SumBits]);
  end

  // The slice and the clip travel beside the sum.
  logic [Levels*SliceBits-1:0] slice_q;
  if (Levels > 1) begin : gen_slices
    always_ff @(posedge clk_i) slice_q <= {slice_q[(Levels-1)*SliceBits-1:0], slice_i};
  end else begin : gen_slice
    always_ff @(posedge clk_i) slice_q <= slice_i;
  end

  logic [SliceBits-1:0] sum_slice;
  logic signed [SumBits-1:0] shifted;
  assign sum_slice = slice_q[(Levels-1)*SliceBits+:SliceBits];
  always_comb begin
    shifted = sum;
    for (int unsigned s = 0; s < Slices; s++) begin
      if (sum_slice == SliceBits'(s)) shifted = sum >>> AdcShift[s*5+:5];
    end
  end

  // Over full scale: a bit above the code is set in a value that is not negative.
  logic over;
  if (SumBits > AdcBits + 1) begin : gen_over
    assign over = |shifted[SumBits-2:AdcBits];
  end else begin : gen_never_over
    assign over = 1'b0;
  end

  logic [AdcBits-1:0] clamped_q;
  always_ff @(posedge clk_i) begin
    if (shifted[SumBits-1]) clamped_q <= '0;
    else if (over) clamped_q <= '1;
    else clamped_q <= AdcBits'($unsigned(shifted));
  end

  logic [AdcBits-1:0] clipped;
  if (HasClip) begin : gen_clip
    logic [AdcBits-1:0] clip, clipped_q;
    if (AdcPerColumn) begin : gen_column
      logic [(Levels+1)*AdcBits-1:0] clip_q;
      always_ff @(posedge clk_i) clip_q <= {clip_q[Levels*AdcBits-1:0], clip_i};
      assign clip = clip_q[Levels*AdcBits+:AdcBits];
    end else begin : gen_slice
      logic [SliceBits-1:0] clamped_slice_q;
      always_ff @(posedge clk_i) clamped_slice_q <= sum_slice;
      always_comb begin
        clip = '0;
        for (int unsigned s = 0; s < Slices; s++) begin
          if (clamped_slice_q == SliceBits'(s)) clip = AdcClip[s*AdcBits+:AdcBits];
        end
      end
    end
    always_ff @(posedge clk_i) clipped_q <= (clamped_q > clip) ? clip : clamped_q;
    assign clipped = clipped_q;
  end else begin : gen_full_scale
    assign clipped = clamped_q;
  end

  if (Inl) begin : gen_inl
    xb_prim_rom #(
        .Width   (AdcBits),
        .Depth   (1 << AdcBits),
        .InitFile(InlImage),
        .Style   (InlBlock),
        .Writable(Writable)
    ) u_inl (
        .clk_i     (clk_i),
        .en_i      (1'b1),
        .addr_i    (clipped),
        .data_o    (code_o),
        .wr_en_i   (inl_wr_i),
        .wr_addr_i (wr_addr_i[AdcBits-1:0]),
        .wr_chunk_i(wr_chunk_i),
        .wr_data_i (wr_data_i)
    );
  end else begin : gen_ideal
    assign code_o = clipped;
  end

endmodule
