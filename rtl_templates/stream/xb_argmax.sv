// Chip edge out: passes an image's logits on and names the class with the last one.
// SPDX-License-Identifier: Apache-2.0
//
// m_axis_tuser = the lowest index of the largest logit, valid in the beat with tlast. Latency 1,
// one beat a cycle; outputs are registered, in_ready_o looks through m_axis_tready.

`include "xb_assert.svh"

module xb_argmax #(
    parameter  int unsigned Outputs  = 10,                                  // logits an image
    parameter  int unsigned Bits     = 32,                                  // bits of a logit
    localparam int unsigned UserBits = (Outputs > 1) ? $clog2(Outputs) : 1
) (
    input  logic                clk_i,          // clock
    input  logic                rst_ni,         // synchronous reset, active low
    input  logic                in_valid_i,
    output logic                in_ready_o,
    input  logic [    Bits-1:0] in_data_i,      // signed logit
    input  logic                in_last_i,      // last logit of the image
    output logic [    Bits-1:0] m_axis_tdata,
    output logic                m_axis_tvalid,
    input  logic                m_axis_tready,
    output logic                m_axis_tlast,
    output logic [UserBits-1:0] m_axis_tuser    // class, valid with tlast
);

  if (Outputs < 1 || Bits < 2) begin : gen_bad_size
    $error("xb_argmax: Outputs must be at least 1 and Bits at least 2");
  end

  logic accept, better;
  logic                first_q;
  logic [UserBits-1:0] index_q;
  logic [    Bits-1:0] best_q;

  assign in_ready_o = !m_axis_tvalid || m_axis_tready;
  assign accept = in_valid_i && in_ready_o;
  assign better = first_q || $signed(in_data_i) > $signed(best_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      m_axis_tvalid <= 1'b0;
      first_q <= 1'b1;
      index_q <= '0;
    end else begin
      if (in_ready_o) m_axis_tvalid <= in_valid_i;
      if (accept) begin
        first_q <= in_last_i;
        index_q <= in_last_i ? '0 : index_q + UserBits'(1);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      m_axis_tdata <= in_data_i;
      m_axis_tlast <= in_last_i;
      if (better) begin
        best_q <= in_data_i;
        m_axis_tuser <= index_q;
      end
    end
  end

  `XB_ASSERT_HELD(OutHeld, m_axis_tvalid, m_axis_tready, {m_axis_tdata, m_axis_tlast, m_axis_tuser})
  `XB_ASSERT(LastInPlace, !accept || in_last_i == (index_q == UserBits'(Outputs - 1)))

endmodule
