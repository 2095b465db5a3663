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
    parameter int Offset1 = 0
) (
    input logic               clk_i,
    input logic               rst_ni,
    input logic [AccBits-1:0] current_i,
    input logic               slice_i
);

  localparam int unsigned Latency = xb_pkg::adc_latency(
      {96'd0, 16'(Mult1), 16'(Mult0)}, 1'b0, '1, 1'b0, 1'b0, 1'b0
  );

  logic [AdcBits-1:0] code;

  xb_adc #(
      .CurrentBits(AccBits),
      .AdcBits  (AdcBits),
      .Slices   (2),
      .AdcMult  ({16'(Mult1), 16'(Mult0)}),
      .AdcShift ({5'(Shift1), 5'(Shift0)}),
      .AdcOffset({32'(Offset1), 32'(Offset0)})
  ) u_dut (
      .clk_i     (clk_i),
      .inl_wr_i  (1'b0),
      .wr_addr_i ('0),
      .wr_chunk_i('0),
      .wr_data_i ('0),
      .current_i (current_i),
      .slice_i   (slice_i),
      .mult_i    ('0),
      .offset_i  ('0),
      .clip_i    ('0),
      .code_o    (code)
  );

  // The formula in 64 bits, delayed as the converter is. `known` counts the cycles from the start.
  logic signed [63:0] sum, shifted;
  logic [AdcBits-1:0] want;
  logic [Latency*AdcBits-1:0] want_q;
  logic [Latency-1:0] known_q;
  always_comb begin
    if (slice_i) begin
      sum = 64'($signed({1'b0, current_i})) * 64'(Mult1) + 64'(Offset1);
      shifted = (Shift1 == 0) ? sum : (sum + (64'sd1 <<< (Shift1 - 1))) >>> Shift1;
    end else begin
      sum = 64'($signed({1'b0, current_i})) * 64'(Mult0) + 64'(Offset0);
      shifted = (Shift0 == 0) ? sum : (sum + (64'sd1 <<< (Shift0 - 1))) >>> Shift0;
    end
    if (shifted < 0) want = '0;
    else if (shifted > 64'((1 << AdcBits) - 1)) want = '1;
    else want = shifted[AdcBits-1:0];
  end

  initial known_q = '0;
  always_ff @(posedge clk_i) begin
    known_q <= rst_ni ? Latency'({known_q, 1'b1}) : '0;
    want_q  <= (Latency * AdcBits)'({want_q, want});
  end

  always_ff @(posedge clk_i) begin
    if (known_q[Latency-1]) code_is : assert (code == want_q[Latency*AdcBits-1-:AdcBits]);
  end

endmodule
