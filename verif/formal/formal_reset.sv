// Reset in the first cycle, and later whenever the solver likes; registers start at any value.
// SPDX-License-Identifier: Apache-2.0

module formal_reset (
    input  logic clk_i,
    input  logic rst_ni,  // free
    output logic rst_no
);

  logic started_q;

  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  assign rst_no = started_q && rst_ni;

endmodule
