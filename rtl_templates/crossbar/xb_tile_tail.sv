// From codes to column sums: weights of planes, slices and polarities, passes and row tiles added up.
// SPDX-License-Identifier: Apache-2.0
//
//   Y = sum_tiles sum_b sum_s w_b 2^(CellBits s) lsb (A[+] - A[-])     w_b = 2^b, sign -2^b
//
// lsb is the slice's constant, or with LsbBits what comes with the codes.
//
// The codes come in the order of xb_tile_count, whose outputs name them. One cycle's codes are added
// up with their weights (xb_pkg::term_latency), then planes are a Horner sum. Where a row tile's
// planes are all of one cycle, or there is one row tile, the same sum runs over passes and row tiles
// too; else a second adder does that. Y comes term_latency + 1 cycles after its last code.

module xb_tile_tail #(
    parameter int unsigned AdcBits = 8,  // bits of a code
    parameter int unsigned AdcLanes = 1,  // codes a cycle
    parameter int unsigned Slices = 2,  // slices of a weight
    parameter int unsigned CellBits = 4,  // bits of a slice
    parameter int unsigned Planes = 8,  // planes a pass
    parameter int unsigned Passes = 1,  // passes
    parameter int unsigned Tiles = 1,  // row tiles
    parameter int unsigned Pe = 1,  // columns of a group
    parameter bit InSigned = 1'b0,  // the top plane of the first pass weighs negative
    parameter logic [Slices*16-1:0] Lsb = {Slices{16'd1}},  // level steps a code stands for
    parameter int unsigned LsbBits = 0,  // bits of lsb_i, 0: Lsb
    parameter bit Dsp = 1'b0,  // LsbBits: the product is a `*`
    parameter int unsigned YBits = 24,  // bits of Y
    localparam int unsigned BeatPlanes = (AdcLanes > 2 * Slices) ? AdcLanes / (2 * Slices) : 1,
    localparam int unsigned Subs = (AdcLanes > 2 * Slices) ? 1 : 2 * Slices / AdcLanes,
    localparam int unsigned Beats = Planes / BeatPlanes,
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1),
    localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1),
    localparam int unsigned ColBits = xb_pkg::digits(Pe - 1),
    localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1),
    localparam int unsigned PassBits = xb_pkg::digits(Passes - 1),
    localparam int unsigned LsbWidth = xb_pkg::max(1, LsbBits)
) (
    input  logic                         clk_i,      // clock
    input  logic                         rst_ni,     // synchronous reset, active low
    input  logic                         valid_i,    // codes
    input  logic [ AdcLanes*AdcBits-1:0] code_i,     // lane 0 low
    // verilator lint_off UNUSED
    input  logic [AdcLanes*LsbWidth-1:0] lsb_i,      // LsbBits: their level steps, equal in a pair
    // verilator lint_on UNUSED
    input  logic [          SubBits-1:0] sub_i,      // their names
    input  logic [         BeatBits-1:0] beat_i,
    input  logic [          ColBits-1:0] col_i,
    input  logic [         TileBits-1:0] tile_i,
    input  logic [         PassBits-1:0] pass_i,
    input  logic                         col_end_i,
    input  logic                         sums_i,
    input  logic                         single_i,
    output logic                         valid_o,    // a column's sum is complete
    output logic [            YBits-1:0] y_o         // Y
);

  for (genvar s = 0; s < Slices; s++) begin : gen_lsb_check
    localparam int unsigned SliceLsb = 32'(Lsb[16*s+:16]);
    if (LsbBits > 0 && (SliceLsb == 0 || SliceLsb >> LsbBits != 0)) begin : gen_bad_lsb
      $error("xb_tile: with LsbBits, Lsb holds the greatest of each slice, 1..2^LsbBits - 1");
    end
  end

  localparam logic [xb_pkg::MaxSlices*16-1:0] AllLsb = (xb_pkg::MaxSlices * 16)'(Lsb);
  localparam int unsigned LsbLatency = xb_pkg::lsb_latency(AllLsb, LsbBits, AdcBits, Dsp);
  localparam logic [Slices*16-1:0] Constant = (LsbBits > 0) ? {Slices{16'd1}} : Lsb;
  localparam bit Multiplies = LsbBits == 0 && LsbLatency > 0;
  // Codes come in pairs of polarities, or each for itself when their number is odd.
  localparam int unsigned PairLanes = (AdcLanes % 2 == 0) ? 2 : 1;
  localparam int unsigned Units = AdcLanes / PairLanes;
  localparam int unsigned UnitBits = AdcBits + 1;
  localparam int unsigned Leaves = 1 << $clog2(Units);
  localparam int unsigned UnitLatency = (AdcLanes > 1) ? 1 : 0;
  localparam int unsigned Latency = xb_pkg::term_latency(AdcLanes, LsbLatency);
  localparam bit Direct = (Tiles == 1) || (Beats == 1);
  localparam bit Adds = (Tiles > 1) || (Passes > 1);  // a column's sum comes in parts

  // ------------------------------------------------------------------ names beside the sums
  typedef struct packed {
    logic               first;       // first code of the column in its segment
    logic               shift;       // first code of its planes
    logic               start;       // first segment of the column
    logic               tile_first;  // first row tile of a pass
    logic               single;
    logic               col_end;
    logic               sums;
    logic               negative;    // one lane: the code counts negative
    logic [ColBits-1:0] col;
  } name_t;

  logic  top;  // the top plane of the activation is among the codes, the first
  name_t name;
  assign top = InSigned && beat_i == '0 && pass_i == '0;
  always_comb begin
    name.shift      = sub_i == '0;
    name.first      = name.shift && beat_i == '0;
    name.tile_first = tile_i == '0;
    name.start      = name.tile_first && pass_i == '0;
    name.single     = single_i;
    name.col_end    = col_end_i;
    name.sums       = sums_i;
    name.negative   = (AdcLanes == 1) && (sub_i[0] ^ top);
    name.col        = col_i;
  end

  // Stage i is i cycles after the codes; the terms are those of stage Latency.
  localparam int unsigned NameBits = 8 + ColBits;
  logic [Latency:0] stage_valid;
  logic [(Latency+1)*NameBits-1:0] stage;
  // verilator lint_off UNUSED
  name_t before_term;
  // verilator lint_on UNUSED
  logic [SubBits-1:0] unit_sub;  // of the products that are weighted
  assign stage_valid[0] = valid_i;
  assign stage[0+:NameBits] = name;
  assign before_term = stage[(Latency-1)*NameBits+:NameBits];
  for (genvar i = 1; i <= Latency; i++) begin : gen_stage
    logic valid_q;
    logic [NameBits-1:0] name_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= stage_valid[i-1];
    end
    always_ff @(posedge clk_i) name_q <= stage[(i-1)*NameBits+:NameBits];
    assign stage_valid[i] = valid_q;
    assign stage[i*NameBits+:NameBits] = name_q;
  end
  localparam int unsigned SubLatency = UnitLatency + (LsbBits > 0 ? LsbLatency : 0);
  if (SubLatency > 0) begin : gen_sub
    logic [SubLatency*SubBits-1:0] sub_q;
    always_ff @(posedge clk_i) sub_q <= (SubLatency * SubBits)'({sub_q, sub_i});
    assign unit_sub = sub_q[(SubLatency-1)*SubBits+:SubBits];
  end else begin : gen_same_sub
    assign unit_sub = sub_i;
  end

  // ------------------------------------------------------------------ one cycle's codes
  // Heap: node n, at (n - 1) * YBits, adds nodes 2n and 2n + 1; the leaves start at node Leaves.
  logic [(2*Leaves-1)*YBits-1:0] node;

  for (genvar u = 0; u < Leaves; u++) begin : gen_unit
    if (u < Units) begin : gen_codes
      localparam int unsigned Plane = u * PairLanes / (2 * Slices);  // from the top of the beat
      logic signed [UnitBits-1:0] unit;
      logic signed [YBits-1:0] steps, weighted;

      if (AdcLanes == 1) begin : gen_single
        assign unit = $signed({1'b0, code_i});
      end else begin : gen_several
        logic [UnitBits-1:0] one, other;
        logic swap;
        logic signed [UnitBits-1:0] unit_q;
        if (PairLanes == 2) begin : gen_pair
          assign swap  = (Plane == 0) && top;
          assign one   = UnitBits'(code_i[2*u*AdcBits+:AdcBits]);
          assign other = UnitBits'(code_i[(2*u+1)*AdcBits+:AdcBits]);
        end else begin : gen_odd
          // The polarity of a lane alternates, AdcLanes being odd.
          assign swap  = sub_i[0] ^ 1'(u % 2) ^ top;
          assign one   = UnitBits'(code_i[u*AdcBits+:AdcBits]);
          assign other = '0;
        end
        always_ff @(posedge clk_i) unit_q <= $signed(swap ? other - one : one - other);
        assign unit = unit_q;
      end

      // Its column's level step.
      if (LsbBits > 0) begin : gen_lsb
        logic [LsbBits-1:0] lsb;
        logic [UnitBits+LsbBits-1:0] product;
        if (UnitLatency > 0) begin : gen_wait
          logic [LsbBits-1:0] lsb_q;
          always_ff @(posedge clk_i) lsb_q <= lsb_i[u*PairLanes*LsbBits+:LsbBits];
          assign lsb = lsb_q;
        end else begin : gen_now
          assign lsb = lsb_i[LsbBits-1:0];
        end
        xb_mul #(
            .ABits(LsbBits),
            .BBits(UnitBits),
            .Dsp  (Dsp)
        ) u_mul (
            .clk_i(clk_i),
            .en_i (1'b1),
            .a_i  (lsb),
            .b_i  (unit),
            .p_o  (product)
        );
        assign steps = YBits'($signed(product));
      end else begin : gen_constant
        assign steps = YBits'(unit);
      end

      // Its slice and plane, and their level step where that is a constant.
      always_comb begin
        weighted = '0;
        for (int unsigned k = 0; k < Subs; k++) begin
          if (unit_sub == SubBits'(k)) begin
            weighted = (steps * $signed(YBits'(Constant[(xb_pkg::lane_word(k, u*PairLanes, AdcLanes,
                                                                           Slices)/2)*16+:16]))) <<<
                (CellBits * (xb_pkg::lane_word(k, u * PairLanes, AdcLanes, Slices) / 2) +
                 BeatPlanes - 1 - Plane);
          end
        end
      end

      if (Multiplies) begin : gen_product
        logic signed [YBits-1:0] weighted_q;
        always_ff @(posedge clk_i) weighted_q <= weighted;
        assign node[(Leaves+u-1)*YBits+:YBits] = weighted_q;
      end else begin : gen_shift
        assign node[(Leaves+u-1)*YBits+:YBits] = weighted;
      end
    end else begin : gen_none
      assign node[(Leaves+u-1)*YBits+:YBits] = '0;
    end
  end

  for (genvar n = 1; n < Leaves; n++) begin : gen_node
    logic [YBits-1:0] node_q;
    always_ff @(posedge clk_i) node_q <= node[(2*n-1)*YBits+:YBits] + node[2*n*YBits+:YBits];
    assign node[(n-1)*YBits+:YBits] = node_q;
  end

  logic [YBits-1:0] term;
  name_t term_name;
  logic term_valid;
  assign term_valid = stage_valid[Latency];
  assign term_name  = stage[Latency*NameBits+:NameBits];
  if (Leaves > 1) begin : gen_tree
    assign term = node[0+:YBits];
  end else begin : gen_register
    // A code that counts negative is inverted here; the sum adds the 1.
    logic [YBits-1:0] term_q;
    always_ff @(posedge clk_i) begin
      term_q <= node[0+:YBits] ^ {YBits{before_term.negative}};
    end
    assign term = term_q;
  end

  // ------------------------------------------------------------------ planes
  logic [YBits-1:0] sum_q, sum_d, base, held;
  always_comb begin
    base = sum_q;
    if (term_name.first) begin
      if (!Direct || !Adds || term_name.start) base = '0;
      else base = term_name.tile_first ? held << BeatPlanes : held;
    end else if (term_name.shift) begin
      base = sum_q << BeatPlanes;
    end
    sum_d = base + term + YBits'(term_name.negative);
  end

  logic  sum_valid_q;
  // verilator lint_off UNUSED
  name_t sum_name_q;
  // verilator lint_on UNUSED
  always_ff @(posedge clk_i) begin
    if (!rst_ni) sum_valid_q <= 1'b0;
    else sum_valid_q <= term_valid && term_name.col_end;
  end
  always_ff @(posedge clk_i) begin
    sum_name_q <= term_name;
    if (term_valid) sum_q <= sum_d;
  end

  // ------------------------------------------------------------------ passes and row tiles
  // A column is read the cycle before it is needed. Between two visits of it lies another column,
  // or it is alone and its value still stands in sum_q.
  if (!Adds) begin : gen_whole
    assign held = '0;
    assign y_o  = sum_q;
  end else if (Direct) begin : gen_direct
    assign y_o = sum_q;
    if (Pe == 1) begin : gen_one
      assign held = sum_q;
    end else begin : gen_columns
      logic [YBits-1:0] total_q  [0:Pe-1];
      logic [YBits-1:0] before_q;
      always_ff @(posedge clk_i) begin
        if (term_valid && term_name.col_end) total_q[term_name.col] <= sum_d;
      end
      always_ff @(posedge clk_i) before_q <= total_q[before_term.col];
      assign held = term_name.single ? sum_q : before_q;
    end
  end else begin : gen_total
    logic [YBits-1:0] total, total_before;
    assign held = '0;
    assign y_o = total;
    assign total = sum_q + (sum_name_q.start ? '0
        : sum_name_q.tile_first ? total_before << Planes : total_before);
    if (Pe == 1) begin : gen_one
      logic [YBits-1:0] total_q;
      always_ff @(posedge clk_i) if (sum_valid_q) total_q <= total;
      assign total_before = total_q;
    end else begin : gen_columns
      logic [YBits-1:0] total_q  [0:Pe-1];
      logic [YBits-1:0] before_q;
      always_ff @(posedge clk_i) if (sum_valid_q) total_q[sum_name_q.col] <= total;
      always_ff @(posedge clk_i) before_q <= total_q[term_name.col];
      assign total_before = before_q;
    end
  end

  assign valid_o = sum_valid_q && sum_name_q.sums;

endmodule
