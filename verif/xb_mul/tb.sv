// Testbench of xb_mul: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// A beat is {b, a}; the stream of results moves the multiplier.
`define DUT(i, dut, ab, as, bb, dsp) \
  if (1) begin : gen_case_``i \
    localparam int unsigned Latency = xb_pkg::mul_latency(ab, as, bb, dsp); \
    logic [ab+bb-1:0] p; \
    logic [Latency:0] valid_q, last_q; \
    logic [ab+bb-1:0] in_q; \
    logic en; \
    dut #( \
        .ABits(ab), .ASigned(as), .BBits(bb), .Dsp(dsp) \
    ) u_dut ( \
        .clk_i(clk_i[i]), .en_i(en), .a_i(in_q[ab-1:0]), .b_i(in_q[ab+bb-1:ab]), .p_o(p) \
    ); \
    assign en = !valid_q[Latency] || out_ready_i[i]; \
    always_ff @(posedge clk_i[i]) begin \
      if (!rst_ni) valid_q <= '0; \
      else if (en) valid_q <= {valid_q[Latency-1:0], in_valid_i[i]}; \
      if (en) last_q <= {last_q[Latency-1:0], in_last_i[i]}; \
      if (en) in_q <= in_data_i[i][ab+bb-1:0]; \
    end \
    assign in_ready_o[i] = en; \
    assign out_valid_o[i] = valid_q[Latency]; \
    assign out_last_o[i] = last_q[Latency]; \
    assign out_data_o[i] = 64'($signed(p)); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
