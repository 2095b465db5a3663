// xb_fifo: held until accepted, everything once and in order, Depth beats exactly, no deadlock.
// SPDX-License-Identifier: Apache-2.0

module prove_fifo #(
    parameter int unsigned Depth = 4,
    parameter int unsigned Style = 1,
    parameter int unsigned Width = 8
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             mark_i,
    input logic             in_valid_i,
    input logic [Width-1:0] in_data_i,
    input logic             out_ready_i
);

  logic rst_n, in_ready, out_valid, empty;
  logic [Width-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  xb_fifo #(
      .Width(Width),
      .Depth(Depth),
      .Style(Style)
  ) u_dut (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data)
  );

  formal_held #(
      .Width(Width)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );

  formal_queue #(
      .Width  (Width),
      .MaxHeld(Depth)
  ) u_queue (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .mark_i      (mark_i),
      .push_i      (in_valid_i && in_ready),
      .push_index_i(1'b0),
      .push_data_i (in_data_i),
      .pop_i       (out_valid && out_ready_i),
      .pop_data_i  (out_data),
      .empty_o     (empty)
  );

  // What is inside comes out although nothing follows it.
  formal_progress #(
      .Limit(3)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty),
      .moved_i(out_valid)
  );

  // Room exactly while fewer than Depth beats are inside.
  logic [7:0] held_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) held_q <= '0;
    else held_q <= held_q + 8'(in_valid_i && in_ready) - 8'(out_valid && out_ready_i);
    if (rst_n) room : assert (in_ready == (32'(held_q) < Depth));
  end

endmodule
