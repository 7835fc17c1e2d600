/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The frames that the port sends come back to it. */

#include <errno.h>
#include <stdlib.h>

#include "ring_counted.h"

struct loop {
	struct wire wire;
	struct wire_counts counts;
	struct ring ring;
};

static unsigned int
loop_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	return ring_peek(&((struct loop *)w)->ring, frames, n);
}

static void
loop_consume(struct wire *w, unsigned int n)
{
	struct loop *loop = (struct loop *)w;

	ring_consume_counted(&loop->ring, n, &loop->counts);
}

static unsigned int
loop_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct loop *loop = (struct loop *)w;

	return ring_send_counted(&loop->ring, frames, n, &loop->counts);
}

static void
loop_link(struct wire *w, bool up)
{
	struct loop *loop = (struct loop *)w;

	if (up)
		ring_clear_counted(&loop->ring, &loop->counts);
}

static void
loop_counts(struct wire *w, struct wire_counts *counts)
{
	wire_counts_copy(counts, &((struct loop *)w)->counts, true);
}

static void
loop_free(struct wire *w)
{
	free(w);
}

static const struct wire_ops loop_ops = {
	.peek = loop_peek,
	.consume = loop_consume,
	.send = loop_send,
	.link = loop_link,
	.counts = loop_counts,
	.free = loop_free,
};

struct wire *
wire_loop_create(char *args, struct wire_error *err)
{
	uint64_t lossless = 0;
	struct wire_option options[] = { WIRE_OPTION_BOOL("lossless", &lossless) };
	struct loop *loop;

	if (!wire_parse("loop", args, options, 1, err))
		return NULL;
	loop = aligned_alloc(64, sizeof(*loop));
	if (loop == NULL)
		return wire_fail(err, ENOMEM, "wire: loop: out of memory");
	memset(loop, 0, sizeof(*loop));
	loop->wire.ops = &loop_ops;
	loop->wire.lossless = lossless;
	atomic_init(&loop->wire.light, true);
	return &loop->wire;
}
