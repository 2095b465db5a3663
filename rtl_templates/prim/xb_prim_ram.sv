// Memory with one write and one read port on one clock; registered read.
// SPDX-License-Identifier: Apache-2.0
//
// Latency 1; put a register behind it. Reading a word in the cycle it is written is undefined (no
// family then needs bypass logic): the user keeps the two apart.

module xb_prim_ram #(
    parameter  int unsigned Width    = 8,                               // bits a word
    parameter  int unsigned Depth    = 16,                              // words
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic                clk_i,      // clock
    input  logic                wr_en_i,    // write
    input  logic [AddrBits-1:0] wr_addr_i,  // word, < Depth
    input  logic [   Width-1:0] wr_data_i,
    input  logic                rd_en_i,    // rd_data_o moves
    input  logic [AddrBits-1:0] rd_addr_i,  // word, < Depth
    output logic [   Width-1:0] rd_data_o   // one enabled cycle later
);

  if (Width < 1 || Depth < 1) begin : gen_bad_size
    $error("xb_prim_ram: Width and Depth must be at least 1");
  end

  (* no_rw_check *)
  logic [Width-1:0] mem[Depth];

  always_ff @(posedge clk_i) begin
    if (wr_en_i) mem[wr_addr_i] <= wr_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (rd_en_i) rd_data_o <= mem[rd_addr_i];
  end

endmodule
