// Stands for xb_prim_ram in every proof: a word read in the cycle it is written may be anything.
// SPDX-License-Identifier: Apache-2.0

module xb_prim_ram #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,
    input logic wr_en_i,
    input logic [AddrBits-1:0] wr_addr_i,
    input logic [Width-1:0] wr_data_i,
    input logic rd_en_i,
    input logic [AddrBits-1:0] rd_addr_i,
    output logic [Width-1:0] rd_data_o
);

  logic [Width-1:0] mem[Depth];
  logic [Width-1:0] anything;  // undriven

  always_ff @(posedge clk_i) begin
    if (wr_en_i) mem[wr_addr_i] <= wr_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (rd_en_i) rd_data_o <= (wr_en_i && wr_addr_i == rd_addr_i) ? anything : mem[rd_addr_i];
  end

endmodule
