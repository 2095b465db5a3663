// Testbench of xb_tile: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// The arguments are those of cases.inc in its order.
`define DUT(i, dut, r, tr, c, p, rl, ib, is, pl, cb, sl, pc, mb, gb, ab, al, m0, s0, o0, l0, m1, s1,
            o1, l1, c0, c1, col, ob, lb, inl, ds, n0, n1, ns, nr, wr, ex) \
  if (1) begin : gen_case_``i \
    localparam int unsigned Tiles = (r + tr - 1) / tr; \
    localparam int unsigned Beats = (Tiles - 1) * ((tr + rl - 1) / rl) + \
        (r - (Tiles - 1) * tr + rl - 1) / rl; \
    localparam int unsigned YBits = xb_pkg::y_bits(Tiles, ab, ib, cb, sl, (sl*16)'({4{16'(l1), 16'(l0)}})); \
    logic [YBits-1:0] y; \
    logic ready, written, cfg_valid; \
    logic [2:0] cfg_mem; \
    logic [23:0] cfg_addr; \
    logic [7:0] cfg_chunk; \
    logic [31:0] cfg_data; \
    tb_fill #( \
        .Enable(wr), .WeightWidth(rl * p * (pc ? 2 * sl * gb : mb + 1)), \
        .WeightDepth(((c + p - 1) / p) * Beats), .TableWidth(gb), .TableDepth(1 << cb), .Coded(!pc), \
        .AdcWidth(sl * (16 + ob + ab + lb)), .AdcDepth(c), .Column(col), .InlWidth(ab), .Inl(inl), \
        .NoiseWidth(sl * 16), .NoiseDepth((r < tr ? r : tr) + 1), .NoiseRows(nr), \
        .WeightImage(`"new_weights_``i``.hex`"), .TableImage(`"new_table_``i``.hex`"), \
        .AdcImage(`"new_adc_``i``.hex`"), .InlImage(`"new_inl_``i``.hex`"), \
        .NoiseImage(`"new_noise_``i``.hex`") \
    ) u_fill ( \
        .clk_i(clk_i[i]), .start_i(rst_ni), .cfg_valid_o(cfg_valid), .cfg_mem_o(cfg_mem), \
        .cfg_addr_o(cfg_addr), .cfg_chunk_o(cfg_chunk), .cfg_data_o(cfg_data), .done_o(written) \
    ); \
    dut #( \
        .Rows(r), .TileRows(tr), .Cols(c), .Pe(p), .RowLanes(rl), .InBits(ib), .InSigned(is), \
        .Planes(pl == 0 ? ib : pl), .CellBits(cb), .Slices(sl), .PerCell(pc), .MagBits(mb), \
        .GBits(gb), .AdcBits(ab), .AdcLanes(al), .AdcMult((sl*16)'({4{16'(m1), 16'(m0)}})), \
        .AdcShift((sl*5)'({4{5'(s1), 5'(s0)}})), .AdcOffset((sl*32)'({4{32'(o1), 32'(o0)}})), \
        .AdcClip((sl*ab)'({4{ab'(c1), ab'(c0)}})), .AdcPerColumn(col), .OffsetBits(ob), \
        .AdcMask(16'(m0 | m1)), .LsbBits(lb), .Inl(inl), .Dsp(ds), .Noise(n0 != 0 || n1 != 0), \
        .NoiseMult((sl*16)'({4{16'(n1), 16'(n0)}})), .NoiseShift(ns), .NoiseRows(nr), \
        .NoiseKeys(wr ? 64'd0 : 64'h0123_4567_89ab_cdef), .Positions(4), \
        .Lsb((sl*16)'({4{16'(l1), 16'(l0)}})), .Writable(wr), \
        .WeightImage(`"weights_``i``.hex`"), .TableImage(`"table_``i``.hex`"), \
        .AdcImage(`"adc_``i``.hex`"), .InlImage(`"inl_``i``.hex`"), \
        .NoiseImage(`"noise_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .cfg_valid_i(cfg_valid), .cfg_mem_i(cfg_mem), \
        .cfg_addr_i(cfg_addr), .cfg_chunk_i(cfg_chunk), .cfg_data_i(cfg_data), \
        .first_image_i(32'hffff_fffe), \
        .in_valid_i(in_valid_i[i] && written), .in_ready_o(ready), \
        .in_data_i(in_data_i[i][rl*ib-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(y), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign in_ready_o[i] = ready && written; \
    assign out_data_o[i] = 64'($signed(y)); \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
