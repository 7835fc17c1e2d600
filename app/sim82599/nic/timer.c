/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The first of the times at which a feature must run. */

#include "timer.h"

void
timer_update(struct nic *nic)
{
	const uint64_t at[] = {
		nic->link_at, nic->itr_at, nic->tcp_at, nic->pause_until, nic->xoff_at,
	};
	uint64_t first = 0;

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (at[i] != 0 && (first == 0 || at[i] < first))
			first = at[i];
	nic->timer_at = first;
}
