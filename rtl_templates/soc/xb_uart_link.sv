// A board's host link: images in over UART, class and logits out.
// SPDX-License-Identifier: Apache-2.0
//
// The host sends Pixels * PixelBytes bytes (height, width, channel order) and gets 1 + 4 * Outputs:
// the class (its low 8 bits), then every logit, low byte first. UART has no back-pressure: the link
// stores an image, but for the pixels that the design takes before it computes, so a host that waits
// for each answer before it sends the next image loses nothing, however slow the design. All stream
// outputs but s_axis_tready are registered.

`include "xb_assert.svh"

module xb_uart_link #(
    parameter int unsigned ClksPerBit = 104,  // clock cycles a bit, >= 4
    parameter int unsigned PixelBytes = 1,  // bytes of a pixel, one a channel
    parameter int unsigned Pixels = 784,  // pixels of an image
    parameter int unsigned Taken = 0,  // of these, taken at once by a design that is idle
    parameter int unsigned Outputs = 10,  // logits of an image
    localparam int unsigned UserBits = (Outputs > 1) ? $clog2(Outputs) : 1
) (
    input  logic                    clk_i,          // clock
    input  logic                    rst_ni,         // synchronous reset, active low
    input  logic                    uart_rx_i,      // from the host
    output logic                    uart_tx_o,      // to the host
    output logic [8*PixelBytes-1:0] m_axis_tdata,   // pixel, channel 0 in the low byte
    output logic                    m_axis_tvalid,
    input  logic                    m_axis_tready,
    output logic                    m_axis_tlast,   // last pixel of the image
    input  logic [            31:0] s_axis_tdata,   // logit
    input  logic                    s_axis_tvalid,
    output logic                    s_axis_tready,
    input  logic                    s_axis_tlast,   // last logit of the image
    input  logic [    UserBits-1:0] s_axis_tuser    // class, valid with tlast
);

  if (Outputs > 256) begin : gen_bad_outputs
    $error("xb_uart_link: the class is sent in one byte, so Outputs must be at most 256");
  end
  if (Taken > Pixels) begin : gen_bad_taken
    $error("xb_uart_link: Taken must be at most Pixels");
  end
  if (PixelBytes < 1 || Pixels < 1 || Outputs < 1) begin : gen_bad_size
    $error("xb_uart_link: PixelBytes, Pixels and Outputs must be at least 1");
  end

  // Bytes to pixels.
  localparam int unsigned ByteBits = xb_pkg::digits(PixelBytes - 1);

  logic byte_valid;
  logic [7:0] byte_data;
  logic [ByteBits-1:0] byte_q;
  logic [8*PixelBytes-1:0] pixel_q;
  logic pixel_valid_q, pixel_ready;

  xb_uart_rx #(
      .ClksPerBit(ClksPerBit)
  ) u_rx (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .rx_i       (uart_rx_i),
      .out_valid_o(byte_valid),
      .out_data_o (byte_data)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      byte_q        <= '0;
      pixel_valid_q <= 1'b0;
    end else begin
      if (byte_valid) begin
        byte_q <= (byte_q == ByteBits'(PixelBytes - 1)) ? '0 : byte_q + ByteBits'(1);
      end
      pixel_valid_q <= byte_valid && byte_q == ByteBits'(PixelBytes - 1);
    end
  end

  // The first byte of a pixel ends in the low bits.
  always_ff @(posedge clk_i) begin
    if (byte_valid) pixel_q <= (8 * PixelBytes)'({byte_data, pixel_q} >> 8);
  end

  `XB_ASSERT(HostWaits, !pixel_valid_q || pixel_ready)

  xb_fifo #(
      .Width(8 * PixelBytes),
      .Depth((Pixels - Taken > 2) ? Pixels - Taken : 2)
  ) u_image (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (pixel_valid_q),
      .in_ready_o (pixel_ready),
      .in_data_i  (pixel_q),
      .out_valid_o(m_axis_tvalid),
      .out_ready_i(m_axis_tready),
      .out_data_o (m_axis_tdata)
  );

  // Which pixel is at the output.
  localparam int unsigned PixelBits = xb_pkg::digits(Pixels - 1);

  logic [PixelBits-1:0] place_q;
  logic last_q;

  assign m_axis_tlast = last_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_q <= '0;
      last_q  <= Pixels == 1;
    end else if (m_axis_tvalid && m_axis_tready) begin
      place_q <= last_q ? '0 : place_q + PixelBits'(1);
      last_q  <= Pixels == 1 || (!last_q && place_q == PixelBits'(Pixels - 2));
    end
  end

  `XB_ASSERT_HELD(PixelHeld, m_axis_tvalid, m_axis_tready, {m_axis_tdata, m_axis_tlast})

  // Logits wait as bytes, because the class, which is known last, goes first.
  typedef enum logic [1:0] {
    StTake,   // a logit is awaited
    StStore,  // its bytes go into the queue
    StClass,  // the class is sent
    StSend    // the queue is sent
  } state_e;

  localparam int unsigned SendBits = xb_pkg::digits(4 * Outputs);

  state_e state_q, state_d;
  logic [31:0] logit_q;
  logic [1:0] part_q;
  logic [7:0] class_q;
  logic final_q;  // this logit is the image's last
  logic [SendBits-1:0] left_q;  // bytes yet to be sent
  logic store_ready, send_valid, send_ready, tx_valid, tx_ready;
  logic [7:0] send_data, tx_data;

  assign s_axis_tready = state_q == StTake;
  assign tx_valid = state_q == StClass || (state_q == StSend && send_valid);
  assign tx_data = (state_q == StClass) ? class_q : send_data;
  assign send_ready = state_q == StSend && tx_ready;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StTake:  if (s_axis_tvalid) state_d = StStore;
      StStore: if (store_ready && part_q == 2'd3) state_d = final_q ? StClass : StTake;
      StClass: if (tx_ready) state_d = StSend;
      StSend:  if (send_valid && tx_ready && left_q == SendBits'(1)) state_d = StTake;
      default: state_d = StTake;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= StTake;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StTake: begin
        logit_q <= s_axis_tdata;
        part_q  <= '0;
        class_q <= 8'(s_axis_tuser);
        final_q <= s_axis_tlast;
        left_q  <= SendBits'(4 * Outputs);
      end
      StStore: begin
        if (store_ready) begin
          logit_q <= logit_q >> 8;
          part_q  <= part_q + 2'd1;
        end
      end
      StSend:  if (send_valid && tx_ready) left_q <= left_q - SendBits'(1);
      default: ;
    endcase
  end

  xb_fifo #(
      .Width(8),
      .Depth(4 * Outputs)
  ) u_answer (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (state_q == StStore),
      .in_ready_o (store_ready),
      .in_data_i  (logit_q[7:0]),
      .out_valid_o(send_valid),
      .out_ready_i(send_ready),
      .out_data_o (send_data)
  );

  xb_uart_tx #(
      .ClksPerBit(ClksPerBit)
  ) u_tx (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .in_valid_i(tx_valid),
      .in_ready_o(tx_ready),
      .in_data_i (tx_data),
      .tx_o      (uart_tx_o)
  );

endmodule
