// The bit-plane accumulators of a tile: for every plane and cell column the sum of its currents.
// SPDX-License-Identifier: Apache-2.0
//
// With one row a beat the input bit enables its plane's accumulators. With more, the conductances
// of a beat's rows are first added in a tree that is registered at every level: Levels =
// clog2(RowLanes) enabled cycles later they reach the accumulators.

module xb_tile_sums #(
    parameter int unsigned RowLanes = 1,  // rows a beat
    parameter int unsigned Pe = 1,  // columns
    parameter int unsigned Planes = 8,  // planes
    parameter int unsigned Slices = 2,  // cells of a weight and polarity
    parameter int unsigned GBits = 8,  // bits of a conductance
    parameter int unsigned AccBits = 14  // bits of a sum
) (
    input  logic                                  clk_i,    // clock
    input  logic                                  en_i,     // the adder tree moves
    input  logic [           RowLanes*Planes-1:0] bits_i,   // of the beat, row lane 0 low
    input  logic [RowLanes*Pe*2*Slices*GBits-1:0] g_i,      // its conductances, row lane 0 low
    input  logic                                  clear_i,  // clear the sums
    input  logic                                  hold_i,   // keep the sums; not with clear_i
    input  logic                                  add_i,    // a beat has come through the tree
    // Word (column * Planes + planes from the top) * 2 Slices + slice * 2 + polarity.
    output logic [Pe*Planes*2*Slices*AccBits-1:0] sum_o
);

  localparam int unsigned Levels = $clog2(RowLanes);
  localparam int unsigned Leaves = 1 << Levels;
  localparam int unsigned PartBits = GBits + Levels;
  localparam int unsigned Words = 2 * Slices;

  if (RowLanes == 1) begin : gen_one
    // A beat that is not there has no bits.
    // verilator lint_off UNUSED
    logic unused_add;
    assign unused_add = add_i || en_i;
    // verilator lint_on UNUSED
  end

  for (genvar b = 0; b < Planes; b++) begin : gen_plane
    logic acc_en;
    assign acc_en = clear_i || (!hold_i && ((RowLanes == 1) ? bits_i[b] : add_i));
    for (genvar w = 0; w < Pe * Words; w++) begin : gen_word
      logic [PartBits-1:0] part;
      if (RowLanes == 1) begin : gen_row
        assign part = g_i[w*GBits+:GBits];
      end else begin : gen_rows
        // Heap: node n adds nodes 2n and 2n + 1, the leaves start at node Leaves.
        // verilator lint_off UNUSED
        logic [2*Leaves*PartBits-1:0] node;  // place 0 and the top bits of inner nodes are padding
        // verilator lint_on UNUSED
        assign node[0+:PartBits] = '0;
        for (genvar l = 0; l < Leaves; l++) begin : gen_leaf
          if (l < RowLanes) begin : gen_lane
            assign node[(Leaves+l)*PartBits+:PartBits] =
                bits_i[l*Planes+b] ? PartBits'(g_i[(l*Pe*Words+w)*GBits+:GBits]) : '0;
          end else begin : gen_none
            assign node[(Leaves+l)*PartBits+:PartBits] = '0;
          end
        end
        for (genvar n = 1; n < Leaves; n++) begin : gen_node
          // Node n is clog2(n + 1) - 1 levels below the root.
          localparam int unsigned Bits = PartBits + 1 - $clog2(n + 1);
          logic [Bits-1:0] node_q;
          always_ff @(posedge clk_i) begin
            if (en_i) node_q <= node[2*n*PartBits+:Bits] + node[(2*n+1)*PartBits+:Bits];
          end
          assign node[n*PartBits+:PartBits] = PartBits'(node_q);
        end
        assign part = node[1*PartBits+:PartBits];
      end

      logic [AccBits-1:0] acc_q;
      always_ff @(posedge clk_i) begin
        if (acc_en) begin
          if (clear_i) acc_q <= '0;
          else acc_q <= acc_q + AccBits'(part);
        end
      end
      assign sum_o[(((w/Words)*Planes+Planes-1-b)*Words+w%Words)*AccBits+:AccBits] = acc_q;
    end
  end

endmodule
