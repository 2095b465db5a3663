// Testbench of xb_fifo: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0
//
// Beside each queue stands the ideal one: ready exactly while fewer than Depth beats are inside, a
// beat at the output from `latency` cycles after it came in. From the first cycle that differs the
// output data is inverted, so that the driver sees it.

`define DUT(i, dut, width, depth, style, latency) \
  if (1) begin : gen_case_``i \
    logic [width-1:0] x; \
    logic bad_q; \
    int cycle_q; \
    int came_q[$]; \
    dut #(.Width(width), .Depth(depth), .Style(style)) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .in_valid_i(in_valid_i[i]), .in_ready_o(in_ready_o[i]), \
        .in_data_i(in_data_i[i][width-1:0]), .out_valid_o(out_valid_o[i]), \
        .out_ready_i(out_ready_i[i]), .out_data_o(x) \
    ); \
    always_ff @(posedge clk_i[i]) begin \
      cycle_q <= cycle_q + 1; \
      if (!rst_ni) begin \
        bad_q <= 1'b0; \
        came_q.delete(); \
      end else begin \
        if (in_ready_o[i] != (came_q.size() < depth)) bad_q <= 1'b1; \
        if (out_valid_o[i] != (came_q.size() > 0 && cycle_q - came_q[0] >= latency)) bad_q <= 1'b1; \
        if (out_valid_o[i] && out_ready_i[i] && came_q.size() > 0) void'(came_q.pop_front()); \
        if (in_valid_i[i] && in_ready_o[i]) came_q.push_back(cycle_q); \
      end \
    end \
    assign out_data_o[i] = 64'(bad_q ? ~x : x); \
    assign out_last_o[i] = 1'b0; \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
