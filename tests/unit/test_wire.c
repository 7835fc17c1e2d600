/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The wires: what they say of bad descriptions, what a sink sees of all that can happen
 * to a frame, when frames are due, cables, loops and capture files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "wire/wire_priv.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

static const uint8_t mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
static char err[256];

/* Frames of our own, that can be changed, kept, sent twice ... */
struct kept {
	uint8_t data[WIRE_MAX_FRAME];
	uint32_t len;
};

static struct wire *
make(const char *spec, const char *port)
{
	struct wire *w = wire_create(spec, port, mac, err, sizeof(err));

	if (w == NULL)
		fail_msg("%s: %s", spec, err);
	return w;
}

static struct wire_counts
counts(struct wire *w)
{
	struct wire_counts c;

	wire_get_counts(w, &c);
	return c;
}

/* The device takes a frame. */
static void
take(struct wire *w, struct kept *kept)
{
	struct wire_frame frame = { .made = UINT32_MAX };

	assert_int_equal(w->ops->peek(w, &frame, 1), 1);
	assert_in_range(frame.made, 0, 1);
	memcpy(kept->data, frame.data, frame.len);
	kept->len = frame.len;
	w->ops->consume(w, 1);
}

static void
take_many(struct wire *w, struct kept *kept, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		take(w, &kept[i]);
}

/* The device sends a frame. @return accepted */
static unsigned int
give(struct wire *w, const struct kept *kept)
{
	struct wire_frame frame = { .data = kept->data, .len = kept->len };

	return w->ops->send(w, &frame, 1);
}

/* A driver forwards n frames. */
static void
forward(struct wire *gen, struct wire *sink, uint64_t n)
{
	struct wire_frame frame;

	while (n-- > 0) {
		assert_int_equal(gen->ops->peek(gen, &frame, 1), 1);
		assert_int_equal(sink->ops->send(sink, &frame, 1), 1);
		gen->ops->consume(gen, 1);
	}
}

static void
lose(struct wire *gen, uint64_t n)
{
	struct wire_frame frame;

	while (n-- > 0) {
		assert_int_equal(gen->ops->peek(gen, &frame, 1), 1);
		gen->ops->consume(gen, 1);
	}
}

#define assert_counts(gen, sink, intact_, reordered_, duplicated_, corrupt_, foreign_, lost_) do { \
		struct wire_counts c_ = counts(sink), g_ = counts(gen); \
		assert_int_equal(c_.intact, intact_); \
		assert_int_equal(c_.reordered, reordered_); \
		assert_int_equal(c_.duplicated, duplicated_); \
		assert_int_equal(c_.corrupt, corrupt_); \
		assert_int_equal(c_.foreign, foreign_); \
		assert_int_equal(g_.lost, lost_); \
		assert_int_equal(g_.to_nic, c_.intact + c_.corrupt + g_.lost); \
	} while (0)

static uint16_t
word_at(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void
put_word(uint8_t *p, uint16_t word)
{
	p[0] = word >> 8;
	p[1] = word;
}

/* RFC 1071, the slow way */
static uint16_t
folded_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += word_at(p + i);
	if (len % 2 != 0)
		sum += p[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

/* of the datagram and its pseudo header */
static uint16_t
udp_sum(const struct kept *k)
{
	return folded_sum(k->data + 34, k->len - 34,
			  folded_sum(k->data + 26, 8, 17 + word_at(k->data + 38)));
}

/* Descriptions */

/* the ends of messages, which say what is allowed */
#define NO_WIRE \
	"there is no such wire; allowed: none, gen, sink, loop, cable=PORT, " \
	"pcap and tap=NAME"
#define NO_KEY \
	"there is no such key; allowed: rate, size, count, flows, burst, " \
	"window, dst, trust, start, lossless"
#define SIZES "allowed: 64 to 15872, or a range of it from low to high"
#define RATES "allowed: unlimited, line, or 1 to 1000000000 frames/s"
#define COUNTS "allowed: 0 (no end) to 18446744073709551614"
#define ADDRESS "allowed: xx-xx-xx-xx-xx-xx"

static void
test_errors(void **state)
{
	static const struct {
		const char *spec;
		int error;
		const char *message;
	} bad[] = {
		{ "", EINVAL, "wire: '': " NO_WIRE },
		{ "genn", EINVAL, "wire: 'genn': " NO_WIRE },
		{ "gen=1", EINVAL, "wire: 'gen=1': " NO_WIRE },
		{ "cable", EINVAL, "wire: 'cable': " NO_WIRE },
		{ "gen:", EINVAL, "wire: gen: an empty argument: " NO_KEY },
		{ "gen:size=64:", EINVAL, "wire: gen: an empty argument: " NO_KEY },
		{ "gen:colour=red", EINVAL, "wire: gen: colour: " NO_KEY },
		{ "gen:size", EINVAL, "wire: gen: size: a value is missing; " SIZES },
		{ "gen:size=", EINVAL, "wire: gen: size= is wrong; " SIZES },
		{ "gen:size=63", EINVAL, "wire: gen: size=63 is wrong; " SIZES },
		{ "gen:size=15873", EINVAL, "wire: gen: size=15873 is wrong; " SIZES },
		{ "gen:size=64-", EINVAL, "wire: gen: size=64- is wrong; " SIZES },
		{ "gen:size=-64", EINVAL, "wire: gen: size=-64 is wrong; " SIZES },
		{ "gen:size=65-64", EINVAL, "wire: gen: size=65-64 is wrong; " SIZES },
		{ "gen:size=64-65-66", EINVAL, "wire: gen: size=64-65-66 is wrong; " SIZES },
		{ "gen:size=64-15873", EINVAL, "wire: gen: size=64-15873 is wrong; " SIZES },
		{ "gen:size=64:size=64", EINVAL,
		  "wire: gen: size=64: size is given twice; allowed: once" },
		{ "gen:rate=0", EINVAL, "wire: gen: rate=0 is wrong; " RATES },
		{ "gen:rate=1000000001", EINVAL, "wire: gen: rate=1000000001 is wrong; " RATES },
		{ "gen:rate=fast", EINVAL, "wire: gen: rate=fast is wrong; " RATES },
		{ "gen:rate=1e6", EINVAL, "wire: gen: rate=1e6 is wrong; " RATES },
		{ "gen:count=18446744073709551616", EINVAL,
		  "wire: gen: count=18446744073709551616 is wrong; " COUNTS },
		{ "gen:count=+1", EINVAL, "wire: gen: count=+1 is wrong; " COUNTS },
		{ "gen:count= 1", EINVAL, "wire: gen: count= 1 is wrong; " COUNTS },
		{ "gen:flows=0", EINVAL, "wire: gen: flows=0 is wrong; allowed: 1 to 65536" },
		{ "gen:flows=65537", EINVAL,
		  "wire: gen: flows=65537 is wrong; allowed: 1 to 65536" },
		{ "gen:burst=0", EINVAL, "wire: gen: burst=0 is wrong; allowed: 1 to 64" },
		{ "gen:burst=65", EINVAL, "wire: gen: burst=65 is wrong; allowed: 1 to 64" },
		{ "gen:window=1000001", EINVAL,
		  "wire: gen: window=1000001 is wrong; allowed: 0 (any number) to 1000000" },
		{ "gen:dst=02-11-22-33-44", EINVAL,
		  "wire: gen: dst=02-11-22-33-44 is wrong; " ADDRESS },
		{ "gen:dst=02-11-22-33-44-5g", EINVAL,
		  "wire: gen: dst=02-11-22-33-44-5g is wrong; " ADDRESS },
		{ "gen:dst=02-11-22-33-44.55", EINVAL,
		  "wire: gen: dst=02-11-22-33-44.55 is wrong; " ADDRESS },
		{ "gen:lossless=2", EINVAL, "wire: gen: lossless=2 is wrong; allowed: 0 or 1" },
		{ "gen:start=yes", EINVAL, "wire: gen: start=yes is wrong; allowed: 0 or 1" },
		{ "sink:size=64", EINVAL,
		  "wire: sink: size: there is no such key; allowed: none" },
		{ "none:x=1", EINVAL, "wire: none: x: there is no such key; allowed: none" },
		{ "loop:x=1", EINVAL, "wire: loop: x: there is no such key; allowed: lossless" },
		{ "cable=", EINVAL, "wire: cable= is wrong; allowed: the name of another port" },
		{ "cable=self", EINVAL,
		  "wire: cable=self is wrong; allowed: the name of another port" },
		{ "cable=b:lossless=x", EINVAL,
		  "wire: cable: lossless=x is wrong; allowed: 0 or 1" },
		{ "pcap", EINVAL,
		  "wire: pcap: no file is named; allowed: in=FILE, out=FILE, or both" },
		{ "pcap:in=", EINVAL, "wire: pcap: in= is wrong; allowed: a file's name" },
		{ "pcap:in=/nowhere/x.pcap", ENOENT,
		  "wire: pcap: in=/nowhere/x.pcap: No such file or directory; allowed: a file "
		  "that can be read" },
		{ "pcap:out=/nowhere/x.pcap", ENOENT,
		  "wire: pcap: out=/nowhere/x.pcap: No such file or directory; allowed: a file "
		  "that can be written" },
		{ "pcap:in=/dev/null:loops=x", EINVAL,
		  "wire: pcap: loops=x is wrong; allowed: 0 (no end) to 1000000000" },
	};
	struct wire *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		w = wire_create(bad[i].spec, "self", mac, err, sizeof(err));
		if (w != NULL)
			fail_msg("'%s' was accepted", bad[i].spec);
		assert_int_equal(errno, bad[i].error);
		assert_string_equal(err, bad[i].message);
	}
}

static void
test_defaults(void **state)
{
	static const struct {
		const char *spec;
		bool lossless, source, light;
		int start;
	} good[] = {
		{ "none", false, false, false, -ENOTSUP },
		{ "gen", true, true, true, 0 },
		{ "gen:rate=line", false, true, true, 0 },
		{ "gen:rate=line:lossless=1", true, true, true, 0 },
		{ "gen:lossless=0", false, true, true, 0 },
		{ "sink", true, true, true, -ENOTSUP },
		{ "loop", false, false, true, -ENOTSUP },
		{ "loop:lossless=1", true, false, true, -ENOTSUP },
		{ "cable=b", false, false, false, -ENOTSUP },
		{ "cable=b:lossless=1", true, false, false, -ENOTSUP },
	};
	struct wire_frame frame;
	struct kept kept = { { 0 }, 60 };
	struct wire *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		w = make(good[i].spec, "a");
		assert_int_equal(w->lossless, good[i].lossless);
		assert_int_equal(w->source, good[i].source);
		assert_int_equal(wire_light(w), good[i].light);
		assert_int_equal(wire_start(w, 1), good[i].start);
		assert_int_equal(wire_stop(w), good[i].start);
		wire_free(w);
	}
	w = make("none", "a");
	assert_int_equal(give(w, &kept), 1);
	assert_int_equal(w->ops->peek(w, &frame, 1), 0);
	assert_int_equal(counts(w).dropped, 1);
	assert_int_equal(counts(w).from_nic, 1);
	assert_int_equal(counts(w).from_nic_bytes, 60);
	wire_free(w);
	w = make("sink", "a");
	assert_int_equal(w->ops->peek(w, &frame, 1), 0);
	assert_true(counts(w).done);
	wire_free(w);
}

