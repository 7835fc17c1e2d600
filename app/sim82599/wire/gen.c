/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Generator and checking sink.
 *
 * A frame is Ethernet, IPv4, UDP with valid checksums, and wholly determined by
 * four numbers which it carries: its generator, its flow, its number within the
 * flow, and its length.  A sink makes the same frame again and compares.
 *
 *     0  Ethernet  destination, source: may be rewritten by a forwarder
 *    12            type 0x0800
 *    14  IPv4      from 198.19.0.0 + generator to 198.18.(flow % 16).1 (RFC 2544's
 *                  networks); the TTL may be changed by a router, if it does not
 *                  forget the checksum
 *    34  UDP       from port 4096 + flow % 256 to port 8192 + flow / 256
 *    42  payload   generator (2 bytes), flow (2), number (8)
 *    54            a piece of a table of noise; the numbers tell where it starts
 *
 * All but the rest of the noise is in the first 60 bytes, so that the smallest
 * frame is made, and checked, by six words, of which three are a flow's own.  Any
 * changed byte shows: the UDP checksum covers the numbers, and is compared, too.
 * The noise is copied, its share of the checksum comes from a table of sums.
 */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire_priv.h"

#define NB_GENERATORS 256
#define MAX_ID        0x3fffu
#define MAX_FLOWS     65536u

#define IP_AT    14
#define IP_TTL   64
#define SRC_AT   26
#define UDP_AT   34
#define ID_AT    42
#define NOISE_AT 54
#define SAME_AT  12
#define WORDS_AT 36
#define NB_WORDS 3           /* up to the shortest frame's end */

#define SRC_NET 0xc6130000u  /* 198.19.0.0 */
#define DST_NET 0xc6120000u  /* 198.18.0.0 */

/* Numbers that can be told apart: a late frame of the last so many of its flow is
 * known to be late, or a duplicate; one that is older is taken for a duplicate. */
#define MIN_WINDOW 1024u
#define MAX_WINDOW 65536u

/* What is the same in all frames of a flow that have the same length. */
struct head {
	uint64_t same[3];          /* bytes 12 to 35, as they are in the frame */
	uint64_t word[2];          /* 36 and 44, but for the checksum and the number */
	uint64_t udp_sum;          /* of UDP's words but the noise and the number */
	uint64_t salt;             /* of the choice of noise */
};

/* What sinks have to know of a generator, and what they have seen of it. */
struct origin {
	uint16_t id;
	uint32_t flows;
	uint32_t len_min, nb_lens; /* the n-th frame has len_min + n % nb_lens bytes */
	uint32_t window;           /* a power of two */
	struct head *head;         /* by flow, if all frames have the same length */
	uint64_t *next;            /* by flow: the highest number seen, + 1 */
	uint64_t *seen;            /* by flow: a ring of window bits */
	uint64_t intact, corrupt;  /* have come out; written with the slot locked */
};

/* All generators of the process, at the slot of their id. */
static struct origin_slot {
	pthread_mutex_t lock;
	struct origin *origin;
} __attribute__((aligned(64))) slots[NB_GENERATORS];

static atomic_uint last_id;

#define NB_PIECES 512 /* places where the noise may start, 2 bytes apart */
static uint8_t noise[WIRE_MAX_FRAME + 2 * NB_PIECES];
static uint32_t noise_sum[sizeof(noise) / 2]; /* of all 16-bit words before */
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct gen {
	struct wire wire;
	struct wire_counts counts;
	struct wire_pace pace;
	struct origin *origin; /* NULL: a sink only */
	uint64_t window;       /* frames that may be under way; 0: any number */
	/* frames ready for the device: positions pace.taken to built - 1 */
	uint64_t built;
	uint32_t flow;
	uint64_t seq;
	uint32_t stride;
	uint8_t *frames;
	struct wire_frame ready[WIRE_BURST]; /* of them, at the position's slot */
};

