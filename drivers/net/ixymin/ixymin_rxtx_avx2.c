/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * The vector paths, for processors with AVX2: four packets a step. A step does what is usual. Where
 * none can be made, the scalar function does up to four packets: a descriptor is not done or its
 * packet is bad, a packet to be sent has segments or offloads, the ring ends, or fewer than four
 * are left. So the results are the same, and what is to be done then is written only once.
 *
 * A step of receiving. A register has 32 bytes: two descriptors, or 8 bytes for each of four. The
 * latter are in the order 0, 2, 1, 3, since unpack instructions work on each half of a register.
 *
 *   two as written back:               of all four:
 *   | info hash | status len vlan |    | status len vlan | 2 | 1 | 3 |  is each as it should be?
 *         | shuffle bytes              | info hash       | 2 | 1 | 3 |
 *         v                                   | shift bits
 *   | packet_type pkt_len                     v
 *     data_len vlan_tci hash |         | ol_flags        | 2 | 1 | 3 |
 *         |                                   |
 *         +--------------------------------+  +-----+
 *   an mbuf, by one store:                 v        v
 *                         | rearm_data ol_flags packet_type pkt_len data_len vlan_tci hash |
 *
 * A step of sending picks 8 bytes from three places of each mbuf:
 *
 *   | data_off refcnt nb_segs port | 2 | 1 | 3 |  one segment?  buf_iova + data_off = buffer_addr
 *   | buf_iova                     | 2 | 1 | 3 |
 *   | pkt_len data_len vlan_tci    | 2 | 1 | 3 |  is the length allowed?  -> the rest
 *   two descriptors, by one store:  | buffer_addr cmd_type_len olinfo_status | ... of the next |
 *
 * __m256i is four integers of 64 bits, for the operators of C, too.
 */

#include <immintrin.h>

#include "ixymin_rxtx.h"

#define STEP 4u /* packets */

/* The places in an mbuf that are stored or loaded together */
#define BEHIND_REARM(field) \
	(offsetof(struct rte_mbuf, field) - offsetof(struct rte_mbuf, rearm_data))
static_assert(BEHIND_REARM(data_off) == 0, "data_off");
static_assert(BEHIND_REARM(nb_segs) == 4, "nb_segs");
static_assert(BEHIND_REARM(ol_flags) == 8, "ol_flags");
static_assert(BEHIND_REARM(packet_type) == 16, "packet_type");
static_assert(BEHIND_REARM(pkt_len) == 20, "pkt_len");
static_assert(BEHIND_REARM(data_len) == 24, "data_len");
static_assert(BEHIND_REARM(vlan_tci) == 26, "vlan_tci");
static_assert(BEHIND_REARM(hash.rss) == 28, "hash");

static inline __m256i
all(uint64_t value)
{
	return _mm256_set1_epi64x(value);
}

static inline void
store(void *at, __m256i value)
{
	_mm256_storeu_si256(at, value);
}

/* Not 0 in those of four where the 16 bits above shift are less than min or more than max */
static inline __m256i
out_of_range(__m256i lens, unsigned int shift, uint64_t min, uint64_t max)
{
	__m256i most = all(~(UINT64_C(0xffff) << shift) | max << shift);

	return _mm256_subs_epu16(lens, most) | _mm256_subs_epu16(all(min << shift), lens);
}

/* Bits of status that a packet must have, and must not have. If checksums are wrong, and the
 * application wants to know it, the scalar function looks closer (erratum 44). */
#define RX_SET        (IXYMIN_RXD_DD | IXYMIN_RXD_EOP)
#define RX_CLEAR      IXYMIN_RXD_RXE
#define RX_CLEAR_FULL (IXYMIN_RXD_RXE | IXYMIN_RXD_L4E | IXYMIN_RXD_IPE)
#define RX_TUNNEL     (RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L3_IPV6)