/* Generator */

static void
check_frame(const struct kept *k, uint32_t len, const uint8_t dst[6])
{
	assert_int_equal(k->len, len);
	assert_memory_equal(k->data, dst, 6);
	assert_int_equal(k->data[6], 0x02); /* local, unicast */
	assert_int_equal(word_at(k->data + 12), 0x0800);
	assert_int_equal(k->data[14], 0x45);
	assert_int_equal(word_at(k->data + 16), len - 14);
	assert_int_equal(word_at(k->data + 20), 0x4000);
	assert_int_equal(k->data[22], 64);
	assert_int_equal(k->data[23], 17);
	assert_int_equal(folded_sum(k->data + 14, 20, 0), 0xffff);
	assert_int_not_equal(word_at(k->data + 24), 0xffff); /* as others compute it */
	assert_int_equal(word_at(k->data + 38), len - 34);
	assert_int_not_equal(word_at(k->data + 40), 0);
	assert_int_equal(udp_sum(k), 0xffff);
}

/** Every frame of a sweep is valid IPv4 and UDP, to the last of 65536 flows. */
static void
test_frames_are_valid(void **state)
{
	static const uint8_t dst[6] = { 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	static uint8_t ports[65536 * 4];
	struct wire *w = make("gen:size=64-15872:flows=7:dst=aa-BB-cc-dd-ee-ff", "a");
	struct kept kept;
	uint32_t i;

	(void)state;
	for (i = 0; i <= 15872 - 64; i++) {
		take(w, &kept);
		check_frame(&kept, 60 + i, dst);
	}
	take(w, &kept);
	check_frame(&kept, 60, dst);
	wire_free(w);

	w = make("gen:flows=65536", "a");
	for (i = 0; i < 65536; i++) {
		take(w, &kept);
		check_frame(&kept, 60, mac);
		memcpy(ports + 4 * i, kept.data + 34, 4);
	}
	/* each pair of ports once, and then again from the first */
	for (i = 0; i < 65536; i++) {
		assert_int_equal(word_at(ports + 4 * i), 4096 + i % 256);
		assert_int_equal(word_at(ports + 4 * i + 2), 8192 + i / 256);
	}
	take(w, &kept);
	assert_memory_equal(kept.data + 34, ports, 4);
	assert_int_equal(kept.data[53], 1); /* number */
	wire_free(w);
}

/** Runs of frames that it made, as the device may rely on. */
static void
test_made(void **state)
{
	static const char *const specs[] = {
		"gen", "gen:flows=300", "gen:size=1518", "gen:size=64-1518:flows=3",
	};
	static const unsigned int steps[] = { 1, 7, WIRE_BURST, 31, WIRE_BURST };
	struct wire_frame frames[WIRE_BURST];
	unsigned int n, i, k, run;
	struct kept kept;
	struct wire *w;

	(void)state;
	for (unsigned int s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
		w = make(specs[s], "a");
		for (unsigned int step = 0; step < 5; step++) {
			n = w->ops->peek(w, frames, steps[step]);
			assert_in_range(n, 1, steps[step]);
			for (i = 0; i < n; i += run) {
				run = frames[i].made;
				assert_in_range(run, 1, n - i);
				for (k = i; k < i + run; k++) {
					kept.len = frames[k].len;
					memcpy(kept.data, frames[k].data, kept.len);
					check_frame(&kept, frames[i].len, mac);
					assert_memory_equal(kept.data, frames[i].data, 12);
				}
			}
			w->ops->consume(w, n / 2 + 1); /* the rest is offered again */
		}
		wire_free(w);
	}
	/* the device is to look at each */
	for (unsigned int s = 0; s < 2; s++) {
		w = make(s == 0 ? "gen:trust=0" : "gen:trust=0:size=64-1518:flows=3", "a");
		for (unsigned int step = 0; step < 5; step++) {
			n = w->ops->peek(w, frames, steps[step]);
			assert_in_range(n, 1, steps[step]);
			for (i = 0; i < n; i++)
				assert_int_equal(frames[i].made, 0);
			w->ops->consume(w, n);
		}
		wire_free(w);
	}
	w = make("loop", "a");
	for (i = 0; i < 3; i++)
		give(w, &kept);
	assert_int_equal(w->ops->peek(w, frames, 3), 3);
	assert_int_equal(frames[0].made, 0);
	wire_free(w);
}

static void
test_peek_and_consume(void **state)
{
	struct wire *w = make("gen:count=100:size=64-65", "a");
	struct wire_frame first[32], again[32];
	unsigned int i;

	(void)state;
	assert_int_equal(w->ops->peek(w, first, 20), 20);
	assert_int_equal(w->ops->peek(w, again, 20), 20);
	for (i = 0; i < 20; i++)
		assert_ptr_equal(again[i].data, first[i].data);
	w->ops->consume(w, 7);
	assert_int_equal(w->ops->peek(w, again, 32), 25); /* of the burst of 32 */
	for (i = 0; i < 13; i++)
		assert_ptr_equal(again[i].data, first[7 + i].data);
	for (i = 0; i < 25; i++)
		assert_int_equal(again[i].data[53], 7 + i);
	w->ops->consume(w, 25);
	assert_int_equal(counts(w).to_nic, 32);
	assert_int_equal(counts(w).to_nic_bytes, 16 * 60 + 16 * 61);
	lose(w, 64);
	assert_false(counts(w).done);
	assert_int_equal(w->ops->peek(w, again, 32), 4);
	assert_false(counts(w).done);
	w->ops->consume(w, 4);
	assert_true(counts(w).done);
	assert_int_equal(w->ops->peek(w, again, 32), 0);
	wire_free(w);
}

static void
test_start_and_stop(void **state)
{
	struct wire *w = make("gen:start=0:count=5", "a");
	struct wire_frame frames[32];

	(void)state;
	assert_int_equal(w->ops->peek(w, frames, 32), 0);
	assert_int_equal(wire_start(w, 3), 0);
	assert_false(counts(w).done);
	assert_int_equal(w->ops->peek(w, frames, 32), 3);
	assert_int_equal(wire_start(w, 0), 0); /* 5 more */
	w->ops->consume(w, 3);
	assert_int_equal(w->ops->peek(w, frames, 32), 5);
	w->ops->consume(w, 5);
	assert_true(counts(w).done);
	wire_start(w, 1000);
	lose(w, 10);
	assert_int_equal(wire_stop(w), 0);
	lose(w, 22); /* of a burst of 32 that was released */
	assert_int_equal(w->ops->peek(w, frames, 32), 0);
	assert_true(counts(w).done);
	wire_start(w, 1);
	assert_int_equal(w->ops->peek(w, frames, 32), 1);
	wire_free(w);

	w = make("gen:start=0", "a");
	wire_start(w, 0);
	lose(w, 100);
	wire_start(w, 1); /* without end stays without end */
	lose(w, 100);
	wire_free(w);
}

static void
test_bursts(void **state)
{
	struct wire *w = make("gen:burst=12:count=30", "a");
	struct wire_frame frames[32];

	(void)state;
	assert_int_equal(w->ops->peek(w, frames, 32), 24); /* the most multiples of 12 in 32 */
	w->ops->consume(w, 20);
	assert_int_equal(w->ops->peek(w, frames, 8), 4);
	assert_int_equal(w->ops->peek(w, frames, 32), 10); /* the last 6 are all there are */
	wire_free(w);
	w = make("gen:burst=11", "a");
	assert_int_equal(w->ops->peek(w, frames, 32), 22);
	wire_free(w);
	w = make("gen:burst=24", "a");
	assert_int_equal(w->ops->peek(w, frames, 8), 8);
	w->ops->consume(w, 8);
	assert_int_equal(w->ops->peek(w, frames, 32), 16);
	wire_free(w);
}

/** No more than a window is under way; a corrupt frame has arrived, a lost one has not. */
static void
test_window(void **state)
{
	struct wire *gen = make("gen:window=40", "a"), *sink = make("sink", "b");
	struct wire_frame frames[32];
	static struct kept k[40];

	(void)state;
	assert_int_equal(gen->ops->peek(gen, frames, 32), 32);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 32); /* peeked is not taken */
	take_many(gen, k, 40);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 0);
	give(sink, &k[0]);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 1);
	give(sink, &k[0]);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 1);
	k[1].data[20]++;
	give(sink, &k[1]);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 2);
	lose(gen, 2);
	assert_int_equal(gen->ops->peek(gen, frames, 32), 0);
	wire_free(sink);
	wire_free(gen);
}

