/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * Register accesses of secondary processes.  The memory behind BAR0 is shared with them.  Behind
 * its registers is a slot for each such process: the trap handler there writes what it asks for,
 * and waits until the device thread of the primary process has answered.
 *
 * A process that is killed leaves its slot, which the primary process takes back.  Without the
 * primary process, a secondary one reads all-ones, as from a card that was pulled.
 */

#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAILBOX_SLOTS 32     /* secondary processes at a time */

enum mailbox_kind {
	MAILBOX_READ, MAILBOX_WRITE, MAILBOX_BAD_ACCESS, MAILBOX_DIRECT, MAILBOX_LEAVE
};

struct mailbox_request {
	enum mailbox_kind kind;
	uint32_t offset;
	uint32_t value;      /* written; read (the answer); direct or not; bytes of a bad access */
};

struct mailbox_slot {
	alignas(64) atomic_bool asked; /* false again: answered */
	struct mailbox_request request;
	atomic_int pid;      /* of the secondary process; 0: free */
	bool direct;         /* its doorbell pages are direct */
};

struct mailbox {
	alignas(64) atomic_uint asked; /* bits of slots: the bell */
	atomic_uint users;
	atomic_bool closed;  /* the device is gone */
	pid_t primary;
	struct mailbox_slot slot[MAILBOX_SLOTS];
};

/* Of the primary process; all but mailbox_join() are called by the device thread only. */

/** A slot for a process. @return its number, or -1: none is free */
int mailbox_join(struct mailbox *mailbox, pid_t pid);

static inline bool
mailbox_is_asked(struct mailbox *mailbox)
{
	return atomic_load_explicit(&mailbox->asked, memory_order_relaxed) != 0;
}

/** Answer all that is asked. */
void mailbox_serve(struct mailbox *mailbox,
		   void (*answer)(void *arg, struct mailbox_slot *slot), void *arg);
/** Take back the slots of processes that are no more; the device's end of them is left(). */
void mailbox_reap(struct mailbox *mailbox,
		  void (*left)(void *arg, struct mailbox_slot *slot), void *arg);

/** Of a secondary process, also in its trap handler. @return what the answer says */
uint32_t mailbox_ask(struct mailbox *mailbox, unsigned int slot, enum mailbox_kind kind,
		     uint32_t offset, uint32_t value);

#endif /* MAILBOX_H */
