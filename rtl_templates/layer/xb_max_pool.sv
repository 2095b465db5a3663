// Max pooling on a stream: windows of Kernel x Kernel that do not overlap.
// SPDX-License-Identifier: Apache-2.0
//
// In and out one activation a beat, h, w, c order. Windows that do not fit are dropped; their beats
// are consumed. A window's maximum so far lies in a memory of one output row. Latency 3; one beat a
// cycle when InC >= 4, else one beat in four (the memory is then read straight after its write).
// out_* come from registers; in_ready_o looks through out_ready_i.

`include "xb_assert.svh"

module xb_max_pool #(
    parameter int unsigned InH = 4,  // input map
    parameter int unsigned InW = 4,
    parameter int unsigned InC = 2,
    parameter int unsigned Kernel = 2,  // >= 2
    parameter int unsigned Stride = 2,  // >= Kernel
    parameter int unsigned Bits = 8,  // bits of an activation
    parameter bit Signed = 1'b0  // activations are two's complement
) (
    input  logic            clk_i,        // clock
    input  logic            rst_ni,       // synchronous reset, active low
    input  logic            in_valid_i,
    output logic            in_ready_o,
    input  logic [Bits-1:0] in_data_i,    // activation
    input  logic            in_last_i,    // last beat of the image
    output logic            out_valid_o,
    input  logic            out_ready_i,
    output logic [Bits-1:0] out_data_o,   // maximum
    output logic            out_last_o    // last beat of the image
);

  if (InC < 1 || Bits < 1) begin : gen_bad_size
    $error("xb_max_pool: InC and Bits must be at least 1");
  end
  if (Kernel < 2 || Stride < Kernel) begin : gen_bad_kernel
    $error("xb_max_pool: need Kernel >= 2 and Stride >= Kernel");
  end
  if (InH < Kernel || InW < Kernel) begin : gen_bad_map
    $error("xb_max_pool: the kernel does not fit the map");
  end

  localparam int unsigned OutH = (InH - Kernel) / Stride + 1;
  localparam int unsigned OutW = (InW - Kernel) / Stride + 1;
  localparam int unsigned AddrBits = xb_pkg::max(1, $clog2(OutW * InC));
  localparam int unsigned CBits = xb_pkg::digits(InC - 1);
  localparam int unsigned XBits = xb_pkg::digits(InW - 1);
  localparam int unsigned YBits = xb_pkg::digits(InH - 1);
  localparam int unsigned KBits = xb_pkg::digits(Stride - 1);
  // The first column and line that belong to no window.
  localparam int unsigned EndX = (OutW - 1) * Stride + Kernel;
  localparam int unsigned EndY = (OutH - 1) * Stride + Kernel;

  logic en, accept;
  logic [3:1] valid_q;

  // ------------------------------------------------------------------ where the beat belongs
  logic [CBits-1:0] c_q;
  logic [XBits-1:0] x_q;
  logic [YBits-1:0] y_q;
  logic [KBits-1:0] kx_q, ky_q;  // within the stride
  logic [AddrBits-1:0] window_q;  // address of this window's channel 0
  logic c_end, x_end, y_end, in_window, first, final_beat, final_last;
  logic [AddrBits-1:0] addr;

  assign c_end = c_q == CBits'(InC - 1);
  assign x_end = x_q == XBits'(InW - 1);
  assign y_end = y_q == YBits'(InH - 1);
  assign in_window = 32'(kx_q) < Kernel && 32'(ky_q) < Kernel && 32'(x_q) < EndX && 32'(y_q) < EndY;
  assign first = kx_q == '0 && ky_q == '0;
  assign final_beat = in_window && kx_q == KBits'(Kernel - 1) && ky_q == KBits'(Kernel - 1);
  assign final_last = c_end && 32'(x_q) == EndX - 1 && 32'(y_q) == EndY - 1;
  assign addr = window_q + AddrBits'(c_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      c_q <= '0;
      x_q <= '0;
      y_q <= '0;
      kx_q <= '0;
      ky_q <= '0;
      window_q <= '0;
    end else if (accept) begin
      c_q <= c_end ? '0 : c_q + CBits'(1);
      if (c_end) begin
        x_q  <= x_end ? '0 : x_q + XBits'(1);
        kx_q <= (x_end || kx_q == KBits'(Stride - 1)) ? '0 : kx_q + KBits'(1);
        if (x_end) window_q <= '0;
        else if (kx_q == KBits'(Stride - 1)) window_q <= window_q + AddrBits'(InC);
        if (x_end) begin
          y_q  <= y_end ? '0 : y_q + YBits'(1);
          ky_q <= (y_end || ky_q == KBits'(Stride - 1)) ? '0 : ky_q + KBits'(1);
        end
      end
    end
  end

  // ------------------------------------------------------------------ read, compare, write
  logic [2:1] first_q;
  logic [3:1] final_q, last_q;
  logic [Bits-1:0] data1_q, data2_q, data3_q, read, read_q;
  logic [AddrBits-1:0] addr1_q, addr2_q, addr3_q;
  logic larger;

  if (Signed) begin : gen_signed
    assign larger = $signed(data2_q) > $signed(read_q);
  end else begin : gen_unsigned
    assign larger = data2_q > read_q;
  end

  if (InC >= 4) begin : gen_stream
    assign in_ready_o = en;
  end else begin : gen_wait
    assign in_ready_o = en && valid_q == '0;
  end
  assign en = !out_valid_o || out_ready_i;
  assign accept = in_valid_i && in_ready_o;
  assign out_valid_o = valid_q[3] && final_q[3];
  assign out_data_o = data3_q;
  assign out_last_o = last_q[3];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[2:1], accept && in_window};
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      first_q <= {first_q[1], first};
      final_q <= {final_q[2:1], final_beat};
      last_q  <= {last_q[2:1], final_last};
      data1_q <= in_data_i;
      data2_q <= data1_q;
      data3_q <= (first_q[2] || larger) ? data2_q : read_q;
      addr1_q <= addr;
      addr2_q <= addr1_q;
      addr3_q <= addr2_q;
      read_q  <= read;
    end
  end

  xb_prim_ram #(
      .Width(Bits),
      .Depth(OutW * InC)
  ) u_partial (
      .clk_i    (clk_i),
      .wr_en_i  (en && valid_q[3] && !final_q[3]),
      .wr_addr_i(addr3_q),
      .wr_data_i(data3_q),
      .rd_en_i  (en),
      .rd_addr_i(addr),
      .rd_data_o(read)
  );

  `XB_ASSERT(LastInPlace, !accept || in_last_i == (c_end && x_end && y_end))
  `XB_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_last_o})

endmodule