static void
test_too_many_generators(void **state)
{
	struct wire *w[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++)
		w[i] = make("gen:start=0", "a");
	assert_null(wire_create("gen", "a", mac, err, sizeof(err)));
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(err, "wire: gen: there are too many; allowed: 256 in a process");
	wire_free(w[77]);
	w[77] = make("gen", "a");
	for (i = 0; i < 256; i++)
		wire_free(w[i]);
}

/* When frames are due; the clock is ours */

static uint64_t now;

static uint64_t
our_clock(void)
{
	return now;
}

static uint64_t
drain(struct wire *w)
{
	struct wire_frame frames[32];
	uint64_t taken = 0;
	unsigned int n;

	while ((n = w->ops->peek(w, frames, 32)) > 0) {
		w->ops->consume(w, n);
		taken += n;
	}
	return taken;
}

/* Frames in the time from now on, when looked at every step. */
static uint64_t
run(struct wire *w, uint64_t time, uint64_t step)
{
	uint64_t taken = 0, end = now + time;

	while (now < end) {
		now += step;
		taken += drain(w);
	}
	return taken;
}

static void
test_rate(void **state)
{
	struct wire *w;

	(void)state;
	now = 5 * S;
	w = make("gen:rate=1000:burst=1", "a");
	assert_int_equal(drain(w), 1); /* the first is due at once */
	assert_int_equal(run(w, MS - 1, MS - 1), 0);
	assert_int_equal(run(w, 1, 1), 1);
	assert_int_equal(run(w, 10 * S, 70000), 10000);
	/* late by less than 10 ms: nothing is lost */
	assert_int_equal(run(w, 7 * S, 7 * MS), 7000);
	/* an hour away: 10 ms are made up for, and the one that is always due */
	assert_int_equal(run(w, 3600 * S, 3600 * S), 11);
	assert_int_equal(run(w, S, MS), 1000);
	wire_free(w);

	/* a rate that does not divide a second into whole nanoseconds */
	w = make("gen:rate=7000001:burst=1", "a");
	assert_int_equal(drain(w), 1);
	assert_int_equal(run(w, 2 * S, 1000), 14000002);
	wire_free(w);

	/* slower than the time that is made up for */
	w = make("gen:rate=1:burst=2", "a");
	assert_int_equal(drain(w), 2);
	assert_int_equal(run(w, 2 * S - 1, 2 * S - 1), 0);
	assert_int_equal(run(w, 1, 1), 2);
	assert_int_equal(run(w, 2 * S + 5 * MS, 2 * S + 5 * MS), 2);
	assert_int_equal(run(w, 2 * S - 5 * MS, 2 * S - 5 * MS), 2);
	wire_free(w);
}

