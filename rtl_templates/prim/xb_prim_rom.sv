// Memory from a $readmemh image, two registers deep, both held while en_i is low; can be writable.
// SPDX-License-Identifier: Apache-2.0
//
// The second register stands straight behind the memory: on ECP5 the memory's clock-to-out alone
// is 5.8 ns. Latency 2.
//
// Writable: the image is only what the memory holds at power-up. A word is written in chunks of 32
// bits, chunk 0 the lowest, the last one with what is left of Width, one a cycle, en_i or not.
// Reading a word in the cycle it is written is undefined, as in xb_prim_ram.

module xb_prim_rom #(
    parameter int unsigned Width = 8,  // bits a word
    parameter int unsigned Depth = 16,  // words
    parameter InitFile = "",  // $readmemh image; "" = all zero
    parameter int unsigned Style = 0,  // 0: the tool decides, 1: block RAM, 2: logic
    parameter bit Writable = 1'b0,  // the write port works
    localparam int unsigned AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,  // clock
    input logic en_i,  // both registers move
    input logic [AddrBits-1:0] addr_i,  // word, < Depth
    output logic [Width-1:0] data_o,  // word addressed two enabled cycles before
    // verilator lint_off UNUSED
    input logic wr_en_i,  // write a chunk; no effect unless Writable
    input logic [AddrBits-1:0] wr_addr_i,  // word, < Depth
    input logic [7:0] wr_chunk_i,  // 32 bits of it
    input logic [31:0] wr_data_i
    // verilator lint_on UNUSED
);

  localparam int unsigned Chunks = (Width + 31) / 32;

  if (Width < 1 || Depth < 1) begin : gen_bad_size
    $error("xb_prim_rom: Width and Depth must be at least 1");
  end
  if (Style > 2) begin : gen_bad_style
    $error("xb_prim_rom: Style must be 0, 1 or 2");
  end
  if (Writable && Chunks > 256) begin : gen_bad_chunks
    $error("xb_prim_rom: a writable word must have at most 256 chunks of 32 bits");
  end

  // verilator lint_off UNUSED
  localparam MemStyle = (Style == 0) ? "auto" : (Style == 1) ? "block" : "logic";
  // verilator lint_on UNUSED

  (* no_rw_check, rom_style = MemStyle, ram_style = MemStyle *)
  logic [Width-1:0] mem[Depth];
  logic [Width-1:0] read_q;

  if (InitFile != "") begin : gen_image
    initial $readmemh(InitFile, mem);
  end else begin : gen_zero
    integer i;
    initial for (i = 0; i < Depth; i = i + 1) mem[i] = '0;
  end

  if (Writable) begin : gen_write
    for (genvar c = 0; c < Chunks; c++) begin : gen_chunk
      localparam int unsigned Bits = (Width - 32 * c < 32) ? Width - 32 * c : 32;
      always_ff @(posedge clk_i) begin
        if (wr_en_i && wr_chunk_i == 8'(c)) mem[wr_addr_i][32*c+:Bits] <= wr_data_i[Bits-1:0];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) read_q <= mem[addr_i];
  end

  always_ff @(posedge clk_i) begin
    if (en_i) data_o <= read_q;
  end

endmodule
