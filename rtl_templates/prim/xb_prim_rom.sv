// Read-only memory from a $readmemh image: two registers deep, both held while en_i is low.
// SPDX-License-Identifier: Apache-2.0
//
// The second register stands straight behind the memory: on ECP5 the memory's clock-to-out alone
// is 5.8 ns. Latency 2.

module xb_prim_rom #(
    parameter int unsigned Width = 8,  // bits a word
    parameter int unsigned Depth = 16,  // words
    parameter InitFile = "",  // $readmemh image; "" = all zero
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,  // clock
    input logic en_i,  // both registers move
    input logic [AddrBits-1:0] addr_i,  // word, < Depth
    output logic [Width-1:0] data_o  // word addressed two enabled cycles before
);

  if (Width < 1 || Depth < 1) begin : gen_bad_size
    $error("xb_prim_rom: Width and Depth must be at least 1");
  end

  logic [Width-1:0] mem[Depth];
  logic [Width-1:0] read_q;

  if (InitFile != "") begin : gen_image
    initial $readmemh(InitFile, mem);
  end else begin : gen_zero
    integer i;
    initial for (i = 0; i < Depth; i = i + 1) mem[i] = '0;
  end

  always_ff @(posedge clk_i) begin
    if (en_i) read_q <= mem[addr_i];
  end

  always_ff @(posedge clk_i) begin
    if (en_i) data_o <= read_q;
  end

endmodule