static void
test_line_rate(void **state)
{
	struct wire *w;

	(void)state;
	now = S;
	/* 64 + 20 bytes take 67.2 ns: 14.88 Mpps */
	w = make("gen:rate=line:burst=1", "a");
	assert_int_equal(drain(w), 1);
	assert_int_equal(run(w, 67, 1), 0);
	assert_int_equal(run(w, 1, 1), 1);
	now -= 68;
	wire_free(w);
	w = make("gen:rate=line", "a");
	assert_int_equal(drain(w), 32);
	assert_in_range(run(w, S, 500), 14880952 - 32, 14880952);
	wire_free(w);
	/* 1518 + 20 bytes: 812,743 frames/s */
	w = make("gen:rate=line:size=1518:burst=1", "a");
	drain(w);
	assert_int_equal(run(w, S, 1000), 812743);
	wire_free(w);
	/* a sweep of 64 and 65 bytes takes their mean */
	w = make("gen:rate=line:size=64-65:burst=2", "a");
	drain(w);
	assert_in_range(run(w, S, 1000), 14792897 - 2, 14792899);
	wire_free(w);
}

/** What the device does not take does not add up, and a pause is not made up for. */
static void
test_rate_held_back(void **state)
{
	struct wire_frame frames[32];
	struct wire *w;

	(void)state;
	now = S;
	w = make("gen:rate=1000000:burst=8:lossless=1", "a");
	assert_int_equal(w->ops->peek(w, frames, 32), 8);
	now += 16000;
	assert_int_equal(w->ops->peek(w, frames, 32), 24);
	now += 60 * S;
	assert_int_equal(w->ops->peek(w, frames, 32), 32);
	assert_int_equal(drain(w), 10000 + 8 + 24); /* 24 were held already */
	wire_stop(w);
	drain(w);
	now += 60 * S;
	drain(w);
	wire_start(w, 1000000);
	assert_int_equal(drain(w), 8);
	wire_free(w);
}

/* Sink */

static void
test_intact(void **state)
{
	static const char *const specs[] = {
		"gen", "gen:flows=3", "gen:flows=65536", "gen:size=64-1518:flows=16",
		"gen:size=15872",
	};
	struct wire *gen, *sink = make("sink", "b"), *idle = make("gen:start=0", "c");
	struct wire_frame frames[32];
	uint64_t total = 0, bytes = 0;
	unsigned int i, j, n;

	(void)state;
	for (i = 0; i < 5; i++) {
		gen = make(specs[i], "a");
		for (j = 0; j < 5000; j++) {
			n = gen->ops->peek(gen, frames, 1 + j % 32);
			assert_int_equal(sink->ops->send(sink, frames, n), n);
			gen->ops->consume(gen, n);
		}
		total += counts(gen).to_nic;
		bytes += counts(gen).to_nic_bytes;
		assert_int_equal(counts(gen).lost, 0);
		assert_int_equal(counts(sink).intact, total);
		assert_int_equal(counts(sink).from_nic, total);
		assert_int_equal(counts(sink).from_nic_bytes, bytes);
		wire_free(gen);
	}
	assert_true(total > 100000);
	assert_int_equal(counts(sink).reordered + counts(sink).duplicated + counts(sink).corrupt +
			 counts(sink).foreign + counts(idle).lost, 0);
	wire_free(idle);
	wire_free(sink);
}

static void
test_loss(void **state)
{
	struct wire *gen = make("gen:flows=2", "a"), *sink = make("sink", "b");

	(void)state;
	lose(gen, 3); /* the first */
	assert_counts(gen, sink, 0, 0, 0, 0, 0, 3);
	forward(gen, sink, 97);
	assert_counts(gen, sink, 97, 0, 0, 0, 0, 3);
	lose(gen, 1);
	forward(gen, sink, 99);
	assert_counts(gen, sink, 196, 0, 0, 0, 0, 4);
	lose(gen, 1000000); /* more than any window */
	forward(gen, sink, 100);
	lose(gen, 7); /* the last */
	assert_counts(gen, sink, 296, 0, 0, 0, 0, 1000011);
	wire_free(sink);
	wire_free(gen);
}

static void
test_duplicates(void **state)
{
	static struct kept k[300];
	struct wire *gen = make("gen", "a"), *sink = make("sink", "b"), *other = make("gen", "c");
	unsigned int i;

	(void)state;
	take_many(gen, k, 300);
	give(sink, &k[0]);
	give(sink, &k[0]); /* at once */
	assert_counts(gen, sink, 1, 0, 1, 0, 0, 299);
	for (i = 1; i < 300; i++)
		give(sink, &k[i]);
	give(other, &k[1]); /* at another port */
	assert_int_equal(counts(other).duplicated, 1);
	assert_int_equal(counts(other).intact, 0);
	give(sink, &k[0]);
	forward(gen, sink, 65236); /* as far as it can be told */
	give(sink, &k[0]);
	assert_counts(gen, sink, 65536, 0, 3, 0, 0, 0);
	forward(gen, sink, 1);
	give(sink, &k[0]); /* and farther */
	assert_counts(gen, sink, 65537, 0, 4, 0, 0, 0);
	wire_free(other);
	wire_free(sink);
	wire_free(gen);
}

static void
test_reordering(void **state)
{
	static struct kept k[8];
	struct wire *gen = make("gen", "a"), *sink = make("sink", "b");

	(void)state;
	take_many(gen, k, 8);
	give(sink, &k[1]); /* near: neighbours swapped */
	give(sink, &k[0]);
	assert_counts(gen, sink, 2, 1, 0, 0, 0, 6);
	give(sink, &k[5]);
	give(sink, &k[2]);
	give(sink, &k[5]); /* a duplicate is no reordering */
	give(sink, &k[2]);
	assert_counts(gen, sink, 4, 2, 2, 0, 0, 4);
	give(sink, &k[7]);
	forward(gen, sink, 65531);
	give(sink, &k[3]); /* far: the oldest in the window */
	give(sink, &k[3]);
	assert_counts(gen, sink, 65536 - 8 + 3 + 6, 3, 3, 0, 0, 2);
	give(sink, &k[4]);
	forward(gen, sink, 4);
	give(sink, &k[6]); /* too old to tell: called a duplicate, and stays lost */
	assert_counts(gen, sink, 65536 - 8 + 7 + 7, 4, 4, 0, 0, 1);
	wire_free(sink);
	wire_free(gen);
}

/** A jump leaves nothing behind in the window: not seen is not seen. */
static void
test_late_after_a_jump(void **state)
{
	static uint8_t data[66001][60];
	struct wire *gen = make("gen", "a"), *sink = make("sink", "b");
	struct wire_frame frame = { .len = 60 };
	struct kept kept;
	unsigned int i;

	(void)state;
	for (i = 0; i <= 66000; i++) {
		take(gen, &kept);
		memcpy(data[i], kept.data, 60);
	}
	/* 66000, most of a window ahead, uses some of the places of 0 to 999 again */
	for (i = 0; i < 66002; i++) {
		frame.data = data[i < 1000 ? i : i == 1000 ? 66000 : i - 1];
		sink->ops->send(sink, &frame, 1);
	}
	assert_counts(gen, sink, 66001, 65000, 1, 0, 0, 0);
	/* a whole window ahead, then those that were skipped, then those too old to tell */
	for (i = 0; i <= 66000; i++) {
		take(gen, &kept);
		memcpy(data[i], kept.data, 60);
	}
	for (i = 0; i <= 66000; i++) {
		frame.data = data[66000 - i];
		sink->ops->send(sink, &frame, 1);
	}
	assert_counts(gen, sink, 66001 + 65536, 65000 + 65535, 1 + 465, 0, 0, 465);
	wire_free(sink);
	wire_free(gen);
}

/** A flow's order is its own. */
static void
test_order_of_flows(void **state)
{
	static struct kept k[40];
	struct wire *gen = make("gen:flows=4", "a"), *sink = make("sink", "b");
	unsigned int flow, i;

	(void)state;
	take_many(gen, k, 40);
	for (flow = 4; flow-- > 0;)
		for (i = 0; i < 10; i++)
			give(sink, &k[4 * i + flow]);
	assert_counts(gen, sink, 40, 0, 0, 0, 0, 0);
	wire_free(sink);
	wire_free(gen);
}

