/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* MAC loopback (HLREG0.LPBK, data sheet 8.2.3.22.8): sent frames come back, and pass the receive
 * filters like frames from the wire. */

#include <stdlib.h>

#include "loopback.h"
#include "../wire/ring.h"

struct loopback {
	struct wire wire;
	struct ring ring;
};

static unsigned int
loopback_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	return ring_peek(&((struct loopback *)w)->ring, frames, n);
}

static void
loopback_consume(struct wire *w, unsigned int n)
{
	ring_consume(&((struct loopback *)w)->ring, n);
}

static unsigned int
loopback_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	return ring_put(&((struct loopback *)w)->ring, frames, n);
}

static const struct wire_ops loopback_ops = {
	.peek = loopback_peek,
	.consume = loopback_consume,
	.send = loopback_send,
};

struct wire *
loopback_create(void)
{
	struct loopback *loopback = aligned_alloc(64, sizeof(*loopback));

	if (loopback == NULL)
		return NULL;
	memset(loopback, 0, sizeof(*loopback));
	loopback->wire.ops = &loopback_ops;
	return &loopback->wire;
}

void
loopback_clear(struct wire *loopback)
{
	ring_clear(&((struct loopback *)loopback)->ring);
}

void
loopback_free(struct wire *loopback)
{
	free(loopback);
}
