// iCE40-HX8K breakout board: 12 MHz oscillator, USB UART, eight LEDs; no button.
// SPDX-License-Identifier: Apache-2.0
module top #(
    parameter int unsigned ClksPerBit = 12,   // 1 Mbaud
    parameter int unsigned PixelBytes = 1,    // bytes of a pixel, one a channel
    parameter int unsigned Pixels     = 784,  // pixels of an image
    parameter int unsigned Taken      = 0,    // of these, taken at once by a design that is idle
    parameter int unsigned Outputs    = 10    // logits of an image
) (
    input  logic       clk_i,      // 12 MHz
    input  logic       uart_rx_i,  // from the USB UART
    output logic       uart_tx_o,  // to the USB UART
    output logic [7:0] led_o       // D9..D2
);

  xb_board #(
      .ClksPerBit(ClksPerBit),
      .PixelBytes(PixelBytes),
      .Pixels    (Pixels),
      .Taken     (Taken),
      .Outputs   (Outputs)
  ) u_board (
      .clk_i    (clk_i),
      .rst_ni   (1'b1),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .leds_o   (led_o)
  );

endmodule
