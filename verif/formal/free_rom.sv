// Stands for xb_prim_rom in a proof about any contents: the prover's script connects `content`.
// SPDX-License-Identifier: Apache-2.0

module xb_prim_rom #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,
    parameter InitFile = "",
    parameter int unsigned Style = 0,
    parameter bit Writable = 1'b0,
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,
    input logic en_i,
    input logic [AddrBits-1:0] addr_i,
    output logic [Width-1:0] data_o,
    input logic wr_en_i,
    input logic [AddrBits-1:0] wr_addr_i,
    input logic [7:0] wr_chunk_i,
    input logic [31:0] wr_data_i
);

  logic [Depth*Width-1:0] content;  // word 0 low; undriven
  logic [Width-1:0] read_q;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      read_q <= content[addr_i*Width+:Width];
      data_o <= read_q;
    end
  end

endmodule
