// A stream's beat stays as it is until it is accepted.
// SPDX-License-Identifier: Apache-2.0

module formal_held #(
    parameter int unsigned Width = 8
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             valid_i,
    input logic             ready_i,
    input logic [Width-1:0] data_i
);

  logic waits_q;
  logic [Width-1:0] data_q;

  always_ff @(posedge clk_i) begin
    waits_q <= rst_ni && valid_i && !ready_i;
    data_q  <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni && waits_q) held : assert (valid_i && data_i == data_q);
  end

endmodule
