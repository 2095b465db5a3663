// Ports that every testbench shares with stream_bench.hpp: bit or word i belongs to case i,
// its clock too: the clock of a case that is done stands still.
// SPDX-License-Identifier: Apache-2.0
    input  logic [63:0]  clk_i,
    input  logic         rst_ni,
    input  logic [63:0]  in_valid_i,
    output logic [63:0]  in_ready_o,
    input  logic [63:0]  in_data_i[0:63],
    input  logic [63:0]  in_last_i,
    output logic [63:0]  out_valid_o,
    input  logic [63:0]  out_ready_i,
    output logic [63:0]  out_data_o[0:63],
    output logic [63:0]  out_last_o
