// What every board's top wraps: power-on reset, the UART link, the generated design, the LEDs.
// SPDX-License-Identifier: Apache-2.0
//
// The flow renames the generated design's top to `xb_design` and sets the parameters from its
// manifest, and XB_NOISE where the design has read noise: images are then numbered from 0 behind
// reset, as the twin does. uart_rx_i may be asynchronous. leds_o is registered: [6:0] is the class of the last
// image, [7] toggles with every image.
module xb_board #(
    parameter int unsigned ClksPerBit = 12,   // clock cycles per UART bit
    parameter int unsigned PixelBytes = 1,    // bytes of a pixel, one a channel
    parameter int unsigned Pixels     = 784,  // pixels of an image
    parameter int unsigned Taken      = 0,    // of these, taken at once by a design that is idle
    parameter int unsigned Outputs    = 10    // logits of an image
) (
    input  logic       clk_i,      // the board's oscillator
    input  logic       rst_ni,     // button, asynchronous to clk_i; 1 when released
    input  logic       uart_rx_i,  // from the host
    output logic       uart_tx_o,  // to the host
    output logic [7:0] leds_o      // 1 = lit
);

  localparam int unsigned UserBits = (Outputs > 1) ? $clog2(Outputs) : 1;

  // Registers of both families power up at 0: reset is held for 2^8 cycles after configuration, by
  // which time block memories are readable (iCE40: 3 us), and after every push of the button.
  logic [1:0] button_q = '0;
  logic [8:0] awake_q = '0;
  logic [8:0] awake_d;
  logic       rst_n;

  assign rst_n = awake_q[8];

  always_comb begin
    awake_d = awake_q;
    if (!button_q[1]) awake_d = '0;
    else if (!awake_q[8]) awake_d = awake_q + 9'd1;
  end

  always_ff @(posedge clk_i) begin
    button_q <= {button_q[0], rst_ni};
    awake_q  <= awake_d;
  end

  logic [8*PixelBytes-1:0] pixel_data;
  logic pixel_valid, pixel_ready, pixel_last;
  logic [31:0] logit_data;
  logic [UserBits-1:0] logit_class;
  logic logit_valid, logit_ready, logit_last;

  xb_uart_link #(
      .ClksPerBit(ClksPerBit),
      .PixelBytes(PixelBytes),
      .Pixels    (Pixels),
      .Taken     (Taken),
      .Outputs   (Outputs)
  ) u_link (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
      .uart_rx_i    (uart_rx_i),
      .uart_tx_o    (uart_tx_o),
      .m_axis_tdata (pixel_data),
      .m_axis_tvalid(pixel_valid),
      .m_axis_tready(pixel_ready),
      .m_axis_tlast (pixel_last),
      .s_axis_tdata (logit_data),
      .s_axis_tvalid(logit_valid),
      .s_axis_tready(logit_ready),
      .s_axis_tlast (logit_last),
      .s_axis_tuser (logit_class)
  );

  xb_design u_design (
      .clk_i        (clk_i),
      .rst_ni       (rst_n),
`ifdef XB_NOISE
      .first_image_i(32'd0),
`endif
      .s_axis_tdata (pixel_data),
      .s_axis_tvalid(pixel_valid),
      .s_axis_tready(pixel_ready),
      .s_axis_tlast (pixel_last),
      .m_axis_tdata (logit_data),
      .m_axis_tvalid(logit_valid),
      .m_axis_tready(logit_ready),
      .m_axis_tlast (logit_last),
      .m_axis_tuser (logit_class)
  );

  logic [7:0] leds_q, leds_d;

  always_comb begin
    leds_d = leds_q;
    if (logit_valid && logit_ready && logit_last) leds_d = {~leds_q[7], 7'(logit_class)};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_n) leds_q <= '0;
    else leds_q <= leds_d;
  end

  assign leds_o = leds_q;

endmodule
