// cells.sv beside its netlist, and beside the netlists on broken models.
// SPDX-License-Identifier: Apache-2.0

`define NETLIST(index, name) \
  if (1) begin : gen_netlist_``index \
    logic [`CELLS*72-1:0] q; \
    logic [`CELLS-1:0] differ; \
    assign differ_o[index] = 64'(differ); \
    name u_netlist ( \
        .clk_i(clk_i), .write_i(write_i), .read_i(read_i), .clear_i(clear_i), \
        .enable_i(enable_i), .addr_i(addr_i), .other_i(other_i), .data_i(data_i), .q_o(q) \
    ); \
    for (genvar i = 0; i < `CELLS; i++) begin : gen_case \
      assign differ[i] = q[i*72+:72] != q_rtl[i*72+:72]; \
    end \
  end

module cells_tb (
    input  logic        clk_i,
    input  logic        write_i,
    input  logic        read_i,
    input  logic        clear_i,
    input  logic [ 3:0] enable_i,
    input  logic [13:0] addr_i,
    input  logic [13:0] other_i,
    input  logic [71:0] data_i,
    output logic [63:0] differ_o[0:31]  // bit = case of cells.sv; 0 the good models, then bugs.txt
);

  logic [`CELLS*72-1:0] q_rtl;

  cells u_rtl (
      .clk_i   (clk_i),
      .write_i (write_i),
      .read_i  (read_i),
      .clear_i (clear_i),
      .enable_i(enable_i),
      .addr_i  (addr_i),
      .other_i (other_i),
      .data_i  (data_i),
      .q_o     (q_rtl)
  );

  // `NETLIST(0, cells_netlist), and one of each broken model.
  `include "netlists.svh"

endmodule