/** One changed byte, wherever it is and whatever it becomes, is seen, and charged to the
 * right generator, though the generators' ids differ in one bit. */
static void
test_corruption(void **state)
{
	static const uint32_t sizes[] = { 64, 65, 67, 1518, 15872 };
	struct wire *sink = make("sink", "c"), *gen[2];
	struct wire *older[4];
	char spec[32];
	struct kept kept;
	uint32_t at, bits, broken, i;

	(void)state;
	for (i = 0; i < 4; i++)
		older[i] = make("gen:start=0", "d");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(spec, sizeof(spec), "gen:flows=300:size=%u", sizes[i]);
		gen[0] = make(spec, "a");
		gen[1] = make(spec, "b");
		forward(gen[0], sink, 1000); /* flow and number are not 0 */
		broken = 0;
		for (at = 12; at < sizes[i] - 4; at++) {
			for (bits = 1; bits < 256; bits += sizes[i] < 100 ? 1 : 97) {
				uint64_t before = counts(sink).corrupt;

				take(gen[0], &kept);
				kept.data[at] ^= bits;
				give(sink, &kept);
				if (counts(sink).corrupt != before + 1)
					fail_msg("size %u byte %u bits 0x%02x", sizes[i], at, bits);
				broken++;
			}
		}
		assert_true(broken > 100);
		assert_int_equal(counts(gen[0]).lost, 0);
		assert_int_equal(counts(gen[0]).to_nic, 1000 + broken);
		assert_int_equal(counts(gen[1]).lost, 0);
		assert_int_equal(counts(sink).foreign, 0);
		assert_int_equal(counts(sink).duplicated, 0);
		assert_int_equal(counts(sink).reordered, 0);
		/* that generator 1 is charged with its own only */
		lose(gen[1], broken + 1);
		assert_int_equal(counts(gen[1]).lost, broken + 1);
		/* the intact ones are still in order */
		forward(gen[0], sink, 300);
		assert_int_equal(counts(sink).intact, 1300 * (i + 1));
		wire_free(gen[0]);
		wire_free(gen[1]);
	}
	for (i = 0; i < 4; i++)
		wire_free(older[i]);
	wire_free(sink);
}

/** A place in the window that was left missing is used again. */
static void
test_places_used_again(void **state)
{
	static struct kept k[5];
	struct wire *gen = make("gen", "a"), *sink = make("sink", "b");

	(void)state;
	take_many(gen, k, 2);
	give(sink, &k[1]); /* 0 is missing */
	forward(gen, sink, 65534);
	take_many(gen, &k[2], 2); /* 65536, at the place of 0, and 65537 */
	give(sink, &k[2]);
	give(sink, &k[2]);
	assert_counts(gen, sink, 65536, 0, 1, 0, 0, 2);
	lose(gen, 65535);
	take(gen, &k[4]);
	give(sink, &k[4]); /* 65537 + 65536: a whole window is missing */
	give(sink, &k[4]);
	give(sink, &k[3]); /* just too old to tell, though there is a place that is missing */
	give(sink, &k[0]);
	assert_counts(gen, sink, 65537, 0, 4, 0, 0, 2 + 65535);
	forward(gen, sink, 65536); /* nothing is missing any more */
	give(sink, &k[4]);
	assert_counts(gen, sink, 65537 + 65536, 0, 5, 0, 0, 2 + 65535);
	wire_free(sink);
	wire_free(gen);
}

/** Frames of two generators and corrupt ones in one burst, all in order: each byte counts. */
static void
test_corruption_in_order(void **state)
{
	struct wire *gen[2] = { make("gen:flows=2", "a"), make("gen:flows=2", "b") };
	struct wire *sink = make("sink", "c");
	struct kept intact[2], corrupt;
	struct wire_frame burst[3];
	struct wire_counts c;
	uint32_t at, bits, n = 0;

	(void)state;
	for (at = 12; at < 60; at++) {
		for (bits = 1; bits < 256; bits += bits) {
			take(gen[0], &intact[0]);
			take(gen[1], &intact[1]);
			corrupt = intact[1];
			corrupt.data[at] ^= bits;
			burst[0] = (struct wire_frame){ .data = intact[0].data, .len = 60 };
			burst[1] = (struct wire_frame){ .data = corrupt.data, .len = 60 };
			burst[2] = (struct wire_frame){ .data = intact[1].data, .len = 60 };
			assert_int_equal(sink->ops->send(sink, burst, 2 + n % 2), 2 + n % 2);
			if (n % 2 == 0)
				assert_int_equal(sink->ops->send(sink, &burst[2], 1), 1);
			c = counts(sink);
			n++;
			if (c.corrupt != n || c.intact != 2 * n)
				fail_msg("byte %u bits 0x%02x", at, bits);
		}
	}
	/* from one generator to the other without anything between them */
	take(gen[0], &intact[0]);
	take(gen[1], &intact[1]);
	burst[0] = (struct wire_frame){ .data = intact[0].data, .len = 60 };
	burst[1] = (struct wire_frame){ .data = intact[1].data, .len = 60 };
	assert_int_equal(sink->ops->send(sink, burst, 2), 2);
	c = counts(sink);
	assert_int_equal(c.intact, 2 * n + 2);
	assert_int_equal(c.corrupt, n);
	assert_int_equal(c.from_nic, 3 * n + 2);
	assert_int_equal(c.from_nic_bytes, 60 * (3 * n + 2));
	assert_int_equal(c.reordered + c.duplicated + c.foreign, 0);
	wire_free(gen[0]);
	wire_free(gen[1]);
	wire_free(sink);
}

static void
test_what_forwarders_may_change(void **state)
{
	struct wire *gen = make("gen", "a"), *sink = make("sink", "b");
	struct kept kept;
	uint32_t at, sum, ttl;

	(void)state;
	for (at = 0; at < 12; at++) {
		take(gen, &kept);
		kept.data[at] ^= 0xff;
		give(sink, &kept);
	}
	assert_counts(gen, sink, 12, 0, 0, 0, 0, 0);
	/* RFC 1624, one hop after the other */
	for (ttl = 63; ttl > 0; ttl--) {
		take(gen, &kept);
		sum = word_at(kept.data + 24) + 0x100 * (64 - ttl);
		sum = (sum >> 16) + (sum & 0xffff);
		kept.data[22] = ttl;
		kept.data[24] = sum >> 8;
		kept.data[25] = sum;
		give(sink, &kept);
	}
	assert_counts(gen, sink, 12 + 63, 0, 0, 0, 0, 0);
	/* the right checksum of a wrong header */
	take(gen, &kept);
	kept.data[15] ^= 1; /* type of service */
	kept.data[25] -= 1;
	assert_int_equal(folded_sum(kept.data + 14, 20, 0), 0xffff);
	give(sink, &kept);
	take(gen, &kept);
	kept.data[23] += 1; /* protocol */
	kept.data[25] -= 1;
	assert_int_equal(folded_sum(kept.data + 14, 20, 0), 0xffff);
	give(sink, &kept);
	assert_counts(gen, sink, 12 + 63, 0, 0, 2, 0, 0);
	wire_free(sink);
	wire_free(gen);
}

