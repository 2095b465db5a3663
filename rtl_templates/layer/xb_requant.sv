// Bias and requantization of column sums: a bit a cycle, or a column a cycle.
// SPDX-License-Identifier: Apache-2.0
//
//   v = Y + bias[c];  Logits: out = v;  else out = clamp((v * m[c] + 2^(s[c]-1)) >> s[c], OutLow, OutHigh)
//
// Columns arrive in order 0..Cols-1. Image word: {s[5], m[16], bias[BiasBits]}, or {bias} for
// logits. s must be 1..31. Times: README, Cycles. out_* are registered; in_ready_o comes from
// registers, but for logits and with Parallel it looks through out_ready_i.
//
// Parallel = 0, the product grows from its low end: {high, low} holds it after 16 steps. It is then
// shifted, one place a cycle, until high = floor(v m / 2^s) and the top bit of low is the half to
// round by. A left shift that overflows (s < 16 only) is remembered and saturates, which is what the
// clamp would do. Cycles a column: 18 + |s - 16|.
// Parallel = 1: a pipeline of an xb_mul and a shifter that drops, from the top, what can only
// saturate. One column a cycle. Logits: one a cycle either way.

`include "xb_assert.svh"

module xb_requant #(
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned YBits = 24,  // bits of Y, signed
    parameter int unsigned BiasBits = 32,  // bits of a bias, signed
    parameter bit Logits = 1'b0,  // 1: the sum is the output
    parameter int unsigned OutBits = 8,  // 32 for logits
    parameter int OutLow = 0,  // clamp; signed output when negative
    parameter int OutHigh = 255,
    parameter bit Parallel = 1'b0,  // 0: serial, 1: pipelined
    parameter bit Dsp = 1'b0,  // Parallel: multiplier of DSP blocks, 0: of logic cells
    parameter bit Writable = 1'b0,  // the words have a write port
    parameter int unsigned RequantBlock = 0,  // memory style of the words, see xb_prim_rom
    parameter RequantImage = ""  // $readmemh, Cols words
) (
    input  logic               clk_i,        // clock
    input  logic               rst_ni,       // synchronous reset, active low
    // verilator lint_off UNUSED
    input  logic               cfg_valid_i,  // write 32 bits of a word
    input  logic [       23:0] cfg_addr_i,   // word
    input  logic [        7:0] cfg_chunk_i,  // which 32 bits of it
    input  logic [       31:0] cfg_data_i,
    // verilator lint_on UNUSED
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

  // ------------------------------------------------------------------ the word of the next column
  // The memory's registers run ahead: its output is the word of the column that comes next. Two
  // steps fill them.
  logic [ColBits-1:0] addr_q;
  logic [1:0] fill_q;  // steps still to do
  logic [WordBits-1:0] word;
  logic accept, idle, free;
  logic signed [VBits-1:0] biased;

  xb_prim_rom #(
      .Width   (WordBits),
      .Depth   (Cols),
      .Style   (RequantBlock),
      .Writable(Writable),
      .InitFile(RequantImage)
  ) u_words (
      .clk_i     (clk_i),
      .en_i      (fill_q[0] || accept),
      .addr_i    (addr_q),
      .data_o    (word),
      .wr_en_i   (cfg_valid_i),
      .wr_addr_i (ColBits'(cfg_addr_i)),
      .wr_chunk_i(cfg_chunk_i),
      .wr_data_i (cfg_data_i)
  );

  assign in_ready_o = idle && !fill_q[0];
  assign accept = in_valid_i && in_ready_o;
  assign free = !out_valid_o || out_ready_i;
  assign biased = VBits'($signed(in_data_i)) + VBits'($signed(word[BiasBits-1:0]));

  logic refill;  // a word was written: the registers may hold its old contents
  logic [ColBits-1:0] refill_addr;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_q <= '0;
      fill_q <= '1;
    end else if (refill) begin
      addr_q <= refill_addr;
      fill_q <= '1;
    end else begin
      if (fill_q[0] || accept) begin
        addr_q <= (addr_q == ColBits'(Cols - 1)) ? '0 : addr_q + ColBits'(1);
      end
      fill_q <= fill_q >> 1;
    end
  end

  if (Writable) begin : gen_refill
    logic [ColBits-1:0] col_q, col_d;  // the column that comes next
    always_comb begin
      col_d = col_q;
      if (accept) col_d = (col_q == ColBits'(Cols - 1)) ? '0 : col_q + ColBits'(1);
    end
    always_ff @(posedge clk_i) begin
      if (!rst_ni) col_q <= '0;
      else col_q <= col_d;
    end
    assign refill = cfg_valid_i;
    assign refill_addr = col_d;
  end else begin : gen_fixed
    assign refill = 1'b0;
    assign refill_addr = '0;
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
  end else if (Parallel) begin : gen_parallel
    localparam int unsigned Latency = xb_pkg::mul_latency(16, 1'b0, VBits, Dsp);
    localparam int unsigned PBits = VBits + 16;
    localparam int unsigned XBits = PBits + 1;
    localparam int unsigned KeepBits = OutBits + 2;  // of {floor(v m / 2^s), half} before the clamp
    // Stages: v; the multiplier's; two of the shifter; the output.
    localparam int unsigned Depth = Latency + 3;

    logic [Depth-1:0] valid_q, last_q;
    logic signed [VBits-1:0] v_q;
    logic [15:0] m_q;
    logic [(Latency+1)*5-1:0] s_q;  // beside the product, a stage each 5 bits
    logic [4:0] shift;
    logic [2:0] later_q;
    logic [PBits-1:0] product;

    assign idle = free;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        valid_q <= '0;
        out_valid_o <= 1'b0;
      end else if (free) begin
        valid_q <= {valid_q[Depth-2:0], accept};
        out_valid_o <= valid_q[Depth-1];
      end
    end
    always_ff @(posedge clk_i) begin
      if (free) begin
        last_q <= {last_q[Depth-2:0], in_last_i};
        v_q <= biased;
        m_q <= word[BiasBits+:16];
        s_q <= {s_q[Latency*5-1:0], word[WordBits-1-:5]};
        later_q <= shift[2:0];
      end
    end
    assign shift = s_q[Latency*5+:5];

    xb_mul #(
        .ABits(16),
        .BBits(VBits),
        .Dsp  (Dsp)
    ) u_mul (
        .clk_i(clk_i),
        .en_i (free),
        .a_i  (m_q),
        .b_i  (v_q),
        .p_o  (product)
    );

    // Places 16 and 8, then 4, 2 and 1. What is left to shift by moves 2^k - 1 places at most, so
    // bits beyond that and KeepBits can only say that the result saturates.
    logic signed [XBits-1:0] coarse, coarse_q, fine;
    logic [KeepBits-1:0] fine_q;
    logic coarse_over, coarse_over_q, fine_over, fine_over_q;
    logic coarse_sign_q, fine_sign_q;

    function automatic logic [XBits-1:0] keep(input logic signed [XBits-1:0] x,
                                              input int unsigned k);
      int unsigned drop;
      drop = XBits - xb_pkg::min(XBits, KeepBits + (1 << k) - 1);
      keep = $unsigned((x <<< drop) >>> drop);
    endfunction

    always_comb begin
      coarse = $signed({product, 1'b0});
      coarse_over = 1'b0;
      for (int k = 4; k >= 3; k--) begin
        if (shift[k]) coarse = coarse >>> (1 << k);
        coarse_over = coarse_over || keep(coarse, k) != $unsigned(coarse);
        coarse = $signed(keep(coarse, k));
      end
      fine = coarse_q;
      fine_over = coarse_over_q;
      for (int k = 2; k >= 0; k--) begin
        if (later_q[k]) fine = fine >>> (1 << k);
        fine_over = fine_over || keep(fine, k) != $unsigned(fine);
        fine = $signed(keep(fine, k));
      end
    end
    always_ff @(posedge clk_i) begin
      if (free) begin
        coarse_q <= coarse;
        coarse_over_q <= coarse_over;
        coarse_sign_q <= product[PBits-1];
        fine_q <= KeepBits'($unsigned(fine));
        fine_over_q <= fine_over;
        fine_sign_q <= coarse_sign_q;
      end
    end

    // high + half lies within the clamp exactly when high does, up to the two ends.
    logic signed [OutBits:0] high;
    logic below, above;
    assign high  = $signed(fine_q[OutBits+1:1]);
    assign below = fine_over_q ? fine_sign_q : high < $signed((OutBits + 1)'(OutLow));
    assign above = fine_over_q ? !fine_sign_q : high >= $signed((OutBits + 1)'(OutHigh));
    always_ff @(posedge clk_i) begin
      if (free) begin
        if (above) out_data_o <= OutBits'(OutHigh);
        else if (below) out_data_o <= OutBits'(OutLow);
        else out_data_o <= high[OutBits-1:0] + OutBits'(fine_q[0]);
        out_last_o <= last_q[Depth-1];
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

    // A step to the right adds v first while the product grows. Adding and choosing in this order is
    // one logic cell a bit on iCE40.
    logic add, left;
    assign add  = state_q == StMultiply && low_q[0];
    assign left = state_q == StShift && !right_q;
    assign sum  = add ? high_q + HighBits'(v_q) : high_q;

    always_ff @(posedge clk_i) begin
      if (state_q == StIdle) begin
        v_q <= biased;
        distance_q <= distance;
        right_q <= shift >= 5'd16;
        last_q <= in_last_i;
      end
      if (state_q == StIdle) begin
        high_q  <= '0;
        low_q   <= word[BiasBits+:16];
        count_q <= 5'd15;
        over_q  <= 1'b0;
      end else if (state_q != StClamp) begin
        count_q <= (state_q == StMultiply && count_q == '0) ? distance_q - 5'd1 : count_q - 5'd1;
        if (left) begin
          {high_q, low_q} <= {high_q[HighBits-1], high_q[HighBits-3:0], low_q, 1'b0};
          over_q <= over_q || (high_q[HighBits-1] != high_q[HighBits-2]);
        end else begin
          {high_q, low_q} <= {sum[HighBits-1], sum, low_q[15:1]};
        end
      end
    end

    // high + half lies within the clamp exactly when high does, up to the two ends. What does not
    // fit OutBits + 1 bits saturates by its sign, so that only these are compared.
    logic wide, sign, below, above;
    logic signed [OutBits:0] near;
    assign sign  = high_q[HighBits-1];
    assign wide  = over_q || high_q[HighBits-1:OutBits] != {(HighBits - OutBits) {sign}};
    assign near  = high_q[OutBits:0];
    assign below = wide ? sign : near < $signed((OutBits + 1)'(OutLow));
    assign above = wide ? !sign : near >= $signed((OutBits + 1)'(OutHigh));
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
