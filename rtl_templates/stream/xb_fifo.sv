// First-in first-out queue that holds exactly Depth beats, the one at the output included.
// SPDX-License-Identifier: Apache-2.0
//
// in_ready_o is high exactly while fewer than Depth beats are inside, and a beat is at the output
// Latency cycles after it came in or one after the beat before it left, whichever is later. Small
// queues are flip-flops with Latency 1: one beat a cycle for Depth >= 2, one in two for Depth = 1.
// The others have a memory, Latency 3 and one beat a cycle. out_valid_o, out_data_o and in_ready_o
// come from registers.

`include "xb_assert.svh"

module xb_fifo #(
    parameter int unsigned Width = 8,   // bits a beat
    parameter int unsigned Depth = 16,  // beats held, >= 1
    parameter int unsigned Style = 0    // 0: memory from 8 beats and 256 bits, 1: memory, 2: logic
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

  localparam bit Memory = Style == 1 || (Style == 0 && Depth >= 8 && Depth * Width >= 256);

  if (Width < 1 || Depth < 1 || Style > 2) begin : gen_bad_size
    $error("xb_fifo: Width and Depth must be at least 1 and Style 0, 1 or 2");
  end
  if (Style == 1 && Depth < 4) begin : gen_bad_memory
    $error("xb_fifo: with Style 1 Depth must be at least 4");
  end

  logic push;
  assign push = in_valid_i && in_ready_o;

  if (Memory) begin : gen_memory
    // What leaves the memory has three more places: its own output register and the skid's two.
    // While more than one word waits in the memory at least two of those are taken, so that
    // Depth - 2 words suffice and a word is never read in the cycle in which it is written.
    localparam int unsigned Words = Depth - 2;
    localparam int unsigned AddrBits = $clog2(Words);
    localparam int unsigned CountBits = xb_pkg::digits(Words);
    localparam int unsigned RoomBits = xb_pkg::digits(Depth - 1) + 1;

    logic [AddrBits-1:0] wr_addr_q, rd_addr_q;
    logic [CountBits-1:0] count_q;  // words in memory that were written before this cycle
    logic signed [RoomBits-1:0] room_q;  // free places - 1
    logic pop, read;
    logic read_valid_q;  // the memory's output register holds a word
    logic [Width-1:0] read_data;
    logic skid_ready;

    assign in_ready_o = !room_q[RoomBits-1];
    assign pop = out_valid_o && out_ready_i;
    assign read = count_q != '0 && (!read_valid_q || skid_ready);

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        wr_addr_q <= '0;
        rd_addr_q <= '0;
        count_q <= '0;
        room_q <= $signed(RoomBits'(Depth - 1));
        read_valid_q <= 1'b0;
      end else begin
        if (push) begin
          wr_addr_q <= (wr_addr_q == AddrBits'(Words - 1)) ? '0 : wr_addr_q + AddrBits'(1);
        end
        if (read) begin
          rd_addr_q <= (rd_addr_q == AddrBits'(Words - 1)) ? '0 : rd_addr_q + AddrBits'(1);
        end
        if (push != read) count_q <= push ? count_q + CountBits'(1) : count_q - CountBits'(1);
        if (push != pop) room_q <= push ? room_q - RoomBits'(1) : room_q + RoomBits'(1);
        if (read) read_valid_q <= 1'b1;
        else if (skid_ready) read_valid_q <= 1'b0;
      end
    end

    xb_prim_ram #(
        .Width(Width),
        .Depth(Words)
    ) u_ram (
        .clk_i    (clk_i),
        .wr_en_i  (push),
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

    `XB_ASSERT(RoomInMemory, !push || count_q < CountBits'(Words))
  end else begin : gen_logic
    // Words move towards word 0, the output; a new one goes behind the last.
    logic [Depth-1:0] valid_q;
    logic [Depth-1:0] later;  // the word behind is there
    logic [Depth-1:0] prior;  // the word ahead is there, or there is no place ahead
    logic pop;

    assign later = valid_q >> 1;
    assign prior = (valid_q << 1) | Depth'(1);
    assign in_ready_o = !valid_q[Depth-1];
    assign out_valid_o = valid_q[0];
    assign pop = valid_q[0] && out_ready_i;

    for (genvar i = 0; i < Depth; i++) begin : gen_word
      logic [Width-1:0] word_q, next;
      if (i + 1 < Depth) begin : gen_inner
        assign next = (pop && later[i]) ? gen_word[i+1].word_q : in_data_i;
      end else begin : gen_end
        assign next = in_data_i;
      end
      always_ff @(posedge clk_i) begin
        if (!rst_ni) valid_q[i] <= 1'b0;
        else if (pop) valid_q[i] <= later[i] || (push && valid_q[i]);
        else valid_q[i] <= valid_q[i] || (push && prior[i]);
      end
      always_ff @(posedge clk_i) begin
        if (pop || !valid_q[i]) word_q <= next;
      end
    end
    assign out_data_o = gen_word[0].word_q;
  end

  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)

endmodule
