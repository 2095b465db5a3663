// Beats leave exactly as they went in: none lost, doubled, reordered or invented.
// SPDX-License-Identifier: Apache-2.0
//
// One beat, whichever the solver marks, is followed: the n-th beat out must equal the n-th beat in.
// As the mark is free, that holds for every n. Between the two, at most MaxHeld beats are inside.
// Several beats may go in at once; one of them, push_index_i, can be marked.

module formal_queue #(
    parameter int unsigned Width = 8,
    parameter int unsigned MaxHeld = 2,  // beats the device under test can hold
    parameter int unsigned MaxPush = 1,  // beats that go in at once
    localparam int unsigned PushBits = $clog2(MaxPush + 1)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                mark_i,        // free: follow the beat that goes in now
    input  logic [PushBits-1:0] push_i,        // how many go in
    input  logic [PushBits-1:0] push_index_i,  // which of them is push_data_i, from 0
    input  logic [   Width-1:0] push_data_i,
    input  logic                pop_i,
    input  logic [   Width-1:0] pop_data_i,
    output logic                empty_o
);

  localparam int unsigned HeldBits = $clog2(MaxHeld + MaxPush + 1);

  logic [HeldBits-1:0] held_q;  // beats inside
  logic [HeldBits-1:0] ahead_q;  // of them, those that leave before the marked one
  logic marked_q, marked_once_q;
  logic [Width-1:0] data_q;

  assign empty_o = held_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q <= '0;
      marked_q <= 1'b0;
      marked_once_q <= 1'b0;
    end else begin
      held_q <= held_q + HeldBits'(push_i) - HeldBits'(pop_i);
      if (push_i != '0 && mark_i && !marked_once_q) begin
        marked_q <= 1'b1;
        marked_once_q <= 1'b1;
        ahead_q <= held_q + HeldBits'(push_index_i) - HeldBits'(pop_i);
        data_q <= push_data_i;
      end else if (marked_q && pop_i) begin
        ahead_q  <= ahead_q - HeldBits'(1);
        marked_q <= ahead_q != '0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      held : assert (held_q <= MaxHeld);
      invented : assert (!pop_i || held_q != '0);
      same : assert (!(marked_q && pop_i && ahead_q == '0) || pop_data_i == data_q);
      // Ties the two counters together, for the induction.
      order : assert (!marked_q || ahead_q < held_q);
    end
  end

endmodule