static_assert(IXYMIN_RXD_IPCS << 1 == RTE_MBUF_F_RX_IP_CKSUM_GOOD, "IP checksum");
static_assert(IXYMIN_RXD_L4CS << 3 == RTE_MBUF_F_RX_L4_CKSUM_GOOD, "L4 checksum");
static_assert(IXYMIN_RXD_VP << 3 == RTE_MBUF_F_RX_VLAN_STRIPPED, "VLAN tag was stripped");
static_assert(IXYMIN_RXD_VP >> 3 == RTE_MBUF_F_RX_VLAN, "VLAN tag");
static_assert((IXYMIN_RXD_INFO_RSS_TYPE + 1) >> 3 == RTE_MBUF_F_RX_RSS_HASH, "RSS hash");

/* ol_flags of packets whose checksums are right, if they were checked */
static inline __m256i
rx_flags(__m256i status, __m256i info)
{
	const __m256i rss_type = all(IXYMIN_RXD_INFO_RSS_TYPE);
	__m256i rss = (info & rss_type) + rss_type; /* what is not 0 carries */

	return (_mm256_slli_epi64(status, 1) & all(RTE_MBUF_F_RX_IP_CKSUM_GOOD)) |
	       (_mm256_slli_epi64(status, 3) & all(RTE_MBUF_F_RX_L4_CKSUM_GOOD |
						   RTE_MBUF_F_RX_VLAN_STRIPPED)) |
	       (_mm256_srli_epi64(status, 3) & all(RTE_MBUF_F_RX_VLAN)) |
	       (_mm256_srli_epi64(rss, 3) & all(RTE_MBUF_F_RX_RSS_HASH));
}

/* Each descriptor is loaded at once. */
static inline __m256i
rx_load(const union ixymin_rx_desc *desc)
{
	__m128i first = _mm_load_si128((const __m128i *)&desc[0]);

	return _mm256_inserti128_si256(_mm256_castsi128_si256(first),
				       _mm_load_si128((const __m128i *)&desc[1]), 1);
}

/* Of descriptors, which are as their device wrote them: the mbuf's fields from packet_type on */
static inline __m256i
rx_fields(const struct ixymin_rxq *q, __m256i descs, const bool full)
{
	const uint64_t types = q->ptypes ? IXYMIN_PTYPE_ALL : 0;
	const uint64_t ether = q->ptypes ? RTE_PTYPE_L2_ETHER : 0;
	const __m128i plain = _mm_setr_epi8(-1, -1, -1, -1, 12, 13, -1, -1,
					    12, 13, -1, -1, -1, -1, -1, -1);
	const __m128i all_fields = _mm_setr_epi8(0, 1, -1, -1, 12, 13, -1, -1,
						 12, 13, 14, 15, 4, 5, 6, 7);

	if (!full)
		return _mm256_shuffle_epi8(descs, _mm256_broadcastsi128_si256(plain));
	descs = _mm256_shuffle_epi8(descs, _mm256_broadcastsi128_si256(all_fields));
	descs &= _mm256_set_epi64x(-1, UINT64_MAX << 32 | types, -1, UINT64_MAX << 32 | types);
	return descs | _mm256_set_epi64x(0, ether, 0, ether);
}

/* Make steps of the nb descriptors from head on, none of them beyond the ring's end. Returns how
 * many packets they took. */
