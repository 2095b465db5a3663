// Simulation model of the ECP5 multiplier as Yosys emits it: a plain product.
// SPDX-License-Identifier: Apache-2.0
//
// P = A * B, each operand signed where its SIGNEDx is set. Yosys puts no pipeline register into the
// cell and uses none of its shift chains; anything else stops elaboration.

module MULT18X18D #(
    parameter REG_INPUTA_CLK   = "NONE",
    parameter REG_INPUTB_CLK   = "NONE",
    parameter REG_INPUTC_CLK   = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK   = "NONE"
) (
    input  logic A17,
    A16,
    A15,
    A14,
    A13,
    A12,
    A11,
    A10,
    A9,
    input  logic A8,
    A7,
    A6,
    A5,
    A4,
    A3,
    A2,
    A1,
    A0,
    input  logic B17,
    B16,
    B15,
    B14,
    B13,
    B12,
    B11,
    B10,
    B9,
    input  logic B8,
    B7,
    B6,
    B5,
    B4,
    B3,
    B2,
    B1,
    B0,
    input  logic C17,
    C16,
    C15,
    C14,
    C13,
    C12,
    C11,
    C10,
    C9,
    input  logic C8,
    C7,
    C6,
    C5,
    C4,
    C3,
    C2,
    C1,
    C0,
    input  logic SIGNEDA,
    SIGNEDB,
    SOURCEA,
    SOURCEB,
    output logic P35,
    P34,
    P33,
    P32,
    P31,
    P30,
    P29,
    P28,
    P27,
    output logic P26,
    P25,
    P24,
    P23,
    P22,
    P21,
    P20,
    P19,
    P18,
    output logic P17,
    P16,
    P15,
    P14,
    P13,
    P12,
    P11,
    P10,
    P9,
    output logic P8,
    P7,
    P6,
    P5,
    P4,
    P3,
    P2,
    P1,
    P0
);

  if (REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_INPUTC_CLK != "NONE" ||
      REG_PIPELINE_CLK != "NONE" || REG_OUTPUT_CLK != "NONE") begin : gen_bad_register
    $error("MULT18X18D: the model has no pipeline registers");
  end

  logic [17:0] a, b;
  assign a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  assign b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27,
    P26, P25, P24, P23, P22, P21, P20, P19, P18,
    P17, P16, P15, P14, P13, P12, P11, P10, P9,
    P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = 36'($signed(
      {SIGNEDA & a[17], a}
  ) * $signed(
      {SIGNEDB & b[17], b}
  ));

endmodule
