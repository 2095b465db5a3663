// Stream register: two words, so that valid, data and ready are all registered.
// SPDX-License-Identifier: Apache-2.0
//
// Latency 1, one beat a cycle. out_valid_o, out_data_o and in_ready_o come from registers.

`include "xb_assert.svh"

module xb_skid #(
    parameter int unsigned Width = 8  // bits a beat
) (
    input  logic             clk_i,        // clock
    input  logic             rst_ni,       // synchronous reset, active low
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);

  if (Width < 1) begin : gen_bad_width
    $error("xb_skid: Width must be at least 1");
  end

  // The spare word is used only when the sink stalls in the cycle a beat arrives.
  logic main_valid_q, spare_valid_q;
  logic [Width-1:0] main_q, spare_q;
  logic load_main;

  assign in_ready_o  = !spare_valid_q;
  assign out_valid_o = main_valid_q;
  assign out_data_o  = main_q;
  assign load_main   = !main_valid_q || out_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      main_valid_q  <= 1'b0;
      spare_valid_q <= 1'b0;
    end else if (load_main) begin
      main_valid_q  <= spare_valid_q || in_valid_i;
      spare_valid_q <= 1'b0;
    end else if (in_valid_i) begin
      spare_valid_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_main) main_q <= spare_valid_q ? spare_q : in_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (in_ready_o) spare_q <= in_data_i;
  end

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)

endmodule
