// xb_argmax: logits pass unchanged, the class is the lowest index of the largest, no deadlock.
// SPDX-License-Identifier: Apache-2.0

module prove_argmax #(
    parameter int unsigned Outputs = 3,
    parameter int unsigned Bits = 4
) (
    input logic                                             clk_i,
    input logic                                             rst_ni,
    input logic                                             mark_i,
    input logic                                             in_valid_i,
    input logic [                                 Bits-1:0] in_data_i,
    input logic [((Outputs > 1) ? $clog2(Outputs) : 1)-1:0] pick_i,
    input logic                                             tready_i
);

  localparam int unsigned UserBits = (Outputs > 1) ? $clog2(Outputs) : 1;

  logic rst_n, in_ready, in_last, tvalid, tlast, empty;
  logic [Bits-1:0] tdata;
  logic [UserBits-1:0] tuser;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // The last logit of an image is marked as such.
  logic [UserBits-1:0] in_index_q;
  assign in_last = in_index_q == UserBits'(Outputs - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_n) in_index_q <= '0;
    else if (in_valid_i && in_ready) in_index_q <= in_last ? '0 : in_index_q + UserBits'(1);
  end

  xb_argmax #(
      .Outputs(Outputs),
      .Bits   (Bits)
  ) u_dut (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .in_valid_i   (in_valid_i),
      .in_ready_o   (in_ready),
      .in_data_i    (in_data_i),
      .in_last_i    (in_last),
      .m_axis_tdata (tdata),
      .m_axis_tvalid(tvalid),
      .m_axis_tready(tready_i),
      .m_axis_tlast (tlast),
      .m_axis_tuser (tuser)
  );

  formal_held #(
      .Width(Bits + 1 + UserBits)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(tvalid),
      .ready_i(tready_i),
      .data_i ({tdata, tlast, tuser})
  );

  formal_queue #(
      .Width  (Bits + 1),
      .MaxHeld(1)
  ) u_queue (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .mark_i      (mark_i),
      .push_i      (in_valid_i && in_ready),
      .push_index_i(1'b0),
      .push_data_i ({in_data_i, in_last}),
      .pop_i       (tvalid && tready_i),
      .pop_data_i  ({tdata, tlast}),
      .empty_o     (empty)
  );

  // The image's logits as they leave. No logit beats the class's, and none before it equals it.
  logic [UserBits-1:0] index_q;
  logic [Outputs*Bits-1:0] image_q, image;
  logic [Bits-1:0] best, other;
  always_comb begin
    image = image_q;
    image[index_q*Bits+:Bits] = tdata;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_n) index_q <= '0;
    else if (tvalid && tready_i) index_q <= tlast ? '0 : index_q + UserBits'(1);
    if (tvalid) image_q <= image;
  end
  assign best  = image[tuser*Bits+:Bits];
  assign other = image[pick_i*Bits+:Bits];
  always_ff @(posedge clk_i) begin
    if (rst_n && tvalid && tlast) begin
      in_range : assert (32'(tuser) < Outputs);
      largest : assert (32'(pick_i) >= Outputs || $signed(other) <= $signed(best));
      lowest : assert (pick_i >= tuser || other != best);
    end
  end

  formal_progress #(
      .Limit(1)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty),
      .moved_i(tvalid)
  );

  formal_progress #(
      .Limit(1)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (tready_i),
      .moved_i(in_ready)
  );

endmodule
