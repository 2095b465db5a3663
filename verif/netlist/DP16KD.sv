// Simulation model of the ECP5 block RAM, in the configurations that Yosys emits.
// SPDX-License-Identifier: Apache-2.0
//
// 2048 bytes of 9 bits. A port of 1, 2 or 4 bits sees the low 8 of each; 9, 18 and 36 bits see all.
// Address bit 0 counts bits, so a wider port leaves its low address bits out: with 18 bits they are
// the byte enables ADx1..0, with 36 (port A writes, port B reads, data on DIB:DIA and DOB:DOA)
// ADA3..0. Word n of 18 bits starts out as INITVAL_(n/16)[20 (n mod 16) +: 18].
//
// Lattice leaves open what a port reads of a bit that the other one writes in the same cycle: the
// model answers with the complement of what was there, so that a netlist that minds is caught.
// What Yosys never emits stops elaboration. Output registers and clock inversion are such.

module DP16KD #(
    parameter logic [319:0] INITVAL_00 = 320'd0,
    parameter logic [319:0] INITVAL_01 = 320'd0,
    parameter logic [319:0] INITVAL_02 = 320'd0,
    parameter logic [319:0] INITVAL_03 = 320'd0,
    parameter logic [319:0] INITVAL_04 = 320'd0,
    parameter logic [319:0] INITVAL_05 = 320'd0,
    parameter logic [319:0] INITVAL_06 = 320'd0,
    parameter logic [319:0] INITVAL_07 = 320'd0,
    parameter logic [319:0] INITVAL_08 = 320'd0,
    parameter logic [319:0] INITVAL_09 = 320'd0,
    parameter logic [319:0] INITVAL_0A = 320'd0,
    parameter logic [319:0] INITVAL_0B = 320'd0,
    parameter logic [319:0] INITVAL_0C = 320'd0,
    parameter logic [319:0] INITVAL_0D = 320'd0,
    parameter logic [319:0] INITVAL_0E = 320'd0,
    parameter logic [319:0] INITVAL_0F = 320'd0,
    parameter logic [319:0] INITVAL_10 = 320'd0,
    parameter logic [319:0] INITVAL_11 = 320'd0,
    parameter logic [319:0] INITVAL_12 = 320'd0,
    parameter logic [319:0] INITVAL_13 = 320'd0,
    parameter logic [319:0] INITVAL_14 = 320'd0,
    parameter logic [319:0] INITVAL_15 = 320'd0,
    parameter logic [319:0] INITVAL_16 = 320'd0,
    parameter logic [319:0] INITVAL_17 = 320'd0,
    parameter logic [319:0] INITVAL_18 = 320'd0,
    parameter logic [319:0] INITVAL_19 = 320'd0,
    parameter logic [319:0] INITVAL_1A = 320'd0,
    parameter logic [319:0] INITVAL_1B = 320'd0,
    parameter logic [319:0] INITVAL_1C = 320'd0,
    parameter logic [319:0] INITVAL_1D = 320'd0,
    parameter logic [319:0] INITVAL_1E = 320'd0,
    parameter logic [319:0] INITVAL_1F = 320'd0,
    parameter logic [319:0] INITVAL_20 = 320'd0,
    parameter logic [319:0] INITVAL_21 = 320'd0,
    parameter logic [319:0] INITVAL_22 = 320'd0,
    parameter logic [319:0] INITVAL_23 = 320'd0,
    parameter logic [319:0] INITVAL_24 = 320'd0,
    parameter logic [319:0] INITVAL_25 = 320'd0,
    parameter logic [319:0] INITVAL_26 = 320'd0,
    parameter logic [319:0] INITVAL_27 = 320'd0,
    parameter logic [319:0] INITVAL_28 = 320'd0,
    parameter logic [319:0] INITVAL_29 = 320'd0,
    parameter logic [319:0] INITVAL_2A = 320'd0,
    parameter logic [319:0] INITVAL_2B = 320'd0,
    parameter logic [319:0] INITVAL_2C = 320'd0,
    parameter logic [319:0] INITVAL_2D = 320'd0,
    parameter logic [319:0] INITVAL_2E = 320'd0,
    parameter logic [319:0] INITVAL_2F = 320'd0,
    parameter logic [319:0] INITVAL_30 = 320'd0,
    parameter logic [319:0] INITVAL_31 = 320'd0,
    parameter logic [319:0] INITVAL_32 = 320'd0,
    parameter logic [319:0] INITVAL_33 = 320'd0,
    parameter logic [319:0] INITVAL_34 = 320'd0,
    parameter logic [319:0] INITVAL_35 = 320'd0,
    parameter logic [319:0] INITVAL_36 = 320'd0,
    parameter logic [319:0] INITVAL_37 = 320'd0,
    parameter logic [319:0] INITVAL_38 = 320'd0,
    parameter logic [319:0] INITVAL_39 = 320'd0,
    parameter logic [319:0] INITVAL_3A = 320'd0,
    parameter logic [319:0] INITVAL_3B = 320'd0,
    parameter logic [319:0] INITVAL_3C = 320'd0,
    parameter logic [319:0] INITVAL_3D = 320'd0,
    parameter logic [319:0] INITVAL_3E = 320'd0,
    parameter logic [319:0] INITVAL_3F = 320'd0,
    parameter int DATA_WIDTH_A = 18,
    parameter int DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter GSR = "AUTO"
) (
    input  logic DIA17,
    DIA16,
    DIA15,
    DIA14,
    DIA13,
    DIA12,
    DIA11,
    DIA10,
    DIA9,
    input  logic DIA8,
    DIA7,
    DIA6,
    DIA5,
    DIA4,
    DIA3,
    DIA2,
    DIA1,
    DIA0,
    input  logic ADA13,
    ADA12,
    ADA11,
    ADA10,
    ADA9,
    ADA8,
    ADA7,
    ADA6,
    ADA5,
    input  logic ADA4,
    ADA3,
    ADA2,
    ADA1,
    ADA0,
    input  logic CEA,
    OCEA,
    CLKA,
    WEA,
    RSTA,
    CSA2,
    CSA1,
    CSA0,
    output logic DOA17,
    DOA16,
    DOA15,
    DOA14,
    DOA13,
    DOA12,
    DOA11,
    DOA10,
    DOA9,
    output logic DOA8,
    DOA7,
    DOA6,
    DOA5,
    DOA4,
    DOA3,
    DOA2,
    DOA1,
    DOA0,
    input  logic DIB17,
    DIB16,
    DIB15,
    DIB14,
    DIB13,
    DIB12,
    DIB11,
    DIB10,
    DIB9,
    input  logic DIB8,
    DIB7,
    DIB6,
    DIB5,
    DIB4,
    DIB3,
    DIB2,
    DIB1,
    DIB0,
    input  logic ADB13,
    ADB12,
    ADB11,
    ADB10,
    ADB9,
    ADB8,
    ADB7,
    ADB6,
    ADB5,
    input  logic ADB4,
    ADB3,
    ADB2,
    ADB1,
    ADB0,
    input  logic CEB,
    OCEB,
    CLKB,
    WEB,
    RSTB,
    CSB2,
    CSB1,
    CSB0,
    output logic DOB17,
    DOB16,
    DOB15,
    DOB14,
    DOB13,
    DOB12,
    DOB11,
    DOB10,
    DOB9,
    output logic DOB8,
    DOB7,
    DOB6,
    DOB5,
    DOB4,
    DOB3,
    DOB2,
    DOB1,
    DOB0
);

  if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG") begin : gen_bad_register
    $error("DP16KD: the model has no output registers");
  end
  if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB") begin : gen_bad_clock
    $error("DP16KD: the model has no clock inversion");
  end
  if ((RESETMODE != "SYNC" && RESETMODE != "ASYNC") || ASYNC_RESET_RELEASE != RESETMODE)
  begin : gen_bad_reset
    $error("DP16KD: RESETMODE and ASYNC_RESET_RELEASE must both be SYNC or both be ASYNC");
  end
  if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || GSR != "AUTO") begin : gen_bad_select
    $error("DP16KD: the model has no chip select and no global reset");
  end

  localparam logic [64*320-1:0] Init = {
    INITVAL_3F,
    INITVAL_3E,
    INITVAL_3D,
    INITVAL_3C,
    INITVAL_3B,
    INITVAL_3A,
    INITVAL_39,
    INITVAL_38,
    INITVAL_37,
    INITVAL_36,
    INITVAL_35,
    INITVAL_34,
    INITVAL_33,
    INITVAL_32,
    INITVAL_31,
    INITVAL_30,
    INITVAL_2F,
    INITVAL_2E,
    INITVAL_2D,
    INITVAL_2C,
    INITVAL_2B,
    INITVAL_2A,
    INITVAL_29,
    INITVAL_28,
    INITVAL_27,
    INITVAL_26,
    INITVAL_25,
    INITVAL_24,
    INITVAL_23,
    INITVAL_22,
    INITVAL_21,
    INITVAL_20,
    INITVAL_1F,
    INITVAL_1E,
    INITVAL_1D,
    INITVAL_1C,
    INITVAL_1B,
    INITVAL_1A,
    INITVAL_19,
    INITVAL_18,
    INITVAL_17,
    INITVAL_16,
    INITVAL_15,
    INITVAL_14,
    INITVAL_13,
    INITVAL_12,
    INITVAL_11,
    INITVAL_10,
    INITVAL_0F,
    INITVAL_0E,
    INITVAL_0D,
    INITVAL_0C,
    INITVAL_0B,
    INITVAL_0A,
    INITVAL_09,
    INITVAL_08,
    INITVAL_07,
    INITVAL_06,
    INITVAL_05,
    INITVAL_04,
    INITVAL_03,
    INITVAL_02,
    INITVAL_01,
    INITVAL_00
  };

  logic [8:0] mem[2048];
  initial begin
    for (int i = 0; i < 1024; i++) begin
      mem[2*i]   = Init[(i/16)*320+(i%16)*20+:9];
      mem[2*i+1] = Init[(i/16)*320+(i%16)*20+9+:9];
    end
  end

  logic [13:0] addr_a, addr_b;
  logic [35:0] write_a, write_b;
  assign addr_a = {
    ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  assign addr_b = {
    ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  // 36 bits: the upper half comes in at port B's pins.
  assign write_a = {
    {
      DIB17,
      DIB16,
      DIB15,
      DIB14,
      DIB13,
      DIB12,
      DIB11,
      DIB10,
      DIB9,
      DIB8,
      DIB7,
      DIB6,
      DIB5,
      DIB4,
      DIB3,
      DIB2,
      DIB1,
      DIB0
    },
    {
      DIA17,
      DIA16,
      DIA15,
      DIA14,
      DIA13,
      DIA12,
      DIA11,
      DIA10,
      DIA9,
      DIA8,
      DIA7,
      DIA6,
      DIA5,
      DIA4,
      DIA3,
      DIA2,
      DIA1,
      DIA0
    }
  };
  assign write_b = {18'd0, write_a[35:18]};

  // Which of the four bytes from the word's first on a write of this width touches.
  function automatic logic [3:0] bytes(input int width, input logic [13:0] addr);
    case (width)
      36: bytes = addr[3:0];
      18: bytes = {2'b00, addr[1:0]};
      default: bytes = 4'b0001;
    endcase
  endfunction

  function automatic logic [10:0] first_byte(input int width, input logic [13:0] addr);
    case (width)
      36: first_byte = {addr[13:5], 2'b00};
      18: first_byte = {addr[13:4], 1'b0};
      default: first_byte = addr[13:3];
    endcase
  endfunction

  // The byte with the data of a write put in its place.
  function automatic logic [8:0] merged(input int width, input logic [13:0] addr,
                                        input logic [8:0] old, input logic [8:0] data);
    merged = old;
    case (width)
      1: merged[addr[2:0]] = data[0];
      2: merged[{addr[2:1], 1'b0}+:2] = data[1:0];
      4: merged[{addr[2], 2'b00}+:4] = data[3:0];
      default: merged = data;
    endcase
  endfunction

  // What a port of this width shows of four bytes.
  function automatic logic [35:0] view(input int width, input logic [13:0] addr,
                                       input logic [35:0] data);
    case (width)
      1: view = 36'(data[addr[2:0]]);
      2: view = 36'(data[{addr[2:1], 1'b0}+:2]);
      4: view = 36'(data[{addr[2], 2'b00}+:4]);
      9: view = 36'(data[8:0]);
      18: view = 36'(data[17:0]);
      default: view = data;
    endcase
  endfunction

  logic does_write_a, does_write_b;
  assign does_write_a = CEA && WEA && !RSTA;
  assign does_write_b = CEB && WEB && !RSTB;

  // What each port writes where, for itself and for the other one.
  logic [10:0] base_a, base_b;
  logic [3:0] bytes_a, bytes_b;
  assign base_a  = first_byte(DATA_WIDTH_A, addr_a);
  assign base_b  = first_byte(DATA_WIDTH_B, addr_b);
  assign bytes_a = does_write_a ? bytes(DATA_WIDTH_A, addr_a) : 4'b0000;
  assign bytes_b = does_write_b ? bytes(DATA_WIDTH_B, addr_b) : 4'b0000;

  logic [35:0] old_a, old_b, seen_a, seen_b, new_a, new_b, out_a, out_b;
  always_comb begin
    for (int i = 0; i < 4; i++) begin
      old_a[9*i+:9] = mem[base_a|11'(i)];
      old_b[9*i+:9] = mem[base_b|11'(i)];
      new_a[9*i+:9] = bytes_a[i] ? merged(DATA_WIDTH_A, addr_a, old_a[9*i+:9], write_a[9*i+:9]) :
          old_a[9*i+:9];
      new_b[9*i+:9] = bytes_b[i] ? merged(DATA_WIDTH_B, addr_b, old_b[9*i+:9], write_b[9*i+:9]) :
          old_b[9*i+:9];
      seen_a[9*i+:9] = old_a[9*i+:9];
      seen_b[9*i+:9] = old_b[9*i+:9];
      for (int j = 0; j < 4; j++) begin
        if (bytes_b[j] && (base_b | 11'(j)) == (base_a | 11'(i))) begin
          seen_a[9*i+:9] = old_a[9*i+:9] ^ merged(DATA_WIDTH_B, addr_b, 9'd0, 9'h1ff);
        end
        if (bytes_a[j] && (base_a | 11'(j)) == (base_b | 11'(i))) begin
          seen_b[9*i+:9] = old_b[9*i+:9] ^ merged(DATA_WIDTH_A, addr_a, 9'd0, 9'h1ff);
        end
      end
    end
  end

  // verilator lint_off MULTIDRIVEN
  initial out_a = '0;
  always @(posedge CLKA) begin
    for (int i = 0; i < 4; i++) if (bytes_a[i]) mem[base_a|11'(i)] <= new_a[9*i+:9];
    if (RSTA) out_a <= '0;
    else if (CEA && !(WEA && WRITEMODE_A == "NORMAL")) begin
      out_a <= view(DATA_WIDTH_A, addr_a, (WEA && WRITEMODE_A == "WRITETHROUGH") ? new_a : seen_a);
    end
  end

  initial out_b = '0;
  always @(posedge CLKB) begin
    for (int i = 0; i < 4; i++) if (bytes_b[i]) mem[base_b|11'(i)] <= new_b[9*i+:9];
    if (RSTB) out_b <= '0;
    else if (CEB && !(WEB && WRITEMODE_B == "NORMAL")) begin
      out_b <= view(DATA_WIDTH_B, addr_b, (WEB && WRITEMODE_B == "WRITETHROUGH") ? new_b : seen_b);
    end
  end
  // verilator lint_on MULTIDRIVEN

  // ASYNC is what Yosys writes where no reset is connected.
  always @(posedge CLKA or posedge CLKB) begin
    if (RESETMODE == "ASYNC" && (RSTA || RSTB)) $error("DP16KD: asynchronous reset in use");
  end

  // 36 bits leave through both ports' pins.
  assign {
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
    DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0
  } = (DATA_WIDTH_B == 36) ? out_b[17:0] : out_a[17:0];
  assign {
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
    DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
  } = (DATA_WIDTH_B == 36) ? out_b[35:18] : out_b[17:0];

endmodule
