// UART transmitter: 8 data bits, no parity, one stop bit, least significant bit first.
// SPDX-License-Identifier: Apache-2.0
//
// A byte takes 10 * ClksPerBit cycles, and bytes follow one another without a gap of more than a
// cycle. tx_o and in_ready_o are registered.

module xb_uart_tx #(
    parameter int unsigned ClksPerBit = 104  // clock cycles a bit, >= 2
) (
    input  logic       clk_i,       // clock
    input  logic       rst_ni,      // synchronous reset, active low
    input  logic       in_valid_i,
    output logic       in_ready_o,
    input  logic [7:0] in_data_i,
    output logic       tx_o         // the line; idles high
);

  if (ClksPerBit < 2) begin : gen_bad_rate
    $error("xb_uart_tx: ClksPerBit must be at least 2");
  end

  localparam int unsigned CountBits = $clog2(ClksPerBit);

  logic ready_q, ready_d;
  logic [CountBits-1:0] count_q, count_d;  // cycles left of this bit
  logic [3:0] left_q, left_d;  // bits behind this one
  logic [9:0] shift_q, shift_d;  // bit 0 is on the line

  assign in_ready_o = ready_q;
  assign tx_o = shift_q[0];

  always_comb begin
    ready_d = ready_q;
    count_d = count_q - CountBits'(1);
    left_d  = left_q;
    shift_d = shift_q;
    if (ready_q) begin
      ready_d = !in_valid_i;
      count_d = CountBits'(ClksPerBit - 1);
      left_d  = 4'd9;
      if (in_valid_i) shift_d = {1'b1, in_data_i, 1'b0};
    end else if (count_q == '0) begin
      count_d = CountBits'(ClksPerBit - 1);
      left_d  = left_q - 4'd1;
      ready_d = left_q == '0;
      shift_d = {1'b1, shift_q[9:1]};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ready_q <= 1'b1;
      shift_q <= '1;
    end else begin
      ready_q <= ready_d;
      shift_q <= shift_d;
    end
  end

  always_ff @(posedge clk_i) begin
    count_q <= count_d;
    left_q  <= left_d;
  end

endmodule
