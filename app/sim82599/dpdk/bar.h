/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * BAR0 as the driver sees it: memory whose every access traps and becomes a
 * register access of the device.
 *
 * The memory is mapped twice.  The driver's mapping is without access, so that
 * each access raises SIGSEGV, whose handler decodes the instruction, performs
 * it and goes on behind it.  The device has the other mapping.
 *
 * Doorbells (nic_is_doorbell()) are too frequent for that.  After a run of
 * traps that were all doorbells, their pages become plain memory that the
 * device polls; any other trap, or the device thread, takes that back.
 */

#ifndef BAR_H
#define BAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../nic/nic.h"

#define BAR_MAX 64           /* in a process */
#define BAR_DOORBELL_RUN 32  /* doorbell traps in a row that make the pages direct */

struct bar {
	const char *name;        /* for messages */
	volatile void *driver;   /* the driver's mapping */
	volatile void *device;   /* the device's mapping */
	struct nic *nic;
	bool adaptive;           /* doorbell pages may become direct */
	void (*before)(struct bar *bar); /* called before a trapped access but doorbells; or NULL */

	atomic_flag lock;        /* of changing direct */
	atomic_bool direct;
	atomic_uint run;         /* doorbell traps since the last other one */
	atomic_ullong traps, flips;
};

/** @return 0 or a negative errno */
int bar_map(struct bar *bar, const char *name);
void bar_unmap(struct bar *bar);

/** From now on the driver's accesses reach the device. @return 0 or a negative errno */
int bar_attach(struct bar *bar, struct nic *nic, bool adaptive);
void bar_detach(struct bar *bar);

/** Trap everything again. All signals must be blocked, but for those of faults. */
void bar_trap_all(struct bar *bar);

#endif /* BAR_H */
