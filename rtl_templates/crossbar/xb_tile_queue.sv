// The output registers of a tile: a shift register of Depth beats, the head registered.
// SPDX-License-Identifier: Apache-2.0
//
// A beat appears the cycle after push_i. There is no ready: the user counts the places and pushes
// only into a free one, or in the cycle in which one is freed.

`include "xb_assert.svh"

module xb_tile_queue #(
    parameter int unsigned Width = 8,  // bits a beat
    parameter int unsigned Depth = 2   // places
) (
    input  logic             clk_i,        // clock
    input  logic             rst_ni,       // synchronous reset, active low
    input  logic             push_i,       // take in_data_i
    input  logic [Width-1:0] in_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);

  if (Width < 1 || Depth < 1) begin : gen_bad_size
    $error("xb_tile_queue: Width and Depth must be at least 1");
  end

  logic pop;
  logic [Depth:0] used_q;  // place i is taken; the one beyond the last never is
  logic [(Depth+1)*Width-1:0] data;

  assign pop = out_valid_o && out_ready_i;
  assign out_valid_o = used_q[0];
  assign out_data_o = data[0+:Width];
  assign used_q[Depth] = 1'b0;
  assign data[Depth*Width+:Width] = in_data_i;

  for (genvar i = 0; i < Depth; i++) begin : gen_place
    logic ahead;  // the place ahead is taken
    if (i == 0) begin : gen_head
      assign ahead = 1'b1;
    end else begin : gen_behind
      assign ahead = used_q[i-1];
    end
    logic place_used_q;
    logic [Width-1:0] place_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) place_used_q <= 1'b0;
      else if (push_i && !pop) place_used_q <= ahead;
      else if (!push_i && pop) place_used_q <= used_q[i+1];
    end
    // A place that is not taken may hold anything: it takes what comes.
    always_ff @(posedge clk_i) begin
      if (pop || !place_used_q) place_q <= used_q[i+1] ? data[(i+1)*Width+:Width] : in_data_i;
    end
    assign used_q[i] = place_used_q;
    assign data[i*Width+:Width] = place_q;
  end

  `XB_ASSERT(PlaceFree, !push_i || pop || !used_q[Depth-1])
  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)

endmodule
