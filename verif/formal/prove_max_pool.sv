// xb_max_pool: every window's maximum once and in order, held until accepted, no deadlock.
// SPDX-License-Identifier: Apache-2.0
//
// One window and channel, whichever the solver picks, is computed again beside the pool; the beats
// of all windows are counted.

module prove_max_pool #(
    parameter int unsigned InH = 4,
    parameter int unsigned InW = 4,
    parameter int unsigned InC = 1,
    parameter int unsigned Kernel = 2,
    parameter int unsigned Stride = 2,
    parameter int unsigned Bits = 2,
    parameter bit Signed = 1'b0
) (
    input logic            clk_i,
    input logic            rst_ni,
    input logic            mark_i,
    input logic [     3:0] pick_y_i,    // window followed, taken in reset
    input logic [     3:0] pick_x_i,
    input logic [     3:0] pick_c_i,
    input logic            in_valid_i,
    input logic [Bits-1:0] in_data_i,
    input logic            out_ready_i
);

  localparam int unsigned OutH = (InH - Kernel) / Stride + 1;
  localparam int unsigned OutW = (InW - Kernel) / Stride + 1;

  logic rst_n, in_ready, in_last, out_valid, out_last, empty, accept;
  logic [Bits-1:0] out_data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // ------------------------------------------------------------------ place of the beat
  logic [3:0] c_q, x_q, y_q, kx_q, ky_q, wx_q, wy_q;
  logic c_end, x_end, y_end;
  assign c_end   = 32'(c_q) == InC - 1;
  assign x_end   = 32'(x_q) == InW - 1;
  assign y_end   = 32'(y_q) == InH - 1;
  assign in_last = c_end && x_end && y_end;
  assign accept  = in_valid_i && in_ready;

  // Window number and place within the stride, as counters of their own.
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      {c_q, x_q, y_q, kx_q, ky_q, wx_q, wy_q} <= '0;
    end else if (accept) begin
      c_q <= c_end ? 4'd0 : c_q + 4'd1;
      if (c_end) begin
        x_q  <= x_end ? 4'd0 : x_q + 4'd1;
        kx_q <= (x_end || 32'(kx_q) == Stride - 1) ? 4'd0 : kx_q + 4'd1;
        if (x_end) wx_q <= 4'd0;
        else if (32'(kx_q) == Stride - 1) wx_q <= wx_q + 4'd1;
        if (x_end) begin
          y_q  <= y_end ? 4'd0 : y_q + 4'd1;
          ky_q <= (y_end || 32'(ky_q) == Stride - 1) ? 4'd0 : ky_q + 4'd1;
          if (y_end) wy_q <= 4'd0;
          else if (32'(ky_q) == Stride - 1) wy_q <= wy_q + 4'd1;
        end
      end
    end
  end

  // ------------------------------------------------------------------ the maximum again
  logic [3:0] pick_y_q, pick_x_q, pick_c_q;
  logic in_window, picked, first, final_beat, greater;
  logic [Bits-1:0] best_q, best;

  assign in_window = 32'(kx_q) < Kernel && 32'(ky_q) < Kernel && 32'(wx_q) < OutW && 32'(wy_q) < OutH;
  assign picked = wy_q == pick_y_q && wx_q == pick_x_q && c_q == pick_c_q;
  assign first = kx_q == 4'd0 && ky_q == 4'd0;
  assign final_beat = in_window && 32'(kx_q) == Kernel - 1 && 32'(ky_q) == Kernel - 1;
  assign greater = Signed ? $signed(in_data_i) > $signed(best_q) : in_data_i > best_q;
  assign best = (first || greater) ? in_data_i : best_q;

  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      pick_y_q <= pick_y_i;
      pick_x_q <= pick_x_i;
      pick_c_q <= pick_c_i;
    end
    if (accept && in_window && picked) best_q <= best;
  end

  // ------------------------------------------------------------------ the pool
  xb_max_pool #(
      .InH   (InH),
      .InW   (InW),
      .InC   (InC),
      .Kernel(Kernel),
      .Stride(Stride),
      .Bits  (Bits),
      .Signed(Signed)
  ) u_dut (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .in_last_i  (in_last),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data),
      .out_last_o (out_last)
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

  formal_queue #(
      .Width  (Bits + 1),
      .MaxHeld(3)
  ) u_queue (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .mark_i      (mark_i && picked),
      .push_i      (accept && final_beat),
      .push_index_i(1'b0),
      .push_data_i ({best, c_end && 32'(wx_q) == OutW - 1 && 32'(wy_q) == OutH - 1}),
      .pop_i       (out_valid && out_ready_i),
      .pop_data_i  ({out_data, out_last}),
      .empty_o     (empty)
  );

  formal_progress #(
      .Limit(3)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty && out_ready_i),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(4)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i),
      .moved_i(in_ready)
  );

endmodule
