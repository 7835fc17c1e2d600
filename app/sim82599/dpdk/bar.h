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
#include "mailbox.h"

#define BAR_MAX 64           /* in a process */
#define BAR_DOORBELL_RUN 32  /* doorbell traps in a row that make the pages direct */

struct bar {
	const char *name;        /* for messages */
	volatile void *driver;   /* the driver's mapping */
	volatile void *device;   /* the device's mapping */
	struct mailbox *mailbox; /* behind it */
	int fd;                  /* of both, for secondary processes */
	struct nic *nic;         /* NULL: this is a secondary process */
	unsigned int slot;       /* there: its own in the mailbox */
	bool adaptive;           /* doorbell pages may become direct */
	void (*before)(struct bar *bar); /* called before a trapped access but doorbells; or NULL */

	atomic_flag lock;        /* of changing direct and its users */
	unsigned int direct_users; /* processes */
	atomic_bool direct;
	atomic_uint run;         /* doorbell traps since the last other one */
	atomic_ullong traps, flips;
};

/** Called before a fault that nobody handles ends the program; or NULL. */
extern void (*bar_before_crash)(int sig);

/** At this address if it is free. @return 0 or a negative errno */
int bar_map(struct bar *bar, const char *name, void *near);
/** Map that of another process, at the very address that it has there; fd stays with the bar.
 * @return 0 or a negative errno: EEXIST if something is there already */
int bar_map_shared(struct bar *bar, const char *name, int fd, unsigned int slot, void *at);
void bar_unmap(struct bar *bar);

/** From now on the driver's accesses reach the device (NULL: by the mailbox).
 * @return 0 or a negative errno */
int bar_attach(struct bar *bar, struct nic *nic, bool adaptive);
void bar_detach(struct bar *bar);

/** Trap everything again. All signals must be blocked, but for those of faults. */
void bar_trap_all(struct bar *bar);

/** Of the device thread: answer secondary processes, and forget those that are no more. */
void bar_serve(struct bar *bar);
void bar_reap(struct bar *bar);

#endif /* BAR_H */
