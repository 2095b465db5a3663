// Testbench of xb_config: every parameter set of cases.inc side by side.
// SPDX-License-Identifier: Apache-2.0
//
// A write is an output beat {layer[4], mem[3], addr[24], chunk[8], data folded to 25 bits}; writes
// wait in a queue, since the bus does not.

`define DUT(i, dut, layers) \
  if (1) begin : gen_case_``i \
    logic [layers-1:0] valid; \
    logic [2:0] mem; \
    logic [23:0] addr; \
    logic [7:0] chunk; \
    logic [31:0] data; \
    logic [3:0] layer; \
    logic out_valid_q; \
    logic [63:0] out_data_q; \
    logic [63:0] writes_q[$]; \
    dut #(.Layers(layers)) u_dut ( \
        .clk_i(clk_i[i]), .rst_ni(rst_ni), .s_cfg_tdata(in_data_i[i][31:0]), \
        .s_cfg_tvalid(in_valid_i[i]), .s_cfg_tready(in_ready_o[i]), .s_cfg_tlast(in_last_i[i]), \
        .cfg_valid_o(valid), .cfg_mem_o(mem), .cfg_addr_o(addr), .cfg_chunk_o(chunk), \
        .cfg_data_o(data) \
    ); \
    always_comb begin \
      layer = '0; \
      for (int l = 0; l < layers; l++) if (valid[l]) layer |= 4'(l); \
    end \
    always_ff @(posedge clk_i[i]) begin \
      if (!rst_ni) begin \
        out_valid_q <= 1'b0; \
        writes_q.delete(); \
      end else begin \
        if (!out_valid_q || out_ready_i[i]) begin \
          out_valid_q <= writes_q.size() > 0; \
          if (writes_q.size() > 0) begin \
            out_data_q <= writes_q[0]; \
            void'(writes_q.pop_front()); \
          end \
        end \
        if (|valid) begin \
          writes_q.push_back({layer, mem, addr, chunk, data[24:0] ^ {18'b0, data[31:25]}}); \
        end \
      end \
    end \
    assign out_valid_o[i] = out_valid_q; \
    assign out_data_o[i] = out_data_q; \
    assign out_last_o[i] = 1'b0; \
  end

module tb (
    `include "tb_ports.svh"
);
  `include "cases.svh"
endmodule
