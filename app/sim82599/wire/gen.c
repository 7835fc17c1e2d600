/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Generator and checking sink.
 *
 * A frame is Ethernet, IPv4 and UDP with valid checksums. Four numbers in it determine all of its
 * bytes: its generator, its flow, its number within the flow, and its length.  A sink builds the
 * same frame again and compares.
 *
 *     0  Ethernet  destination, source: may be rewritten by a forwarder
 *    12            type 0x0800
 *    14  IPv4      from 198.19.0.0 + generator to 198.18.(flow % 16).1 (RFC 2544's
 *                  networks); a router may change the TTL, together with the
 *                  checksum
 *    34  UDP       from port 4096 + flow % 256 to port 8192 + flow / 256
 *    42  payload   generator (2 bytes), flow (2), number (8)
 *    54            the last 6 bytes of the number, inverted
 *    60            a piece of a table of noise; the numbers determine its start
 *
 * The sum of a number and its inverse is constant.  So bytes 12 to 43 are the same in all frames of
 * a flow that have the same length, except for the noise's part of the UDP checksum, which comes
 * from a table of sums. These bytes are two blocks of 16 bytes, which are made once; a third block
 * has the numbers.  Any changed byte is detected.
 *
 * One thread makes and checks all frames that a device moves, so this must be cheap, above all for
 * the shortest frames, unchanged and in order.
 */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tmmintrin.h>

#include "wire_priv.h"

#define NB_GENERATORS 256
#define MAX_ID        0x3fffu
#define MAX_FLOWS     65536u

#define TYPE_AT  12
#define IP_AT    14
#define SRC_AT   26
#define DST_AT   30
#define UDP_AT   34
#define ID_AT    42
#define FLOW_AT  44
#define SEQ_AT   46
#define NOISE_AT 60

/* blocks of 16 bytes */
#define FIRST_AT   TYPE_AT
#define SECOND_AT  28
#define NUMBERS_AT FLOW_AT

#define IP_TYPE  0x0800
#define IP_TTL   64

#define SRC_NET 0xc6130000u  /* 198.19.0.0 */
#define DST_NET 0xc6120000u  /* 198.18.0.0 */

/* Numbers that can be told apart: a late frame of the last ones of its flow is
 * known to be late, or a duplicate; one that is older is taken for a duplicate. */
#define MIN_WINDOW 1024u
#define MAX_WINDOW 65536u

/* The parts that are equal in all frames of a flow that have the same length. */
struct head {
	__m128i first;             /* bytes 12 to 27 */
	__m128i second;            /* bytes 28 to 43, if there is no noise */
	__m128i numbers;           /* bytes 44 to 59 of number 0 */
	uint64_t ip_sum;           /* of IPv4's words, without the length */
	uint64_t udp_sum;          /* of UDP's words but the number and the noise */
};

/* The state of a flow at the sinks. */
struct track {
	uint64_t next;             /* the highest number seen, + 1 */
	uint64_t nb_missing;       /* missing numbers in the window before it */
};