static void
init_once(void)
{
	uint64_t x = 0x82599, z;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < NB_GENERATORS; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	for (i = 0; i < sizeof(noise); i++) {
		/* splitmix64 */
		z = x += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		noise[i] = z >> 56;
	}
	for (i = 0; i < sizeof(noise); i += 2) {
		noise_sum[i / 2] = sum;
		sum += noise[i] << 8 | noise[i + 1];
	}
}

static inline uint16_t
load16(const uint8_t *p)
{
	uint16_t x;

	memcpy(&x, p, sizeof(x));
	return be16toh(x);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return be64toh(x);
}

static inline void
store64(uint8_t *p, uint64_t x)
{
	x = htobe64(x);
	memcpy(p, &x, sizeof(x));
}

/* The sum of 16-bit words, of which the last is padded (RFC 768). */
static inline uint32_t
noise_sum_of(const uint8_t *start, uint32_t len)
{
	size_t from = start - noise, to = from + len;
	uint32_t sum = noise_sum[to / 2] - noise_sum[from / 2];

	return len % 2 == 0 ? sum : sum + (noise[to - 1] << 8);
}

/* The Internet checksum (RFC 1071) of words whose sum is given. Since 2^16 is 1
 * modulo 0xffff, wider words may be added as they are. Of its two zeros it is the one
 * that UDP wants (RFC 768); IPv4 headers as they are made here never come to zero. */
static inline uint64_t
checksum(uint64_t sum)
{
	return 0xffff - sum % 0xffff;
}

static struct head
make_head(uint16_t id, uint32_t flow, uint32_t len)
{
	uint64_t src = SRC_NET + id, dst = DST_NET + (flow % 16 << 8) + 1;
	uint64_t sport = 4096 + flow % 256, dport = 8192 + flow / 256;
	uint64_t ip_len = len - IP_AT, udp_len = len - UDP_AT;
	uint64_t ip_sum = checksum(0x4500 + ip_len + 0x4000 + (IP_TTL << 8 | 17) + src + dst);

	return (struct head){
		.same = {
			htobe64(UINT64_C(0x08004500) << 32 | ip_len << 16),
			htobe64(UINT64_C(0x4000) << 48 | (uint64_t)IP_TTL << 40 |
				UINT64_C(17) << 32 | ip_sum << 16 | src >> 16),
			htobe64(src << 48 | dst << 16 | sport),
		},
		.word = { dport << 48 | udp_len << 32 | id, (uint64_t)flow << 48 },
		.udp_sum = src + dst + 17 + udp_len + sport + dport + udp_len + id + flow,
		.salt = id + flow * 61,
	};
}

/* Where a frame's noise starts: neighbours in number, and generators that exist
 * at the same time, have different noise. */
static inline const uint8_t *
noise_at(const struct head *head, uint64_t seq)
{
	return noise + 2 * ((head->salt + (seq * 0x9e3779b97f4a7c15 >> 32)) % NB_PIECES);
}

/* Bytes 36 to 59 of a frame. */
static inline void
make_words(uint64_t word[NB_WORDS], const struct head *head, uint64_t seq, uint32_t len,
	   const uint8_t *piece)
{
	uint64_t first = load64(piece) >> 16; /* 6 bytes */
	uint64_t sum = head->udp_sum + (seq >> 32) + (uint32_t)seq + first;

	if (len > WIRE_MIN_DATA)
		sum += noise_sum_of(piece + WIRE_MIN_DATA - NOISE_AT, len - WIRE_MIN_DATA);
	word[0] = head->word[0] | checksum(sum) << 16;
	word[1] = head->word[1] | seq >> 16;
	word[2] = seq << 48 | first;
}

static uint32_t
len_at(const struct origin *origin, uint64_t position)
{
	return origin->nb_lens == 1 ? origin->len_min :
				      origin->len_min + position % origin->nb_lens;
}

