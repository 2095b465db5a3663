// xb_mul: the product of any two factors, exact, after so many enabled cycles.
// SPDX-License-Identifier: Apache-2.0

module prove_mul #(
    parameter int unsigned ABits = 4,
    parameter bit ASigned = 1'b0,
    parameter int unsigned BBits = 4,
    parameter bit Dsp = 1'b0
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             en_i,
    input logic [ABits-1:0] a_i,
    input logic [BBits-1:0] b_i
);

  localparam int unsigned Latency = xb_pkg::mul_latency(ABits, ASigned, BBits, Dsp);
  localparam int unsigned PBits = ABits + BBits;

  logic [PBits-1:0] p;

  xb_mul #(
      .ABits  (ABits),
      .ASigned(ASigned),
      .BBits  (BBits),
      .Dsp    (Dsp)
  ) u_dut (
      .clk_i(clk_i),
      .en_i (en_i),
      .a_i  (a_i),
      .b_i  (b_i),
      .p_o  (p)
  );

  // Row by row, as on paper. `known` counts the enabled cycles from the start.
  logic [PBits-1:0] b, want;
  logic [Latency*PBits-1:0] want_q;
  logic [Latency-1:0] known_q;
  always_comb begin
    b = PBits'($signed(b_i));
    want = '0;
    for (int i = 0; i < ABits; i = i + 1) begin
      if (a_i[i]) want = (ASigned && i == ABits - 1) ? want - (b << i) : want + (b << i);
    end
  end

  initial known_q = '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) known_q <= '0;
    else if (en_i) known_q <= Latency'({known_q, 1'b1});
    if (en_i) want_q <= (Latency * PBits)'({want_q, want});
  end

  always_ff @(posedge clk_i) begin
    if (known_q[Latency-1]) product : assert (p == want_q[Latency*PBits-1-:PBits]);
  end

endmodule
