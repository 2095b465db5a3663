// Gains of the read noise by the number of driven rows: counts them, and looks the gains up.
// SPDX-License-Identifier: Apache-2.0
//
// The rows of a segment are counted in every plane beside the accumulators of their currents: the
// same bits, the same enables, so both are complete in the same cycle. At its end the counts are
// copied, and turn as the words leave that were copied then. Word n of NoiseImage is n driven rows:
// slice 0 lowest, 16 bits each. The gains of the words that leave come xb_pkg::NoiseGainDelay
// cycles later, a lane each; lane l of AdcLanes works on word sub * AdcLanes + l = 2 * slice +
// polarity, modulo 2 * Slices, of plane l / (2 * Slices) from the top. Words may leave in the cycle
// of load_i: they are the earlier segment's. mult_o is a multiplexer behind the memory's register.

module xb_tile_driven #(
    parameter int unsigned FullRows = 18,  // rows of the largest row tile
    parameter int unsigned RowLanes = 1,  // rows a beat
    parameter int unsigned Planes = 8,  // planes a pass
    parameter int unsigned Slices = 2,  // slices of a weight
    parameter int unsigned AdcLanes = 1,  // converters
    parameter NoiseImage = "",  // $readmemh, FullRows + 1 words
    parameter int unsigned NoiseBlock = 0,  // memory style, xb_prim_rom
    parameter bit Writable = 1'b0,  // the memory has a write port
    localparam int unsigned PlaneWords = 2 * Slices,
    localparam int unsigned BeatPlanes = (AdcLanes > PlaneWords) ? AdcLanes / PlaneWords : 1,
    localparam int unsigned Subs = (AdcLanes > PlaneWords) ? 1 : PlaneWords / AdcLanes,
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1)
) (
    input  logic                       clk_i,       // clock
    // verilator lint_off UNUSED
    input  logic                       wr_en_i,     // write port
    input  logic [               23:0] wr_addr_i,
    input  logic [                7:0] wr_chunk_i,
    input  logic [               31:0] wr_data_i,
    // verilator lint_on UNUSED
    input  logic                       en_i,        // the rows' bits, as of xb_tile_sums
    input  logic [RowLanes*Planes-1:0] bits_i,
    input  logic                       load_i,      // copy the counts and clear them
    input  logic                       hold_i,
    input  logic                       add_i,
    input  logic                       issue_i,     // words leave
    input  logic [        SubBits-1:0] sub_i,       // their number in the plane
    input  logic [        SubBits-1:0] late_sub_i,  // the same, NoiseGainDelay cycles later
    output logic [    AdcLanes*16-1:0] mult_o       // gains, lane 0 low
);

  localparam int unsigned CountBits = xb_pkg::digits(FullRows);
  localparam int unsigned Step = BeatPlanes * CountBits;
  localparam int unsigned Width = Planes * CountBits;
  localparam int unsigned Delay = xb_pkg::NoiseGainDelay - 2;  // from a count to the memory

  // ------------------------------------------------------------------ counts
  // One cell of conductance 1 a row; of the two polarities one does.
  // verilator lint_off UNUSED
  logic [2*Width-1:0] sums;
  // verilator lint_on UNUSED
  xb_tile_sums #(
      .RowLanes(RowLanes),
      .Pe      (1),
      .Planes  (Planes),
      .Slices  (1),
      .GBits   (1),
      .AccBits (CountBits)
  ) u_counts (
      .clk_i  (clk_i),
      .en_i   (en_i),
      .bits_i (bits_i),
      .g_i    ({2 * RowLanes{1'b1}}),
      .clear_i(load_i),
      .hold_i (hold_i),
      .add_i  (add_i),
      .sum_o  (sums)
  );

  // The plane whose words leave is the lowest.
  logic [Width-1:0] counts, count_q, turned;
  for (genvar b = 0; b < Planes; b++) begin : gen_plane
    assign counts[b*CountBits+:CountBits] = sums[2*b*CountBits+:CountBits];
  end
  if (Width > Step) begin : gen_turn
    assign turned = {count_q[Step-1:0], count_q[Width-1:Step]};
  end else begin : gen_still
    assign turned = count_q;
  end
  always_ff @(posedge clk_i) begin
    if (load_i) count_q <= counts;
    else if (issue_i && sub_i == SubBits'(Subs - 1)) count_q <= turned;
  end

  // ------------------------------------------------------------------ gains
  logic [Delay*Step-1:0] late_q;
  always_ff @(posedge clk_i) late_q <= (Delay * Step)'({late_q, count_q[Step-1:0]});

  for (genvar p = 0; p < BeatPlanes; p++) begin : gen_beat_plane
    logic [Slices*16-1:0] word;
    xb_prim_rom #(
        .Width   (Slices * 16),
        .Depth   (FullRows + 1),
        .InitFile(NoiseImage),
        .Style   (NoiseBlock),
        .Writable(Writable)
    ) u_gains (
        .clk_i     (clk_i),
        .en_i      (1'b1),
        .addr_i    (late_q[(Delay-1)*Step+p*CountBits+:CountBits]),
        .data_o    (word),
        .wr_en_i   (wr_en_i),
        .wr_addr_i (wr_addr_i[CountBits-1:0]),
        .wr_chunk_i(wr_chunk_i),
        .wr_data_i (wr_data_i)
    );
    for (genvar i = 0; i < AdcLanes / BeatPlanes; i++) begin : gen_lane
      localparam int unsigned Lane = p * PlaneWords + i;
      logic [15:0] mult;
      always_comb begin
        mult = '0;
        for (int unsigned k = 0; k < Subs; k++) begin
          if (late_sub_i == SubBits'(k)) begin
            mult = word[(xb_pkg::lane_word(k, Lane, AdcLanes, Slices)/2)*16+:16];
          end
        end
      end
      assign mult_o[Lane*16+:16] = mult;
    end
  end

endmodule
