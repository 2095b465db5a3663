// Stands for a generated design where a board's top is linted: echoes pixels as logits.
// SPDX-License-Identifier: Apache-2.0
module xb_design (
    // verilator lint_off UNUSED
    input  logic        clk_i,
    input  logic        rst_ni,
    // verilator lint_on UNUSED
    input  logic [ 7:0] s_axis_tdata,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    input  logic        s_axis_tlast,
    output logic [31:0] m_axis_tdata,
    output logic        m_axis_tvalid,
    input  logic        m_axis_tready,
    output logic        m_axis_tlast,
    output logic [ 3:0] m_axis_tuser
);

  assign s_axis_tready = m_axis_tready;
  assign m_axis_tdata  = {24'b0, s_axis_tdata};
  assign m_axis_tvalid = s_axis_tvalid;
  assign m_axis_tlast  = s_axis_tlast;
  assign m_axis_tuser  = s_axis_tdata[3:0];

endmodule
