// Checks xb_fifo: order, no loss, one beat a cycle; the testbench compares with the ideal queue.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/queue_driver.hpp"

#define BUG(index, name, width, depth, ...) {#name, width, depth},
#define CASE(index, width, depth, ...) {"", width, depth},
const crosstwin::verif::QueueEntry kEntries[] = {
#include "cases.inc"
};

int main(int argc, char** argv) { return crosstwin::verif::run_queue<Vtb>(kEntries, argc, argv); }
