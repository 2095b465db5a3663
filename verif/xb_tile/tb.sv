// Testbench of xb_tile: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// The arguments are those of cases.inc in its order.
`define DUT(i, dut, r, tr, c, p, ib, is, cb, sl, pc, mb, gb, ab, al, m0, s0, o0, l0, m1, s1, o1, l1) \
  if (1) begin : gen_case_``i \
    localparam int unsigned YBits = \
        xb_pkg::y_bits((r + tr - 1) / tr, ab, ib, cb, sl, {16'(l1), 16'(l0)}); \
    logic [YBits-1:0] y; \
    dut #( \
        .Rows(r), .TileRows(tr), .Cols(c), .Pe(p), .InBits(ib), .InSigned(is), .CellBits(cb), \
        .Slices(sl), .PerCell(pc), .MagBits(mb), .GBits(gb), .AdcBits(ab), .AdcLanes(al), \
        .AdcMult((sl*16)'({16'(m1), 16'(m0)})), .AdcShift((sl*5)'({5'(s1), 5'(s0)})), \
        .AdcOffset((sl*32)'({32'(o1), 32'(o0)})), .Lsb((sl*16)'({16'(l1), 16'(l0)})), \
        .WeightImage(`"weights_``i``.hex`"), .TableImage(`"table_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][ib-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(y), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign out_data_o[i] = 64'($signed(y)); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