static inline const struct head *
head_of(const struct origin *origin, uint32_t flow, uint32_t len, struct head *made)
{
	if (origin->nb_lens == 1)
		return &origin->head[flow];
	*made = make_head(origin->id, flow, len);
	return made;
}

static uint32_t
gen_len(struct wire *w, uint64_t position)
{
	return len_at(((struct gen *)w)->origin, position);
}

/* Generator */

/* Make frames ready up to that position. */
static void
build(struct gen *gen, uint64_t end)
{
	const struct origin *origin = gen->origin;
	uint32_t flow = gen->flow, len, slot;
	uint64_t seq = gen->seq, word[NB_WORDS];
	const uint8_t *piece;
	const struct head *head;
	struct head made;
	uint8_t *frame;

	for (; gen->built < end; gen->built++) {
		slot = gen->built % WIRE_BURST;
		frame = gen->frames + (size_t)slot * gen->stride;
		len = len_at(origin, gen->built);
		head = head_of(origin, flow, len, &made);
		piece = noise_at(head, seq);
		make_words(word, head, seq, len, piece);
		memcpy(frame + SAME_AT, head->same, sizeof(head->same));
		store64(frame + WORDS_AT, word[0]);
		store64(frame + WORDS_AT + 8, word[1]);
		store64(frame + WORDS_AT + 16, word[2]);
		if (len > WIRE_MIN_DATA)
			memcpy(frame + WIRE_MIN_DATA, piece + WIRE_MIN_DATA - NOISE_AT,
			       len - WIRE_MIN_DATA);
		gen->ready[slot].len = len;
		if (++flow == origin->flows) {
			flow = 0;
			seq++;
		}
	}
	gen->flow = flow;
	gen->seq = seq;
}

/* Frames that may follow; what was lost stays under way. */
static uint64_t
window_left(const struct gen *gen)
{
	uint64_t arrived = __atomic_load_n(&gen->origin->intact, __ATOMIC_RELAXED) +
			   __atomic_load_n(&gen->origin->corrupt, __ATOMIC_RELAXED);
	uint64_t under_way = gen->counts.to_nic - arrived;

	/* it may arrive before the device says that it took it */
	if ((int64_t)under_way < 0)
		under_way = 0;
	return under_way < gen->window ? gen->window - under_way : 0;
}

static unsigned int
gen_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	uint64_t first = gen->pace.taken;
	unsigned int due, i;
	uint64_t left;

	if (gen->origin == NULL)
		return 0;
	if (n > WIRE_BURST)
		n = WIRE_BURST;
	if (gen->window > 0) {
		left = window_left(gen);
		if (n > left)
			n = left;
	}
	due = wire_pace_due(w, n);
	build(gen, first + due);
	for (i = 0; i < due; i++)
		frames[i] = gen->ready[(first + i) % WIRE_BURST];
	return due;
}

static void
gen_consume(struct wire *w, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		bytes += gen->ready[(gen->pace.taken + i) % WIRE_BURST].len;
	wire_count(&gen->pace.taken, n);
	wire_count(&gen->counts.to_nic, n);
	wire_count(&gen->counts.to_nic_bytes, bytes);
}

/* Sink */

static struct origin_slot *
slot_lock(uint16_t id)
{
	struct origin_slot *slot = &slots[id % NB_GENERATORS];

	pthread_mutex_lock(&slot->lock);
	return slot;
}

static void
slot_unlock(struct origin_slot *slot)
{
	if (slot != NULL)
		pthread_mutex_unlock(&slot->lock);
}

/* A router changed the TTL, and the checksum with it; nothing else of word 1 differs. */
static bool
is_routed(const uint8_t *data, uint64_t differ)
{
	uint64_t sum = load64(data + IP_AT) % 0xffff + load64(data + IP_AT + 8) % 0xffff +
		       (load64(data + IP_AT + 12) & 0xffffffff);

	return (differ & ~htobe64(UINT64_C(0x0000ff00ffff0000))) == 0 && sum % 0xffff == 0;
}

