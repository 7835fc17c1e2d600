/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* An interface of the Linux host, by /dev/net/tun. Its carrier is the port's link. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wire_priv.h"

#define DEVICE "/dev/net/tun"

struct tap_slot {
	uint8_t data[WIRE_MAX_DATA + 1]; /* one more than is allowed */
	uint32_t len;
};

struct tap {
	struct wire wire;
	struct wire_counts counts;
	int fd;
	bool up;
	/* a ring of frames that were read, and that the device has not taken yet */
	unsigned int first, nb;
	struct tap_slot slots[WIRE_BURST];
};

/* Wait for the interface only if no frames are held, and the link is up. */
static void
tap_wait(struct tap *tap)
{
	tap->wire.fd = tap->up && tap->nb == 0 ? tap->fd : -1;
}

/* @return false if there is no frame */
static bool
tap_read(struct tap *tap, struct tap_slot *slot)
{
	ssize_t n;

	for (;;) {
		n = read(tap->fd, slot->data, sizeof(slot->data));
		if (n < 0)
			return false;
		if (n <= WIRE_MAX_DATA)
			break;
		wire_count(&tap->counts.dropped, 1);
	}
	slot->len = n;
	if (slot->len < WIRE_MIN_DATA) { /* pad it, as the sender's MAC would */
		memset(slot->data + slot->len, 0, WIRE_MIN_DATA - slot->len);
		slot->len = WIRE_MIN_DATA;
	}
	return true;
}

static unsigned int
tap_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	struct tap *tap = (struct tap *)w;
	unsigned int i;

	if (n > WIRE_BURST)
		n = WIRE_BURST;
	while (tap->nb < n && tap_read(tap, &tap->slots[(tap->first + tap->nb) % WIRE_BURST]))
		tap->nb++;
	for (i = 0; i < n && i < tap->nb; i++) {
		const struct tap_slot *slot = &tap->slots[(tap->first + i) % WIRE_BURST];

		frames[i] = (struct wire_frame){ .data = slot->data, .len = slot->len };
	}
	tap_wait(tap);
	return i;
}

static void
tap_consume(struct wire *w, unsigned int n)
{
	struct tap *tap = (struct tap *)w;

	for (unsigned int i = 0; i < n; i++)
		wire_count(&tap->counts.to_nic_bytes,
			   tap->slots[(tap->first + i) % WIRE_BURST].len);
	wire_count(&tap->counts.to_nic, n);
	tap->first = (tap->first + n) % WIRE_BURST;
	tap->nb -= n;
	tap_wait(tap);
}

/* Frames that the host does not accept (its interface is down) are lost. */
static unsigned int
tap_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct tap *tap = (struct tap *)w;

	for (unsigned int i = 0; i < n; i++) {
		if (write(tap->fd, frames[i].data, frames[i].len) < 0)
			wire_count(&tap->counts.dropped, 1);
		wire_count(&tap->counts.from_nic_bytes, frames[i].len);
	}
	wire_count(&tap->counts.from_nic, n);
	return n;
}

static void
tap_link(struct wire *w, bool up)
{
	struct tap *tap = (struct tap *)w;
	struct tap_slot stale;
	int carrier = up;

	/* discard the frames that the host sent while there was no link */
	while (up && tap_read(tap, &stale))
		;
	ioctl(tap->fd, TUNSETCARRIER, &carrier);
	tap->up = up;
	tap_wait(tap);
}

static void
tap_counts(struct wire *w, struct wire_counts *counts)
{
	wire_counts_copy(counts, &((struct tap *)w)->counts, true);
}

static void
tap_free(struct wire *w)
{
	struct tap *tap = (struct tap *)w;

	close(tap->fd);
	free(tap);
}

static const struct wire_ops tap_ops = {
	.peek = tap_peek,
	.consume = tap_consume,
	.send = tap_send,
	.link = tap_link,
	.counts = tap_counts,
	.free = tap_free,
};

/* @return the interface's descriptor, or -1 and errno */
static int
tap_open(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd, error, carrier = 0;

	fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	strcpy(request.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	ioctl(fd, TUNSETCARRIER, &carrier); /* kernels before 5.0 cannot set it: it is always up */
	return fd;
}

struct wire *
wire_tap_create(const char *name, char *args, struct wire_error *err)
{
	uint64_t lossless = 0;
	struct wire_option options[] = { WIRE_OPTION_BOOL("lossless", &lossless) };
	struct tap *tap;

	if (!wire_parse("tap", args, options, 1, err))
		return NULL;
	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ || strpbrk(name, "%/ ") != NULL)
		return wire_fail(err, EINVAL,
				 "wire: tap=%s: no interface has such a name; allowed: "
				 "1 to %d characters, as for 'ip tuntap add NAME mode tap'",
				 name, IFNAMSIZ - 1);
	tap = calloc(1, sizeof(*tap));
	if (tap == NULL)
		return wire_fail(err, ENOMEM, "wire: tap: out of memory");
	tap->fd = tap_open(name);
	if (tap->fd < 0) {
		wire_fail(err, errno,
			  "wire: tap=%s: %s; allowed: a tap interface that is this user's "
			  "('ip tuntap add %s mode tap user ...'), or, for root, a new name",
			  name, strerror(errno), name);
		free(tap);
		return NULL;
	}
	tap->wire.ops = &tap_ops;
	tap->wire.lossless = lossless;
	tap->wire.source = true;
	tap->wire.has_fd = true;
	tap->wire.fd = -1;
	atomic_init(&tap->wire.light, true);
	return &tap->wire;
}
