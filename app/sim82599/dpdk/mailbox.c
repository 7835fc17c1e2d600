/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "mailbox.h"

/* The device thread answers within a round, and sleeps 50 us at most. */
#define SPINS   200
#define NAP_NS  20000
#define NAPS    50           /* between looks at the primary process */

int
mailbox_join(struct mailbox *mailbox, pid_t pid)
{
	for (unsigned int i = 0; i < MAILBOX_SLOTS; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&mailbox->slot[i].pid, &none, pid))
			continue;
		atomic_fetch_add(&mailbox->users, 1);
		return i;
	}
	return -1;
}

static void
slot_free(struct mailbox *mailbox, struct mailbox_slot *slot)
{
	slot->direct = false;
	atomic_fetch_sub(&mailbox->users, 1);
	atomic_store(&slot->pid, 0);
}

void
mailbox_serve(struct mailbox *mailbox, void (*answer)(void *arg, struct mailbox_slot *slot),
	      void *arg)
{
	uint32_t asked = atomic_exchange(&mailbox->asked, 0);

	for (unsigned int i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &mailbox->slot[i];
		bool leaves;

		if (!(asked >> i & 1) || !atomic_load(&slot->asked))
			continue;
		answer(arg, slot);
		leaves = slot->request.kind == MAILBOX_LEAVE;
		atomic_store(&slot->asked, false);
		if (leaves)
			slot_free(mailbox, slot);
	}
}

void
mailbox_reap(struct mailbox *mailbox, void (*left)(void *arg, struct mailbox_slot *slot), void *arg)
{
	for (unsigned int i = 0; i < MAILBOX_SLOTS; i++) {
		struct mailbox_slot *slot = &mailbox->slot[i];
		pid_t pid = atomic_load(&slot->pid);

		if (pid == 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		left(arg, slot);
		atomic_store(&slot->asked, false);
		slot_free(mailbox, slot);
	}
}

static bool
is_over(struct mailbox *mailbox)
{
	return atomic_load(&mailbox->closed) ||
	       (kill(mailbox->primary, 0) < 0 && errno == ESRCH);
}

/* One thread of a process at a time; nothing interrupts it, for it is in its trap handler. */
static atomic_flag asking = ATOMIC_FLAG_INIT;

uint32_t
mailbox_ask(struct mailbox *mailbox, unsigned int number, enum mailbox_kind kind,
	    uint32_t offset, uint32_t value)
{
	struct mailbox_slot *slot = &mailbox->slot[number];
	uint32_t answer = UINT32_MAX;
	bool over = false;

	while (atomic_flag_test_and_set_explicit(&asking, memory_order_acquire))
		sched_yield();
	slot->request = (struct mailbox_request){ kind, offset, value };
	atomic_store(&slot->asked, true);
	atomic_fetch_or(&mailbox->asked, 1u << number);
	for (unsigned int i = 0; atomic_load(&slot->asked) && !over; i++) {
		if (i < SPINS)
			__builtin_ia32_pause();
		else
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
		over = i % NAPS == 0 && is_over(mailbox);
	}
	if (!over)
		answer = slot->request.value;
	atomic_flag_clear_explicit(&asking, memory_order_release);
	return answer;
}