static inline unsigned int
rx_steps(struct ixymin_rxq *q, struct rte_mbuf **pkts, unsigned int nb, const bool full)
{
	const uint64_t must = RX_SET | (full ? RX_CLEAR_FULL : RX_CLEAR);
	const __m256i rearm = all(q->rearm), wanted = all(q->mbuf_flags);
	const union ixymin_rx_desc *ring = &q->ring[q->head];
	struct rte_mbuf **mbufs = &q->mbufs[q->head];
	const uint16_t buf_size = q->buf_size;
	size_t i;

	for (i = 0; i + STEP <= nb; i += STEP) {
		__m256i d01 = rx_load(&ring[i]), d23 = rx_load(&ring[i + 2]);
		__m256i status = _mm256_unpackhi_epi64(d01, d23);
		__m256i info = _mm256_unpacklo_epi64(d01, d23);
		__m256i flags = all(0), wrong, m01, m23;

		rte_compiler_barrier(); /* the device may change them: use what was loaded */
		wrong = (status & all(must)) ^ all(RX_SET);
		wrong |= out_of_range(status, 32, 1, buf_size);
		if (full)
			wrong |= _mm256_cmpeq_epi64(info & all(RX_TUNNEL), all(RX_TUNNEL));
		if (!_mm256_testz_si256(wrong, wrong))
			break;
		if (full)
			flags = rx_flags(status, info) & wanted;
		d01 = rx_fields(q, d01, full);
		d23 = rx_fields(q, d23, full);
		m01 = _mm256_unpacklo_epi64(rearm, flags);
		m23 = _mm256_unpackhi_epi64(rearm, flags);
		store(IXYMIN_MBUF_REARM(mbufs[i]), _mm256_permute2x128_si256(m01, d01, 0x20));
		store(IXYMIN_MBUF_REARM(mbufs[i + 1]), _mm256_permute2x128_si256(m01, d01, 0x31));
		store(IXYMIN_MBUF_REARM(mbufs[i + 2]), _mm256_permute2x128_si256(m23, d23, 0x20));
		store(IXYMIN_MBUF_REARM(mbufs[i + 3]), _mm256_permute2x128_si256(m23, d23, 0x31));
		store(&pkts[i], _mm256_loadu_si256((const __m256i *)&mbufs[i]));
	}
	q->head = q->head + i == q->nb_desc ? 0 : q->head + i;
	q->nb_empty += i;
	return i;
}

/* As ixymin_rx_take(), which ends after nb_pkts descriptors, and the full one, which ends after
 * nb_pkts packets */
static inline uint16_t
rx_take(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts, const bool full)
{
	unsigned int filled = rxq_filled(q), nb = 0, n, steps, empty;
	unsigned int left = full ? filled : RTE_MIN(nb_pkts, filled); /* descriptors */

	while (left > 0 && nb < nb_pkts) {
		n = RTE_MIN(left, (unsigned int)nb_pkts - nb);
		n = RTE_MIN(n, (unsigned int)q->nb_desc - q->head);
		steps = 0;
		if (n >= STEP && rxd_status(&q->ring[q->head + STEP - 1]) & IXYMIN_RXD_DD &&
		    !q->skip_to_eop && (!full || q->first == NULL))
			steps = rx_steps(q, &pkts[nb], n, full);
		nb += steps;
		left -= steps;
		n = RTE_MIN(n - steps, STEP);
		if (n == 0)
			continue;
		empty = q->nb_empty;
		nb += full ? ixymin_rx_take_full(q, &pkts[nb], n) :
			     ixymin_rx_take(q, &pkts[nb], n);
		left -= q->nb_empty - empty;
		if (q->nb_empty - empty < n)
			break; /* the next one is not done */
	}
	return nb;
}

uint16_t
ixymin_rx_take_avx2(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return rx_take(q, pkts, nb_pkts, false);
}

uint16_t
ixymin_rx_take_full_avx2(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return rx_take(q, pkts, nb_pkts, true);
}

void
ixymin_rx_refill_avx2(struct ixymin_rxq *q, unsigned int max_empty)
{
	rxq_refill(q, max_empty);
}

/* 8 bytes at the same place of four mbufs */
static inline uint64_t
tx_word(const struct rte_mbuf *m, size_t place)
{
	uint64_t word;

	memcpy(&word, (const char *)m + place, sizeof(word));
	return word;
}

static inline __m256i
tx_pick(struct rte_mbuf *const *m, size_t place)
{
	return _mm256_set_epi64x(tx_word(m[3], place), tx_word(m[1], place),
				 tx_word(m[2], place), tx_word(m[0], place));
}

/* Make steps of the nb packets, for which there are descriptors in a row. Returns how many packets
 * they took. */