static void
test_cut_spliced_and_foreign(void **state)
{
	static struct kept k[2];
	struct wire *gen = make("gen:size=1518", "a"), *sink = make("sink", "b");
	struct kept cut;
	uint32_t len;

	(void)state;
	for (len = 30; len < 1514; len++) {
		take(gen, &cut);
		cut.len = len;
		give(sink, &cut);
	}
	assert_counts(gen, sink, 0, 0, 0, 1514 - 30, 0, 0);
	take(gen, &cut);
	cut.data[cut.len++] = 0; /* longer */
	give(sink, &cut);
	assert_counts(gen, sink, 0, 0, 0, 1514 - 30 + 1, 0, 0);
	/* the tail of the one before, as of a buffer that was not written */
	for (len = 60; len < 1500; len++) {
		take_many(gen, k, 2);
		memcpy(k[1].data + len, k[0].data + len, 1514 - len);
		give(sink, &k[0]);
		give(sink, &k[1]);
	}
	assert_counts(gen, sink, 1440, 0, 0, 1514 - 30 + 1 + 1440, 0, 0);

	/* cut so well that all checksums are right, to a length that others have */
	wire_free(gen);
	wire_free(sink);
	gen = make("gen:size=64-1518", "a");
	sink = make("sink", "b");
	lose(gen, 1000);
	take(gen, &cut);
	cut.len = 100;
	put_word(cut.data + 16, cut.len - 14);
	put_word(cut.data + 38, cut.len - 34);
	put_word(cut.data + 24, 0);
	put_word(cut.data + 24, ~folded_sum(cut.data + 14, 20, 0));
	put_word(cut.data + 40, 0);
	put_word(cut.data + 40, ~udp_sum(&cut));
	check_frame(&cut, 100, mac);
	give(sink, &cut);
	assert_counts(gen, sink, 0, 0, 0, 1, 0, 1000);
	wire_free(sink);
	sink = make("sink", "b");

	memset(&cut, 0, sizeof(cut));
	for (len = 14; len < 100; len++) {
		cut.len = len;
		give(sink, &cut);
	}
	memset(&cut, 0xff, sizeof(cut.data));
	give(sink, &cut);
	assert_int_equal(counts(sink).foreign, 100 - 14 + 1);
	take(gen, &cut);
	cut.data[26] ^= 1; /* what two places say of its origin is both broken */
	cut.data[54] ^= 1;
	give(sink, &cut);
	assert_int_equal(counts(sink).foreign, 100 - 14 + 2);
	take(gen, &cut);
	wire_free(gen); /* whose is it now? */
	give(sink, &cut);
	assert_int_equal(counts(sink).foreign, 100 - 14 + 3);
	for (len = 0; len < 300; len++) { /* of no later one, wherever that is registered */
		gen = make("gen:size=1518", "a");
		give(sink, &cut);
		wire_free(gen);
	}
	assert_int_equal(counts(sink).foreign, 100 - 14 + 3 + 300);
	assert_int_equal(counts(sink).intact + counts(sink).corrupt, 0);
	wire_free(sink);
}

/** Several generators, several sinks, all mixed up: the sums hold. */
static void
test_sums_over_ports(void **state)
{
	struct wire *port[3];
	struct wire_counts c, sum = { 0 };
	struct kept kept;
	unsigned int i, n;

	(void)state;
	port[0] = make("gen:flows=5", "a");
	port[1] = make("gen:size=64-128", "b");
	port[2] = make("sink", "c");
	srandom(82599);
	for (i = 0; i < 20000; i++) {
		take(port[random() % 2], &kept);
		n = random() % 16;
		if (n == 0)
			continue; /* lost */
		if (n == 1)
			kept.data[12 + random() % (kept.len - 12)] ^= 0x10;
		give(port[random() % 3], &kept);
		if (n == 2)
			give(port[random() % 3], &kept);
	}
	for (i = 0; i < 3; i++) {
		c = counts(port[i]);
		sum.to_nic += c.to_nic;
		sum.from_nic += c.from_nic;
		sum.intact += c.intact;
		sum.corrupt += c.corrupt;
		sum.duplicated += c.duplicated;
		sum.lost += c.lost;
		sum.foreign += c.foreign;
		sum.reordered += c.reordered;
	}
	assert_int_equal(sum.to_nic, 20000);
	assert_int_equal(sum.to_nic, sum.intact + sum.corrupt + sum.lost);
	assert_int_equal(sum.from_nic, sum.intact + sum.corrupt + sum.duplicated);
	assert_in_range(sum.lost, 1000, 1500);
	assert_in_range(sum.corrupt, 1000, 1500);
	assert_in_range(sum.duplicated, 1000, 1500);
	assert_int_equal(sum.foreign + sum.reordered, 0);
	for (i = 0; i < 3; i++)
		wire_free(port[i]);
}

/* Cable and loop */

static bool
is_light(const struct wire *w)
{
	return wire_light(w) % 2 != 0;
}

static void
test_cable(void **state)
{
	static const char *const order[2][2] = { { "a", "b" }, { "b", "a" } };
	char spec[16];
	struct kept kept = { "frame", 60 }, got;
	struct wire_frame frame;
	struct wire *w[2], *third;
	unsigned int before;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(spec, sizeof(spec), "cable=%s", order[i][1]);
		w[0] = make(spec, order[i][0]);
		assert_false(is_light(w[0]));
		/* the same port once more, with the same or another peer */
		assert_null(wire_create(spec, order[i][0], mac, err, sizeof(err)));
		assert_int_equal(errno, EEXIST);
		assert_null(wire_create("cable=c", order[i][0], mac, err, sizeof(err)));
		assert_non_null(strstr(err, "has a cable already; allowed: one"));
		/* another port that names this one is not its peer */
		snprintf(spec, sizeof(spec), "cable=%s", order[i][0]);
		third = make(spec, "c");
		third->ops->shine(third, true);
		assert_false(is_light(w[0]));
		assert_false(is_light(third));
		w[1] = make(spec, order[i][1]);
		/* light goes one way, and comes from a device */
		assert_false(is_light(w[0]));
		w[1]->ops->shine(w[1], true);
		assert_true(is_light(w[0]));
		assert_false(is_light(w[1]));
		w[0]->ops->shine(w[0], true);
		assert_true(is_light(w[1]));
		assert_false(is_light(third));
		wire_free(third);
		assert_true(is_light(w[0]));
		/* what was off for a moment has another number */
		before = wire_light(w[0]);
		w[1]->ops->shine(w[1], true);
		assert_int_equal(wire_light(w[0]), before);
		w[1]->ops->shine(w[1], false);
		assert_false(is_light(w[0]));
		w[1]->ops->shine(w[1], true);
		assert_true(is_light(w[0]));
		assert_int_not_equal(wire_light(w[0]), before);

		assert_int_equal(give(w[0], &kept), 1); /* the peer's link is down yet */
		assert_int_equal(counts(w[0]).dropped, 1);
		w[0]->ops->link(w[0], true);
		w[1]->ops->link(w[1], true);
		kept.data[10] = 1;
		give(w[0], &kept);
		kept.data[10] = 2;
		give(w[1], &kept);
		assert_int_equal(w[0]->ops->peek(w[0], &frame, 1), 1);
		take(w[1], &got);
		assert_int_equal(got.data[10], 1);
		take(w[0], &got);
		assert_int_equal(got.data[10], 2);
		assert_int_equal(w[0]->ops->peek(w[0], &frame, 1), 0);
		assert_int_equal(w[1]->ops->peek(w[1], &frame, 1), 0);
		assert_int_equal(counts(w[0]).to_nic, 1);
		assert_int_equal(counts(w[0]).to_nic_bytes, 60);
		assert_int_equal(counts(w[0]).from_nic, 2);
		assert_int_equal(counts(w[0]).from_nic_bytes, 120);

		/* one goes away, with frames under way in both directions */
		give(w[0], &kept);
		give(w[1], &kept);
		wire_free(w[1]);
		assert_false(is_light(w[0]));
		give(w[0], &kept);
		assert_int_equal(counts(w[0]).dropped, 2);
		take(w[0], &got);
		/* is plugged in elsewhere */
		w[1] = make("cable=c", order[i][1]);
		w[1]->ops->shine(w[1], true);
		assert_false(is_light(w[0]));
		assert_false(is_light(w[1]));
		wire_free(w[1]);
		/* and comes back: what it did not take is not for it */
		w[1] = make(spec, order[i][1]);
		assert_false(is_light(w[0]));
		w[1]->ops->shine(w[1], true);
		assert_true(is_light(w[0]));
		w[1]->ops->link(w[1], true);
		assert_int_equal(w[1]->ops->peek(w[1], &frame, 1), 0);
		give(w[0], &kept);
		take(w[1], &got);
		/* Frames that were under way when the link went down do not arrive later. */
		give(w[0], &kept);
		w[1]->ops->link(w[1], false);
		give(w[0], &kept);
		assert_int_equal(counts(w[0]).dropped, 3);
		w[1]->ops->link(w[1], true);
		assert_int_equal(w[1]->ops->peek(w[1], &frame, 1), 0);
		assert_int_equal(counts(w[1]).dropped, 1);
		assert_int_equal(counts(w[1]).to_nic, 1);
		wire_free(w[0]);
		assert_false(is_light(w[1]));
		wire_free(w[1]);
	}
}