/* The parameters of a generator that sinks need, and its state at the sinks. */
struct origin {
	uint16_t id;
	uint32_t flows;
	uint32_t len_min, nb_lens; /* the n-th frame has len_min + n % nb_lens bytes */
	uint32_t window;           /* a power of two */
	struct head *head;         /* by flow; with the length if all frames have the same */
	struct track *track;       /* by flow */
	uint64_t *missing;         /* by flow: a ring of window bits */
	uint64_t intact, corrupt;  /* arrived at sinks; written with the slot locked */
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
	bool trust;            /* describe the frames to the device: wire_frame.made */
	/* frames ready for the device: positions pace.taken to built - 1 */
	uint64_t built;
	uint32_t flow;
	uint64_t seq;
	uint32_t stride;
	uint8_t *frames;
	struct wire_frame ready[WIRE_BURST]; /* these frames, in the slots of their positions */
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

/* The Internet checksum (RFC 1071) of words whose sum is given: 0xffff - sum % 0xffff.
 * 2^16 is 1 modulo 0xffff, so wider words may be added without folding them. Of the two zeros, the
 * result is the one that UDP needs (RFC 768); the IPv4 headers here never have the sum zero. */
static inline uint16_t
checksum(uint64_t sum)
{
	return ~(sum + sum / 0xffff);
}

static inline __m128i
load128(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline void
store128(uint8_t *p, __m128i x)
{
	_mm_storeu_si128((__m128i *)p, x);
}

/* Set a 16-bit word of a block, by the offsets of the word and of the block in the frame. */
#define SET_WORD(block, from, at, word) _mm_insert_epi16(block, htobe16(word), ((at) - (from)) / 2)

/* The start of a frame's piece of noise. Frames with neighbouring numbers, and generators that
 * exist at the same time, have different noise. */
static inline uint32_t
piece_of(uint16_t id, uint32_t flow, uint64_t seq)
{
	uint32_t first = (id + flow * 61) % NB_PIECES;

	return (first + ((uint32_t)seq * 0x9e3779b1) / (UINT32_MAX / NB_PIECES + 1)) % NB_PIECES;
}

/* The sum of the 16-bit words of noise in a frame, of which the last is padded (RFC 768). */
static inline uint32_t
piece_sum(uint32_t piece, uint32_t len)
{
	uint32_t words = (len - NOISE_AT) / 2, sum = noise_sum[piece + words] - noise_sum[piece];

	return len % 2 == 0 ? sum : sum + (noise[2 * (piece + words)] << 8);
}

static void
make_head(struct head *head, uint16_t id, uint32_t flow)
{
	uint64_t src = SRC_NET + id, dst = DST_NET + (flow % 16 << 8) + 1;
	uint64_t sport = 4096 + flow % 256, dport = 8192 + flow / 256;
	const uint64_t first[2] = {
		htobe64((uint64_t)IP_TYPE << 48 | UINT64_C(0x4500) << 32),
		htobe64(UINT64_C(0x4000) << 48 | (uint64_t)IP_TTL << 40 | UINT64_C(17) << 32 |
			src >> 16),
	};
	const uint64_t second[2] = {
		htobe64((src & 0xffff) << 48 | dst << 16 | sport),
		htobe64(dport << 48 | id),
	};

	head->first = load128((const uint8_t *)first);
	head->second = load128((const uint8_t *)second);
	head->ip_sum = 0x4500 + 0x4000 + (IP_TTL << 8 | 17) + src + dst;
	head->udp_sum = src + dst + 17 + sport + dport + id + flow;
	head->numbers = _mm_set_epi64x(~UINT64_C(0xffff), htobe16(flow));
}

/* Bytes 28 to 43 of a frame whose noise has this sum. The number and its inverse add the 2 bytes of
 * the number that are not inverted: the others make 0xffff, which adds nothing. */
static inline __m128i
make_second(const struct head *head, uint64_t seq, uint32_t sum)
{
	return SET_WORD(head->second, SECOND_AT, UDP_AT + 6,
			checksum(head->udp_sum + (seq >> 48) + sum));
}

static inline void
head_set_len(struct head *head, uint32_t len)
{
	uint32_t ip_len = len - IP_AT, udp_len = len - UDP_AT;

	head->first = SET_WORD(head->first, FIRST_AT, IP_AT + 2, ip_len);
	head->first = SET_WORD(head->first, FIRST_AT, IP_AT + 10, checksum(head->ip_sum + ip_len));
	head->second = SET_WORD(head->second, SECOND_AT, UDP_AT + 4, udp_len);
	head->udp_sum += 2 * udp_len; /* in the pseudo header, too */
	head->second = make_second(head, 0, 0);
}

/* Bytes 44 to 59: number 0 has the flow, and 6 bytes inverted. */
static inline __m128i
make_numbers(__m128i numbers, uint64_t seq)
{
	const __m128i places = _mm_set_epi8(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, -1, -1);

	return _mm_xor_si128(numbers, _mm_shuffle_epi8(_mm_cvtsi64_si128(seq), places));
}

static uint32_t
len_at(const struct origin *origin, uint64_t position)
{
	return origin->nb_lens == 1 ? origin->len_min :
				      origin->len_min + position % origin->nb_lens;
}

static bool
all_shortest(const struct origin *origin)
{
	return origin->nb_lens == 1 && origin->len_min == WIRE_MIN_DATA;
}

static const struct head *
head_of(const struct origin *origin, uint32_t flow, uint32_t len, struct head *made)
{
	if (origin->nb_lens == 1)
		return &origin->head[flow];
	*made = origin->head[flow];
	head_set_len(made, len);
	return made;
}

static uint32_t
gen_len(struct wire *w, uint64_t position)
{
	return len_at(((struct gen *)w)->origin, position);
}

/* Generator */

/* Build the next n frames at these places. */
static void
build_shortest(struct gen *gen, const struct wire_frame *frames, unsigned int n)
{
	const struct head *head = gen->origin->head;
	const uint32_t flows = gen->origin->flows;
	uint32_t flow = gen->flow;
	uint64_t seq = gen->seq;
	uint8_t *frame;

	for (unsigned int i = 0; i < n; i++) {
		frame = (uint8_t *)frames[i].data;
		store128(frame + FIRST_AT, head[flow].first);
		store128(frame + SECOND_AT, head[flow].second);
		store128(frame + NUMBERS_AT, make_numbers(head[flow].numbers, seq));
		if (++flow == flows) {
			flow = 0;
			seq++;
		}
	}
	gen->flow = flow;
	gen->seq = seq;
}

static void
build_any(struct gen *gen, struct wire_frame *frames, unsigned int n)
{
	const struct head *head;
	struct head made;
	uint32_t len, piece;
	uint8_t *frame;

	for (unsigned int i = 0; i < n; i++) {
		frame = (uint8_t *)frames[i].data;
		len = len_at(gen->origin, gen->built + i);
		head = head_of(gen->origin, gen->flow, len, &made);
		piece = piece_of(gen->origin->id, gen->flow, gen->seq);
		store128(frame + FIRST_AT, head->first);
		store128(frame + SECOND_AT, make_second(head, gen->seq, piece_sum(piece, len)));
		store128(frame + NUMBERS_AT, make_numbers(head->numbers, gen->seq));
		memcpy(frame + NOISE_AT, noise + 2 * piece, len - NOISE_AT);
		frames[i].len = gen->ready[(gen->built + i) % WIRE_BURST].len = len;
		if (++gen->flow == gen->origin->flows) {
			gen->flow = 0;
			gen->seq++;
		}
	}
}

/* The number of frames that may follow; lost frames count as under way. */
static uint64_t
window_left(const struct gen *gen)
{
	uint64_t arrived = __atomic_load_n(&gen->origin->intact, __ATOMIC_RELAXED) +
			   __atomic_load_n(&gen->origin->corrupt, __ATOMIC_RELAXED);
	uint64_t under_way = gen->counts.to_nic - arrived;

	/* it may arrive before the device calls consume() */
	if ((int64_t)under_way < 0)
		under_way = 0;
	return under_way < gen->window ? gen->window - under_way : 0;
}

static unsigned int
gen_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	uint64_t first = gen->pace.taken;
	unsigned int due, held, i;
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
	for (i = 0; i < due; i++)
		frames[i] = gen->ready[(first + i) % WIRE_BURST];
	held = gen->built - first;
	if (due > held) {
		if (all_shortest(gen->origin) && gen->seq + WIRE_BURST < UINT64_C(1) << 48)
			build_shortest(gen, frames + held, due - held);
		else
			build_any(gen, frames + held, due - held);
		gen->built = first + due;
	}
	if (due > 0 && gen->trust && gen->origin->nb_lens == 1)
		frames[0].made = due;
	return due;
}

static void
gen_consume(struct wire *w, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	uint64_t bytes = 0;
	unsigned int i;

	if (n > 0 && gen->origin->nb_lens == 1)
		bytes = (uint64_t)n * gen->origin->len_min;
	else
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
	pthread_mutex_unlock(&slot->lock);
}

/* Of a frame of at least UDP_AT bytes: is the checksum of its IPv4 header good? */
static bool
is_ip_good(const uint8_t *data)
{
	uint64_t sum = load64(data + IP_AT) % 0xffff + load64(data + IP_AT + 8) % 0xffff +
		       (load64(data + IP_AT + 12) & 0xffffffff);

	return sum % 0xffff == 0;
}

/* A router changed the TTL, and the checksum with it; nothing else of bytes 12 to 27. */
static bool
is_routed(const uint8_t *data, __m128i first)
{
	int same = _mm_movemask_epi8(_mm_cmpeq_epi8(load128(data + FIRST_AT), first));

	return (same | 1 << (IP_AT + 8 - FIRST_AT) | 3 << (IP_AT + 10 - FIRST_AT)) == 0xffff &&
	       is_ip_good(data);
}

/* Are bytes 12 to 59 equal to these, possibly with another TTL? */
static inline bool
is_as_made(const uint8_t *data, __m128i first, __m128i second, __m128i numbers)
{
	__m128i same_first = _mm_cmpeq_epi8(load128(data + FIRST_AT), first);
	__m128i same = _mm_and_si128(_mm_cmpeq_epi8(load128(data + SECOND_AT), second),
				     _mm_cmpeq_epi8(load128(data + NUMBERS_AT), numbers));

	if (_mm_movemask_epi8(_mm_and_si128(same_first, same)) == 0xffff)
		return true;
	return _mm_movemask_epi8(same) == 0xffff && is_routed(data, first);
}

/* @return true if it was not set before */
static bool
set_missing(struct origin *origin, uint32_t flow, uint64_t seq, bool missing)
{
	uint64_t at = (uint64_t)flow * origin->window + (seq & (origin->window - 1));
	uint64_t *bits = &origin->missing[at / 64], bit = UINT64_C(1) << at % 64;

	if (((*bits & bit) != 0) == missing)
		return false;
	*bits ^= bit;
	origin->track[flow].nb_missing += missing ? 1 : -1;
	return true;
}

/* @return true for the first time */
static bool
see(struct gen *gen, struct origin *origin, uint32_t flow, uint64_t seq)
{
	struct track *track = &origin->track[flow];

	if (seq < track->next) {
		if (track->next - seq > origin->window || !set_missing(origin, flow, seq, false)) {
			wire_count(&gen->counts.duplicated, 1);
			return false;
		}
		wire_count(&gen->counts.reordered, 1);
		return true;
	}
	if (seq - track->next >= origin->window) { /* no number of the window before it was seen */
		memset(&origin->missing[(uint64_t)flow * origin->window / 64], 0xff,
		       origin->window / 8);
		track->nb_missing = origin->window;
	} else {
		for (; track->next < seq; track->next++)
			set_missing(origin, flow, track->next, true);
	}
	set_missing(origin, flow, seq, false);
	track->next = seq + 1;
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

/* A changed frame of a generator still has the generator's address, under a good checksum, or else
 * a number and its inverse. The address of a frame that was cut is trusted in any case. */
static void
count_odd(struct gen *gen, const struct wire_frame *frame)
{
	const uint8_t *data = frame->data;
	bool addressed, numbered = false;
	__m128i numbers;

	addressed = frame->len >= SRC_AT + 4 && load16(data + SRC_AT) == SRC_NET >> 16;
	if (frame->len >= WIRE_MIN_DATA) {
		numbers = _mm_set_epi64x(~UINT64_C(0xffff), htobe16(load16(data + FLOW_AT)));
		numbers = make_numbers(numbers, load64(data + SEQ_AT));
		numbered = memcmp(data + NUMBERS_AT, &numbers, sizeof(numbers)) == 0;
	}
	if (addressed && (!numbered || is_ip_good(data)) &&
	    count_corrupt(gen, load16(data + SRC_AT + 2)))
		return;
	if (numbered && count_corrupt(gen, load16(data + ID_AT)))
		return;
	wire_count(&gen->counts.foreign, 1);
}

/* The common case. Not inlined: the loop needs all registers.
 * @return the number of first frames that are the next of their flows, and unchanged */
static __attribute__((noinline)) unsigned int
arrive_in_order(struct origin *origin, const struct wire_frame *frames, unsigned int n)
{
	const struct wire_frame *frame, *end = frames + n;
	const struct head *head;
	struct track *track;
	uint32_t flow;
	uint64_t seq;

	if (!all_shortest(origin))
		return 0;
	for (frame = frames; frame < end && frame->len == WIRE_MIN_DATA; frame++) {
		flow = load16(frame->data + FLOW_AT);
		if (flow >= origin->flows)
			break;
		track = &origin->track[flow];
		head = &origin->head[flow];
		seq = track->next;
		if (!is_as_made(frame->data, head->first, head->second,
				make_numbers(head->numbers, seq)))
			break;
		if (track->nb_missing > 0)
			set_missing(origin, flow, seq, false);
		track->next = seq + 1;
	}
	return frame - frames;
}

/* @return true if this frame is unchanged; then it is counted as intact or as a duplicate */
static bool
arrive_any(struct gen *gen, struct origin *origin, const struct wire_frame *frame, uint64_t *intact)
{
	const uint8_t *data = frame->data;
	uint32_t flow, piece, len = frame->len;
	const struct head *head;
	struct head made;
	uint64_t seq;

	if (len < WIRE_MIN_DATA)
		return false;
	flow = load16(data + FLOW_AT);
	seq = load64(data + SEQ_AT);
	if (flow >= origin->flows || len != len_at(origin, seq * origin->flows + flow))
		return false;
	head = head_of(origin, flow, len, &made);
	piece = piece_of(origin->id, flow, seq);
	if (!is_as_made(data, head->first, make_second(head, seq, piece_sum(piece, len)),
			make_numbers(head->numbers, seq)) ||
	    memcmp(data + NOISE_AT, noise + 2 * piece, len - NOISE_AT) != 0)
		return false;
	*intact += see(gen, origin, flow, seq);
	return true;
}

/* Count the first frames that are unchanged, and from the same generator. @return their number */
static unsigned int
arrive(struct gen *gen, const struct wire_frame *frames, unsigned int n)
{
	struct origin_slot *slot;
	uint64_t intact = 0, bytes = 0;
	unsigned int i = 0, run;

	if (frames[0].len < WIRE_MIN_DATA)
		return 0;
	slot = slot_lock(load16(frames[0].data + ID_AT));
	if (slot->origin != NULL) {
		while (i < n) {
			run = arrive_in_order(slot->origin, &frames[i], n - i);
			intact += run;
			bytes += (uint64_t)run * WIRE_MIN_DATA;
			i += run;
			if (i == n || !arrive_any(gen, slot->origin, &frames[i], &intact))
				break;
			bytes += frames[i++].len;
		}
		wire_count(&slot->origin->intact, intact);
	}
	slot_unlock(slot);
	wire_count(&gen->counts.intact, intact);
	wire_count(&gen->counts.from_nic_bytes, bytes);
	return i;
}

static unsigned int
gen_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct gen *gen = (struct gen *)w;
	unsigned int i, run;

	for (i = 0; i < n; i += run) {
		run = arrive(gen, &frames[i], n - i);
		if (run == 0) {
			count_odd(gen, &frames[i]);
			wire_count(&gen->counts.from_nic_bytes, frames[i].len);
			run = 1;
		}
	}
	wire_count(&gen->counts.from_nic, n);
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
	/* it may arrive before the device calls consume() */
	counts->lost = counts->to_nic > arrived ? counts->to_nic - arrived : 0;
}

/* Creation and end */

static void
origin_free(struct origin *origin)
{
	if (origin == NULL)
		return;
	free(origin->head);
	free(origin->track);
	free(origin->missing);
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
	origin->head = aligned_alloc(64, flows * sizeof(*origin->head));
	origin->track = calloc(flows, sizeof(*origin->track));
	origin->missing = calloc(flows, origin->window / 8);
	if (origin->head == NULL || origin->track == NULL || origin->missing == NULL) {
		origin_free(origin);
		return NULL;
	}
	return origin;
}

/* Choose an id that no frame under way can have: the one that was free for the longest time. Up to
 * MAX_ID, no IPv4 header has a checksum of zero, which has two representations. */
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
			for (flow = 0; flow < origin->flows; flow++) {
				make_head(&origin->head[flow], id, flow);
				if (origin->nb_lens == 1)
					head_set_len(&origin->head[flow], origin->len_min);
			}
			slot->origin = origin;
		}
		slot_unlock(slot);
		if (vacant)
			return true;
	}
	return false;
}

