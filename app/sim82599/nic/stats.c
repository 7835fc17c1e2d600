/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The statistics registers, data sheet 8.2.3.23. The counters are 64 bits wide
 * inside; a register shows as much as it has room for, and sticks there. */

#include "nic_priv.h"

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

/* INTERPRETATION (MISSING): how the halves of a 36-bit counter stay together is not said for
 * each. All drivers read the low one first: that takes the whole counter, keeps its high half
 * for the read that follows, and clears it. */
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

/* 8.2.3.23.18 - 23, 8.2.3.23.50 - 55: 64, 65-127, 128-255, 256-511, 512-1023, 1024 and more */
static unsigned int
size_class(uint32_t len_fcs)
{
	return len_fcs <= 64 ? 0 : len_fcs <= 127 ? 1 : len_fcs <= 255 ? 2 :
	       len_fcs <= 511 ? 3 : len_fcs <= 1023 ? 4 : 5;
}

static bool
is_broadcast(const uint8_t *frame)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(frame, broadcast, sizeof(broadcast)) == 0;
}

void
stats_rx_filtered(struct nic *nic, uint32_t len_fcs)
{
	nic->stat[STAT_TPR]++;
	nic->stat[STAT_TORC] += len_fcs;
	nic->stat[STAT_RXNFGPC]++;
	nic->stat[STAT_RXNFGBC] += len_fcs;
}

void
stats_rx_good(struct nic *nic, const uint8_t *frame, uint32_t len_fcs)
{
	/* INTERPRETATION (CONTRADICTION): 8.2.3.23.27 counts from the destination address to the
	 * CRC. Silicon leaves the CRC out when it strips it, as net_ixgbe knows. */
	uint32_t len = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP ? len_fcs - FCS_LEN : len_fcs;

	stats_rx_filtered(nic, len_fcs);
	nic->stat[STAT_GPRC]++;
	nic->stat[STAT_GORC] += len;
	nic->stat[STAT_RXDGPC]++;
	nic->stat[STAT_RXDGBC] += len;
	/* INTERPRETATION (MISSING): whether frames that the filters refuse have a size class is
	 * not said; a good packet is elsewhere one that passed them. */
	nic->stat[STAT_PRC64 + size_class(len_fcs)]++;
	if (frame[0] & 1)
		nic->stat[is_broadcast(frame) ? STAT_BPRC : STAT_MPRC]++;
}

void
stats_tx_good(struct nic *nic, const uint8_t *frame, uint32_t len_fcs)
{
	nic->stat[STAT_GPTC]++;
	nic->stat[STAT_GOTC] += len_fcs;
	nic->stat[STAT_TPT]++;
	nic->stat[STAT_TXDGPC]++;
	nic->stat[STAT_TXDGBC] += len_fcs - FCS_LEN;
	nic->stat[STAT_PTC64 + size_class(len_fcs)]++;
	if (frame[0] & 1)
		nic->stat[is_broadcast(frame) ? STAT_BPTC : STAT_MPTC]++;
}