/* Is this, but for the addresses and the TTL, the frame that its numbers say? */
static inline bool
is_as_made(const struct origin *origin, const struct wire_frame *frame, uint32_t flow, uint64_t seq)
{
	const uint8_t *data = frame->data, *piece;
	const struct head *head;
	struct head made;
	uint64_t same[3], word[NB_WORDS];

	if (flow >= origin->flows || frame->len != len_at(origin, seq * origin->flows + flow))
		return false;
	head = head_of(origin, flow, frame->len, &made);
	piece = noise_at(head, seq);
	make_words(word, head, seq, frame->len, piece);
	memcpy(same, data + SAME_AT, sizeof(same));
	/* the flow and the number, word 1, are where they were read */
	if ((head->same[0] ^ same[0]) | (head->same[2] ^ same[2]) |
	    (word[0] ^ load64(data + WORDS_AT)) | (word[2] ^ load64(data + WORDS_AT + 16)))
		return false;
	if (head->same[1] != same[1] && !is_routed(data, head->same[1] ^ same[1]))
		return false;
	return frame->len == WIRE_MIN_DATA ||
	       memcmp(data + WIRE_MIN_DATA, piece + WIRE_MIN_DATA - NOISE_AT,
		      frame->len - WIRE_MIN_DATA) == 0;
}

/* New numbers become seen, those that they skip unseen. */
static void
seen_advance(struct origin *origin, uint64_t *seen, uint64_t next, uint64_t seq)
{
	if (seq - next >= origin->window) {
		memset(seen, 0, origin->window / 8);
		return;
	}
	for (; next < seq; next++)
		seen[(next & (origin->window - 1)) / 64] &= ~(UINT64_C(1) << next % 64);
}

/* @return true for the first time */
static inline bool
see(struct gen *gen, struct origin *origin, uint32_t flow, uint64_t seq)
{
	uint64_t *seen = origin->seen + (size_t)flow * (origin->window / 64);
	uint64_t *bits = seen + (seq & (origin->window - 1)) / 64, bit = UINT64_C(1) << seq % 64;
	uint64_t next = origin->next[flow];

	if (seq >= next) {
		if (seq > next)
			seen_advance(origin, seen, next, seq);
		origin->next[flow] = seq + 1;
	} else if (next - seq > origin->window || (*bits & bit) != 0) {
		wire_count(&gen->counts.duplicated, 1);
		return false;
	} else {
		wire_count(&gen->counts.reordered, 1);
	}
	if ((*bits & bit) == 0)
		*bits |= bit;
	return true;
}

static bool
count_corrupt(struct gen *gen, uint16_t id)
{
	struct origin_slot *slot = slot_lock(id);
	bool known = slot->origin != NULL && slot->origin->id == id;

	if (known) {
		wire_count(&slot->origin->corrupt, 1);
		wire_count(&gen->counts.corrupt, 1);
	}
	slot_unlock(slot);
	return known;
}

/* A generator's frame that was changed still has the numbers and the noise that
 * belongs to them, or else the generator's address. */
static void
count_odd(struct gen *gen, const struct wire_frame *frame)
{
	const uint8_t *data = frame->data;
	struct head head;
	uint16_t id;

	if (frame->len >= WIRE_MIN_DATA) {
		id = load16(data + ID_AT);
		head = make_head(id, load16(data + ID_AT + 2), frame->len);
		if (memcmp(data + NOISE_AT, noise_at(&head, load64(data + ID_AT + 4)),
			   WIRE_MIN_DATA - NOISE_AT) == 0 && count_corrupt(gen, id))
			return;
	}
	if (frame->len >= SRC_AT + 4 && load16(data + SRC_AT) == SRC_NET >> 16 &&
	    count_corrupt(gen, load16(data + SRC_AT + 2)))
		return;
	wire_count(&gen->counts.foreign, 1);
}

