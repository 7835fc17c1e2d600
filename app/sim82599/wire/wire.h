/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * The wire that is plugged into a port: a generator with a checking sink, a cable to
 * another port, a loop, pcap files, or an interface of the Linux host.
 *
 * The device calls peek, consume, send, link and shine under its own lock, so a
 * wire belongs to one device.  The wires of different devices may be polled by
 * different threads, also the two ends of a cable.  All other
 * functions may be called by any thread at any time before wire_free().
 *
 * Frames are whole Ethernet frames without preamble and FCS, of 14 to
 * WIRE_MAX_FRAME - 4 bytes.  Only pcap and tap pad frames.
 *
 * A wire keeps a frame until the device takes it. The device takes frames whenever it is polled
 * with its link up, also if its receiver is off: then it discards them, as hardware does. With a
 * lossless wire, it waits until it can receive them.
 */

#ifndef WIRE_H
#define WIRE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAX_FRAME 15872u /* 15.5 KB with FCS, the 82599's largest (8.2.3.22.13) */
#define WIRE_BURST     64

struct wire;
struct wire_pace;

struct wire_frame {
	const uint8_t *data;
	uint32_t len;
	/**
	 * Of a peeked frame: the number of frames from this one on that the wire made itself, and
	 * that have the same length and Ethernet addresses and are UDP in IPv4, without VLAN tag,
	 * options and fragments, with right lengths and checksums. 0: nothing is known.
	 */
	uint32_t made;
};

/**
 * Counted since wire_create(); bytes without FCS.
 *
 * A sink knows the frames of all generators of the process, so it does not
 * matter which port a frame comes out of.  Each frame that a generator gave to its port is counted
 * exactly once:
 *   - as intact or corrupt, by the sink that received it, or
 *   - as lost, by the generator,
 * so that, after all traffic has ended, the sums over all ports obey
 *   to_nic == intact + corrupt + lost
 * Before, frames that are on their way count as lost.  Frames that a port took, and then filtered
 * or dropped, are lost, too.
 */
struct wire_counts {
	uint64_t to_nic, to_nic_bytes;     /* frames that the device took (or dropped) */
	uint64_t from_nic, from_nic_bytes; /* frames that the device sent */
	/* a checking sink, of the frames in from_nic; else 0 */
	uint64_t intact;                   /* received first, and unchanged */
	uint64_t reordered;                /* of these: after a later frame of the flow */
	uint64_t corrupt;                  /* made by a generator, but changed or cut */
	uint64_t duplicated;               /* unchanged, but not received for the first time */
	uint64_t foreign;                  /* made by no generator of this process */
	/* a generator, of the frames in to_nic; else 0 */
	uint64_t lost;                     /* received by no sink */
	uint64_t dropped;                  /* by the wire: peer's link is down, or no room */
	bool done;                         /* it sends no more by itself (count, end of pcap) */
};

struct wire_ops {
	/** Frames for the device that are due now, at most n; valid until they are consumed. */
	unsigned int (*peek)(struct wire *w, struct wire_frame *frames, unsigned int n);
	/** The device has taken (or dropped) the first n of the peeked frames. */
	void (*consume)(struct wire *w, unsigned int n);
	/** The device sends. @return the number of frames accepted; it offers the rest again */
	unsigned int (*send)(struct wire *w, const struct wire_frame *frames, unsigned int n);
	/** The device's link went up or down (it starts down); may be NULL. */
	void (*link)(struct wire *w, bool up);
	/** The device's transmitter was switched on or off (it starts off); may be NULL. */
	void (*shine)(struct wire *w, bool on);
	void (*counts)(struct wire *w, struct wire_counts *counts);
	void (*free)(struct wire *w);
};

struct wire {
	const struct wire_ops *ops;
	struct wire_pace *pace; /* the times of frames, if the wire makes them; else NULL */
	bool lossless;          /* frames wait for a descriptor, and none is ever missed */
	/* The far end is this wire, and not a device: it obeys pause frames. If it is lossless, it
	 * also waits until the receiver is on. */
	bool source;
	bool has_fd;            /* fd is a descriptor: readable when a frame may have come */
	int fd;
	/**
	 * The plug is in: light passes in both directions.  Any thread may change it.
	 */
	atomic_bool light;
	/** Light of a device at the far end, which may switch it off; else NULL: wire_light() */
	const atomic_uint *far_light;
};