static inline unsigned int
tx_steps(struct ixymin_txq *q, struct rte_mbuf **pkts, unsigned int nb, const bool full)
{
	const __m256i data_len = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		4, 5, -1, -1, 4, 5, -1, -1, 12, 13, -1, -1, 12, 13, -1, -1)); /* twice each */
	const __m256i shift = all((uint64_t)IXYMIN_TXD_PAYLEN_SHIFT << 32);
	const uint64_t nb_segs = UINT64_C(0xffff) << 32, one = UINT64_C(1) << 32;
	union ixymin_tx_desc *ring = &q->ring[q->tail];
	struct rte_mbuf **mbufs = &q->mbufs[q->tail];
	unsigned int tail = q->tail, end;
	size_t i;

	for (i = 0; i + STEP <= nb; i += STEP) {
		struct rte_mbuf *const *m = &pkts[i];
		__m256i rearm = tx_pick(m, offsetof(struct rte_mbuf, rearm_data));
		__m256i lens = tx_pick(m, offsetof(struct rte_mbuf, pkt_len));
		__m256i iova = _mm256_set_epi64x(rte_mbuf_iova_get(m[3]), rte_mbuf_iova_get(m[1]),
						 rte_mbuf_iova_get(m[2]), rte_mbuf_iova_get(m[0]));
		__m256i len = _mm256_shuffle_epi8(lens, data_len), addr, command, wrong;

		wrong = (rearm & all(nb_segs)) ^ all(one);
		wrong |= out_of_range(len, 0, IXYMIN_TX_LEN_MIN, IXYMIN_TX_LEN_MAX);
		if (full)
			wrong |= (lens ^ len) & all(UINT32_MAX); /* pkt_len is the same */
		if (!_mm256_testz_si256(wrong, wrong))
			break;
		if (full && ((m[0]->ol_flags | m[1]->ol_flags | m[2]->ol_flags | m[3]->ol_flags) &
			     IXYMIN_TX_REQUESTS))
			break;
		addr = iova + (rearm & all(0xffff)); /* data_off */
		command = _mm256_sllv_epi32(len, shift) | all(IXYMIN_TX_COMMAND);
		store(&ring[i], _mm256_unpacklo_epi64(addr, command));
		store(&ring[i + 2], _mm256_unpackhi_epi64(addr, command));
		store(&mbufs[i], _mm256_loadu_si256((const __m256i *)m));
	}
	end = tail + i;
	for (tail |= IXYMIN_BATCH - 1; tail < end; tail += IXYMIN_BATCH)
		q->ring[tail].read.cmd_type_len |= IXYMIN_TXD_RS; /* a batch ends here */
	if (i > 0 && end == q->nb_desc)
		q->ring[end - 1].read.cmd_type_len |= IXYMIN_TXD_RS;
	q->tail = end == q->nb_desc ? 0 : end;
	q->nb_free -= i;
	return i;
}

static inline uint16_t
tx_put(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts, const bool full)
{
	unsigned int max = full ? nb_pkts : RTE_MIN(nb_pkts, q->nb_free), nb = 0, n, room, put;

	while (nb < max) {
		n = RTE_MIN(max - nb, (unsigned int)q->nb_desc - q->tail);
		room = q->nb_free;
		if (full && room > 0)
			room--; /* the full function wants one for a context */
		put = tx_steps(q, &pkts[nb], RTE_MIN(n, room), full);
		nb += put;
		n = RTE_MIN(n - put, STEP);
		if (n == 0)
			continue;
		put = full ? ixymin_tx_put_full(q, &pkts[nb], n) : ixymin_tx_put(q, &pkts[nb], n);
		nb += put;
		if (put < n)
			break; /* the ring is full */
	}
	return nb;
}

static inline uint16_t
tx_put_avx2(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return tx_put(q, pkts, nb_pkts, false);
}

static inline uint16_t
tx_put_full_avx2(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return tx_put(q, pkts, nb_pkts, true);
}

uint16_t
ixymin_tx_burst_avx2(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return txq_burst(queue, pkts, nb_pkts, tx_put_avx2, txq_reclaim);
}

uint16_t
ixymin_tx_burst_full_avx2(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return txq_burst(queue, pkts, nb_pkts, tx_put_full_avx2, txq_reclaim);
}
