// No deadlock: what is due happens within Limit cycles.
// SPDX-License-Identifier: Apache-2.0

module formal_progress #(
    parameter int unsigned Limit = 4  // cycles
) (
    input logic clk_i,
    input logic rst_ni,
    input logic due_i,   // something must happen, and nothing outside stands in its way
    input logic moved_i  // it happens in this cycle
);

  localparam int unsigned Bits = $clog2(Limit + 1);

  logic [Bits-1:0] waited_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !due_i || moved_i) waited_q <= '0;
    else if (waited_q != Bits'(Limit)) waited_q <= waited_q + Bits'(1);
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) progress : assert (waited_q < Limit);
  end

endmodule
