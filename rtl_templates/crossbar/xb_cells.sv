// The cells of a tile: weight memory, and for coded cells the shared conductance table.
// SPDX-License-Identifier: Apache-2.0
//
// One memory word is Lanes cells: the rows of a beat times the columns of a pass. Output
// conductance (lane * Slices + slice) * 2 + polarity, polarity 0 positive. Latency in enabled
// cycles: 2 with PerCell, else 4.

module xb_cells #(
    parameter int unsigned Words = 36,  // beats of all column groups
    parameter int unsigned Lanes = 1,  // weights a word
    parameter int unsigned CellBits = 4,  // bits of a cell's code
    parameter int unsigned Slices = 2,  // cells of a weight and polarity
    parameter int unsigned GBits = 8,  // bits of a conductance
    parameter bit PerCell = 1'b0,  // 0: codes and a shared table, 1: a conductance for every cell
    parameter int unsigned MagBits = 7,  // coded: bits of a magnitude
    parameter WeightImage = "",  // $readmemh, Words words
    parameter TableImage = "",  // coded: $readmemh, 2^CellBits words of GBits
    parameter int unsigned WeightBlock = 0,  // memory style of the weights, xb_prim_rom
    parameter bit Writable = 1'b0,  // both memories have a write port
    localparam int unsigned AddrBits = (Words > 1) ? $clog2(Words) : 1
) (
    input  logic                            clk_i,        // clock
    // verilator lint_off UNUSED
    input  logic                            weight_wr_i,  // write a chunk of a word
    input  logic                            table_wr_i,   // write an entry of the table
    input  logic [                    23:0] wr_addr_i,
    input  logic [                     7:0] wr_chunk_i,
    input  logic [                    31:0] wr_data_i,
    // verilator lint_on UNUSED
    input  logic                            en_i,         // all stages move
    input  logic [            AddrBits-1:0] addr_i,       // word
    output logic [Lanes*Slices*2*GBits-1:0] g_o           // conductances
);

  if (!PerCell && (MagBits < 1 || MagBits > CellBits * Slices)) begin : gen_bad_mag
    $error("xb_cells: MagBits must be 1..CellBits*Slices");
  end
  if (Writable && Words > 1 << 24) begin : gen_bad_words
    $error("xb_cells: the write address has 24 bits");
  end

  localparam int unsigned LaneBits = PerCell ? 2 * Slices * GBits : MagBits + 1;

  logic [Lanes*LaneBits-1:0] word;

  xb_prim_rom #(
      .Width   (Lanes * LaneBits),
      .Depth   (Words),
      .InitFile(WeightImage),
      .Style   (WeightBlock),
      .Writable(Writable)
  ) u_weights (
      .clk_i     (clk_i),
      .en_i      (en_i),
      .addr_i    (addr_i),
      .data_o    (word),
      .wr_en_i   (weight_wr_i),
      .wr_addr_i (wr_addr_i[AddrBits-1:0]),
      .wr_chunk_i(wr_chunk_i),
      .wr_data_i (wr_data_i)
  );

  if (PerCell) begin : gen_per_cell
    for (genvar p = 0; p < Lanes; p++) begin : gen_lane
      for (genvar s = 0; s < Slices; s++) begin : gen_slice
        assign g_o[((p*Slices+s)*2+0)*GBits+:GBits] = word[p*LaneBits+s*GBits+:GBits];
        assign g_o[((p*Slices+s)*2+1)*GBits+:GBits] = word[p*LaneBits+(Slices+s)*GBits+:GBits];
      end
    end
  end else begin : gen_coded
    // The table is logic: 2^CellBits entries of one LUT input group each.
    (* rom_style = "logic", ram_style = "logic" *)
    logic [GBits-1:0] table_mem[1<<CellBits];
    if (TableImage != "") begin : gen_image
      initial $readmemh(TableImage, table_mem);
    end else begin : gen_zero
      integer i;
      initial for (i = 0; i < (1 << CellBits); i = i + 1) table_mem[i] = '0;
    end
    if (Writable) begin : gen_write
      always_ff @(posedge clk_i) begin
        if (table_wr_i) table_mem[wr_addr_i[CellBits-1:0]] <= wr_data_i[GBits-1:0];
      end
    end

    for (genvar p = 0; p < Lanes; p++) begin : gen_lane
      logic sign;
      logic [Slices*CellBits-1:0] magnitude;
      assign sign = word[p*LaneBits+MagBits];
      assign magnitude = (Slices * CellBits)'(word[p*LaneBits+:MagBits]);
      for (genvar s = 0; s < Slices; s++) begin : gen_slice
        for (genvar n = 0; n < 2; n++) begin : gen_polarity
          logic [CellBits-1:0] code_q;
          logic [GBits-1:0] g_q;
          always_ff @(posedge clk_i) begin
            if (en_i) code_q <= (sign == 1'(n)) ? magnitude[s*CellBits+:CellBits] : '0;
          end
          always_ff @(posedge clk_i) begin
            if (en_i) g_q <= table_mem[code_q];
          end
          assign g_o[((p*Slices+s)*2+n)*GBits+:GBits] = g_q;
        end
      end
    end
  end

endmodule
