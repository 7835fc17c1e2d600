/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* L2 filters, data sheet 7.1.1. A frame is at least 60 bytes. */

#ifndef FILTER_H
#define FILTER_H

#include "regs.h"
#include "state.h"

enum filter_verdict { /* values are bits of a write-back's status: DD, PIF */
	FILTER_REFUSED = 0,
	FILTER_EXACT = 0x01,
	FILTER_HASH = 0x81, /* passed by MTA alone */
};

/* Convert the filters' registers to a form that is quick to test. Call it if nic->filter.stale. */
void filter_rebuild(struct nic *nic);
/* Filter by address and VLAN. The filters must not be stale. */
enum filter_verdict filter_address(struct nic *nic, const uint8_t *frame);
/* The same, and then flow control. */
enum filter_verdict filter_judge(struct nic *nic, const uint8_t *frame);

static inline enum filter_verdict
filter_frame(struct nic *nic, const uint8_t *frame)
{
	return nic->filter.all_unicast && !(frame[0] & 1) ? FILTER_EXACT : filter_judge(nic, frame);
}

reg_write_hook write_filter; /* for each register that filter_rebuild() reads */

#endif /* FILTER_H */
