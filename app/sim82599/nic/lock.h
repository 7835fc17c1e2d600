/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device's lock. It is a spin lock, because it is held only for a poll or a register access.
 * An access announces itself, and nic_poll() lets it go first. */

#ifndef LOCK_H
#define LOCK_H

#include <sched.h>
#include <stdatomic.h>

#include "state.h"

static inline bool
nic_trylock(struct nic *nic)
{
	return atomic_load_explicit(&nic->lock, memory_order_relaxed) == 0 &&
	       atomic_exchange_explicit(&nic->lock, 1, memory_order_acquire) == 0;
}

static inline void
nic_lock(struct nic *nic)
{
	if (nic_trylock(nic))
		return;
	atomic_fetch_add(&nic->waiters, 1);
	while (!nic_trylock(nic))
		sched_yield();
	atomic_fetch_sub(&nic->waiters, 1);
}

static inline void
nic_unlock(struct nic *nic)
{
	atomic_store_explicit(&nic->lock, 0, memory_order_release);
}

#endif /* LOCK_H */
