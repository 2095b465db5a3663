// Testbench of xb_argmax: every parameter set of cases.inc side by side; the class in bits 63:32.
// SPDX-License-Identifier: Apache-2.0

`define DUT(i, dut, outputs, bits) \
  if (1) begin : gen_case_``i \
    logic [bits-1:0] x; \
    logic [31:0] user; \
    dut #(.Outputs(outputs), .Bits(bits)) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][bits-1:0]), .in_last_i(in_last_i[i]), \
        .m_axis_tvalid(out_valid_o[i]), .m_axis_tready(out_ready_i[i]), .m_axis_tdata(x), \
        .m_axis_tlast(out_last_o[i]), .m_axis_tuser(user) \
    ); \
    assign out_data_o[i] = {out_last_o[i] ? user : 32'd0, 32'(x)}; \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
