/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The system time of IEEE 1588, data sheet 7.9.3 and 8.2.3.26.10 to 12: a counter that grows by
 * TIMINCA's increment every so many clocks. Packets get no time stamps. */

#include "nic_priv.h"

/* INTERPRETATION (MISSING): the clock follows the link's speed, 6.4 ns at 10 Gbit/s; here it is
 * that always, so that the time does not depend on the link. */
#define CLOCKS(ns) ((ns) * 10 / 64)

static uint64_t
systim_value(const struct nic *nic, uint64_t now)
{
	uint32_t timinca = reg_get(nic, NIC_TIMINCA);
	uint32_t period = timinca >> NIC_TIMINCA_PERIOD_SHIFT;

	if (period == 0)
		return nic->systim;
	return nic->systim + CLOCKS(now - nic->systim_at) / period * (timinca & NIC_TIMINCA_VALUE);
}

void
systim_set(struct nic *nic, uint64_t value)
{
	nic->systim = value;
	nic->systim_high = value >> 32;
	nic->systim_at = nic_now();
}

uint64_t
systim_get(const struct nic *nic)
{
	return systim_value(nic, nic_now());
}
