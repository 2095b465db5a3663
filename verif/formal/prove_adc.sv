// xb_adc: the code is the contract's formula, for every current and slice; no sum wraps.
// SPDX-License-Identifier: Apache-2.0

module prove_adc #(
    parameter int unsigned AccBits = 6,
    parameter int unsigned AdcBits = 4,
    parameter int unsigned Mult0 = 1,
    parameter int unsigned Shift0 = 0,
    parameter int Offset0 = 0,
    parameter int unsigned Mult1 = 1,
    parameter int unsigned Shift1 = 0,
    parameter int Offset1 = 0,
    parameter bit Signed = 1'b0,  // the current is signed
    parameter int unsigned Clip0 = (1 << AdcBits) - 1,
    parameter int unsigned Clip1 = (1 << AdcBits) - 1,
    parameter bit PerColumn = 1'b0,  // gain, offset and clip are the solver's, each cycle
    parameter int unsigned OffsetBits = 4,
    parameter int unsigned Mask = 65535,
    parameter bit Inl = 1'b0,  // with any code table
    parameter bit Dsp = 1'b0
) (
    input logic                          clk_i,
    input logic                          rst_ni,
    input logic [(AdcBits<<AdcBits)-1:0] table_i,    // code table, taken in reset
    input logic [           AccBits-1:0] current_i,
    input logic                          slice_i,
    input logic [                  15:0] mult_i,
    input logic [        OffsetBits-1:0] offset_i,
    input logic [           AdcBits-1:0] clip_i
);

  localparam bit HasClip = PerColumn || {AdcBits'(Clip1), AdcBits'(Clip0)} != '1;
  localparam int unsigned Latency = xb_pkg::adc_latency(
      {96'd0, 16'(Mult1), 16'(Mult0)}, PerColumn, 16'(Mask), HasClip, Inl, Dsp
  );

  logic [AdcBits-1:0] code;
  logic [15:0] mult;
  assign mult = mult_i & 16'(Mask);

  logic [(AdcBits<<AdcBits)-1:0] table_q;
  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) table_q <= table_i;
  end

  xb_adc #(
      .CurrentBits(AccBits),
      .CurrentSigned(Signed),
      .AdcBits  (AdcBits),
      .Slices   (2),
      .AdcMult  ({16'(Mult1), 16'(Mult0)}),
      .AdcShift ({5'(Shift1), 5'(Shift0)}),
      .AdcOffset({32'(Offset1), 32'(Offset0)}),
      .AdcClip({AdcBits'(Clip1), AdcBits'(Clip0)}),
      .AdcPerColumn(PerColumn),
      .OffsetBits(OffsetBits),
      .AdcMask(16'(Mask)),
      .Inl(Inl),
      .Dsp(Dsp)
  ) u_dut (
      .clk_i     (clk_i),
      .inl_wr_i  (1'b0),
      .wr_addr_i ('0),
      .wr_chunk_i('0),
      .wr_data_i ('0),
      .current_i (current_i),
      .slice_i   (slice_i),
      .mult_i    (mult),
      .offset_i  (offset_i),
      .clip_i    (clip_i),
      .code_o    (code)
  );

  // The formula in arithmetic wide enough for any 32-bit offset, the product row by row, delayed as
  // the converter is. `known` counts the cycles from the start.
  logic signed [39:0] current, sum, shifted;
  logic [15:0] gain;
  logic [ 4:0] shift;
  logic [AdcBits-1:0] want, clip;
  logic [Latency*AdcBits-1:0] want_q;
  logic [Latency-1:0] known_q;
  always_comb begin
    current = $signed({{(40 - AccBits) {Signed && current_i[AccBits-1]}}, current_i});
    gain = PerColumn ? mult : slice_i ? 16'(Mult1) : 16'(Mult0);
    shift = slice_i ? 5'(Shift1) : 5'(Shift0);
    clip = PerColumn ? clip_i : slice_i ? AdcBits'(Clip1) : AdcBits'(Clip0);
    sum = PerColumn ? 40'($signed(offset_i)) : slice_i ? 40'(Offset1) : 40'(Offset0);
    for (int i = 0; i < 16; i = i + 1) if (gain[i]) sum = sum + (current <<< i);
    shifted = (shift == 5'd0) ? sum : (sum + (40'sd1 <<< (shift - 5'd1))) >>> shift;
    if (shifted < 0) want = '0;
    else if (shifted > $signed(40'((1 << AdcBits) - 1))) want = '1;
    else want = shifted[AdcBits-1:0];
    if (want > clip) want = clip;
    if (Inl) want = table_q[want*AdcBits+:AdcBits];
  end

  initial known_q = '0;
  always_ff @(posedge clk_i) begin
    known_q <= (rst_ni && started_q) ? Latency'({known_q, 1'b1}) : '0;
    want_q  <= (Latency * AdcBits)'({want_q, want});
  end

  always_ff @(posedge clk_i) begin
    if (known_q[Latency-1]) code_is : assert (code == want_q[Latency*AdcBits-1-:AdcBits]);
  end

endmodule
