/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The statistics registers, data sheet 8.2.3.23. */

#ifndef STATS_H
#define STATS_H

#include "regs.h"
#include "state.h"

/* Count nb frames, and their bytes without FCS. */
void stats_rx_total(struct nic *nic, uint32_t nb, uint64_t bytes); /* all frames */
void stats_rx_right(struct nic *nic, uint32_t nb, uint64_t bytes); /* those without errors */
void stats_rx_good(struct nic *nic, uint32_t nb, uint64_t bytes);  /* of those, for us */
void stats_tx_good(struct nic *nic, uint32_t nb, uint64_t bytes);

/* Count each frame in its size class (64, 65-127, 128-255, 256-511, 512-1023, 1024 and more bytes
 * with FCS), and as broadcast or multicast.
 * INTERPRETATION (MISSING): the data sheet does not say whether frames that the filters refuse
 * have a size class. Elsewhere, a good packet is one that passed the filters. */
static inline void
stats_frames(uint64_t *classes, uint64_t *broadcast, uint64_t *multicast, const uint8_t *frame,
	     uint32_t len_fcs, uint32_t nb)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned int log2 = 31 - __builtin_clz(len_fcs | 64);

	classes[len_fcs <= 64 ? 0 : log2 > 10 ? 5 : log2 - 5] += nb;
	if (frame[0] & 1)
		*(memcmp(frame, all, sizeof(all)) == 0 ? broadcast : multicast) += nb;
}

static inline void
stats_rx_frames(struct nic *nic, const uint8_t *frame, uint32_t len_fcs, uint32_t nb)
{
	stats_frames(&nic->stat[STAT_PRC64], &nic->stat[STAT_BPRC], &nic->stat[STAT_MPRC], frame,
		     len_fcs, nb);
}

static inline void
stats_tx_frames(struct nic *nic, const uint8_t *frame, uint32_t len_fcs, uint32_t nb)
{
	stats_frames(&nic->stat[STAT_PTC64], &nic->stat[STAT_BPTC], &nic->stat[STAT_MPTC], frame,
		     len_fcs, nb);
}

/* for the rows STAT and STAT64 */
reg_read_hook read_stat, read_stat_low, read_stat_high;

#endif /* STATS_H */
