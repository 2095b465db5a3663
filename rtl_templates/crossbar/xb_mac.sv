// A crossbar layer's columns as integer multiply-accumulate, for cells and converters without loss.
// SPDX-License-Identifier: Apache-2.0
//
//   Y[c] = sum over rows of x[r] * w[r][c]        exact
//
// In: for every position and column group the Rows activations, RowLanes a beat, lane 0 low (the
// same rows again for each group); in the last beat of a group only the first lanes hold rows, the
// others do not count. in_last_i with the last beat of an image. Out: Y of column 0..Cols-1 of each
// position, one a beat; out_last_o with the image's last.
//
// The first product of a group replaces the accumulator, so no cycle is lost between groups. A
// finished group is copied to a shift register, from whose end the columns leave while the next
// group accumulates. A group takes max(Beats, columns) cycles, Beats = ceil(Rows / RowLanes); times
// in README. Outputs come from registers; in_ready_o too, but with Pe >= Beats it looks through
// out_ready_i. YBits holds Rows times the largest product.

`include "xb_assert.svh"

module xb_mac #(
    parameter int unsigned Rows = 18,  // kept rows
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned Pe = 1,  // columns a pass, 1..Cols
    parameter int unsigned RowLanes = 1,  // rows a cycle, 1..Rows
    parameter int unsigned InBits = 8,  // bits of an activation
    parameter bit InSigned = 1'b0,  // activations are two's complement
    parameter int unsigned WeightBits = 8,  // bits of a weight, two's complement
    parameter bit Dsp = 1'b0,  // multipliers of DSP blocks, 0: of logic cells
    parameter bit Writable = 1'b0,  // weights have a write port
    parameter int unsigned WeightBlock = 0,  // memory style of the weights, see xb_prim_rom
    parameter WeightImage = "",  // $readmemh, see README
    localparam int unsigned YBits = xb_pkg::mac_bits(Rows, InBits, InSigned, WeightBits)
) (
    input  logic                       clk_i,        // clock
    input  logic                       rst_ni,       // synchronous reset, active low
    // verilator lint_off UNUSED
    input  logic                       cfg_valid_i,  // write 32 bits of a weight word
    input  logic [               23:0] cfg_addr_i,   // word
    input  logic [                7:0] cfg_chunk_i,  // which 32 bits of it
    input  logic [               31:0] cfg_data_i,
    // verilator lint_on UNUSED
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [RowLanes*InBits-1:0] in_data_i,    // activations of the next rows
    input  logic                       in_last_i,    // last beat of the image
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [          YBits-1:0] out_data_o,   // Y, signed
    output logic                       out_last_o    // last column of the image
);

  if (Rows < 1 || Cols < 1 || Pe < 1 || Pe > Cols) begin : gen_bad_size
    $error("xb_mac: need Rows, Cols >= 1 and Pe in 1..Cols");
  end
  if (RowLanes < 1 || RowLanes > Rows) begin : gen_bad_lanes
    $error("xb_mac: RowLanes must be 1..Rows");
  end
  if (InBits < 1 || InBits > 16 || WeightBits < 1 || WeightBits > 16) begin : gen_bad_bits
    $error("xb_mac: InBits and WeightBits must be 1..16");
  end
  if (YBits > 64) begin : gen_bad_y
    $error("xb_mac: Y would need more than 64 bits");
  end

  localparam int unsigned Groups = xb_pkg::ceil_div(Cols, Pe);
  localparam int unsigned LastCols = Cols - (Groups - 1) * Pe;
  localparam int unsigned Beats = xb_pkg::ceil_div(Rows, RowLanes);
  localparam int unsigned LastLanes = Rows - (Beats - 1) * RowLanes;
  localparam int unsigned Words = Groups * Beats;
  localparam int unsigned AddrBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned BeatBits = xb_pkg::digits(Beats - 1);
  localparam int unsigned ColBits = xb_pkg::digits(Pe - 1);
  localparam int unsigned GroupBits = xb_pkg::digits(Groups - 1);
  localparam int unsigned PBits = InBits + WeightBits;
  localparam int unsigned Levels = (RowLanes > 1) ? $clog2(RowLanes) : 0;  // of the lanes' sum
  localparam int unsigned Leaves = 1 << Levels;
  // Stages before the accumulator: the memory's two, multiplier, sum of the lanes.
  localparam int unsigned Depth = 2 + xb_pkg::mul_latency(
      InBits, InSigned, WeightBits, Dsp
  ) + Levels;

  // ------------------------------------------------------------------ rows in, weights out
  logic en;  // the pipeline moves
  logic accept, beat_end;
  logic [AddrBits-1:0] addr_q;
  logic [BeatBits-1:0] beat_q;
  logic [RowLanes*InBits-1:0] rows, rows_q, wait_q;
  logic [RowLanes*Pe*WeightBits-1:0] word;

  assign in_ready_o = en;
  assign accept = in_valid_i && en;
  assign beat_end = beat_q == BeatBits'(Beats - 1);
  for (genvar l = 0; l < RowLanes; l++) begin : gen_mask
    assign rows[l*InBits+:InBits] = (l >= LastLanes && beat_end) ? '0 : in_data_i[l*InBits+:InBits];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addr_q <= '0;
      beat_q <= '0;
    end else if (accept) begin
      addr_q <= (addr_q == AddrBits'(Words - 1)) ? '0 : addr_q + AddrBits'(1);
      beat_q <= beat_end ? '0 : beat_q + BeatBits'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      wait_q <= rows;
      rows_q <= wait_q;
    end
  end

  xb_prim_rom #(
      .Width   (RowLanes * Pe * WeightBits),
      .Depth   (Words),
      .Style   (WeightBlock),
      .Writable(Writable),
      .InitFile(WeightImage)
  ) u_weights (
      .clk_i     (clk_i),
      .en_i      (en),
      .addr_i    (addr_q),
      .data_o    (word),
      .wr_en_i   (cfg_valid_i),
      .wr_addr_i (AddrBits'(cfg_addr_i)),
      .wr_chunk_i(cfg_chunk_i),
      .wr_data_i (cfg_data_i)
  );

  // What the beat in each stage is.
  logic [Depth-1:0] valid_q, end_q, last_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[Depth-2:0], in_valid_i};
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      end_q  <= {end_q[Depth-2:0], beat_end};
      last_q <= {last_q[Depth-2:0], in_last_i};
    end
  end

  // ------------------------------------------------------------------ multiply, accumulate
  logic term_valid, term_end;
  logic first_q;  // the next term is the first of its group
  logic full_q;  // the accumulators hold a finished group
  logic full_last_q;  // and it is the image's last
  logic free;  // the shift register can take a group in this cycle
  logic load;  // and does

  assign term_valid = valid_q[Depth-1];
  assign term_end = end_q[Depth-1];
  assign en = !(full_q && term_valid && !free);
  assign load = full_q && free;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      full_q  <= 1'b0;
    end else begin
      if (en && term_valid) first_q <= term_end;
      full_q <= (en && term_valid && term_end) || (full_q && !free);
    end
  end
  always_ff @(posedge clk_i) begin
    if (en && term_valid) full_last_q <= last_q[Depth-1];
  end

  // The lanes' sum: level k of the tree has nodes of PBits + k bits, the products first.
  function automatic int unsigned base(input int unsigned k);
    int unsigned i;
    base = 0;
    for (i = 0; i < k; i = i + 1) base = base + (Leaves >> i) * (PBits + i);
  endfunction

  logic [Pe*YBits-1:0] acc;

  for (genvar p = 0; p < Pe; p++) begin : gen_column
    logic [base(Levels+1)-1:0] node;
    logic [YBits-1:0] term, acc_q;

    for (genvar l = 0; l < Leaves; l++) begin : gen_lane
      if (l < RowLanes) begin : gen_product
        xb_mul #(
            .ABits  (InBits),
            .ASigned(InSigned),
            .BBits  (WeightBits),
            .Dsp    (Dsp)
        ) u_mul (
            .clk_i(clk_i),
            .en_i (en),
            .a_i  (rows_q[l*InBits+:InBits]),
            .b_i  (word[(l*Pe+p)*WeightBits+:WeightBits]),
            .p_o  (node[l*PBits+:PBits])
        );
      end else begin : gen_none
        assign node[l*PBits+:PBits] = '0;
      end
    end

    for (genvar k = 0; k < Levels; k++) begin : gen_level
      localparam int unsigned From = PBits + k;
      for (genvar n = 0; n < (Leaves >> (k + 1)); n++) begin : gen_node
        logic [From:0] sum_q;
        always_ff @(posedge clk_i) begin
          if (en) begin
            sum_q <= (From + 1)'($signed(node[base(k)+2*n*From+:From])) +
                (From + 1)'($signed(node[base(k)+(2*n+1)*From+:From]));
          end
        end
        assign node[base(k+1)+n*(From+1)+:From+1] = sum_q;
      end
    end

    assign term = YBits'($signed(node[base(Levels)+:PBits+Levels]));
    always_ff @(posedge clk_i) begin
      if (en && term_valid) acc_q <= first_q ? term : acc_q + term;
    end
    assign acc[p*YBits+:YBits] = acc_q;
  end

  // ------------------------------------------------------------------ out
  logic [Pe*YBits-1:0] snap_q;
  logic busy_q, snap_last_q;
  logic [  ColBits-1:0] col_q;
  logic [GroupBits-1:0] group_q;
  logic group_end, col_end, leave;

  assign leave = busy_q && out_ready_i;
  assign group_end = group_q == GroupBits'(Groups - 1);
  assign col_end = col_q == ((LastCols != Pe && group_end) ? ColBits'(LastCols - 1)
                                                           : ColBits'(Pe - 1));
  // With fewer beats than columns the register is filled again in the cycle its last column leaves.
  if (Pe >= Beats) begin : gen_through
    assign free = !busy_q || (out_ready_i && col_end);
  end else begin : gen_free
    assign free = !busy_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      col_q   <= '0;
      group_q <= '0;
    end else begin
      busy_q <= load || (busy_q && !(leave && col_end));
      if (leave) col_q <= col_end ? '0 : col_q + ColBits'(1);
      if (leave && col_end) group_q <= group_end ? '0 : group_q + GroupBits'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) snap_q <= acc;
    else if (out_ready_i) snap_q <= snap_q >> YBits;
  end
  always_ff @(posedge clk_i) begin
    if (load) snap_last_q <= full_last_q;
  end

  assign out_valid_o = busy_q;
  assign out_data_o  = snap_q[YBits-1:0];
  assign out_last_o  = snap_last_q && col_end;

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})
  `XB_ASSERT(LastEndsImage, !(accept && in_last_i) || addr_q == AddrBits'(Words - 1))

endmodule
