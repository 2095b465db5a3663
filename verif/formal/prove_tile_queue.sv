// xb_tile_queue under its user's credits: everything once and in order, held, never overflowing.
// SPDX-License-Identifier: Apache-2.0

module prove_tile_queue #(
    parameter int unsigned Width = 4,
    parameter int unsigned Depth = 2
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             mark_i,
    input logic             want_i,
    input logic [Width-1:0] in_data_i,
    input logic             out_ready_i
);

  logic rst_n, push, out_valid, empty;
  logic [Width-1:0] out_data;
  logic [3:0] used_q;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // Pushes only into a free place, or one that is freed in this cycle.
  assign push = want_i && (32'(used_q) < Depth || (out_valid && out_ready_i));
  always_ff @(posedge clk_i) begin
    if (!rst_n) used_q <= '0;
    else used_q <= used_q + 4'(push) - 4'(out_valid && out_ready_i);
  end

  xb_tile_queue #(
      .Width(Width),
      .Depth(Depth)
  ) u_dut (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .push_i     (push),
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
      .push_i      (push),
      .push_index_i(1'b0),
      .push_data_i (in_data_i),
      .pop_i       (out_valid && out_ready_i),
      .pop_data_i  (out_data),
      .empty_o     (empty)
  );

  formal_progress #(
      .Limit(1)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty),
      .moved_i(out_valid)
  );

endmodule
