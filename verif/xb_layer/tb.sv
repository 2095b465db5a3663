// Testbench of xb_layer: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, m, ih, iw, ic, kh, kw, st, pd, ln, r, ib, tr, c, p, is, pc, al, bb, lg, ob, lo, hi) \
  if (1) begin : gen_case_``i \
    logic [ob-1:0] x; \
    m #( \
        .InH(ih), .InW(iw), .InC(ic), .KernelH(kh), .KernelW(kw), .Stride(st), .Pad(pd), \
        .Lines(ln), .Rows(r), .InBits(ib), .TileRows(tr), .Cols(c), .Pe(p), .InSigned(is), \
        .PerCell(pc), .AdcLanes(al), .AdcMult({16'd37, 16'd40503}), .AdcShift({5'd9, 5'd19}), \
        .AdcOffset({32'd5, -32'd9}), .Lsb({16'd1, 16'd2}), .BiasBits(bb), .Logits(lg), \
        .OutBits(ob), .OutLow(lo), .OutHigh(hi), .RowImage(`"rows_``i``.hex`"), \
        .WeightImage(`"weights_``i``.hex`"), .TableImage(`"table_``i``.hex`"), \
        .RequantImage(`"requant_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][ib-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(x), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign out_data_o[i] = 64'(x); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