static void
numbered_frame(struct kept *k, unsigned int number)
{
	k->len = 14 + (number * 7919u) % (WIRE_MAX_FRAME - 4 - 13);
	memset(k->data, number * 31 + 1, k->len);
	memcpy(k->data, &number, sizeof(number));
}

/* Send many frames of all lengths, and take fewer than are sent while there is room. */
static void
overfill(struct wire *in, struct wire *out)
{
	static struct kept k[32], expected;
	struct wire_frame frames[32];
	unsigned int i, n, number, sent = 0, got = 0;
	bool refused = false;

	while (got < 4000) {
		for (i = 0; i < 32 && sent + i < 4000; i++) {
			numbered_frame(&k[i], sent + i);
			frames[i] = (struct wire_frame){ .data = k[i].data, .len = k[i].len };
		}
		n = in->ops->send(in, frames, i);
		if (n < i)
			refused = true;
		sent += n;
		n = out->ops->peek(out, frames, 1 + sent % 11);
		for (i = 0; i < n; i++) {
			memcpy(&number, frames[i].data, sizeof(number));
			assert_int_equal(number, got);
			numbered_frame(&expected, number);
			assert_int_equal(frames[i].len, expected.len);
			assert_memory_equal(frames[i].data, expected.data, expected.len);
			got++;
		}
		out->ops->consume(out, n);
	}
	assert_int_equal(out->ops->peek(out, frames, 32), 0);
	assert_int_equal(sent, 4000);
	assert_true(refused);
	assert_int_equal(counts(in).dropped, 0);
}

static void
test_room(void **state)
{
	static struct kept kept;
	struct wire_frame frame;
	struct wire *a, *b;
	unsigned int i;

	(void)state;
	a = make("cable=b", "a");
	b = make("cable=a:lossless=1", "b");
	a->ops->link(a, true);
	b->ops->link(b, true);
	overfill(a, b);
	overfill(b, a);
	/* pause frames come in time only if little is under way: 4 KB with the lengths */
	numbered_frame(&kept, 7);
	kept.len = 1500;
	for (i = 0; give(a, &kept) == 1; i++)
		;
	assert_int_equal(i, 2);
	while (b->ops->peek(b, &frame, 1) == 1)
		b->ops->consume(b, 1);
	kept.len = WIRE_MAX_FRAME - 4; /* but for a frame that is alone, whose turn comes */
	assert_int_equal(give(a, &kept), 1);
	assert_int_equal(give(a, &kept), 0);
	take(b, &kept);
	assert_int_equal(kept.len, WIRE_MAX_FRAME - 4);
	wire_free(a);
	wire_free(b);
	a = make("loop", "a");
	overfill(a, a);
	assert_int_equal(counts(a).to_nic, 4000);
	assert_int_equal(counts(a).to_nic_bytes, counts(a).from_nic_bytes);
	numbered_frame(&kept, 7);
	give(a, &kept); /* and the link goes down and comes up again */
	a->ops->link(a, true);
	assert_int_equal(a->ops->peek(a, &frame, 1), 0);
	assert_int_equal(counts(a).dropped, 1);
	wire_free(a);
}

/* The ends polled by different threads, a generator's frames there and back. */

#define NB_THREADED 300000u

struct end {
	struct wire *cable, *other;
	bool source;
};

static void *
end_thread(void *arg)
{
	struct end *end = arg;
	struct wire *cable = end->cable, *other = end->other;
	struct wire_frame frames[32];
	unsigned int n;

	/* source: generator to cable, and cable to sink; else all back */
	while ((end->source ? counts(other).from_nic : counts(cable).from_nic) < NB_THREADED) {
		n = other->ops->peek(other, frames, 32);
		n = cable->ops->send(cable, frames, n);
		other->ops->consume(other, n);
		n = cable->ops->peek(cable, frames, 32);
		n = other->ops->send(other, frames, n);
		cable->ops->consume(cable, n);
		if (n == 0)
			sched_yield();
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct end near = { make("cable=b", "a"),
			    make("gen:size=64-300:flows=9:count=300000", "c"), true };
	struct end far = { make("cable=a", "b"), make("loop", "d"), false };
	pthread_t thread;

	(void)state;
	near.cable->ops->link(near.cable, true);
	far.cable->ops->link(far.cable, true);
	alarm(60); /* when a frame is lost, the others wait for it */
	assert_int_equal(pthread_create(&thread, NULL, end_thread, &far), 0);
	end_thread(&near);
	pthread_join(thread, NULL);
	alarm(0);
	assert_counts(near.other, near.other, NB_THREADED, 0, 0, 0, 0, 0);
	wire_free(near.cable);
	wire_free(near.other);
	wire_free(far.cable);
	wire_free(far.other);
}

/* Capture files */

static char dir[] = "test_wire.XXXXXX";
static char path[64], path2[64], spec[200];

static void
write_capture(int link_type, const struct kept *k, unsigned int n, uint32_t more)
{
	pcap_t *pcap = pcap_open_dead(link_type, 65535);
	pcap_dumper_t *out = pcap_dump_open(pcap, path);
	struct pcap_pkthdr header = { 0 };
	unsigned int i;

	assert_non_null(out);
	for (i = 0; i < n; i++) {
		header.caplen = k[i].len;
		header.len = k[i].len + more;
		pcap_dump((uint8_t *)out, &header, k[i].data);
	}
	pcap_dump_close(out);
	pcap_close(pcap);
}

static unsigned int
read_capture(const char *name, struct kept *k, unsigned int most)
{
	char message[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(name, message);
	struct pcap_pkthdr *header;
	const uint8_t *data;
	unsigned int n = 0;
	int got;

	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	while ((got = pcap_next_ex(pcap, &header, &data)) == 1 && n < most) {
		assert_int_equal(header->caplen, header->len);
		memcpy(k[n].data, data, header->len);
		k[n++].len = header->len;
	}
	assert_int_equal(got, PCAP_ERROR_BREAK); /* the end, where a record ends */
	pcap_close(pcap);
	return n;
}

static struct kept sample[100], back[300];

static void
make_sample(void)
{
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		sample[i].len = i == 99 ? WIRE_MAX_FRAME - 4 : 60 + 17 * i;
		for (j = 0; j < sample[i].len; j++)
			sample[i].data[j] = i * 13 + j;
	}
}

static void
assert_same(const struct kept *a, const struct kept *b, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert_int_equal(a[i].len, b[i].len);
		assert_memory_equal(a[i].data, b[i].data, a[i].len);
	}
}

