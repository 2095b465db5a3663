// Memories and multipliers of every kind that Yosys maps to DP16KD and MULT18X18D.
// SPDX-License-Identifier: Apache-2.0
//
// Synthesised, and simulated beside its own netlist with the same inputs: word i of q_o is case i.
// The two ports of a memory never meet in a word: `other` is an address that differs from `addr`.

module cells_memory #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,  // a power of two: every address is a word
    parameter Image = "",  // random words
    parameter int unsigned Kind = 0,  // see below
    parameter int unsigned Enables = 1,  // of the write, divides Width
    localparam int unsigned AddrBits = $clog2(Depth)
) (
    input  logic        clk_i,
    input  logic        write_i,
    input  logic        read_i,
    input  logic        clear_i,
    input  logic [ 3:0] enable_i,
    input  logic [13:0] addr_i,
    input  logic [13:0] other_i,
    input  logic [71:0] data_i,
    output logic [71:0] q_o
);

  localparam int unsigned Part = Width / Enables;

  (* ram_style = "block", rom_style = "block", no_rw_check *)
  logic [Width-1:0] mem [Depth];
  logic [Width-1:0] q_q;
  logic [AddrBits-1:0] addr, other;
  integer e;

  assign addr  = AddrBits'(addr_i);
  assign other = AddrBits'(other_i);
  assign q_o   = 72'(q_q);

  if (Image != "") begin : gen_image
    initial $readmemh(Image, mem);
  end

  if (Kind == 0) begin : gen_rom
    always_ff @(posedge clk_i) if (read_i) q_q <= mem[addr];
  end else if (Kind == 1) begin : gen_two_ports
    always_ff @(posedge clk_i) begin
      for (e = 0; e < Enables; e = e + 1) begin
        if (write_i && (Enables == 1 || enable_i[e]))
          mem[other][e*Part+:Part] <= data_i[e*Part+:Part];
      end
    end
    always_ff @(posedge clk_i) if (read_i) q_q <= mem[addr];
  end else if (Kind == 2) begin : gen_read_first
    always_ff @(posedge clk_i) begin
      if (read_i) begin
        if (write_i) mem[addr] <= data_i[Width-1:0];
        q_q <= mem[addr];
      end
    end
  end else if (Kind == 3) begin : gen_write_first
    always_ff @(posedge clk_i) begin
      if (read_i) begin
        if (write_i) mem[addr] <= data_i[Width-1:0];
        q_q <= write_i ? data_i[Width-1:0] : mem[addr];
      end
    end
  end else if (Kind == 4) begin : gen_no_change
    always_ff @(posedge clk_i) begin
      if (read_i) begin
        if (write_i) mem[addr] <= data_i[Width-1:0];
        else q_q <= mem[addr];
      end
    end
  end else begin : gen_cleared
    always_ff @(posedge clk_i) begin
      if (clear_i) q_q <= '0;
      else if (read_i) q_q <= mem[addr];
    end
    always_ff @(posedge clk_i) if (write_i) mem[other] <= data_i[Width-1:0];
  end

endmodule

module cells_multiplier #(
    parameter int unsigned BitsA = 18,
    parameter int unsigned BitsB = 18,
    parameter bit Signed = 1'b0
) (
    input  logic        clk_i,
    input  logic [71:0] data_i,
    output logic [71:0] q_o
);

  logic [BitsA-1:0] a_q;
  logic [BitsB-1:0] b_q;
  logic [BitsA+BitsB-1:0] p_q;

  assign q_o = 72'(p_q);

  always_ff @(posedge clk_i) begin
    a_q <= data_i[BitsA-1:0];
    b_q <= data_i[36+:BitsB];
  end
  if (Signed) begin : gen_signed
    always_ff @(posedge clk_i) p_q <= $signed(a_q) * $signed(b_q);
  end else begin : gen_unsigned
    always_ff @(posedge clk_i) p_q <= a_q * b_q;
  end

endmodule

// Cases below.
`define CELLS 22
`define MEMORY(i, image, width, depth, kind, enables) \
  cells_memory #(.Width(width), .Depth(depth), .Image(image), .Kind(kind), .Enables(enables)) u_case_``i ( \
      .clk_i(clk_i), .write_i(write_i), .read_i(read_i), .clear_i(clear_i), .enable_i(enable_i), \
      .addr_i(addr_i), .other_i(other_i), .data_i(data_i), .q_o(q_o[i*72+:72]) \
  );
`define MULTIPLIER(i, a, b, is_signed) \
  cells_multiplier #(.BitsA(a), .BitsB(b), .Signed(is_signed)) u_case_``i ( \
      .clk_i(clk_i), .data_i(data_i), .q_o(q_o[i*72+:72]) \
  );

module cells (
    input  logic                 clk_i,
    input  logic                 write_i,
    input  logic                 read_i,
    input  logic                 clear_i,
    input  logic [          3:0] enable_i,
    input  logic [         13:0] addr_i,
    input  logic [         13:0] other_i,
    input  logic [         71:0] data_i,
    output logic [`CELLS*72-1:0] q_o
);

  `MEMORY(0, "image_0.hex", 1, 16384, 0, 1)
  `MEMORY(1, "image_1.hex", 2, 8192, 0, 1)
  `MEMORY(2, "image_2.hex", 4, 4096, 0, 1)
  `MEMORY(3, "image_3.hex", 9, 2048, 0, 1)
  `MEMORY(4, "image_4.hex", 18, 1024, 0, 1)
  `MEMORY(5, "image_5.hex", 36, 512, 0, 1)
  `MEMORY(6, "image_6.hex", 7, 2048, 0, 1)
  `MEMORY(7, "image_7.hex", 1, 16384, 1, 1)
  `MEMORY(8, "image_8.hex", 2, 8192, 1, 1)
  `MEMORY(9, "image_9.hex", 4, 4096, 1, 1)
  `MEMORY(10, "image_10.hex", 9, 2048, 1, 1)
  `MEMORY(11, "image_11.hex", 18, 1024, 1, 2)
  `MEMORY(12, "image_12.hex", 36, 512, 1, 4)
  `MEMORY(13, "image_13.hex", 50, 256, 1, 1)
  `MEMORY(14, "image_14.hex", 18, 1024, 2, 1)
  `MEMORY(15, "image_15.hex", 9, 2048, 3, 1)
  `MEMORY(16, "image_16.hex", 18, 512, 4, 1)
  `MEMORY(17, "image_17.hex", 12, 1024, 5, 1)
  `MULTIPLIER(18, 18, 18, 1)
  `MULTIPLIER(19, 18, 18, 0)
  `MULTIPLIER(20, 11, 14, 1)
  `MULTIPLIER(21, 20, 24, 0)

endmodule
