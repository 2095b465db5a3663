// xb_requant: every column is clamp((v m + half) >> s) of its word, once, in order, held.
// SPDX-License-Identifier: Apache-2.0
//
// The words are the solver's: contents of the memory (free_rom.sv), or with Writable what the
// configuration bus writes at any time. One column, the solver's choice, is computed again in
// arithmetic wide enough for anything; so a sum that wraps is a failure.

module prove_requant #(
    parameter int unsigned Cols = 1,
    parameter int unsigned YBits = 2,
    parameter int unsigned BiasBits = 2,
    parameter bit Logits = 1'b0,
    parameter int unsigned OutBits = 2,
    parameter int OutLow = 0,
    parameter int OutHigh = 3,
    parameter bit Parallel = 1'b0,
    parameter bit Dsp = 1'b0,
    parameter bit Writable = 1'b0,
    parameter int unsigned MinShift = 1,
    parameter int unsigned MaxShift = 31,
    parameter int unsigned MultBits = 16,  // gains below 2^MultBits
    parameter int unsigned MaxHeld = 2,
    parameter int unsigned Wait = 36,
    localparam int unsigned WordBits = Logits ? BiasBits : BiasBits + 21,
    localparam int unsigned SumBits = ((YBits > BiasBits) ? YBits : BiasBits) + 34
) (
    input logic                     clk_i,
    input logic                     rst_ni,
    input logic [Cols*WordBits-1:0] words_i,      // contents of the memory, taken in reset
    input logic                     cfg_valid_i,
    input logic [              3:0] cfg_addr_i,
    input logic                     cfg_chunk_i,
    input logic [             31:0] cfg_data_i,
    input logic                     mark_i,
    input logic                     in_valid_i,
    input logic [        YBits-1:0] in_data_i,
    input logic                     in_last_i,
    input logic                     out_ready_i
);

  logic rst_n, in_ready, out_valid, out_last, accept, empty, cfg_valid;
  logic [OutBits-1:0] out_data;
  logic [3:0] cfg_addr;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  // ------------------------------------------------------------------ the words
  logic [Cols*WordBits-1:0] words_q;
  assign cfg_valid = Writable && cfg_valid_i;
  assign cfg_addr  = (32'(cfg_addr_i) < Cols) ? cfg_addr_i : 4'd0;
  initial words_q = '0;
  always_ff @(posedge clk_i) begin
    if (Writable) begin
      if (cfg_valid && !cfg_chunk_i) words_q[cfg_addr*WordBits+:WordBits] <= WordBits'(cfg_data_i);
    end else if (!rst_n) begin
      words_q <= words_i;
      for (int c = 0; c < Cols && !Logits; c = c + 1) begin
        if (words_i[(c+1)*WordBits-1-:5] < MinShift) words_q[(c+1)*WordBits-1-:5] <= 5'(MinShift);
        if (words_i[(c+1)*WordBits-1-:5] > MaxShift) words_q[(c+1)*WordBits-1-:5] <= 5'(MinShift);
        if (MultBits < 16)
          words_q[(c+1)*WordBits-6-:16] <= 16'(words_i[c*WordBits+BiasBits+:MultBits]);
      end
    end
  end

  xb_requant #(
      .Cols    (Cols),
      .YBits   (YBits),
      .BiasBits(BiasBits),
      .Logits  (Logits),
      .OutBits (OutBits),
      .OutLow  (OutLow),
      .OutHigh (OutHigh),
      .Parallel(Parallel),
      .Dsp     (Dsp),
      .Writable(Writable)
  ) u_dut (
      .clk_i      (clk_i),
      .rst_ni     (rst_n),
      .cfg_valid_i(cfg_valid),
      .cfg_addr_i (24'(cfg_addr)),
      .cfg_chunk_i(8'(cfg_chunk_i)),
      .cfg_data_i (cfg_data_i),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .in_last_i  (in_last_i),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data),
      .out_last_o (out_last)
  );

  // ------------------------------------------------------------------ the formula
  logic [3:0] col_q;
  logic [WordBits-1:0] word;
  logic [4:0] shift;
  logic signed [SumBits-1:0] v, scaled;
  logic [OutBits-1:0] want;
  assign accept = in_valid_i && in_ready;
  assign word   = words_q[col_q*WordBits+:WordBits];
  assign shift  = word[WordBits-1-:5];
  always_ff @(posedge clk_i) begin
    if (!rst_n) col_q <= '0;
    else if (accept) col_q <= (32'(col_q) == Cols - 1) ? 4'd0 : col_q + 4'd1;
  end
  always_comb begin
    v = SumBits'($signed(in_data_i)) + SumBits'($signed(word[BiasBits-1:0]));
    scaled = v;
    if (!Logits) begin
      // Row by row, as on paper.
      scaled = '0;
      for (int i = 0; i < 16; i = i + 1) begin
        if (word[WordBits-21+i]) scaled = scaled + (v <<< i);
      end
      scaled = (scaled + (SumBits'(1) <<< (shift - 5'd1))) >>> shift;
      if (scaled < $signed(SumBits'(OutLow))) scaled = SumBits'(OutLow);
      if (scaled > $signed(SumBits'(OutHigh))) scaled = SumBits'(OutHigh);
    end
    want = OutBits'(scaled);
  end

  // ------------------------------------------------------------------ properties
  formal_held #(
      .Width(OutBits + 1)
  ) u_held (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i ({out_data, out_last})
  );

  formal_queue #(
      .Width  (OutBits + 1),
      .MaxHeld(MaxHeld)
  ) u_queue (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .mark_i      (mark_i),
      .push_i      (accept),
      .push_index_i(1'b0),
      .push_data_i ({want, in_last_i}),
      .pop_i       (out_valid && out_ready_i),
      .pop_data_i  ({out_data, out_last}),
      .empty_o     (empty)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_out (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (!empty && out_ready_i),
      .moved_i(out_valid)
  );

  formal_progress #(
      .Limit(Wait)
  ) u_in (
      .clk_i  (clk_i),
      .rst_ni (rst_n),
      .due_i  (out_ready_i && !cfg_valid),
      .moved_i(in_ready)
  );

endmodule
