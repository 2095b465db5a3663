// xb_unpack: a pixel leaves as its channels, everything once and in order, no deadlock.
// SPDX-License-Identifier: Apache-2.0

module prove_unpack #(
    parameter int unsigned Channels = 3,
    parameter int unsigned Bits = 4
) (
    input logic                     clk_i,
    input logic                     rst_ni,
    input logic                     mark_i,
    input logic [Channels*Bits-1:0] tdata_i,
    input logic                     tvalid_i,
    input logic                     tlast_i,
    input logic                     out_ready_i
);

  localparam int unsigned ChannelBits = $clog2(Channels + 1);

  logic rst_n, tready, out_valid, out_last, empty;
  logic [Bits-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  xb_unpack #(
      .Channels(Channels),
      .Bits    (Bits)
  ) u_dut (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .s_axis_tdata (tdata_i),
      .s_axis_tvalid(tvalid_i),
      .s_axis_tready(tready),
      .s_axis_tlast (tlast_i),
      .out_valid_o  (out_valid),
      .out_ready_i  (out_ready_i),
      .out_data_o   (out_data),
      .out_last_o   (out_last)
  );

  formal_held #(
      .Width(Bits + 1)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i ({out_data, out_last})
  );

  // Channels that leave are collected; a pixel leaves with the last of them.
  logic [ChannelBits-1:0] channel_q;
  logic [Channels*Bits-1:0] pixel_q, pixel;
  logic pop, pixel_end;

  assign pop = out_valid && out_ready_i;
  assign pixel_end = channel_q == ChannelBits'(Channels - 1);
  always_comb begin
    pixel = pixel_q;
    pixel[channel_q*Bits+:Bits] = out_data;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_n) channel_q <= '0;
    else if (pop) channel_q <= pixel_end ? '0 : channel_q + ChannelBits'(1);
    if (pop) pixel_q <= pixel;
  end

  // Last comes with the final channel of a last pixel and at no other time.
  always_ff @(posedge clk_i) begin
    if (rst_n) last : assert (!(out_valid && out_last) || pixel_end);
  end

  formal_queue #(
      .Width  (Channels * Bits + 1),
      .MaxHeld(1)
  ) u_queue (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .mark_i      (mark_i),
      .push_i      (tvalid_i && tready),
      .push_index_i(1'b0),
      .push_data_i ({tdata_i, tlast_i}),
      .pop_i       (pop && pixel_end),
      .pop_data_i  ({pixel, out_last}),
      .empty_o     (empty)
  );

  // Without gaps: a channel waits for nothing but the sink, and a pixel for its channels.
  formal_progress #(
      .Limit(1)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(Channels)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i),
      .moved_i(tready)
  );

endmodule
