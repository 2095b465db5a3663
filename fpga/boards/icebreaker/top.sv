// iCEBreaker (UP5K): 12 MHz oscillator, USB UART, the class on the five LEDs of PMOD 2.
// SPDX-License-Identifier: Apache-2.0
module top #(
    parameter int unsigned ClksPerBit = 12,   // 1 Mbaud
    parameter int unsigned PixelBytes = 1,    // bytes of a pixel, one a channel
    parameter int unsigned Pixels     = 784,  // pixels of an image
    parameter int unsigned Taken      = 0,    // of these, taken at once by a design that is idle
    parameter int unsigned Outputs    = 10    // logits of an image
) (
    input  logic       clk_i,        // 12 MHz
    input  logic       btn_ni,       // user button: reset
    input  logic       uart_rx_i,    // from the USB UART
    output logic       uart_tx_o,    // to the USB UART
    output logic [4:0] led_o,        // the class
    output logic       led_green_no  // toggles with every image; 0 = lit
);

  // Five LEDs show the low bits of the class only.
  // verilator lint_off UNUSED
  logic [7:0] leds;
  // verilator lint_on UNUSED

  xb_board #(
      .ClksPerBit(ClksPerBit),
      .PixelBytes(PixelBytes),
      .Pixels    (Pixels),
      .Taken     (Taken),
      .Outputs   (Outputs)
  ) u_board (
      .clk_i    (clk_i),
      .rst_ni   (btn_ni),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .leds_o   (leds)
  );

  assign led_o        = leds[4:0];
  assign led_green_no = ~leds[7];

endmodule