/* Fill in the constant fields: the addresses, from 02-00-00-00-(generator), and the type. */
static bool
frames_create(struct gen *gen, uint32_t max_len, const uint8_t dst[6])
{
	const uint8_t src[6] = { 0x02, 0, 0, 0, gen->origin->id >> 8, gen->origin->id & 0xff };
	const uint8_t type[2] = { IP_TYPE >> 8, IP_TYPE & 0xff };
	unsigned int i;

	gen->stride = (max_len + 63) & ~63u;
	gen->frames = aligned_alloc(64, (size_t)WIRE_BURST * gen->stride);
	if (gen->frames == NULL)
		return false;
	for (i = 0; i < WIRE_BURST; i++) {
		gen->ready[i].len = gen->origin->len_min;
		gen->ready[i].made = gen->trust;
		gen->ready[i].data = gen->frames + (size_t)i * gen->stride;
		memcpy(gen->frames + (size_t)i * gen->stride, dst, 6);
		memcpy(gen->frames + (size_t)i * gen->stride + 6, src, 6);
		memcpy(gen->frames + (size_t)i * gen->stride + TYPE_AT, type, 2);
	}
	return true;
}

struct wire *
wire_gen_create(bool source, char *args, const uint8_t mac[6], struct wire_error *err)
{
	uint64_t rate = WIRE_RATE_UNLIMITED, size[2] = { 64, 64 }, count = 0, flows = 1;
	uint64_t burst = 32, lossless = 0, start = 1, trust = 1, window = 0;
	uint8_t dst[6];
	struct wire_option options[] = {
		WIRE_OPTION_RATE(&rate),
		{ "size", wire_parse_range, size, "64 to 15872, or a range of it from low to high",
		  64, WIRE_MAX_FRAME, false },
		{ "count", wire_parse_number, &count, "0 (no end) to 18446744073709551614",
		  0, UINT64_MAX - 1, false },
		{ "flows", wire_parse_number, &flows, "1 to 65536", 1, MAX_FLOWS, false },
		{ "burst", wire_parse_number, &burst, "1 to 64", 1, WIRE_BURST, false },
		{ "window", wire_parse_number, &window, "0 (any number) to 1000000",
		  0, 1000000, false },
		{ "dst", wire_parse_mac, dst, "xx-xx-xx-xx-xx-xx", 0, 0, false },
		WIRE_OPTION_BOOL("trust", &trust),
		WIRE_OPTION_BOOL("start", &start),
		WIRE_OPTION_BOOL("lossless", &lossless), /* must be the last option */
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
	gen->wire.source = true;
	atomic_init(&gen->wire.light, true);
	if (!source)
		return &gen->wire;

	gen->wire.pace = &gen->pace;
	gen->window = window;
	gen->trust = trust;
	wire_pace_init(&gen->pace, rate, burst, count > 0 ? count : UINT64_MAX, start, gen_len);
	gen->origin = origin_create(flows, size);
	if (gen->origin == NULL)
		goto no_memory;
	if (!origin_publish(gen->origin)) {
		gen_free(&gen->wire);
		return wire_fail(err, ENOSPC,
				 "wire: gen: there are too many; allowed: %u in a process",
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
