// Bias and requantization of column sums; a serial multiplier of one bit a cycle.
// SPDX-License-Identifier: Apache-2.0
//
//   v = Y + bias[c];  Logits: out = v;  else out = clamp((v * m[c] + 2^(s[c]-1)) >> s[c], OutLow, OutHigh)
//
// Columns arrive in order 0..Cols-1. Image word: {s[5], m[16], bias[BiasBits]}, or {bias} for
// logits. s must be 1..31. Cycles a column: 18 + |s - 16|, or 4 for logits. out_* are registered;
// in_ready_o comes from registers, but for logits it looks through out_ready_i.
//
// The product grows from its low end: {high, low} holds it after 16 steps. It is then shifted, one
// place a cycle, until high = floor(v m / 2^s) and the top bit of low is the half to round by. A left
// shift that overflows (s < 16 only) is remembered and saturates, which is what the clamp would do.

`include "xb_assert.svh"

module xb_requant #(
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned YBits = 24,  // bits of Y, signed
    parameter int unsigned BiasBits = 32,  // bits of a bias, signed
    parameter bit Logits = 1'b0,  // 1: the sum is the output
    parameter int unsigned OutBits = 8,  // 32 for logits
    parameter int OutLow = 0,  // clamp; signed output when negative
    parameter int OutHigh = 255,
    parameter RequantImage = ""  // $readmemh, Cols words
) (
    input  logic               clk_i,        // clock
    input  logic               rst_ni,       // synchronous reset, active low
    input  logic               in_valid_i,
    output logic               in_ready_o,
    input  logic [  YBits-1:0] in_data_i,    // Y, signed
    input  logic               in_last_i,    // last column of the image
    output logic               out_valid_o,
    input  logic               out_ready_i,
    output logic [OutBits-1:0] out_data_o,   // activation or logit
    output logic               out_last_o    // last beat of the image
);

  localparam int unsigned VBits = xb_pkg::max(YBits, BiasBits) + 1;
  localparam int unsigned HighBits = xb_pkg::max(VBits, OutBits + 1) + 1;
  localparam int unsigned WordBits = Logits ? BiasBits : BiasBits + 21;
  localparam int unsigned ColBits = xb_pkg::digits(Cols - 1);

  if (Cols < 1 || YBits < 2 || BiasBits < 2 || BiasBits > 32) begin : gen_bad_size
    $error("xb_requant: need Cols >= 1, YBits >= 2, BiasBits 2..32");
  end
  if (Logits && (OutBits != 32 || VBits > 32)) begin : gen_bad_logits
    $error("xb_requant: a logit is 32 bits and must hold Y + bias");
  end
  if (!Logits && (OutBits < 1 || OutBits > 16 || OutLow > OutHigh)) begin : gen_bad_out
    $error("xb_requant: need OutBits 1..16 and OutLow <= OutHigh");
  end
  if (!Logits && OutLow >= 0 && OutHigh >= (1 << OutBits)) begin : gen_bad_unsigned
    $error("xb_requant: OutHigh does not fit an unsigned output");
  end
  if (!Logits && OutLow < 0 && (OutLow < -(1 << (OutBits - 1)) || OutHigh >= (1 << (OutBits - 1))))
  begin : gen_bad_signed
    $error("xb_requant: OutLow..OutHigh does not fit a signed output");
  end

  logic [ColBits-1:0] col_q;
  logic [2:0] fetch_q;  // the word of col_q is on its way
  logic [WordBits-1:0] word;
  logic accept, idle, free;
  logic signed [VBits-1:0] biased;

  xb_prim_rom #(
      .Width   (WordBits),
      .Depth   (Cols),
      .InitFile(RequantImage)
  ) u_words (
      .clk_i(clk_i),
      .en_i(1'b1),
      .addr_i(col_q),
      .data_o(word),
      .wr_en_i(1'b0),
      .wr_addr_i('0),
      .wr_chunk_i('0),
      .wr_data_i('0)
  );

  assign in_ready_o = idle && !fetch_q[2];
  assign accept = in_valid_i && in_ready_o;
  assign free = !out_valid_o || out_ready_i;
  assign biased = VBits'($signed(in_data_i)) + VBits'($signed(word[BiasBits-1:0]));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      col_q   <= '0;
      fetch_q <= '1;
    end else begin
      if (accept) col_q <= (col_q == ColBits'(Cols - 1)) ? '0 : col_q + ColBits'(1);
      fetch_q <= accept ? '1 : fetch_q << 1;
    end
  end

  if (Logits) begin : gen_logits
    assign idle = free;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) out_valid_o <= 1'b0;
      else if (accept) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (accept) begin
        out_data_o <= OutBits'(biased);
        out_last_o <= in_last_i;
      end
    end
  end else begin : gen_requant
    typedef enum logic [1:0] {
      StIdle,
      StMultiply,
      StShift,
      StClamp
    } state_e;
    state_e state_q;
    logic [4:0] count_q;  // steps left
    logic right_q;  // direction of the shift
    logic [4:0] shift, distance, distance_q;  // places beyond the product's 16
    logic signed [VBits-1:0] v_q;
    logic signed [HighBits-1:0] high_q, sum;
    logic [15:0] low_q;
    logic over_q, last_q;

    assign idle = state_q == StIdle;
    assign shift = word[WordBits-1-:5];
    assign distance = (shift >= 5'd16) ? shift - 5'd16 : 5'd16 - shift;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        state_q <= StIdle;
        out_valid_o <= 1'b0;
      end else begin
        if (out_ready_i) out_valid_o <= 1'b0;
        unique case (state_q)
          StIdle: if (accept) state_q <= StMultiply;
          StMultiply: if (count_q == '0) state_q <= (distance_q == '0) ? StClamp : StShift;
          StShift: if (count_q == 5'd0) state_q <= StClamp;
          StClamp: begin
            if (free) begin
              state_q <= StIdle;
              out_valid_o <= 1'b1;
            end
          end
          default: state_q <= StIdle;
        endcase
      end
    end

    assign sum = high_q + (low_q[0] ? HighBits'(v_q) : '0);

    always_ff @(posedge clk_i) begin
      unique case (state_q)
        StIdle: begin
          v_q <= biased;
          high_q <= '0;
          low_q <= word[BiasBits+:16];
          count_q <= 5'd15;
          distance_q <= distance;
          right_q <= shift >= 5'd16;
          over_q <= 1'b0;
          last_q <= in_last_i;
        end
        StMultiply: begin
          {high_q, low_q} <= {sum[HighBits-1], sum, low_q[15:1]};
          count_q <= (count_q == '0) ? distance_q - 5'd1 : count_q - 5'd1;
        end
        StShift: begin
          count_q <= count_q - 5'd1;
          if (right_q) begin
            {high_q, low_q} <= {high_q[HighBits-1], high_q, low_q[15:1]};
          end else begin
            {high_q, low_q} <= {high_q[HighBits-1], high_q[HighBits-3:0], low_q, 1'b0};
            over_q <= over_q || (high_q[HighBits-1] != high_q[HighBits-2]);
          end
        end
        default: ;
      endcase
    end

    // high + half lies within the clamp exactly when high does, up to the two ends.
    logic below, above;
    assign below = over_q ? high_q[HighBits-1] : high_q < $signed(HighBits'(OutLow));
    assign above = over_q ? !high_q[HighBits-1] : high_q >= $signed(HighBits'(OutHigh));
    always_ff @(posedge clk_i) begin
      if (state_q == StClamp && free) begin
        if (above) out_data_o <= OutBits'(OutHigh);
        else if (below) out_data_o <= OutBits'(OutLow);
        else out_data_o <= high_q[OutBits-1:0] + {{(OutBits - 1) {1'b0}}, low_q[15]};
        out_last_o <= last_q;
      end
    end
  end

  // ------------------------------------------------------------------ probe, see README
  // Only a bound checker reads these.
  // verilator lint_off UNUSED
  logic probe_valid;
  logic [OutBits-1:0] probe_data;
  logic [31:0] probe_column;
  logic [ColBits-1:0] probe_col_q;
  assign probe_valid  = out_valid_o && out_ready_i;
  assign probe_data   = out_data_o;
  assign probe_column = 32'(probe_col_q);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) probe_col_q <= '0;
    else if (probe_valid) begin
      probe_col_q <= (probe_col_q == ColBits'(Cols - 1)) ? '0 : probe_col_q + ColBits'(1);
    end
  end
  // verilator lint_on UNUSED

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})

endmodule
