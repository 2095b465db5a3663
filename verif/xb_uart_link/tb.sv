// Testbench of xb_uart_link: a host and a design around every parameter set of cases.inc.
// SPDX-License-Identifier: Apache-2.0
//
// The host shares nothing with the receiver and transmitter under test: it shifts whole frames, and
// its bit lasts HostBit16 / 16 cycles, so that the clocks may differ. It waits for each answer. The
// design takes Taken pixels as they come and the others only when the host has sent them all, and
// answers an image, which ends where tlast says, with logit k = (k + 1) * s + 16777259 * k
// of s, the sum over bytes b_i * (i + 1), and class s mod Outputs.

`define DUT(i, dut, clks, bytes, pixels, taken, outputs, host) \
  if (1) begin : gen_case_``i \
    localparam int unsigned UserBits = (outputs > 1) ? $clog2(outputs) : 1; \
    logic to_dut, from_dut, p_valid, p_ready, p_last, l_valid, l_ready, l_last; \
    logic [8*bytes-1:0] p_data; \
    logic [31:0] l_data; \
    logic [UserBits-1:0] l_user; \
    dut #( \
        .ClksPerBit(clks), .PixelBytes(bytes), .Pixels(pixels), .Taken(taken), \
        .Outputs(outputs) \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .uart_rx_i(to_dut), .uart_tx_o(from_dut), \
        .m_axis_tdata(p_data), .m_axis_tvalid(p_valid), .m_axis_tready(p_ready), \
        .m_axis_tlast(p_last), .s_axis_tdata(l_data), .s_axis_tvalid(l_valid), \
        .s_axis_tready(l_ready), .s_axis_tlast(l_last), .s_axis_tuser(l_user) \
    ); \
    uart_host #( \
        .Answer(1 + 4 * outputs), .HostBit16(host) \
    ) u_host ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .tx_o(to_dut), .rx_i(from_dut), \
        .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), .in_data_i(in_data_i[i][7:0]), \
        .in_last_i(in_last_i[i]), .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), \
        .out_data_o(out_data_o[i]), .out_last_o(out_last_o[i]) \
    ); \
    summing_design #( \
        .Bytes(bytes), .Taken(taken), .Outputs(outputs), \
        .Patience((pixels - taken) * bytes * (10 * host / 16 + 2) + 40) \
    ) u_design ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .p_data_i(p_data), .p_valid_i(p_valid), \
        .p_ready_o(p_ready), .p_last_i(p_last), .l_data_o(l_data), .l_valid_o(l_valid), \
        .l_ready_i(l_ready), .l_last_o(l_last), .l_user_o(l_user) \
    ); \
  end

module uart_host #(
    parameter int unsigned Answer    = 41,
    parameter int unsigned HostBit16 = 192
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    output logic        tx_o,
    input  logic        rx_i,
    input  logic        in_valid_i,
    output logic        in_ready_o,
    input  logic [ 7:0] in_data_i,
    input  logic        in_last_i,
    output logic        out_valid_o,
    input  logic        out_ready_i,
    output logic [63:0] out_data_o,
    output logic        out_last_o
);
  int unsigned tx_phase, tx_left, rx_phase, rx_left, wr, rd;
  logic [9:0] tx_frame, rx_frame;
  logic waiting;
  logic [7:0] answer[0:Answer-1];

  assign tx_o = (tx_left == 0) ? 1'b1 : tx_frame[0];
  assign in_ready_o = tx_left == 0 && !waiting;
  assign out_valid_o = rd < wr;
  assign out_data_o = 64'(answer[rd%Answer]);
  assign out_last_o = rd == Answer - 1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tx_left <= 0;
      rx_left <= 0;
      wr <= 0;
      rd <= 0;
      waiting <= 1'b0;
    end else begin
      if (tx_left != 0) begin
        if (tx_phase + 16 >= HostBit16) begin
          tx_phase <= tx_phase + 16 - HostBit16;
          tx_frame <= tx_frame >> 1;
          tx_left  <= tx_left - 1;
        end else begin
          tx_phase <= tx_phase + 16;
        end
      end else if (in_valid_i && in_ready_o) begin
        tx_frame <= {1'b1, in_data_i, 1'b0};
        tx_phase <= 0;
        tx_left  <= 10;
        waiting  <= in_last_i;
      end
      if (rx_left != 0) begin
        if (rx_phase + 16 >= HostBit16) begin
          rx_phase <= rx_phase + 16 - HostBit16;
          rx_frame <= {rx_i, rx_frame[9:1]};
          rx_left  <= rx_left - 1;
          if (rx_left == 1) begin
            // A frame that does not start with 0 and end with 1 is shown as a wrong byte.
            answer[wr%Answer] <= (rx_frame[1] == 1'b0 && rx_i) ? rx_frame[9:2] : ~rx_frame[9:2];
            wr <= wr + 1;
          end
        end else begin
          rx_phase <= rx_phase + 16;
        end
      end else if (!rx_i) begin
        // The line fell a cycle ago; the cycle nearest to the middle of the bit is taken.
        rx_phase <= HostBit16 / 2 + 24;
        rx_left  <= 10;
      end
      if (out_valid_o && out_ready_i) begin
        if (out_last_o) begin
          rd <= 0;
          wr <= 0;
          waiting <= 1'b0;
        end else begin
          rd <= rd + 1;
        end
      end
    end
  end
endmodule

// verilog_lint: waive one-module-per-file (both are of this testbench only)
module summing_design #(
    parameter  int unsigned Bytes    = 1,
    parameter  int unsigned Taken    = 0,
    parameter  int unsigned Patience = 40,
    parameter  int unsigned Outputs  = 10,
    localparam int unsigned UserBits = (Outputs > 1) ? $clog2(Outputs) : 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic [ 8*Bytes-1:0] p_data_i,
    input  logic                p_valid_i,
    output logic                p_ready_o,
    input  logic                p_last_i,
    output logic [        31:0] l_data_o,
    output logic                l_valid_o,
    input  logic                l_ready_i,
    output logic                l_last_o,
    output logic [UserBits-1:0] l_user_o
);
  logic [31:0] sum, place, part;
  int unsigned logit, waited;
  logic answering;
  logic [11:0] random;

  // Stalls half the time, and longer than the rest of the image takes to come.
  assign p_ready_o = !answering && random[0] && (place < 32'(Taken * Bytes) || waited == Patience);
  assign l_valid_o = answering;
  assign l_data_o  = (logit + 1) * sum + 32'd16777259 * logit;
  assign l_last_o  = logit == Outputs - 1;
  assign l_user_o  = l_last_o ? UserBits'(sum % Outputs) : '1;

  always_comb begin
    part = '0;
    for (int unsigned b = 0; b < Bytes; b++) part += p_data_i[8*b+:8] * (place + b + 1);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sum <= '0;
      place <= '0;
      logit <= 0;
      answering <= 1'b0;
      random <= '1;
      waited <= 0;
    end else begin
      if (p_valid_i && waited != Patience && place >= 32'(Taken * Bytes)) waited <= waited + 1;
      random <= {random[10:0], random[11] ^ random[10] ^ random[9] ^ random[3]};
      if (p_valid_i && p_ready_o) begin
        sum <= sum + part;
        place <= place + Bytes;
        answering <= p_last_i;
      end
      if (l_valid_o && l_ready_i) begin
        logit <= logit + 1;
        if (l_last_o) begin
          sum <= '0;
          place <= '0;
          logit <= 0;
          answering <= 1'b0;
          waited <= 0;
        end
      end
    end
  end
endmodule

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
