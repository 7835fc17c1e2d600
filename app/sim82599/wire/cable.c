/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A cable between two ports, which name each other.
 *
 * The cable exists as long as one of its ends does. An end may go away at any time, or its device
 * may switch off the laser: then the other end loses its light, and its frames are dropped.
 * The ends may be polled by different threads. A device writes the state of its link and light
 * under its own lock, to atomic variables of its own end. It reads those of the other end without
 * a lock. */

#include <errno.h>
#include <stdlib.h>

#include "ring_counted.h"

struct cable_end;

struct cable {
	struct ring ring[2];      /* to the port with this number */
	atomic_bool up[2];        /* that port's device has a link */
	atomic_uint light[2];     /* that port's device sends light: odd; see wire_light() */
	/* under cables_lock */
	char *port[2];
	struct cable_end *end[2]; /* NULL: this end does not exist (yet) */
	struct cable *next;
};

struct cable_end {
	struct wire wire;
	struct wire_counts counts;
	struct cable *cable;
	unsigned int side;
};

static pthread_mutex_t cables_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cable *cables;

static unsigned int
cable_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	struct cable_end *end = (struct cable_end *)w;

	return ring_peek(&end->cable->ring[end->side], frames, n);
}

static void
cable_consume(struct wire *w, unsigned int n)
{
	struct cable_end *end = (struct cable_end *)w;

	ring_consume_counted(&end->cable->ring[end->side], n, &end->counts);
}

static unsigned int
cable_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct cable_end *end = (struct cable_end *)w;
	struct cable *cable = end->cable;
	unsigned int peer = !end->side;

	return ring_send_counted(atomic_load(&cable->up[peer]) ? &cable->ring[peer] : NULL,
				 frames, n, &end->counts);
}

static void
cable_link(struct wire *w, bool up)
{
	struct cable_end *end = (struct cable_end *)w;

	if (up)
		ring_clear_counted(&end->cable->ring[end->side], &end->counts);
	atomic_store(&end->cable->up[end->side], up);
}

/* Functions of an end. Its device calls them; or there is no device any more. */
static void
shine(struct cable *cable, unsigned int side, bool on)
{
	unsigned int light = atomic_load(&cable->light[side]);

	if (light % 2 != on)
		atomic_store(&cable->light[side], light + 1);
}

static void
cable_shine(struct wire *w, bool on)
{
	struct cable_end *end = (struct cable_end *)w;

	shine(end->cable, end->side, on);
}

static void
cable_counts(struct wire *w, struct wire_counts *counts)
{
	wire_counts_copy(counts, &((struct cable_end *)w)->counts, true);
}

/* Remove an end from its cable, and with the last end the cable from the list. */
static void
cable_free(struct wire *w)
{
	struct cable_end *end = (struct cable_end *)w;
	struct cable *cable = end->cable, **link;

	pthread_mutex_lock(&cables_lock);
	cable->end[end->side] = NULL;
	atomic_store(&cable->up[end->side], false);
	shine(cable, end->side, false);
	if (cable->end[!end->side] != NULL) {
		cable = NULL;
	} else {
		for (link = &cables; *link != cable; link = &(*link)->next)
			;
		*link = cable->next;
	}
	pthread_mutex_unlock(&cables_lock);
	if (cable != NULL) {
		free(cable->port[0]);
		free(cable->port[1]);
		free(cable);
	}
	free(end);
}

static const struct wire_ops cable_ops = {
	.peek = cable_peek,
	.consume = cable_consume,
	.send = cable_send,
	.link = cable_link,
	.shine = cable_shine,
	.counts = cable_counts,
	.free = cable_free,
};

static struct cable *
cable_create(const char *port, const char *peer)
{
	struct cable *cable = aligned_alloc(64, sizeof(*cable));

	if (cable == NULL)
		return NULL;
	memset(cable, 0, sizeof(*cable));
	cable->port[0] = strdup(port);
	cable->port[1] = strdup(peer);
	if (cable->port[0] == NULL || cable->port[1] == NULL) {
		free(cable->port[0]);
		free(cable->port[1]);
		free(cable);
		return NULL;
	}
	cable->next = cables;
	cables = cable;
	return cable;
}

/* Add an end to the cable between the two ports. @return 0 or errno */
static int
cable_plug(struct cable_end *end, const char *port, const char *peer)
{
	struct cable *cable, *found = NULL;
	unsigned int side;

	for (cable = cables; cable != NULL; cable = cable->next) {
		for (side = 0; side < 2; side++) {
			if (strcmp(cable->port[side], port) != 0)
				continue;
			if (cable->end[side] != NULL)
				return EEXIST;
			if (strcmp(cable->port[!side], peer) == 0) {
				found = cable;
				end->side = side;
			}
		}
	}
	if (found == NULL)
		found = cable_create(port, peer); /* its first end, side 0 */
	if (found == NULL)
		return ENOMEM;
	end->cable = found;
	found->end[end->side] = end;
	end->wire.far_light = &found->light[!end->side];
	ring_clear(&found->ring[end->side]);
	return 0;
}

struct wire *
wire_cable_create(const char *peer, char *args, const char *port, struct wire_error *err)
{
	uint64_t lossless = 0;
	struct wire_option options[] = { WIRE_OPTION_BOOL("lossless", &lossless) };
	struct cable_end *end;
	int error;

	if (peer[0] == '\0' || strcmp(peer, port) == 0)
		return wire_fail(err, EINVAL, "wire: cable=%s is wrong; allowed: the name of "
				 "another port", peer);
	if (!wire_parse("cable", args, options, 1, err))
		return NULL;
	end = calloc(1, sizeof(*end));
	if (end == NULL)
		return wire_fail(err, ENOMEM, "wire: cable=%s: out of memory", peer);
	end->wire.ops = &cable_ops;
	end->wire.lossless = lossless;
	atomic_init(&end->wire.light, true);
	pthread_mutex_lock(&cables_lock);
	error = cable_plug(end, port, peer);
	pthread_mutex_unlock(&cables_lock);
	if (error == 0)
		return &end->wire;
	free(end);
	if (error == EEXIST)
		return wire_fail(err, EEXIST, "wire: cable=%s: port %s has a cable already; "
				 "allowed: one", peer, port);
	return wire_fail(err, ENOMEM, "wire: cable=%s: out of memory", peer);
}
