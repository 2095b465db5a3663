// xb_config: exactly the words that the records name are written, once, in order, a cycle later.
// SPDX-License-Identifier: Apache-2.0
//
// The records are followed beat by beat without a pipeline: what a beat writes is known in its own
// cycle. Any stream goes in, records that do not exist and loads that are cut short among them.

module prove_config #(
    parameter int unsigned Layers = 2
) (
    input logic        clk_i,
    input logic        rst_ni,
    input logic [31:0] tdata_i,
    input logic        tvalid_i,
    input logic        tlast_i
);

  logic rst_n, tready;
  logic [Layers-1:0] valid;
  logic [2:0] mem;
  logic [23:0] addr;
  logic [7:0] chunk;
  logic [31:0] data;

  formal_reset u_reset (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );

  xb_config #(
      .Layers(Layers)
  ) u_dut (
      .clk_i       (clk_i),
      .rst_ni      (rst_n),
      .s_cfg_tdata (tdata_i),
      .s_cfg_tvalid(tvalid_i),
      .s_cfg_tready(tready),
      .s_cfg_tlast (tlast_i),
      .cfg_valid_o (valid),
      .cfg_mem_o   (mem),
      .cfg_addr_o  (addr),
      .cfg_chunk_o (chunk),
      .cfg_data_o  (data)
  );

  logic [1:0] field_q;  // beat of the record: 0 what, 1 where, 2 how many, 3 data
  logic [7:0] layer_q;
  logic [7:0] mem_q;  // all that stands in the memory's field
  logic [15:0] chunks_q, chunk_q;
  logic [31:0] where_q, words_q;  // of the next write; words left
  logic good, put, empty, record_end;

  assign good = mem_q < 8'd8 && chunks_q <= 16'd256;
  assign put = tvalid_i && field_q == 2'd3 && good && 32'(layer_q) < Layers && top_q == 8'd0;
  assign empty = field_q == 2'd2 && (tdata_i == 32'd0 || chunks_q == 16'd0);
  assign record_end = field_q == 2'd3 && chunk_q + 16'd1 == chunks_q && words_q == 32'd1;

  logic [7:0] top_q;  // of the address that the record came with
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      field_q <= 2'd0;
    end else if (tvalid_i) begin
      if (field_q != 2'd3) field_q <= field_q + 2'd1;
      if (tlast_i || empty || record_end) field_q <= 2'd0;
      case (field_q)
        2'd0: {layer_q, mem_q, chunks_q} <= tdata_i;
        2'd1: {top_q, where_q} <= {tdata_i[31:24], tdata_i};
        2'd2: begin
          words_q <= tdata_i;
          chunk_q <= 16'd0;
        end
        default: begin
          chunk_q <= chunk_q + 16'd1;
          if (chunk_q + 16'd1 == chunks_q) begin
            chunk_q <= 16'd0;
            where_q <= where_q + 32'd1;
            words_q <= words_q - 32'd1;
          end
        end
      endcase
    end
  end

  logic put_q;
  logic [Layers-1:0] layers_q;
  logic [66:0] write_q;
  always_ff @(posedge clk_i) begin
    put_q <= rst_n && put;
    for (int l = 0; l < Layers; l = l + 1) layers_q[l] <= 32'(layer_q) == l;
    write_q <= {mem_q[2:0], where_q[23:0], chunk_q[7:0], tdata_i};
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      never_refused : assert (tready);
      which : assert (valid == (put_q ? layers_q : '0));
      what : assert (!put_q || {mem, addr, chunk, data} == write_q);
    end
  end

endmodule
