/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The system time of IEEE 1588, data sheet 7.9.3 and 8.2.3.26.10 to 12: a counter that grows by
 * TIMINCA's increment in each of its periods. Packets get no time stamps. */

#include "clock.h"
#include "systim.h"

/* INTERPRETATION (MISSING): the clock depends on the link's speed, and is 6.4 ns at 10 Gbit/s. Here
 * it is always 6.4 ns, so that the time does not depend on the link. */
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

/* TIMINCA must not change between systim_set() and this call. */
static uint64_t
systim_get(const struct nic *nic)
{
	return systim_value(nic, nic_now());
}

/* 8.2.3.26.10: reading the lower half latches the upper one */
uint32_t
read_systim(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint64_t now = systim_get(nic);

	if (i == 0 && !peek)
		nic->systim_high = now >> 32;
	return i == 0 ? now : peek ? now >> 32 : nic->systim_high;
}

uint32_t
write_systim(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	uint64_t now = systim_get(nic);

	systim_set(nic, i == 0 ? (now & ~UINT64_C(0xffffffff)) | value :
		   (now & 0xffffffff) | (uint64_t)value << 32);
	return value;
}

uint32_t
write_timinca(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	      uint32_t value)
{
	systim_set(nic, systim_get(nic)); /* with the old increment */
	return value;
}
