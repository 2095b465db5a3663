// Configuration stream decoder: records of words for the layers' memories, one write a data beat.
// SPDX-License-Identifier: Apache-2.0
//
// A record is {layer[8], mem[8], chunks a word[16]}, the first address, the number of words, then
// words * chunks data beats, word by word, chunk 0 first. Records follow each other; TLAST ends the
// load: the record it cuts short ends there, and the next beat begins a record. No beat is ever
// refused. A record whose layer, memory (over 7), address (over 24 bits) or chunks (over 256) does
// not exist is read over; how many words a memory has is not known here, and an address beyond them
// wraps to a power of two. cfg_* are registered: a write appears one cycle after its beat.

`include "xb_assert.svh"

module xb_config #(
    parameter int unsigned Layers = 4  // 1..256
) (
    input  logic              clk_i,         // clock
    input  logic              rst_ni,        // synchronous reset, active low
    input  logic [      31:0] s_cfg_tdata,
    input  logic              s_cfg_tvalid,
    output logic              s_cfg_tready,  // always high
    input  logic              s_cfg_tlast,   // ends the load
    output logic [Layers-1:0] cfg_valid_o,   // write, one bit for each layer
    output logic [       2:0] cfg_mem_o,     // memory of the layer
    output logic [      23:0] cfg_addr_o,    // word
    output logic [       7:0] cfg_chunk_o,   // 32 bits of it
    output logic [      31:0] cfg_data_o
);

  if (Layers < 1 || Layers > 256) begin : gen_bad_layers
    $error("xb_config: Layers must be 1..256");
  end

  typedef enum logic [1:0] {
    StHead,
    StAddress,
    StWords,
    StData
  } state_e;

  state_e state_q, state_d;
  logic [7:0] layer_q;
  logic [2:0] mem_q;
  logic [15:0] chunks_q, chunk_q;
  logic [23:0] addr_q;
  logic [31:0] words_q;  // words left, this one included
  logic drop_q;  // nothing is written
  // The counters move one cycle behind a data beat: they are the address of the registered write.
  logic beat_q;
  logic chunk_last, record_end, data_beat;

  assign s_cfg_tready = 1'b1;
  assign chunk_last = chunk_q + 16'd1 == chunks_q;
  assign record_end = beat_q && chunk_last && words_q == 32'd1;
  assign data_beat = s_cfg_tvalid && state_q == StData && !record_end;

  always_comb begin
    state_d = state_q;
    if (state_q == StData && record_end) state_d = StHead;
    if (s_cfg_tvalid) begin
      unique case (state_d)
        StHead: state_d = StAddress;
        StAddress: state_d = StWords;
        StWords: state_d = (s_cfg_tdata == '0 || chunks_q == '0) ? StHead : StData;
        default: state_d = StData;
      endcase
      if (s_cfg_tlast) state_d = StHead;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StHead;
      beat_q  <= 1'b0;
    end else begin
      state_q <= state_d;
      beat_q  <= data_beat;
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_cfg_tvalid) begin
      // A record's first beat may come while the counters still hold the write of the one before.
      if (state_q == StHead || record_end) begin
        layer_q  <= s_cfg_tdata[31:24];
        mem_q    <= s_cfg_tdata[18:16];
        chunks_q <= s_cfg_tdata[15:0];
        drop_q   <= s_cfg_tdata[23:19] != '0 || s_cfg_tdata[15:0] > 16'd256;
      end else if (state_q == StAddress && s_cfg_tdata[31:24] != '0) begin
        drop_q <= 1'b1;
      end
    end
    if (state_q == StAddress) begin
      addr_q <= s_cfg_tdata[23:0];
    end else if (beat_q && chunk_last) begin
      addr_q <= addr_q + 24'd1;
    end
    if (state_q == StWords) begin
      words_q <= s_cfg_tdata;
      chunk_q <= '0;
    end else if (beat_q) begin
      chunk_q <= chunk_last ? '0 : chunk_q + 16'd1;
      if (chunk_last) words_q <= words_q - 32'd1;
    end
    cfg_data_o <= s_cfg_tdata;
  end

  for (genvar l = 0; l < Layers; l++) begin : gen_layer
    always_ff @(posedge clk_i) begin
      if (!rst_ni) cfg_valid_o[l] <= 1'b0;
      else cfg_valid_o[l] <= data_beat && !drop_q && layer_q == 8'(l);
    end
  end

  assign cfg_mem_o   = mem_q;
  assign cfg_addr_o  = addr_q;
  assign cfg_chunk_o = chunk_q[7:0];

  `XB_ASSERT(OneLayer, $onehot0(cfg_valid_o))

endmodule
