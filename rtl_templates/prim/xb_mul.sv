// Pipelined multiplier of a signed number; DSP blocks or gated adder trees.
// SPDX-License-Identifier: Apache-2.0
//
//   p = a * b        b signed; exact
//
// A new product every enabled cycle; it follows xb_pkg::mul_latency(ABits, ASigned, BBits, Dsp)
// enabled cycles later. Feed a_i and b_i from registers: no register stands before the multiplier.
//
// Dsp = 1: `*` with a register behind it, never wider than 16 x 16, which every family's block has.
// Wider: b is cut in 16-bit digits, multiplied unsigned; the even and the odd digits' products do
// not overlap, so one adder joins them, and b's sign is then subtracted.
// Dsp = 0: two bits of a at a time. `bit ? x + b : x` is one logic cell a bit on iCE40, a gated
// addend would be two. Every level of the tree is registered.

module xb_mul #(
    parameter int unsigned ABits = 8,  // bits of a
    parameter bit ASigned = 1'b0,  // a is two's complement
    parameter int unsigned BBits = 8,  // bits of b
    parameter bit Dsp = 1'b0,  // 1: written for DSP blocks, 0: for logic cells
    localparam int unsigned PBits = ABits + BBits
) (
    input  logic             clk_i,  // clock
    input  logic             en_i,   // all stages move
    input  logic [ABits-1:0] a_i,
    input  logic [BBits-1:0] b_i,    // signed
    output logic [PBits-1:0] p_o     // signed
);

  if (ABits < 1 || ABits > 16 || BBits < 1) begin : gen_bad_size
    $error("xb_mul: need ABits 1..16 and BBits >= 1");
  end
  if (Dsp && ASigned && BBits > 16) begin : gen_bad_signed
    $error("xb_mul: with Dsp a signed a needs BBits <= 16");
  end

  // Dsp = 0: a node of level k is b times 2^(k+1) bits of a. Nodes lie level by level, leaves first.
  localparam int unsigned Pairs = xb_pkg::ceil_div(ABits, 2);
  localparam int unsigned Levels = (Pairs > 1) ? $clog2(Pairs) : 0;
  localparam int unsigned Leaves = 1 << Levels;
  function automatic int unsigned width(input int unsigned k);
    width = xb_pkg::min(PBits, BBits + (2 << k));
  endfunction
  function automatic int unsigned base(input int unsigned k);
    int unsigned i;
    base = 0;
    for (i = 0; i < k; i = i + 1) base = base + (Leaves >> i) * width(i);
  endfunction

  if (Dsp && xb_pkg::mul_latency(ABits, ASigned, BBits, Dsp) == 1) begin : gen_block
    logic signed [PBits-1:0] a, b, p_q;
    assign a = ASigned ? PBits'($signed(a_i)) : PBits'($signed({1'b0, a_i}));
    assign b = PBits'($signed(b_i));
    always_ff @(posedge clk_i) if (en_i) p_q <= a * b;
    assign p_o = p_q;
  end else if (Dsp) begin : gen_blocks
    localparam int unsigned Digits = xb_pkg::ceil_div(BBits, 16);
    localparam int unsigned Spans = xb_pkg::ceil_div(Digits, 2);
    localparam int unsigned Wide = 32 * Spans + 16;
    // verilator lint_off UNUSED
    logic [Wide-1:0] low, even, odd, sum;
    // verilator lint_on UNUSED
    logic [ABits-1:0] sign_q, sign;  // what to subtract from the top: a, if b is negative
    logic [PBits-1:0] p_q;

    assign low = Wide'(b_i);
    assign even[Wide-1-:16] = '0;
    assign odd[15:0] = '0;
    for (genvar d = 0; d < 2 * Spans; d++) begin : gen_digit
      logic [31:0] product;
      if (d < Digits) begin : gen_product
        logic [31:0] product_q;
        always_ff @(posedge clk_i) begin
          if (en_i) product_q <= 32'(a_i) * 32'(low[16*d+:16]);
        end
        assign product = product_q;
      end else begin : gen_none
        assign product = '0;
      end
      if (d % 2 == 0) begin : gen_even
        assign even[16*d+:32] = product;
      end else begin : gen_odd
        assign odd[16*d+:32] = product;
      end
    end

    always_ff @(posedge clk_i) if (en_i) sign_q <= b_i[BBits-1] ? a_i : '0;

    if (Digits > 1) begin : gen_join
      logic [ Wide-1:0] sum_q;
      logic [ABits-1:0] later_q;
      always_ff @(posedge clk_i) begin
        if (en_i) begin
          sum_q   <= {even[Wide-1:16] + odd[Wide-1:16], even[15:0]};
          later_q <= sign_q;
        end
      end
      assign sum  = sum_q;
      assign sign = later_q;
    end else begin : gen_single
      assign sum  = even;
      assign sign = sign_q;
    end

    always_ff @(posedge clk_i) begin
      if (en_i) p_q <= {sum[PBits-1:BBits] - sign, sum[BBits-1:0]};
    end
    assign p_o = p_q;
  end else begin : gen_cells
    logic [base(Levels+1)-1:0] node;

    for (genvar j = 0; j < Leaves; j++) begin : gen_leaf
      localparam int unsigned Width = width(0);
      if (j < Pairs) begin : gen_pair
        logic signed [Width-1:0] b, low, pair_q;
        assign b = Width'($signed(b_i));
        if (2 * j == ABits - 1) begin : gen_one
          assign low = !a_i[2*j] ? '0 : ASigned ? -b : b;
          always_ff @(posedge clk_i) if (en_i) pair_q <= low;
        end else begin : gen_two
          assign low = a_i[2*j] ? b : '0;
          if (ASigned && 2 * j + 1 == ABits - 1) begin : gen_sign
            always_ff @(posedge clk_i) begin
              if (en_i) pair_q <= a_i[2*j+1] ? low - (b <<< 1) : low;
            end
          end else begin : gen_plain
            always_ff @(posedge clk_i) begin
              if (en_i) pair_q <= a_i[2*j+1] ? low + (b <<< 1) : low;
            end
          end
        end
        assign node[j*Width+:Width] = pair_q;
      end else begin : gen_none
        assign node[j*Width+:Width] = '0;
      end
    end

    for (genvar k = 0; k < Levels; k++) begin : gen_level
      localparam int unsigned From = width(k);
      localparam int unsigned To = width(k + 1);
      localparam int unsigned Shift = 2 << k;  // the upper node's places above the lower's
      for (genvar n = 0; n < (Leaves >> (k + 1)); n++) begin : gen_node
        // verilator lint_off UNUSED
        logic [From-1:0] low, high;
        // verilator lint_on UNUSED
        logic [To-1:0] sum_q;
        assign low  = node[base(k)+2*n*From+:From];
        assign high = node[base(k)+(2*n+1)*From+:From];
        always_ff @(posedge clk_i) begin
          if (en_i) begin
            sum_q <= {
              (To - Shift)'($signed(low[From-1:Shift])) + (To - Shift)'($signed(high)),
              low[Shift-1:0]
            };
          end
        end
        assign node[base(k+1)+n*To+:To] = sum_q;
      end
    end

    assign p_o = node[base(Levels)+:PBits];
  end

endmodule
