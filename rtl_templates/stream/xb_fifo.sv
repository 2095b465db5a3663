// First-in first-out queue in block RAM with a registered output.
// SPDX-License-Identifier: Apache-2.0
//
// Holds Depth words in memory and up to three more on their way out. Latency 3, one beat a cycle.
// out_valid_o, out_data_o and in_ready_o come from registers.

`include "xb_assert.svh"

module xb_fifo #(
    parameter int unsigned Width = 8,  // bits a beat
    parameter int unsigned Depth = 16  // words in memory, >= 2
) (
    input  logic             clk_i,        // clock
    input  logic             rst_ni,       // synchronous reset, active low
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);

  if (Width < 1 || Depth < 2) begin : gen_bad_size
    $error("xb_fifo: Width must be at least 1 and Depth at least 2");
  end

  localparam int unsigned AddrBits = $clog2(Depth);
  localparam int unsigned CountBits = xb_pkg::digits(Depth);

  logic [AddrBits-1:0] wr_addr_q, rd_addr_q;
  logic [CountBits-1:0] count_q;  // words in memory that were written before this cycle
  logic write, read;
  logic             read_valid_q;  // the memory's output register holds a word
  logic [Width-1:0] read_data;
  logic             skid_ready;

  // A word is read only once it was written in an earlier cycle, so the ports never collide.
  assign in_ready_o = count_q != CountBits'(Depth);
  assign write = in_valid_i && in_ready_o;
  assign read = count_q != '0 && (!read_valid_q || skid_ready);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wr_addr_q <= '0;
      rd_addr_q <= '0;
      count_q <= '0;
      read_valid_q <= 1'b0;
    end else begin
      if (write) begin
        wr_addr_q <= (wr_addr_q == AddrBits'(Depth - 1)) ? '0 : wr_addr_q + AddrBits'(1);
      end
      if (read) begin
        rd_addr_q <= (rd_addr_q == AddrBits'(Depth - 1)) ? '0 : rd_addr_q + AddrBits'(1);
      end
      if (write != read) count_q <= write ? count_q + CountBits'(1) : count_q - CountBits'(1);
      if (read) read_valid_q <= 1'b1;
      else if (skid_ready) read_valid_q <= 1'b0;
    end
  end

  xb_prim_ram #(
      .Width(Width),
      .Depth(Depth)
  ) u_ram (
      .clk_i    (clk_i),
      .wr_en_i  (write),
      .wr_addr_i(wr_addr_q),
      .wr_data_i(in_data_i),
      .rd_en_i  (read),
      .rd_addr_i(rd_addr_q),
      .rd_data_o(read_data)
  );

  xb_skid #(
      .Width(Width)
  ) u_skid (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (read_valid_q),
      .in_ready_o (skid_ready),
      .in_data_i  (read_data),
      .out_valid_o(out_valid_o),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data_o)
  );

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)

endmodule
