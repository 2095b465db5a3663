// Chip edge in: one AXI4-Stream pixel beat of packed channels becomes one activation a beat.
// SPDX-License-Identifier: Apache-2.0
//
// Channel 0 lies in the low bits and leaves first. Latency 1; Channels cycles a pixel, without
// gaps. All outputs but s_axis_tready are registered; s_axis_tready looks through out_ready_i.

`include "xb_assert.svh"

module xb_unpack #(
    parameter int unsigned Channels = 3,  // activations a pixel
    parameter int unsigned Bits     = 8   // bits of an activation
) (
    input  logic                     clk_i,          // clock
    input  logic                     rst_ni,         // synchronous reset, active low
    input  logic [Channels*Bits-1:0] s_axis_tdata,
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic                     s_axis_tlast,   // last pixel of the image
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic [         Bits-1:0] out_data_o,
    output logic                     out_last_o      // last activation of the image
);

  if (Channels < 1 || Bits < 1) begin : gen_bad_size
    $error("xb_unpack: Channels and Bits must be at least 1");
  end

  localparam int unsigned CountBits = xb_pkg::digits(Channels - 1);

  logic [Channels*Bits-1:0] pixel_q;
  logic [CountBits-1:0] left_q;  // activations behind the one at the output
  logic valid_q, last_q;
  logic empty_next;

  assign empty_next = !valid_q || (out_ready_i && left_q == '0);
  assign s_axis_tready = empty_next;
  assign out_valid_o = valid_q;
  assign out_data_o = pixel_q[Bits-1:0];
  assign out_last_o = last_q && left_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else if (empty_next) begin
      valid_q <= s_axis_tvalid;
    end
  end

  always_ff @(posedge clk_i) begin
    if (empty_next) begin
      pixel_q <= s_axis_tdata;
      last_q  <= s_axis_tlast;
      left_q  <= CountBits'(Channels - 1);
    end else if (out_ready_i) begin
      pixel_q <= pixel_q >> Bits;
      left_q  <= left_q - CountBits'(1);
    end
  end

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})

endmodule
