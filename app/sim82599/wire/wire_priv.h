/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What the wires share.
 *
 *   wire.c   descriptions, and the times of frames
 *   gen.c    generator and checking sink
 *   cable.c  two ports that find each other by name, a ring for each direction
 *            (ring.h, and with counts ring_counted.h)
 *   loop.c   one port, one ring
 *   pcap.c   capture files
 *   tap.c    interfaces of the Linux host
 */

#ifndef WIRE_PRIV_H
#define WIRE_PRIV_H

#include <pthread.h>

#include "wire.h"

#define WIRE_MIN_DATA 60u                  /* without FCS */
#define WIRE_MAX_DATA (WIRE_MAX_FRAME - 4)

/* ns, monotonic; a test puts its own clock here */
extern uint64_t (*wire_clock)(void);

/* Counters have one writer, but any thread may read them. */
static inline void
wire_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

void wire_counts_copy(struct wire_counts *to, const struct wire_counts *from, bool done);

/* Descriptions: [key=value[:key=value]...] */

struct wire_error {
	char *text;
	size_t size;
	int code; /* errno */
};

/* Store what is wrong, as one sentence. @return NULL */
void *wire_fail(struct wire_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct wire_option {
	const char *key;
	bool (*parse)(const struct wire_option *option, const char *value);
	void *to;
	const char *allowed;    /* for the message */
	uint64_t min, max;      /* of a number */
	bool given;
};

bool wire_parse_number(const struct wire_option *option, const char *value); /* uint64_t */
bool wire_parse_range(const struct wire_option *option, const char *value);  /* uint64_t[2] */
bool wire_parse_rate(const struct wire_option *option, const char *value);   /* uint64_t */
bool wire_parse_mac(const struct wire_option *option, const char *value);    /* uint8_t[6] */
bool wire_parse_text(const struct wire_option *option, const char *value);   /* char *, in args */

#define WIRE_RATE_UNLIMITED 0
#define WIRE_RATE_LINE      UINT64_MAX
#define WIRE_RATE_MAX       UINT64_C(1000000000)
#define WIRE_OPTION_RATE(to) \
	{ "rate", wire_parse_rate, to, "unlimited, line, or 1 to 1000000000 frames/s", 1, \
	  WIRE_RATE_MAX, false }
#define WIRE_OPTION_BOOL(key, to) \
	{ key, wire_parse_number, to, "0 or 1", 0, 1, false }

/* @param args  the text after the wire's kind, which is changed; NULL: there is none */
bool wire_parse(const char *kind, char *args, struct wire_option *options, unsigned int n,
		struct wire_error *err);

/* The times at which frames are due. */
struct wire_pace {
	/* A frame costs "frame" credits, and "octet" for each of its bytes; each ns earns "per_ns"
	 * credits. This is exact for frames/s and for bits at line rate. */
	uint64_t per_ns;        /* 0: unlimited */
	uint64_t frame, octet;
	uint32_t (*len)(struct wire *w, uint64_t position); /* of a frame, without FCS */
	uint32_t burst;
	uint64_t total;         /* frames of the description, UINT64_MAX: no end */
	int64_t credit;         /* frames are released when it is not negative */
	uint64_t paid_at;       /* 0: not running */
	/* frames since creation; the device's thread writes all but limit */
	uint64_t released;      /* frames that were due */
	uint64_t taken;         /* frames that the device took */
	_Atomic uint64_t limit; /* the last frame that may be released */
};

void wire_pace_init(struct wire_pace *pace, uint64_t rate, uint32_t burst, uint64_t total,
		    bool start, uint32_t (*len)(struct wire *w, uint64_t position));
/* @return the number of frames from position taken on that may be offered now, at most n */
unsigned int wire_pace_due(struct wire *w, unsigned int n);
bool wire_pace_done(const struct wire_pace *pace);

/* The kinds. args is NULL or the text after the kind's colon. */
struct wire *wire_gen_create(bool source, char *args, const uint8_t mac[6],
			     struct wire_error *err);
struct wire *wire_cable_create(const char *peer, char *args, const char *port,
			       struct wire_error *err);
struct wire *wire_loop_create(char *args, struct wire_error *err);
struct wire *wire_pcap_create(char *args, struct wire_error *err);
struct wire *wire_tap_create(const char *name, char *args, struct wire_error *err);

#endif /* WIRE_PRIV_H */