/**
 * The light that the device receives: none if the number is even, as 0, some if it is odd.  The
 * number changes whenever light comes or goes, so that a short loss of light is seen later.
 */
static inline unsigned int
wire_light(const struct wire *w)
{
	if (!atomic_load_explicit(&w->light, memory_order_relaxed))
		return 0;
	return w->far_light != NULL ? atomic_load(w->far_light) : 1;
}

/**
 * Make a wire from its description, the value of the argument "wire=":
 *
 *   none                          nothing is plugged in, so there is no link
 *   gen[:key=value]...            generator and checking sink
 *       rate=unlimited|line|N     frames/s; line: 10 Gbit/s with preamble and gap
 *       size=N[-M]                frame bytes with FCS, 64 to 15872; a range is swept
 *       count=N                   frames to send; 0: no end (default)
 *       flows=N                   1 to 65536 UDP flows (default 1)
 *       burst=N                   frames released together, 1 to 64 (default 32)
 *       window=N                  frames under way at most, for a forwarder that drops what
 *                                 its Tx ring cannot hold; 0: any number (default)
 *       dst=xx-xx-xx-xx-xx-xx     destination (default: the port's own)
 *       trust=0|1                 0: the device parses each frame, as those of other wires;
 *                                 1: it trusts the generator's description (default)
 *       lossless=0|1              default 1 if unlimited, else 0
 *       start=0|1                 0: wait for wire_start() (default 1)
 *   sink                          only the sink: it sends nothing
 *   loop[:lossless=0|1]           frames that the port sends come back to it (default 0)
 *   cable=PORT[:lossless=0|1]     to PORT, whose own wire is a cable to this port (default 0); the
 *                                 link of each is down while the other's laser is off
 *   pcap:[in=FILE][:out=FILE][:loops=N][:rate=...][:lossless=0|1][:start=0|1]
 *       in=FILE                   frames for the port; short ones are padded to 60 bytes, as by
 *                                 the sender's MAC
 *       out=FILE                  frames that the port sends; the file is complete when the
 *                                 counts were read, and after wire_free()
 *       loops=N                   times that in is played; 0: no end (default 1)
 *   tap=NAME[:lossless=0|1]       the Linux interface NAME, which is created if it does not exist
 *                                 (by root); its carrier is the port's link (default 0)
 *
 * With lossless=1, frames for this port wait for a descriptor.  At a generator, a
 * pcap file and a tap interface they also wait until the receiver and one of its
 * queues are enabled. On a cable or a loop they are discarded before that, because
 * they would be late.
 *
 * Names of files and ports must not have a colon.
 *
 * @param port  this port's name, by which a cable finds it
 * @param mac   this port's MAC address
 * @return NULL on failure: errno is EINVAL, ENOENT, ENOMEM ..., and err says what is wrong and
 *         allowed
 */
struct wire *wire_create(const char *spec, const char *port, const uint8_t mac[6],
			 char *err, size_t err_size);

/**
 * Let a generator (or pcap) send count more frames; 0: as many as its description
 * says.  @return 0, or -ENOTSUP if this wire generates no frames
 */
int wire_start(struct wire *w, uint64_t count);
/** Stop generating now. @return as wire_start() */
int wire_stop(struct wire *w);

/** Does it generate frames now? */
bool wire_is_running(const struct wire *w);

/** A descriptor that is readable when there may be frames; -1: there is nothing to wait for. */
static inline int
wire_fd(const struct wire *w)
{
	return w->has_fd ? w->fd : -1;
}

static inline void
wire_get_counts(struct wire *w, struct wire_counts *counts)
{
	w->ops->counts(w, counts);
}

static inline void
wire_free(struct wire *w)
{
	if (w != NULL)
		w->ops->free(w);
}

#endif /* WIRE_H */
