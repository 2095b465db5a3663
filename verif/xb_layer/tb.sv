// Testbench of xb_layer: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0

// The arguments are those of cases.inc in its order. A writable layer starts with wrong memories,
// which are written one after the other before the first beat.
`define DUT(i, m, ih, iw, ic, kh, kw, st, pd, ln, r, ib, co, tr, c, p, rl, is, pl, pc, al, col, inl,
            ns, bb, lg, ob, lo, hi, pa, ds, wr) \
  if (1) begin : gen_case_``i \
    localparam int unsigned Tile = co ? r : tr; \
    localparam int unsigned Beats = (r / Tile) * ((Tile + rl - 1) / rl) + (r % Tile + rl - 1) / rl; \
    localparam int unsigned RowBits = xb_pkg::digits(((kh - 1) * iw + kw) * ic - 1) + \
        (pd == 0 ? 0 : xb_pkg::digits(kh - 1) + xb_pkg::digits(kw - 1) + ib); \
    logic [ob-1:0] x; \
    logic ready, written; \
    logic [7:0] valid, done; \
    logic [23:0] addr[8]; \
    logic [7:0] chunk[8]; \
    logic [31:0] data[8]; \
    logic [2:0] mem; \
    always_comb begin \
      mem = 3'd0; \
      for (int n = 7; n >= 0; n--) if (!done[n]) mem = 3'(n); \
    end \
    assign written = &done; \
    `WRITER(i, 0, `"new_rows_``i``.hex`", rl * RowBits, Beats, wr) \
    `WRITER(i, 1, `"new_weights_``i``.hex`", rl * p * (co ? 8 : pc ? 32 : 8), ((c + p - 1) / p) * Beats, wr) \
    `WRITER(i, 2, `"new_table_``i``.hex`", 8, 16, wr && !co && !pc) \
    `WRITER(i, 3, `"new_requant_``i``.hex`", lg ? bb : bb + 21, c, wr) \
    `WRITER(i, 4, `"new_adc_``i``.hex`", 2 * (16 + 12 + 8 + 3), c, wr && col) \
    `WRITER(i, 5, `"new_inl_``i``.hex`", 8, 256, wr && inl) \
    `WRITER(i, 6, `"new_keys.hex`", 32, 2, wr && ns != 0) \
    `WRITER(i, 7, `"new_noise_``i``.hex`", 32, (r < tr ? r : tr) + 1, wr && ns == 2) \
    m #( \
        .InH(ih), .InW(iw), .InC(ic), .KernelH(kh), .KernelW(kw), .Stride(st), .Pad(pd), \
        .Lines(ln), .Rows(r), .InBits(ib), .Collapsed(co), .TileRows(tr), .Cols(c), .Pe(p), \
        .RowLanes(rl), .InSigned(is), .Planes(pl == 0 ? ib : pl), .PerCell(pc), .AdcLanes(al), \
        .AdcMult(col ? {16'd40503, 16'd40503} : {16'd37, 16'd40503}), \
        .AdcShift(col ? {5'd19, 5'd19} : {5'd9, 5'd19}), .AdcOffset({32'd5, -32'd9}), \
        .AdcPerColumn(col), .OffsetBits(12), .AdcMask(16'd40503), .Inl(inl), .Noise(ns != 0), .NoiseRows(ns == 2), \
        .NoiseMult({16'd150, 16'd300}), .NoiseShift(4), \
        .NoiseKeys(wr ? 64'd0 : 64'h0123_4567_89ab_cdef), .Lsb(col ? {16'd3, 16'd6} : {16'd1, 16'd2}), .LsbBits(col ? 3 : 0), \
        .BiasBits(bb), .Logits(lg), .OutBits(ob), .OutLow(lo), .OutHigh(hi), .Parallel(pa), \
        .Dsp(ds), .Writable(wr), .RowImage(`"rows_``i``.hex`"), \
        .WeightImage(`"weights_``i``.hex`"), .TableImage(`"table_``i``.hex`"), \
        .AdcImage(`"adc_``i``.hex`"), .InlImage(`"inl_``i``.hex`"), \
        .NoiseImage(`"noise_``i``.hex`"), \
        .RequantImage(`"requant_``i``.hex`") \
    ) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .cfg_valid_i(valid[mem]), .cfg_mem_i(mem), \
        .cfg_addr_i(addr[mem]), .cfg_chunk_i(chunk[mem]), .cfg_data_i(data[mem]), \
        .first_image_i(32'hffff_fffe), .in_valid_i(in_valid_i[i] && written), \
        .in_ready_o(ready), .in_data_i(in_data_i[i][ib-1:0]), .in_last_i(in_last_i[i]), \
        .out_valid_o(out_valid_o[i]), .out_ready_i(out_ready_i[i]), .out_data_o(x), \
        .out_last_o(out_last_o[i]) \
    ); \
    assign in_ready_o[i] = ready && written; \
    assign out_data_o[i] = 64'(x); \
  end

`define WRITER(i, n, file, width, depth, enable) \
    tb_writer #( \
        .Width(width), .Depth(depth), .Enable(enable), .InitFile(file) \
    ) u_write_``n ( \
        .clk_i(clk_i[i]), .start_i(rst_ni && mem == 3'd``n), .cfg_valid_o(valid[n]), \
        .cfg_addr_o(addr[n]), .cfg_chunk_o(chunk[n]), .cfg_data_o(data[n]), .done_o(done[n]) \
    );

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
