/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A queue of frames in a ring of bytes, from one thread to another: for cables and loops, and for
 * the loopback inside of the device.
 *
 * A record is the length of a frame in 8 bytes, and the frame, padded to 8 bytes. It
 * does not wrap: a length of 0 means that the rest of the ring is not used. */

#ifndef WIRE_RING_H
#define WIRE_RING_H

#include <stdatomic.h>
#include <string.h>

#include "wire.h"

/* The number of bytes that may be under way, or one longer frame. A real cable holds few bytes. A
 * driver that uses pause frames leaves as little as 13 KB of the packet buffer free for the frames
 * that still come after the first pause frame: Linux's ixgbe for frames of 1,518 bytes. */
#define RING_UNDER_WAY (4u * 1024)
#define RING_SIZE      (32u * 1024)
_Static_assert(RING_SIZE >= 2 * (WIRE_MAX_FRAME + 8), "an empty ring has room for any frame");

struct ring {
	_Alignas(64) _Atomic uint64_t head; /* bytes ever put, by the sender */
	uint64_t tail_seen;                 /* the sender's copy, to spare it the cache line */
	_Alignas(64) _Atomic uint64_t tail; /* bytes ever freed, by the receiver */
	_Alignas(64) uint8_t bytes[RING_SIZE];
};

static inline uint32_t
ring_record(uint32_t len)
{
	return 8 + ((len + 7) & ~7u);
}

/* Is there room for a record of this size? */
static inline bool
ring_has_room(const struct ring *ring, uint64_t head, uint32_t bytes)
{
	return head == ring->tail_seen || head + bytes - ring->tail_seen <= RING_UNDER_WAY;
}

/* @return the number of frames that there was room for; they are the first ones */
static inline unsigned int
ring_put(struct ring *ring, const struct wire_frame *frames, unsigned int n)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed), len, zero = 0;
	uint32_t record, skip;
	unsigned int i;

	for (i = 0; i < n; i++) {
		record = ring_record(frames[i].len);
		skip = RING_SIZE - head % RING_SIZE;
		if (skip >= record)
			skip = 0;
		if (!ring_has_room(ring, head, record)) {
			ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
			if (!ring_has_room(ring, head, record))
				break;
		}
		if (skip > 0)
			memcpy(ring->bytes + head % RING_SIZE, &zero, sizeof(zero));
		head += skip;
		len = frames[i].len;
		memcpy(ring->bytes + head % RING_SIZE, &len, sizeof(len));
		memcpy(ring->bytes + head % RING_SIZE + 8, frames[i].data, len);
		head += record;
	}
	atomic_store_explicit(&ring->head, head, memory_order_release);
	return i;
}

/* @return the length of the record at *at; *at moves to the ring's start if the record is there */
static inline uint32_t
ring_at(const struct ring *ring, uint64_t *at)
{
	uint64_t len;

	memcpy(&len, ring->bytes + *at % RING_SIZE, sizeof(len));
	if (len == 0) {
		*at += RING_SIZE - *at % RING_SIZE;
		memcpy(&len, ring->bytes, sizeof(len));
	}
	return len;
}

static inline unsigned int
ring_peek(struct ring *ring, struct wire_frame *frames, unsigned int n)
{
	uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	unsigned int i;
	uint32_t len;

	for (i = 0; i < n && at < head; i++) {
		len = ring_at(ring, &at);
		frames[i] = (struct wire_frame){
			.data = ring->bytes + at % RING_SIZE + 8, .len = len };
		at += ring_record(len);
	}
	return i;
}

/* Free n frames that were peeked. @return the sum of their lengths */
static inline uint64_t
ring_consume(struct ring *ring, unsigned int n)
{
	uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed), bytes = 0;
	uint32_t len;

	for (; n > 0; n--) {
		len = ring_at(ring, &at);
		at += ring_record(len);
		bytes += len;
	}
	atomic_store_explicit(&ring->tail, at, memory_order_release);
	return bytes;
}

/* The receiver discards all frames. */
static inline void
ring_clear(struct ring *ring)
{
	atomic_store_explicit(&ring->tail, atomic_load_explicit(&ring->head, memory_order_acquire),
			      memory_order_release);
}

#endif /* WIRE_RING_H */
