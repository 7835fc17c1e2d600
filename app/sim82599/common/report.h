/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/** The counters of a device and its wire, by name, in the order of reports. */

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
/** "not_emulated": the driver's requests for features that are not emulated. */
void report_absent(FILE *f, struct nic *nic);
/** "ill_written": registers that were written against READ_ONLY or RESERVED_BITS; "rules": the
 * rules that were broken. They are the last members. */
void report_rules(FILE *f, struct nic *nic);

#endif /* SIM_REPORT_H */
