// Watches every conversion, requantized activation and pooled activation of a generated design.
// SPDX-License-Identifier: Apache-2.0
//
// Bound into the templates, so that their sources stay as they are. Every event is one call into
// the simulator's C++ (main.cpp), which finds the layer once, by the instance's hierarchical name.

module xb_probe_tile #(
    parameter int unsigned AdcLanes = 1,
    parameter int unsigned AdcBits  = 8
) (
    input logic                        clk_i,
    input logic                        valid_i,
    input logic [AdcLanes*AdcBits-1:0] code_i,
    input logic [                31:0] tile_i,
    input logic [                31:0] column_i,
    input logic [                31:0] plane_i,
    input logic [                31:0] word_i
);

  import "DPI-C" function int xb_probe_layer(input string scope);
  import "DPI-C" function void xb_probe_code(
    input int layer,
    input int row_tile,
    input int column,
    input int plane,
    input int word_index,
    input int code
  );

  int layer;
  initial layer = xb_probe_layer($sformatf("%m"));

  for (genvar lane = 0; lane < AdcLanes; lane++) begin : gen_lane
    always_ff @(posedge clk_i) begin
      if (valid_i) begin
        xb_probe_code(layer, tile_i, column_i, plane_i, word_i + lane,
                      32'(code_i[lane*AdcBits+:AdcBits]));
      end
    end
  end

endmodule

// A beat of a layer's output stream.
module xb_probe_stream #(
    parameter int unsigned Bits = 8
) (
    input logic            clk_i,
    input logic            valid_i,
    input logic [Bits-1:0] data_i
);

  import "DPI-C" function int xb_probe_layer(input string scope);
  import "DPI-C" function void xb_probe_output(
    input int layer,
    input int bits,
    input int data
  );

  int layer;
  initial layer = xb_probe_layer($sformatf("%m"));

  always_ff @(posedge clk_i) begin
    if (valid_i) xb_probe_output(layer, Bits, 32'(data_i));
  end

endmodule

bind xb_tile xb_probe_tile #(
    .AdcLanes(AdcLanes),
    .AdcBits (AdcBits)
) u_xb_probe (
    .clk_i   (clk_i),
    .valid_i (probe_valid),
    .code_i  (probe_code),
    .tile_i  (probe_tile),
    .column_i(probe_column),
    .plane_i (probe_plane),
    .word_i  (probe_word)
);

bind xb_requant xb_probe_stream #(
    .Bits(OutBits)
) u_xb_probe (
    .clk_i  (clk_i),
    .valid_i(probe_valid),
    .data_i (probe_data)
);

bind xb_max_pool xb_probe_stream #(
    .Bits(Bits)
) u_xb_probe (
    .clk_i  (clk_i),
    .valid_i(out_valid_o && out_ready_i),
    .data_i (out_data_o)
);
