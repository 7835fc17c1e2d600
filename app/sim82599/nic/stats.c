/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The statistics registers, data sheet 8.2.3.23. The counters have 64 bits inside; a register
 * stays at its largest value when its counter is above it. */

#include "stats.h"

#define MAX_32 UINT64_C(0xffffffff)
#define MAX_36 UINT64_C(0xfffffffff)

uint32_t
read_stat(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint64_t value;

	if (reg->stat == STAT_NONE)
		return 0;
	value = nic->stat[reg->stat + i];
	if (!peek)
		nic->stat[reg->stat + i] = 0;
	return value > MAX_32 ? MAX_32 : value;
}

/* INTERPRETATION (MISSING): the data sheet does not say for each 36-bit counter how its halves are
 * read consistently. All drivers read the low half first: this latches the high half for the next
 * read, and clears the counter. */
uint32_t
read_stat_low(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint64_t value = nic->stat[reg->stat + i];

	if (value > MAX_36)
		value = MAX_36;
	if (!peek) {
		nic->stat[reg->stat + i] = 0;
		nic->stat_high[reg->stat + i] = value >> 32;
	}
	return value;
}

uint32_t
read_stat_high(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = nic->stat_high[reg->stat + i];

	if (!peek)
		nic->stat_high[reg->stat + i] = 0;
	return value;
}

void
stats_rx_total(struct nic *nic, uint32_t nb, uint64_t bytes)
{
	nic->stat[STAT_TPR] += nb;
	nic->stat[STAT_TORC] += bytes + nb * FCS_LEN;
}

void
stats_rx_right(struct nic *nic, uint32_t nb, uint64_t bytes)
{
	nic->stat[STAT_RXNFGPC] += nb;
	nic->stat[STAT_RXNFGBC] += bytes + nb * FCS_LEN;
}

void
stats_rx_good(struct nic *nic, uint32_t nb, uint64_t bytes)
{
	/* INTERPRETATION (CONTRADICTION): by 8.2.3.23.27 bytes are counted from the destination
	 * address to the CRC. By net_ixgbe, silicon does not count a CRC that it strips. */
	if (!(reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP))
		bytes += nb * FCS_LEN;
	nic->stat[STAT_GPRC] += nb;
	nic->stat[STAT_GORC] += bytes;
}

void
stats_tx_good(struct nic *nic, uint32_t nb, uint64_t bytes)
{
	nic->stat[STAT_GPTC] += nb;
	nic->stat[STAT_GOTC] += bytes + nb * FCS_LEN;
	nic->stat[STAT_TPT] += nb;
	nic->stat[STAT_TXDGPC] += nb;
	nic->stat[STAT_TXDGBC] += bytes;
}
