/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * What is plugged into a port: a generator with a checking sink, a cable to
 * another port, a loop, pcap files, an interface of the Linux host.
 *
 * The device calls peek, consume, send, link and shine under its own lock, so a
 * wire belongs to one device.  The wires of different devices may be polled by
 * different threads, also the two ends of a cable.  All else may be
 * called by any thread at any time before wire_free().
 *
 * Frames are whole Ethernet frames without preamble and FCS, of 14 to
 * WIRE_MAX_FRAME - 4 bytes.  A wire pads nothing (but see pcap and tap).
 *
 * A wire holds a frame back until the device takes it, which it does whenever it
 * is polled with its link up, whatever the state of its receiver: what it cannot
 * receive it discards, as hardware does.  A lossless wire asks it to wait instead.
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
	 * Of a peeked frame: so many from this one on the wire made itself, and knows that they
	 * have the same length and Ethernet addresses and are UDP in IPv4, without VLAN tag and
	 * options, no fragments, all lengths and checksums right. 0: nothing is known.
	 */
	uint32_t made;
};

/**
 * Counted since wire_create(); bytes without FCS.
 *
 * A sink knows the frames of all generators of the process, so it does not
 * matter which port a frame comes out of.  Of every frame that a generator gave
 * to its port there is exactly one of
 *   - intact, counted by the sink where it came out,
 *   - corrupt, counted by the sink where it came out,
 *   - lost, counted by the generator,
 * so that, once the traffic is drained, the sums over all ports obey
 *   to_nic == intact + corrupt + lost
 * Till then, frames that are on their way count as lost.  What a port filtered
 * or dropped after it took it is lost, too.
 */
struct wire_counts {
	uint64_t to_nic, to_nic_bytes;     /* frames that the device took (or dropped) */
	uint64_t from_nic, from_nic_bytes; /* frames that the device sent */
	/* a checking sink, of the frames in from_nic; else 0 */
	uint64_t intact;                   /* for the first time, and as they were made */
	uint64_t reordered;                /* of these: after a later frame of the same flow */
	uint64_t corrupt;                  /* made by a generator, but changed or cut */
	uint64_t duplicated;               /* intact, but not for the first time */
	uint64_t foreign;                  /* made by no generator of this process */
	/* a generator, of the frames in to_nic; else 0 */
	uint64_t lost;                     /* came out nowhere */
	uint64_t dropped;                  /* by the wire itself: peer's link down, no room */
	bool done;                         /* of its own it gives no more (count, end of pcap) */
};

struct wire_ops {
	/** Frames for the device that are due now, at most n; valid until they are consumed. */
	unsigned int (*peek)(struct wire *w, struct wire_frame *frames, unsigned int n);
	/** The device has taken (or dropped) the first n of the peeked frames. */
	void (*consume)(struct wire *w, unsigned int n);
	/** The device sends. @return frames accepted; the rest is offered again later. */
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
	struct wire_pace *pace; /* when frames are due, if the wire makes them; else NULL */
	bool lossless;          /* frames wait for a descriptor, and none is ever missed */
	/* The far end is no device, but this wire: it minds pause frames, and if lossless it waits
	 * for a receiver, too. */
	bool source;
	bool has_fd;            /* fd is a descriptor: readable when a frame may have come */
	int fd;
	/**
	 * The plug is in: light comes in, and the device's own goes out.  Any thread may change it.
	 */
	atomic_bool light;
	/** Light of a device at the far end, which may switch it off; else NULL: wire_light() */
	const atomic_uint *far_light;
};

/**
 * Light that comes in: 0 or another even number: none, odd: there is some.  The number changes
 * whenever light comes or goes, so a moment without is seen although nobody looked just then.
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
 *   none                          nothing plugged in, no link
 *   gen[:key=value]...            generator and checking sink
 *       rate=unlimited|line|N     frames/s; line: 10 Gbit/s with preamble and gap
 *       size=N[-M]                frame bytes with FCS, 64 to 15872; a range is swept
 *       count=N                   frames to send; 0: no end (default)
 *       flows=N                   1 to 65536 UDP flows (default 1)
 *       burst=N                   frames released together, 1 to 64 (default 32)
 *       window=N                  frames under way at most, for a forwarder that drops what
 *                                 its Tx ring cannot hold; 0: any number (default)
 *       dst=xx-xx-xx-xx-xx-xx     destination (default: the port's own)
 *       trust=0|1                 0: the device looks at each frame, as at those of other
 *                                 wires; 1: it takes the generator's word (default)
 *       lossless=0|1              default 1 if unlimited, else 0
 *       start=0|1                 0: wait for wire_start() (default 1)
 *   sink                          only the sink: it sends nothing
 *   loop[:lossless=0|1]           what the port sends comes back to it (default 0)
 *   cable=PORT[:lossless=0|1]     to PORT, whose own wire is a cable to this port (default 0); the
 *                                 link of each is down while the other's laser is off
 *   pcap:[in=FILE][:out=FILE][:loops=N][:rate=...][:lossless=0|1][:start=0|1]
 *       in=FILE                   frames for the port; shorter ones are padded to 60
 *                                 bytes, as the sender's MAC would have done
 *       out=FILE                  frames that the port sends; complete whenever
 *                                 counts have been read, and after wire_free()
 *       loops=N                   times that in is played; 0: no end (default 1)
 *   tap=NAME[:lossless=0|1]       the Linux interface NAME, which is made if it is not there
 *                                 (by root); its carrier is the port's link (default 0)
 *
 * lossless=1 asks frames for this port to wait for a descriptor.  At a generator,
 * a pcap file and a tap interface they also wait until the receiver is enabled, and
 * one of its queues; on a cable or a loop they are discarded till then, else they
 * would come later.
 *
 * Names of files and ports hold no colon.
 *
 * @param port  this port's name, by which a cable finds it
 * @param mac   this port's MAC address
 * @return NULL; errno says EINVAL, ENOENT, ENOMEM ..., err what was wrong and what is allowed.
 */
struct wire *wire_create(const char *spec, const char *port, const uint8_t mac[6],
			 char *err, size_t err_size);

/**
 * Let a generator (or pcap) send count more frames; 0: as many as its description
 * says.  @return 0, or -ENOTSUP: this wire makes no frames.
 */
int wire_start(struct wire *w, uint64_t count);
/** Stop generating now. @return as wire_start() */
int wire_stop(struct wire *w);

/** Does it make frames just now? */
bool wire_is_running(const struct wire *w);

/** To wait for frames: readable when there may be some; -1: there is nothing to wait for. */
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
