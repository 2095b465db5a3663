// Writes a memory image through a configuration port, a 32-bit chunk a cycle, chunk 0 first.
// SPDX-License-Identifier: Apache-2.0

module tb_writer #(
    parameter int unsigned Width = 8,  // bits a word
    parameter int unsigned Depth = 1,  // words
    parameter bit Enable = 1'b1,  // 0: done at once
    parameter InitFile = ""  // $readmemh image to write
) (
    input  logic        clk_i,        // clock
    input  logic        start_i,      // while low nothing is written
    output logic        cfg_valid_o,  // a write
    output logic [23:0] cfg_addr_o,   // word
    output logic [ 7:0] cfg_chunk_o,  // 32 bits of it
    output logic [31:0] cfg_data_o,
    output logic        done_o        // all is written
);

  localparam int unsigned Chunks = (Width + 31) / 32;

  logic [Chunks*32-1:0] mem[Depth];
  int unsigned word_q, chunk_q;

  if (Enable) initial $readmemh(InitFile, mem);
  initial begin
    word_q  = 0;
    chunk_q = 0;
  end

  assign done_o = !Enable || word_q == Depth;
  assign cfg_valid_o = start_i && !done_o;
  assign cfg_addr_o = 24'(word_q);
  assign cfg_chunk_o = 8'(chunk_q);
  assign cfg_data_o = done_o ? '0 : mem[word_q][32*chunk_q+:32];

  always_ff @(posedge clk_i) begin
    if (cfg_valid_o) begin
      chunk_q <= (chunk_q == Chunks - 1) ? 0 : chunk_q + 1;
      if (chunk_q == Chunks - 1) word_q <= word_q + 1;
    end
  end

endmodule
