// The converters of a tile with what they need of a word's name: column constants and read noise.
// SPDX-License-Identifier: Apache-2.0
//
// The current words wait xb_pkg::wait_latency() cycles for what their names look up, then pass
// AdcLanes converters. What is not used of the names costs nothing.

module xb_tile_convert #(
    parameter int unsigned AccBits = 14,  // bits of a current, unsigned
    parameter int unsigned Positions = 1,  // Noise: output positions of an image
    parameter int unsigned Tiles = 1,  // row tiles
    parameter int unsigned Cols = 4,  // columns
    parameter int unsigned InBits = 8,  // planes
    parameter int unsigned Planes = InBits,  // planes a pass
    parameter int unsigned Slices = 2,  // slices of a weight
    parameter int unsigned AdcBits = 8,  // bits of a code
    parameter int unsigned AdcLanes = 1,  // converters
    parameter logic [Slices*16-1:0] AdcMult = {Slices{16'd1}},  // the transfer, see xb_adc
    parameter logic [Slices*5-1:0] AdcShift = {Slices{5'd0}},
    parameter logic [Slices*32-1:0] AdcOffset = {Slices{32'd0}},
    parameter logic [Slices*AdcBits-1:0] AdcClip = '1,
    parameter bit AdcPerColumn = 1'b0,
    parameter int unsigned OffsetBits = 32,
    parameter logic [15:0] AdcMask = '1,
    parameter int unsigned LsbBits = 0,  // bits of a column's LSB, 0: a constant
    parameter bit Inl = 1'b0,
    parameter bit Dsp = 1'b0,
    parameter bit Noise = 1'b0,  // the noise, see xb_noise
    parameter logic [Slices*16-1:0] NoiseMult = {Slices{16'd1}},
    parameter int unsigned NoiseShift = 0,
    parameter logic [xb_pkg::NoiseKeyBits-1:0] NoiseKeys = '0,
    parameter bit NoiseRows = 1'b0,  // gains by driven rows, see xb_tile_driven
    parameter int unsigned FullRows = 18,
    parameter int unsigned RowLanes = 1,
    parameter AdcImage = "",  // $readmemh images, see README
    parameter InlImage = "",
    parameter NoiseImage = "",
    parameter int unsigned AdcBlock = 0,  // their memory styles, xb_prim_rom
    parameter int unsigned InlBlock = 0,
    parameter int unsigned NoiseBlock = 0,
    parameter bit Writable = 1'b0,  // memories and keys can be written
    localparam int unsigned PlaneWords = 2 * Slices,
    localparam int unsigned BeatPlanes = (AdcLanes > PlaneWords) ? AdcLanes / PlaneWords : 1,
    localparam int unsigned Subs = (AdcLanes > PlaneWords) ? 1 : PlaneWords / AdcLanes,
    localparam int unsigned SubBits = xb_pkg::digits(Subs - 1),
    localparam int unsigned BeatBits = xb_pkg::digits(Planes / BeatPlanes - 1),
    localparam int unsigned TileBits = xb_pkg::digits(Tiles - 1),
    localparam int unsigned PassBits = xb_pkg::digits(InBits / Planes - 1),
    localparam int unsigned LsbWidth = xb_pkg::max(1, LsbBits)
) (
    input logic clk_i,  // clock
    input logic rst_ni,  // synchronous reset, active low
    // verilator lint_off UNUSED
    input logic cfg_valid_i,  // write port, as of xb_tile
    input logic [2:0] cfg_mem_i,
    input logic [23:0] cfg_addr_i,
    input logic [7:0] cfg_chunk_i,
    input logic [31:0] cfg_data_i,
    input logic [31:0] first_image_i,  // image number after reset
    input logic row_en_i,  // NoiseRows: the rows, as of xb_tile_sums
    input logic [RowLanes*Planes-1:0] row_bits_i,
    input logic row_load_i,  // to clear_i there
    input logic row_hold_i,
    input logic row_add_i,
    // verilator lint_on UNUSED
    input logic issue_i,  // words come
    input logic [AdcLanes*AccBits-1:0] current_i,  // lane 0 low
    input logic [SubBits-1:0] sub_i,  // their names, of xb_tile_count
    // verilator lint_off UNUSED
    input logic [BeatBits-1:0] beat_i,
    input logic [TileBits-1:0] tile_i,
    input logic [PassBits-1:0] pass_i,
    input logic col_end_i,
    input logic seg_end_i,
    input logic sums_i,
    input logic group_last_i,
    input logic last_i,  // the segment is the last of its image
    // verilator lint_on UNUSED
    output logic valid_o,  // codes
    output logic [AdcLanes*AdcBits-1:0] code_o,  // lane 0 low
    output logic [AdcLanes*LsbWidth-1:0] lsb_o  // LsbBits: of the codes' columns and slices
);

  if (LsbBits > 16 || (LsbBits > 0 && !AdcPerColumn)) begin : gen_bad_lsb
    $error("xb_tile: LsbBits must be 0..16, and 0 without AdcPerColumn");
  end
  if (NoiseRows && !Noise) begin : gen_bad_noise
    $error("xb_tile: NoiseRows needs Noise");
  end

  localparam logic [xb_pkg::MaxSlices*16-1:0] AllNoise = (xb_pkg::MaxSlices * 16)'(NoiseMult);
  localparam int unsigned Wait = xb_pkg::wait_latency(AdcPerColumn, Noise, AllNoise);
  localparam int unsigned Latency = Wait + xb_pkg::adc_latency(
      (xb_pkg::MaxSlices * 16)'(AdcMult),
      AdcPerColumn,
      AdcMask,
      AdcPerColumn || AdcClip != '1,
      Inl,
      Dsp
  );
  localparam int unsigned SliceBits = xb_pkg::digits(Slices - 1);
  localparam int unsigned ColumnBits = xb_pkg::digits(Cols - 1);
  localparam int unsigned NoiseBits = xb_pkg::noise_bits(AllNoise, NoiseShift);
  localparam int unsigned CurrentBits = Noise ? xb_pkg::max(AccBits + 1, NoiseBits) + 1 : AccBits;

  logic [Latency-1:0] valid_q;
  assign valid_o = valid_q[Latency-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= Latency'({valid_q, issue_i});
  end

  // ------------------------------------------------------------------ the column
  // verilator lint_off UNUSED
  logic [ColumnBits-1:0] column;
  // verilator lint_on UNUSED
  if (AdcPerColumn || Noise) begin : gen_column
    logic [ColumnBits-1:0] column_q, base_q, next;  // base_q: first column of the group
    assign next = group_last_i ? '0 : column_q + ColumnBits'(1);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        column_q <= '0;
        base_q   <= '0;
      end else if (issue_i && col_end_i) begin
        if (!seg_end_i) column_q <= column_q + ColumnBits'(1);
        else column_q <= sums_i ? next : base_q;
        if (seg_end_i && sums_i) base_q <= next;
      end
    end
    assign column = column_q;
  end else begin : gen_no_column
    assign column = '0;
  end

  // ------------------------------------------------------------------ wait, add the noise
  logic [AdcLanes*CurrentBits-1:0] current;
  logic [SubBits-1:0] sub;

  if (Wait > 0) begin : gen_wait
    localparam int unsigned Stages = Noise ? Wait - 1 : Wait;
    logic [Stages*AdcLanes*AccBits-1:0] current_q;
    logic [Wait*SubBits-1:0] sub_q;
    logic [AdcLanes*AccBits-1:0] waited;
    always_ff @(posedge clk_i) begin
      current_q <= (Stages * AdcLanes * AccBits)'({current_q, current_i});
      sub_q     <= (Wait * SubBits)'({sub_q, sub_i});
    end
    assign waited = current_q[(Stages-1)*AdcLanes*AccBits+:AdcLanes*AccBits];
    assign sub = sub_q[(Wait-1)*SubBits+:SubBits];

    if (Noise) begin : gen_noise
      localparam int unsigned PositionBits = xb_pkg::digits(Positions - 1);
      localparam int unsigned PlaneBits = xb_pkg::digits(InBits - 1);
      localparam int unsigned WordBits = xb_pkg::digits(PlaneWords - 1);
      localparam int unsigned IndexBits = xb_pkg::digits(xb_pkg::NoiseKeyWords - 1);
      logic position_end;
      logic [PositionBits-1:0] position_q;
      logic [31:0] image_q;
      // The image number is taken some cycles after the counter: it changes as much later.
      logic [xb_pkg::NoiseImageDelay-1:0] image_end_q;
      assign position_end = issue_i && seg_end_i && sums_i && group_last_i;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          position_q  <= '0;
          image_q     <= first_image_i;
          image_end_q <= '0;
        end else begin
          if (position_end) position_q <= last_i ? '0 : position_q + PositionBits'(1);
          image_end_q <= xb_pkg::NoiseImageDelay'({image_end_q, position_end && last_i});
          if (image_end_q[xb_pkg::NoiseImageDelay-1]) image_q <= image_q + 32'd1;
        end
      end

      logic [AdcLanes*16-1:0] gain;
      if (NoiseRows) begin : gen_driven
        xb_tile_driven #(
            .FullRows  (FullRows),
            .RowLanes  (RowLanes),
            .Planes    (Planes),
            .Slices    (Slices),
            .AdcLanes  (AdcLanes),
            .NoiseImage(NoiseImage),
            .NoiseBlock(NoiseBlock),
            .Writable  (Writable)
        ) u_driven (
            .clk_i     (clk_i),
            .wr_en_i   (cfg_valid_i && cfg_mem_i == 3'd7),
            .wr_addr_i (cfg_addr_i),
            .wr_chunk_i(cfg_chunk_i),
            .wr_data_i (cfg_data_i),
            .en_i      (row_en_i),
            .bits_i    (row_bits_i),
            .load_i    (row_load_i),
            .hold_i    (row_hold_i),
            .add_i     (row_add_i),
            .issue_i   (issue_i),
            .sub_i     (sub_i),
            .late_sub_i(sub_q[(xb_pkg::NoiseGainDelay-1)*SubBits+:SubBits]),
            .mult_o    (gain)
        );
      end else begin : gen_one_gain
        assign gain = '0;
      end

      for (genvar l = 0; l < AdcLanes; l++) begin : gen_lane
        logic [WordBits-1:0] word;
        logic [PlaneBits-1:0] plane;
        logic [NoiseBits-1:0] value;
        logic signed [CurrentBits-1:0] noisy_q;
        always_comb begin
          word = '0;
          for (int unsigned k = 0; k < Subs; k++) begin
            if (sub_i == SubBits'(k)) word = WordBits'(xb_pkg::lane_word(k, l, AdcLanes, Slices));
          end
        end
        assign plane = PlaneBits'(InBits - 1 - l / PlaneWords - 32'(pass_i) * Planes -
                                  32'(beat_i) * BeatPlanes);
        xb_noise #(
            .Positions (Positions),
            .Tiles     (Tiles),
            .Cols      (Cols),
            .InBits    (InBits),
            .Slices    (Slices),
            .NoiseMult (NoiseMult),
            .NoiseShift(NoiseShift),
            .NoiseKeys (NoiseKeys),
            .Gain      (NoiseRows),
            .Writable  (Writable)
        ) u_noise (
            .clk_i      (clk_i),
            .rst_ni     (rst_ni),
            .key_we_i   (cfg_valid_i && cfg_mem_i == 3'd6),
            .key_index_i(cfg_addr_i[IndexBits-1:0]),
            .key_data_i (cfg_data_i),
            .image_i    (image_q),
            .position_i (position_q),
            .tile_i     (tile_i),
            .column_i   (column),
            .plane_i    (plane),
            .word_i     (word),
            .mult_i     (gain[l*16+:16]),
            .value_o    (value)
        );
        always_ff @(posedge clk_i) begin
          noisy_q <= $signed(CurrentBits'(waited[l*AccBits+:AccBits])) +
              CurrentBits'($signed(value));
        end
        assign current[l*CurrentBits+:CurrentBits] = noisy_q;
      end
    end else begin : gen_quiet
      assign current = waited;
    end
  end else begin : gen_at_once
    assign current = current_i;
    assign sub = sub_i;
  end

  // ------------------------------------------------------------------ constants of the column
  logic [AdcLanes*16-1:0] mult;
  logic [AdcLanes*OffsetBits-1:0] offset;
  logic [AdcLanes*AdcBits-1:0] clip;
  // verilator lint_off UNUSED
  logic [AdcLanes*LsbWidth-1:0] lsb;
  // verilator lint_on UNUSED
  if (AdcPerColumn) begin : gen_words
    // Looked up so that they come with the current.
    localparam int unsigned Early = Wait - xb_pkg::adc_column_latency();
    localparam int unsigned NameBits = ColumnBits + SubBits;
    logic [NameBits-1:0] name;
    if (Early > 0) begin : gen_early
      logic [Early*NameBits-1:0] name_q;
      always_ff @(posedge clk_i) name_q <= (Early * NameBits)'({name_q, column, sub_i});
      assign name = name_q[(Early-1)*NameBits+:NameBits];
    end else begin : gen_now
      assign name = {column, sub_i};
    end
    xb_adc_column #(
        .Cols      (Cols),
        .Slices    (Slices),
        .AdcBits   (AdcBits),
        .OffsetBits(OffsetBits),
        .LsbBits   (LsbBits),
        .AdcLanes  (AdcLanes),
        .AdcImage  (AdcImage),
        .AdcBlock  (AdcBlock),
        .Writable  (Writable)
    ) u_words (
        .clk_i     (clk_i),
        .wr_en_i   (cfg_valid_i && cfg_mem_i == 3'd4),
        .wr_addr_i (cfg_addr_i),
        .wr_chunk_i(cfg_chunk_i),
        .wr_data_i (cfg_data_i),
        .column_i  (name[SubBits+:ColumnBits]),
        .sub_i     (name[SubBits-1:0]),
        .mult_o    (mult),
        .offset_o  (offset),
        .clip_o    (clip),
        .lsb_o     (lsb)
    );
  end else begin : gen_no_words
    assign mult   = '0;
    assign offset = '0;
    assign clip   = '0;
    assign lsb    = '0;
  end

  // The level steps leave with the codes.
  if (LsbBits > 0) begin : gen_lsb
    localparam int unsigned Width = AdcLanes * LsbWidth;
    logic [(Latency-Wait)*Width-1:0] lsb_q;
    always_ff @(posedge clk_i) lsb_q <= ((Latency - Wait) * Width)'({lsb_q, lsb});
    assign lsb_o = lsb_q[(Latency-Wait-1)*Width+:Width];
  end else begin : gen_no_lsb
    assign lsb_o = '0;
  end

  // ------------------------------------------------------------------ convert
  for (genvar l = 0; l < AdcLanes; l++) begin : gen_adc
    logic [SliceBits-1:0] slice;
    always_comb begin
      slice = '0;
      for (int unsigned k = 0; k < Subs; k++) begin
        if (sub == SubBits'(k)) begin
          slice = SliceBits'(xb_pkg::lane_word(k, l, AdcLanes, Slices) / 2);
        end
      end
    end
    xb_adc #(
        .CurrentBits  (CurrentBits),
        .CurrentSigned(Noise),
        .AdcBits      (AdcBits),
        .Slices       (Slices),
        .AdcMult      (AdcMult),
        .AdcShift     (AdcShift),
        .AdcOffset    (AdcOffset),
        .AdcClip      (AdcClip),
        .AdcPerColumn (AdcPerColumn),
        .OffsetBits   (OffsetBits),
        .AdcMask      (AdcMask),
        .Inl          (Inl),
        .InlImage     (InlImage),
        .InlBlock     (InlBlock),
        .Writable     (Writable),
        .Dsp          (Dsp)
    ) u_adc (
        .clk_i     (clk_i),
        .inl_wr_i  (cfg_valid_i && cfg_mem_i == 3'd5),
        .wr_addr_i (cfg_addr_i),
        .wr_chunk_i(cfg_chunk_i),
        .wr_data_i (cfg_data_i),
        .current_i (current[l*CurrentBits+:CurrentBits]),
        .slice_i   (slice),
        .mult_i    (mult[l*16+:16]),
        .offset_i  (offset[l*OffsetBits+:OffsetBits]),
        .clip_i    (clip[l*AdcBits+:AdcBits]),
        .code_o    (code_o[l*AdcBits+:AdcBits])
    );
  end

endmodule
