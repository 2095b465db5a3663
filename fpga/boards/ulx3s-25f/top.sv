// ULX3S with an ECP5-25F: 25 MHz oscillator, USB UART, eight LEDs.
// SPDX-License-Identifier: Apache-2.0
module top #(
    parameter int unsigned ClksPerBit = 25,   // 1 Mbaud
    parameter int unsigned PixelBytes = 1,    // bytes of a pixel, one a channel
    parameter int unsigned Pixels     = 784,  // pixels of an image
    parameter int unsigned Taken      = 0,    // of these, taken at once by a design that is idle
    parameter int unsigned Outputs    = 10    // logits of an image
) (
    input  logic       clk_i,      // 25 MHz
    input  logic       btn_ni,     // PWR button: reset
    input  logic       uart_rx_i,  // from the USB UART
    output logic       uart_tx_o,  // to the USB UART
    output logic [7:0] led_o,      // D0..D7
    output logic       awake_o     // wifi_gpio0: held high, or the ESP32 takes the board over
);

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
      .leds_o   (led_o)
  );

  assign awake_o = 1'b1;

endmodule