static unsigned int
gen_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	struct origin_slot *slot = NULL;
	uint64_t bytes = 0, intact = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct wire_frame *frame = &frames[i];

		bytes += frame->len;
		if (frame->len >= WIRE_MIN_DATA) {
			uint16_t id = load16(frame->data + ID_AT);
			uint32_t flow = load16(frame->data + ID_AT + 2);
			uint64_t seq = load64(frame->data + ID_AT + 4);

			if (slot != &slots[id % NB_GENERATORS]) {
				slot_unlock(slot);
				slot = slot_lock(id);
			}
			if (slot->origin != NULL && is_as_made(slot->origin, frame, flow, seq)) {
				if (see(gen, slot->origin, flow, seq)) {
					wire_count(&slot->origin->intact, 1);
					intact++;
				}
				continue;
			}
		}
		slot_unlock(slot);
		slot = NULL;
		count_odd(gen, frame);
	}
	slot_unlock(slot);
	wire_count(&gen->counts.intact, intact);
	wire_count(&gen->counts.from_nic, n);
	wire_count(&gen->counts.from_nic_bytes, bytes);
	return n;
}

static void
gen_counts(struct wire *w, struct wire_counts *counts)
{
	struct gen *gen = (struct gen *)w;
	uint64_t arrived = 0;

	if (gen->origin != NULL) {
		struct origin_slot *slot = slot_lock(gen->origin->id);

		arrived = gen->origin->intact + gen->origin->corrupt;
		slot_unlock(slot);
	}
	wire_counts_copy(counts, &gen->counts, wire_pace_done(&gen->pace));
	/* it may arrive before the device says that it took it */
	counts->lost = counts->to_nic > arrived ? counts->to_nic - arrived : 0;
}

/* Life */

static void
origin_free(struct origin *origin)
{
	if (origin == NULL)
		return;
	free(origin->head);
	free(origin->next);
	free(origin->seen);
	free(origin);
}

static void
gen_free(struct wire *w)
{
	struct gen *gen = (struct gen *)w;

	if (gen->origin != NULL && gen->origin->id != 0) {
		struct origin_slot *slot = slot_lock(gen->origin->id);

		slot->origin = NULL;
		slot_unlock(slot);
	}
	origin_free(gen->origin);
	free(gen->frames);
	free(gen);
}

static const struct wire_ops gen_ops = {
	.peek = gen_peek,
	.consume = gen_consume,
	.send = gen_send,
	.counts = gen_counts,
	.free = gen_free,
};

static struct origin *
origin_create(uint32_t flows, const uint64_t size[2])
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (origin == NULL)
		return NULL;
	origin->flows = flows;
	origin->len_min = size[0] - 4;
	origin->nb_lens = size[1] - size[0] + 1;
	origin->window = MAX_WINDOW;
	while (origin->window > MIN_WINDOW && origin->window > MAX_WINDOW / flows)
		origin->window /= 2;
	origin->head = calloc(origin->nb_lens == 1 ? flows : 1, sizeof(*origin->head));
	origin->next = calloc(flows, sizeof(*origin->next));
	origin->seen = calloc(flows, origin->window / 8);
	if (origin->head == NULL || origin->next == NULL || origin->seen == NULL) {
		origin_free(origin);
		return NULL;
	}
	return origin;
}

/* An id that no frame still under way can have: the last to be used again. Up to
 * MAX_ID no IPv4 header's checksum comes to zero, of which there are two. */
static bool
origin_publish(struct origin *origin)
{
	unsigned int i;
	uint32_t flow;
	bool vacant;

	for (i = 0; i < 2 * NB_GENERATORS; i++) {
		uint16_t id = (atomic_fetch_add(&last_id, 1) + 1) & MAX_ID;
		struct origin_slot *slot = slot_lock(id);

		vacant = id != 0 && slot->origin == NULL;
		if (vacant) {
			origin->id = id;
			for (flow = 0; origin->nb_lens == 1 && flow < origin->flows; flow++)
				origin->head[flow] = make_head(id, flow, origin->len_min);
			slot->origin = origin;
		}
		slot_unlock(slot);
		if (vacant)
			return true;
	}
	return false;
}

