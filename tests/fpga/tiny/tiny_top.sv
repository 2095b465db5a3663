// The smallest design with a generated design's ports: adds a table to pixels, sums them per image.
// SPDX-License-Identifier: Apache-2.0
module tiny_top (
    input logic clk_i,
    input logic rst_ni,
    input logic [7:0] s_axis_tdata,
    input logic s_axis_tvalid,
    output logic s_axis_tready,
    input logic s_axis_tlast,
    output logic [31:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input logic m_axis_tready,
    output logic m_axis_tlast,
    output logic [0:0] m_axis_tuser
);

  // One logit: the sum over the image of table[pixel].
  logic [15:0] table_mem[256];
  logic [15:0] word_q;
  logic seen_q, last_q, valid_q;
  logic [31:0] sum_q;

  initial $readmemh("mem/table.hex", table_mem);

  assign s_axis_tready = !valid_q && !last_q;
  assign m_axis_tvalid = valid_q;
  assign m_axis_tdata  = sum_q;
  assign m_axis_tlast  = 1'b1;
  assign m_axis_tuser  = 1'b0;

  always_ff @(posedge clk_i) word_q <= table_mem[s_axis_tdata];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      seen_q  <= 1'b0;
      last_q  <= 1'b0;
      valid_q <= 1'b0;
      sum_q   <= '0;
    end else begin
      seen_q <= s_axis_tvalid && s_axis_tready;
      last_q <= s_axis_tvalid && s_axis_tready && s_axis_tlast;
      if (seen_q) sum_q <= sum_q + {16'd0, word_q};
      if (last_q) valid_q <= 1'b1;
      if (valid_q && m_axis_tready) begin
        valid_q <= 1'b0;
        sum_q   <= '0;
      end
    end
  end

endmodule
