/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The two ends of a ring, with the counts of a wire. */

#ifndef WIRE_RING_COUNTED_H
#define WIRE_RING_COUNTED_H

#include "ring.h"
#include "wire_priv.h"

/* The receiver's link comes up: frames that were sent before are lost. */
static inline void
ring_clear_counted(struct ring *ring, struct wire_counts *counts)
{
	struct wire_frame frames[WIRE_BURST];
	unsigned int n;

	while ((n = ring_peek(ring, frames, WIRE_BURST)) > 0) {
		ring_consume(ring, n);
		wire_count(&counts->dropped, n);
	}
}

static inline void
ring_consume_counted(struct ring *ring, unsigned int n, struct wire_counts *counts)
{
	wire_count(&counts->to_nic_bytes, ring_consume(ring, n));
	wire_count(&counts->to_nic, n);
}

/* Frames without room in the ring wait. The receiver takes frames as fast as it can, so this
 * happens only when its thread does not run. If ring is NULL, all frames are dropped.
 * @return the number of frames accepted */
static inline unsigned int
ring_send_counted(struct ring *ring, const struct wire_frame *frames, unsigned int n,
		  struct wire_counts *counts)
{
	unsigned int put = 0, i;

	if (ring != NULL)
		n = put = ring_put(ring, frames, n);
	for (i = 0; i < n; i++)
		wire_count(&counts->from_nic_bytes, frames[i].len);
	wire_count(&counts->from_nic, n);
	wire_count(&counts->dropped, n - put);
	return n;
}

#endif /* WIRE_RING_COUNTED_H */