/* The addresses, which do not change: from 02-00-00-00-(generator). */
static bool
frames_create(struct gen *gen, uint32_t max_len, const uint8_t dst[6])
{
	const uint8_t src[6] = { 0x02, 0, 0, 0, gen->origin->id >> 8, gen->origin->id & 0xff };
	unsigned int i;

	gen->stride = (max_len + 63) & ~63u;
	gen->frames = aligned_alloc(64, (size_t)WIRE_BURST * gen->stride);
	if (gen->frames == NULL)
		return false;
	for (i = 0; i < WIRE_BURST; i++) {
		gen->ready[i].data = gen->frames + (size_t)i * gen->stride;
		memcpy(gen->frames + (size_t)i * gen->stride, dst, 6);
		memcpy(gen->frames + (size_t)i * gen->stride + 6, src, 6);
	}
	return true;
}

struct wire *
wire_gen_create(bool source, char *args, const uint8_t mac[6], struct wire_error *err)
{
	uint64_t rate = WIRE_RATE_UNLIMITED, size[2] = { 64, 64 }, count = 0, flows = 1;
	uint64_t burst = WIRE_BURST, lossless = 0, start = 1, window = 0;
	uint8_t dst[6];
	struct wire_option options[] = {
		WIRE_OPTION_RATE(&rate),
		{ "size", wire_parse_range, size, "64 to 15872, or a range of it from low to high",
		  64, WIRE_MAX_FRAME, false },
		{ "count", wire_parse_number, &count, "0 (no end) to 18446744073709551614",
		  0, UINT64_MAX - 1, false },
		{ "flows", wire_parse_number, &flows, "1 to 65536", 1, MAX_FLOWS, false },
		{ "burst", wire_parse_number, &burst, "1 to 32", 1, WIRE_BURST, false },
		{ "window", wire_parse_number, &window, "0 (any number) to 1000000", 0, 1000000, false },
		{ "dst", wire_parse_mac, dst, "xx-xx-xx-xx-xx-xx", 0, 0, false },
		WIRE_OPTION_BOOL("start", &start),
		WIRE_OPTION_BOOL("lossless", &lossless), /* the last */
	};
	unsigned int nb_options = sizeof(options) / sizeof(options[0]);
	struct gen *gen;

	memcpy(dst, mac, sizeof(dst));
	if (!wire_parse(source ? "gen" : "sink", args, options, source ? nb_options : 0, err))
		return NULL;
	if (!options[nb_options - 1].given)
		lossless = rate == WIRE_RATE_UNLIMITED;

	pthread_once(&once, init_once);
	gen = calloc(1, sizeof(*gen));
	if (gen == NULL)
		goto no_memory;
	gen->wire.ops = &gen_ops;
	gen->wire.lossless = lossless;
	atomic_init(&gen->wire.light, true);
	if (!source)
		return &gen->wire;

	gen->wire.pace = &gen->pace;
	gen->window = window;
	wire_pace_init(&gen->pace, rate, burst, count > 0 ? count : UINT64_MAX, start, gen_len);
	gen->origin = origin_create(flows, size);
	if (gen->origin == NULL)
		goto no_memory;
	if (!origin_publish(gen->origin)) {
		gen_free(&gen->wire);
		return wire_fail(err, ENOSPC, "wire: gen: there are too many; allowed are %u in a process",
				 NB_GENERATORS);
	}
	if (!frames_create(gen, size[1] - 4, dst))
		goto no_memory;
	return &gen->wire;

no_memory:
	if (gen != NULL)
		gen_free(&gen->wire);
	return wire_fail(err, ENOMEM, "wire: gen: out of memory");
}
