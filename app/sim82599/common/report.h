/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/** What is counted of a device and its wire, by name, in the order of reports. */

#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "../nic/nic.h"
#include "../wire/wire.h"

void report_counters(struct nic *nic, struct wire *wire,
		     void (*add)(void *arg, const char *name, uint64_t value), void *arg);

/** The one line at the end: "rx 5 packets, tx ...". */
void report_line(FILE *f, struct nic *nic, struct wire *wire);

/* Members of a JSON object, each but the last followed by a comma. */
void report_number(void *f, const char *name, uint64_t value); /* for report_counters() */
void report_string(FILE *f, const char *name, const char *value);
/** "not_emulated": what the driver asked for and the device has not. */
void report_absent(FILE *f, struct nic *nic);
/** "ill_written": registers that were read-only, or whose reserved bits were not kept; "rules":
 * those that were broken. The last members. */
void report_rules(FILE *f, struct nic *nic);

#endif /* SIM_REPORT_H */
