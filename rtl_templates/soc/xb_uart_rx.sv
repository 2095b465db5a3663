// UART receiver: 8 data bits, no parity, one stop bit, least significant bit first.
// SPDX-License-Identifier: Apache-2.0
//
// Samples in the middle of a bit, so a byte arrives while the two clocks differ by less than 4%. A
// start bit that is over by its middle is noise, and a byte whose stop bit is low is dropped.
// out_valid_o is a strobe of one cycle: the line does not wait.

module xb_uart_rx #(
    parameter int unsigned ClksPerBit = 104  // clock cycles a bit, >= 4
) (
    input  logic       clk_i,        // clock
    input  logic       rst_ni,       // synchronous reset, active low
    input  logic       rx_i,         // the line, asynchronous; idles high
    output logic       out_valid_o,  // a byte has arrived
    output logic [7:0] out_data_o
);

  if (ClksPerBit < 4) begin : gen_bad_rate
    $error("xb_uart_rx: ClksPerBit must be at least 4");
  end

  localparam int unsigned CountBits = $clog2(ClksPerBit);

  logic [1:0] sync_q;
  logic rx;
  logic busy_q, busy_d, valid_q, valid_d;
  logic [CountBits-1:0] count_q, count_d;  // cycles until the next sample
  logic [3:0] bit_q, bit_d;  // 0: start, 1..8: data, 9: stop
  logic [7:0] data_q, data_d;

  assign rx = sync_q[1];
  assign out_valid_o = valid_q;
  assign out_data_o = data_q;

  always_comb begin
    busy_d  = busy_q;
    valid_d = 1'b0;
    count_d = count_q - CountBits'(1);
    bit_d   = bit_q;
    data_d  = data_q;
    if (!busy_q) begin
      busy_d  = !rx;
      count_d = CountBits'(ClksPerBit / 2 - 1);
      bit_d   = '0;
    end else if (count_q == '0) begin
      count_d = CountBits'(ClksPerBit - 1);
      bit_d   = bit_q + 4'd1;
      if (bit_q == 4'd0) begin
        busy_d = !rx;
      end else if (bit_q == 4'd9) begin
        busy_d  = 1'b0;
        valid_d = rx;
      end else begin
        data_d = {rx, data_q[7:1]};
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sync_q  <= '1;
      busy_q  <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      sync_q  <= {sync_q[0], rx_i};
      busy_q  <= busy_d;
      valid_q <= valid_d;
    end
  end

  always_ff @(posedge clk_i) begin
    count_q <= count_d;
    bit_q   <= bit_d;
    data_q  <= data_d;
  end

endmodule