static void
test_pcap_round_trip(void **state)
{
	struct wire_frame frames[32];
	struct kept got;
	struct wire *w;
	uint64_t bytes = 0;
	unsigned int i;

	(void)state;
	make_sample();
	write_capture(DLT_EN10MB, sample, 100, 0);
	snprintf(spec, sizeof(spec), "pcap:in=%s:out=%s:loops=2", path, path2);
	w = make(spec, "a");
	assert_true(w->lossless);
	assert_int_equal(wire_light(w), 1);
	assert_int_equal(read_capture(path2, back, 300), 0); /* a whole file at once */
	for (i = 0; i < 200; i++) {
		assert_false(counts(w).done);
		take(w, &got);
		assert_same(&got, &sample[i % 100], 1);
		assert_int_equal(give(w, &got), 1);
		bytes += got.len;
	}
	assert_true(counts(w).done);
	assert_int_equal(w->ops->peek(w, frames, 32), 0);
	assert_int_equal(counts(w).to_nic, 200);
	assert_int_equal(counts(w).to_nic_bytes, bytes);
	assert_int_equal(counts(w).from_nic, 200);
	assert_int_equal(counts(w).from_nic_bytes, bytes);
	assert_int_equal(counts(w).dropped, 0);
	assert_int_equal(read_capture(path2, back, 300), 200); /* counts have been read */
	assert_same(sample, back, 100);
	assert_same(sample, back + 100, 100);

	give(w, &sample[7]); /* and when the port is idle */
	w->ops->peek(w, frames, 32);
	w->ops->peek(w, frames, 32);
	assert_int_equal(read_capture(path2, back, 300), 201);
	give(w, &sample[8]);
	wire_free(w); /* and at the end */
	assert_int_equal(read_capture(path2, back, 300), 202);
	assert_same(&sample[7], back + 200, 2);
}

static void
test_pcap_options(void **state)
{
	static struct kept tiny = { "a frame of 14+", 14 };
	struct wire_frame frames[32];
	struct kept got;
	struct wire *w;
	unsigned int i;

	(void)state;
	make_sample();
	/* shorter than a MAC would send it */
	write_capture(DLT_EN10MB, &tiny, 1, 0);
	snprintf(spec, sizeof(spec), "pcap:in=%s:loops=0", path);
	w = make(spec, "a");
	for (i = 0; i < 1000; i++) {
		take(w, &got);
		assert_int_equal(got.len, 60);
		assert_memory_equal(got.data, tiny.data, 14);
		memset(got.data, 0, 14);
		assert_int_equal(folded_sum(got.data, 60, 0), 0);
	}
	assert_false(counts(w).done);
	wire_free(w);

	write_capture(DLT_EN10MB, sample, 10, 0);
	snprintf(spec, sizeof(spec), "pcap:in=%s:start=0:rate=1000", path);
	now = S;
	w = make(spec, "a");
	assert_false(w->lossless);
	assert_int_equal(w->ops->peek(w, frames, 32), 0);
	wire_start(w, 3);
	assert_int_equal(drain(w), 1);
	assert_int_equal(run(w, 2 * MS, MS), 2);
	assert_true(counts(w).done);
	wire_start(w, 0); /* all of the file, from where it was */
	take(w, &got);
	assert_same(&got, &sample[3], 1);
	assert_int_equal(run(w, 20 * MS, MS), 9);
	assert_true(counts(w).done);
	wire_free(w);

	write_capture(DLT_EN10MB, sample, 0, 0);
	snprintf(spec, sizeof(spec), "pcap:in=%s", path);
	w = make(spec, "a");
	assert_true(counts(w).done);
	assert_int_equal(w->ops->peek(w, frames, 32), 0);
	assert_int_equal(wire_start(w, 1), -ENOTSUP);
	wire_free(w);

	/* a disk that is full is not passed over */
	w = make("pcap:out=/dev/full", "a");
	give(w, &sample[0]);
	assert_int_equal(counts(w).dropped, 1);
	wire_free(w);
}

static void
assert_bad_capture(const char *message)
{
	char whole[300];

	snprintf(spec, sizeof(spec), "pcap:in=%s", path);
	assert_null(wire_create(spec, "a", mac, err, sizeof(err)));
	assert_int_equal(errno, EINVAL);
	snprintf(whole, sizeof(whole), "wire: pcap: in=%s: %s", path, message);
	if (strncmp(err, whole, strlen(whole)) != 0)
		fail_msg("%s, not %s", err, whole);
	assert_non_null(strstr(err, "; allowed"));
}

static void
test_bad_captures(void **state)
{
	static struct kept long_frame = { { 0 }, WIRE_MAX_FRAME - 3 }, short_frame = { { 0 }, 13 };
	FILE *file;

	(void)state;
	make_sample();
	write_capture(DLT_RAW, sample, 1, 0);
	assert_bad_capture("its link type is RAW; allowed: EN10MB (Ethernet)");
	write_capture(DLT_EN10MB, sample, 2, 4);
	assert_bad_capture("frame 1 was captured with 60 of its 64 bytes; allowed: "
			   "whole frames");
	write_capture(DLT_EN10MB, &long_frame, 1, 0);
	assert_bad_capture("frame 1 has 15869 bytes; allowed: 14 to 15868");
	write_capture(DLT_EN10MB, &short_frame, 1, 0);
	assert_bad_capture("frame 1 has 13 bytes; allowed: 14 to 15868");
	/* 24 bytes of file header, records of 16 bytes and the frame */
	write_capture(DLT_EN10MB, sample, 3, 0);
	assert_int_equal(truncate(path, 24 + 16 + 60 + 16 + 77 + 15), 0);
	assert_bad_capture("frame 3: truncated dump file");
	assert_int_equal(truncate(path, 24 + 16 + 60 + 16 + 76), 0);
	assert_bad_capture("frame 2: truncated dump file");
	assert_int_equal(truncate(path, 24 + 15), 0);
	assert_bad_capture("frame 1: truncated dump file");
	assert_int_equal(truncate(path, 23), 0);
	assert_bad_capture("truncated dump file");
	assert_int_equal(truncate(path, 0), 0);
	assert_bad_capture("truncated dump file");
	file = fopen(path, "w");
	fprintf(file, "this is no capture file, and long enough to tell\n");
	fclose(file);
	assert_bad_capture("unknown file format");
	snprintf(path2, sizeof(path2), "%s", dir);
	snprintf(spec, sizeof(spec), "pcap:in=%s", dir);
	assert_null(wire_create(spec, "a", mac, err, sizeof(err)));
	assert_non_null(strstr(err, dir));
}

static int
set_up(void **state)
{
	(void)state;
	wire_clock = our_clock;
	now = 1;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/in.pcap", dir);
	snprintf(path2, sizeof(path2), "%s/out.pcap", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	snprintf(path2, sizeof(path2), "%s/out.pcap", dir);
	remove(path);
	remove(path2);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_frames_are_valid),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_peek_and_consume),
		cmocka_unit_test(test_start_and_stop),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_too_many_generators),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_line_rate),
		cmocka_unit_test(test_rate_held_back),
		cmocka_unit_test(test_intact),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_reordering),
		cmocka_unit_test(test_late_after_a_jump),
		cmocka_unit_test(test_order_of_flows),
		cmocka_unit_test(test_corruption),
		cmocka_unit_test(test_places_used_again),
		cmocka_unit_test(test_corruption_in_order),
		cmocka_unit_test(test_what_forwarders_may_change),
		cmocka_unit_test(test_cut_spliced_and_foreign),
		cmocka_unit_test(test_sums_over_ports),
		cmocka_unit_test(test_cable),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_pcap_round_trip),
		cmocka_unit_test(test_pcap_options),
		cmocka_unit_test(test_bad_captures),
	};

	return cmocka_run_group_tests_name("wire", tests, set_up, tear_down);
}
