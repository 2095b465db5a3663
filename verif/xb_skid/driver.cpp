// Checks xb_skid: order, no loss, one beat a cycle.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/queue_driver.hpp"

#define BUG(index, name, width) {#name, width},
#define CASE(index, width) {"", width},
const crosstwin::verif::QueueEntry kEntries[] = {
#include "cases.inc"
};

int main(int argc, char** argv) { return crosstwin::verif::run_queue<Vtb>(kEntries, argc, argv); }
