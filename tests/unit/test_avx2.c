/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * The vector paths of the driver beside its scalar ones. Two queues are alike but for the path; a
 * device writes the same to the rings of both, and an application does the same with both. After
 * each burst everything is the same: the mbufs, rings, positions, statistics, pools.
 *
 * No device is needed: this file writes the rings. Mbufs and their pools have numbers, since those
 * of the two queues have different addresses.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <rte_eal.h>

#include "ixymin_rxtx.h"

#define NB_MBUFS  5000u
#define NB_POOLS  2u
#define BURST_MAX 256u
#define BURSTS    250u /* for each queue */
#define BUF_SIZE  2048u
#define TRAPS     4u /* descriptors behind a ring, which nobody may take for packets */

static const uint16_t ring_sizes[] = { 64, 72, 96, 512, 1024, 4096 };

/* A queue, and what belongs to it */
struct side {
	struct ixymin_port port;
	struct rte_mempool *pools[NB_POOLS];
	uint32_t tail;          /* register */
	struct ixymin_rxq *rxq;
	struct ixymin_txq *txq;
	struct rte_mbuf *held[2 * NB_MBUFS]; /* by the application */
	unsigned int nb_held;
};

enum { SCALAR, AVX2, SIDES };
static struct side sides[SIDES];
static uint64_t seed; /* of the test that runs: tells of a failure which case it was */
static unsigned int burst;
static uint64_t random_state;

static uint64_t
random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* 0 to n - 1 */
static unsigned int
below(unsigned int n)
{
	return (random64() >> 20) % n;
}

static bool
percent(unsigned int chance)
{
	return below(100) < chance;
}

static unsigned int
random_burst(void)
{
	switch (below(4)) {
	case 0:
		return 1 + below(8);
	case 1:
		return 32;
	default:
		return 1 + below(BURST_MAX);
	}
}

static void
same(const char *what, unsigned int index, uint64_t scalar, uint64_t avx2)
{
	if (scalar != avx2)
		fail_msg("case %lu, burst %u: %s %u: scalar 0x%lx, AVX2 0x%lx", (unsigned long)seed,
			 burst, what, index, (unsigned long)scalar, (unsigned long)avx2);
}

#define SAME(what, index, scalar, avx2) same(what, index, (uint64_t)(scalar), (uint64_t)(avx2))

/* Which mbuf is it? */
static uint32_t *
number(const struct rte_mbuf *m)
{
	static uint32_t none;

	return m == NULL ? &none : rte_mbuf_to_priv((struct rte_mbuf *)(uintptr_t)m);
}

static void
give_number(struct rte_mempool *pool, void *first, void *mbuf, unsigned int index)
{
	(void)pool;
	*number(mbuf) = *(unsigned int *)first + index;
}

static int
make_pools(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SIDES * NB_POOLS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "pool-%u", i);
		sides[i % SIDES].pools[i / SIDES] = rte_pktmbuf_pool_create(
			name, NB_MBUFS, 64, 8, RTE_PKTMBUF_HEADROOM + BUF_SIZE, SOCKET_ID_ANY);
		assert_non_null(sides[i % SIDES].pools[i / SIDES]);
	}
	return 0;
}

static int
init_pools(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SIDES * NB_POOLS; i++) {
		unsigned int first = i / SIDES * NB_MBUFS + 1;

		rte_mempool_obj_iter(sides[i % SIDES].pools[i / SIDES], rte_pktmbuf_init, NULL);
		rte_mempool_obj_iter(sides[i % SIDES].pools[i / SIDES], give_number, &first);
	}
	return 0;
}

static void *
alloc_zeroed(size_t size)
{
	void *memory = aligned_alloc(128, RTE_ALIGN_CEIL(size, 128));

	assert_non_null(memory);
	return memset(memory, 0, size);
}

static void
case_begin(uint64_t number_of_case)
{
	seed = number_of_case;
	random_state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
	for (struct side *side = sides; side < sides + SIDES; side++)
		memset(&side->port, 0, sizeof(side->port));
}

/* What the application may write to an mbuf that it has */
static void
scribble(struct rte_mbuf *m, uint64_t bits)
{
	m->data_off = bits;
	m->port = bits >> 4;
	m->ol_flags = bits & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	m->packet_type = bits >> 8;
	m->pkt_len = bits >> 16;
	m->data_len = bits >> 24;
	m->vlan_tci = bits >> 32;
	m->hash.rss = bits >> 16;
}

static void
hold(struct side *side, struct rte_mbuf *m)
{
	assert_true(side->nb_held < RTE_DIM(side->held));
	side->held[side->nb_held++] = m;
}

static void
free_held(unsigned int nb, uint64_t bits)
{
	for (struct side *side = sides; side < sides + SIDES; side++) {
		for (unsigned int i = 0; i < nb; i++) {
			struct rte_mbuf *m = side->held[--side->nb_held];

			if (bits != 0 && m->nb_segs == 1)
				scribble(m, bits);
			rte_pktmbuf_free(m);
		}
	}
	SAME("held", 0, sides[SCALAR].nb_held, sides[AVX2].nb_held);
	for (unsigned int i = 0; i < NB_POOLS; i++)
		SAME("pool", i, rte_mempool_avail_count(sides[SCALAR].pools[i]),
		     rte_mempool_avail_count(sides[AVX2].pools[i]));
}

static void
same_stats(void)
{
	const struct ixymin_stats *scalar = &sides[SCALAR].port.stats;
	const struct ixymin_stats *avx2 = &sides[AVX2].port.stats;

	SAME("rx_bad", 0, scalar->rx_bad, avx2->rx_bad);
	SAME("rx_nombuf", 0, scalar->rx_nombuf, avx2->rx_nombuf);
	SAME("tx_bad", 0, scalar->tx_bad, avx2->tx_bad);
	SAME("tail register", 0, sides[SCALAR].tail, sides[AVX2].tail);
}

/* Receiving */

/* How a case goes: how many packets are not as they should be, and how many mbufs there are */
struct plan {
	bool full;
	unsigned int bad;         /* percent */
	unsigned int nb_mbufs;    /* not held from the beginning */
	uint16_t buf_size;
};

static void
rx_begin(const struct plan *plan, uint16_t nb_desc)
{
	struct rte_mbuf fresh = { .data_off = RTE_PKTMBUF_HEADROOM, .refcnt = 1, .nb_segs = 1 };
	const uint64_t flags[] = { RTE_MBUF_F_RX_IP_CKSUM_MASK, RTE_MBUF_F_RX_L4_CKSUM_MASK,
				   RTE_MBUF_F_RX_RSS_HASH,
				   RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED };
	bool ptypes = plan->full && percent(60), scattered = plan->full && percent(30);
	bool varies = percent(20), strip = percent(50);
	uint64_t wanted = 0;

	fresh.port = below(32);
	for (unsigned int i = 0; i < RTE_DIM(flags); i++)
		wanted |= plan->full && percent(70) ? flags[i] : 0;
	for (struct side *side = sides; side < sides + SIDES; side++) {
		struct ixymin_rxq *q = alloc_zeroed(sizeof(*q) +
						    (nb_desc + TRAPS) * sizeof(q->mbufs[0]));
		struct rte_mbuf *m;

		while (rte_mempool_avail_count(side->pools[0]) > plan->nb_mbufs)
			hold(side, rte_pktmbuf_alloc(side->pools[0]));
		m = side->held[0];
		q->data_offset = rte_mbuf_data_iova_default(m) - (uintptr_t)m;
		q->offset_varies = varies;
		memcpy(&q->rearm, IXYMIN_MBUF_REARM(&fresh), sizeof(q->rearm));
		q->ring = alloc_zeroed((nb_desc + TRAPS) * sizeof(q->ring[0]));
		for (unsigned int i = nb_desc; i < nb_desc + TRAPS; i++) {
			q->ring[i].wb.status = IXYMIN_RXD_DD | IXYMIN_RXD_EOP | UINT64_C(60) << 32;
			q->mbufs[i] = m;
		}
		q->rdt = &side->tail;
		q->pool = side->pools[0];
		q->port = &side->port;
		q->nb_desc = nb_desc;
		q->nb_empty = nb_desc - 1;
		q->refill_at = IXYMIN_BATCH;
		q->buf_size = plan->buf_size;
		q->ptypes = ptypes;
		q->strip = strip;
		q->scattered = scattered;
		q->mbuf_flags = wanted;
		q->path = plan->full ? IXYMIN_RX_FULL : IXYMIN_RX_PLAIN;
		if (side == &sides[AVX2])
			q->path = plan->full ? IXYMIN_RX_AVX2_FULL : IXYMIN_RX_AVX2;
		side->tail = 0;
		side->rxq = q;
		ixymin_rx_refill(q, 0);
	}
}

static void
rx_end(void)
{
	for (struct side *side = sides; side < sides + SIDES; side++) {
		struct ixymin_rxq *q = side->rxq;

		while (rxq_filled(q) > 0) {
			rte_mbuf_raw_free(q->mbufs[q->head]);
			q->head = rxq_next(q, q->head);
			q->nb_empty++;
		}
		rte_pktmbuf_free(q->first);
		free(q->ring);
		free(q);
	}
	free_held(sides[SCALAR].nb_held, 0);
	SAME("mbufs at the end", 0, rte_mempool_avail_count(sides[SCALAR].pools[0]), NB_MBUFS);
}

/* A write-back: of a good packet, or one that a broken or hostile device makes */
static void
rx_make(const struct plan *plan, uint32_t *info, uint32_t *hash, uint64_t *status)
{
	const uint32_t types[] = { RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV4_EXT, RTE_PTYPE_L3_IPV6,
				   RTE_PTYPE_L3_IPV6_EXT, 0 };
	const uint16_t lens[] = { 0, 1, plan->buf_size, plan->buf_size + 1, UINT16_MAX };
	uint64_t len = 1 + below(plan->buf_size);

	*info = types[below(RTE_DIM(types))] | (RTE_PTYPE_L4_TCP << below(4)) | below(16);
	*hash = random64();
	*status = IXYMIN_RXD_DD | IXYMIN_RXD_EOP;
	*status |= random64() & (IXYMIN_RXD_VP | IXYMIN_RXD_L4CS | IXYMIN_RXD_IPCS);
	if (percent(plan->bad)) {
		*info ^= random64() & UINT32_C(0xffff07ff);
		*status |= random64() & UINT32_C(0x1ffc0ffc);
		*status |= percent(30) ? IXYMIN_RXD_L4E | IXYMIN_RXD_UDPCS : 0;
		*status |= percent(20) ? IXYMIN_RXD_IPE : 0;
		*status |= percent(10) ? IXYMIN_RXD_RXE : 0;
		*status ^= percent(20) ? IXYMIN_RXD_EOP : 0;
		if (percent(30))
			len = lens[below(RTE_DIM(lens))];
	}
	*status |= len << 32 | random64() << 48;
}

/* The device fills nb descriptors from index on; that of the hole, if any, is not done yet. */
static void
rx_device(const struct plan *plan, unsigned int index, unsigned int nb, unsigned int hole)
{
	for (unsigned int i = 0; i < nb; i++) {
		uint64_t headers = random64() & random64(), status;
		uint32_t info, hash;

		rx_make(plan, &info, &hash, &status);
		if (i == hole)
			status &= ~(uint64_t)IXYMIN_RXD_DD;
		for (struct side *side = sides; side < sides + SIDES; side++) {
			struct ixymin_rxq *q = side->rxq;
			unsigned int at = (index + i) % q->nb_desc;
			char *data = (char *)q->mbufs[at]->buf_addr + RTE_PKTMBUF_HEADROOM;

			/* an IP header, and perhaps a UDP checksum that is 0 */
			for (unsigned int byte = 0; byte < 88; byte++)
				data[byte] = headers >> byte % 57 & 0x45;
			q->ring[at].wb.info = info;
			q->ring[at].wb.rss_hash = hash;
			q->ring[at].wb.status = status;
		}
	}
}

static void
rx_same_mbuf(const struct plan *plan, const struct rte_mbuf *scalar, const struct rte_mbuf *avx2)
{
	for (unsigned int i = 0; scalar != NULL || avx2 != NULL; i++) {
		SAME("mbuf of segment", i, *number(scalar), *number(avx2));
		SAME("data_off", i, scalar->data_off, avx2->data_off);
		SAME("refcnt", i, scalar->refcnt, avx2->refcnt);
		SAME("nb_segs", i, scalar->nb_segs, avx2->nb_segs);
		SAME("port", i, scalar->port, avx2->port);
		SAME("ol_flags", i, scalar->ol_flags, avx2->ol_flags);
		SAME("data_len", i, scalar->data_len, avx2->data_len);
		if (i == 0) {
			SAME("packet_type", i, scalar->packet_type, avx2->packet_type);
			SAME("pkt_len", i, scalar->pkt_len, avx2->pkt_len);
		}
		if (i == 0 && plan->full) {
			SAME("vlan_tci", i, scalar->vlan_tci, avx2->vlan_tci);
			SAME("hash", i, scalar->hash.rss, avx2->hash.rss);
		}
		scalar = scalar->next;
		avx2 = avx2->next;
	}
}

static void
rx_same_queue(void)
{
	const struct ixymin_rxq *scalar = sides[SCALAR].rxq, *avx2 = sides[AVX2].rxq;

	SAME("head", 0, scalar->head, avx2->head);
	SAME("tail", 0, scalar->tail, avx2->tail);
	SAME("nb_empty", 0, scalar->nb_empty, avx2->nb_empty);
	SAME("skip_to_eop", 0, scalar->skip_to_eop, avx2->skip_to_eop);
	SAME("first", 0, *number(scalar->first), *number(avx2->first));
	for (unsigned int n = 0, i = scalar->head; n < rxq_filled(scalar); n++) {
		SAME("mbuf of descriptor", i, *number(scalar->mbufs[i]), *number(avx2->mbufs[i]));
		i = rxq_next(scalar, i);
	}
}

/* Descriptors from index on are fresh in both rings. */
static void
rx_same_fresh(unsigned int index)
{
	for (unsigned int i = index; i != sides[SCALAR].rxq->tail; i = rxq_next(sides->rxq, i)) {
		for (struct side *side = sides; side < sides + SIDES; side++) {
			const union ixymin_rx_desc *desc = &side->rxq->ring[i];

			SAME("address of descriptor", i, desc->read.pkt_addr,
			     rte_mbuf_data_iova_default(side->rxq->mbufs[i]));
			SAME("DD of descriptor", i, desc->read.hdr_addr, 0);
		}
	}
}

static void
rx_run(const struct plan *plan)
{
	struct rte_mbuf *pkts[SIDES][BURST_MAX + 1];
	unsigned int device = 0, packets = 0; /* its next descriptor; received */

	for (burst = 0; burst < BURSTS; burst++) {
		struct ixymin_rxq *q = sides[SCALAR].rxq;
		unsigned int waiting = (device + q->nb_desc - q->head) % q->nb_desc;
		unsigned int nb = below(rxq_filled(q) - waiting + 1), nb_pkts = random_burst();
		unsigned int hole = percent(30) && nb > 0 ? below(nb) : nb, tail = q->tail, got[2];

		nb = RTE_MIN(nb, random_burst());
		rx_device(plan, device, nb, hole);
		for (unsigned int i = 0; i < SIDES; i++) {
			memset(pkts[i], 0x5a, sizeof(pkts[i]));
			got[i] = ixymin_rx_burst(sides[i].rxq, pkts[i], nb_pkts);
			assert_ptr_equal(pkts[i][nb_pkts], pkts[i][BURST_MAX]);
		}
		SAME("packets", 0, got[SCALAR], got[AVX2]);
		for (unsigned int i = 0; i < got[SCALAR]; i++) {
			rx_same_mbuf(plan, pkts[SCALAR][i], pkts[AVX2][i]);
			hold(&sides[SCALAR], pkts[SCALAR][i]);
			hold(&sides[AVX2], pkts[AVX2][i]);
		}
		rx_same_queue();
		rx_same_fresh(tail);
		same_stats();
		packets += got[SCALAR];
		for (unsigned int i = 0; i < SIDES && hole < nb; i++)
			sides[i].rxq->ring[(device + hole) % q->nb_desc].wb.status |= IXYMIN_RXD_DD;
		device = (device + nb) % q->nb_desc;
		free_held(below(sides[SCALAR].nb_held + 1) * percent(40), random64());
	}
	assert_true(packets > BURSTS || plan->bad > 90);
	assert_true(sides[SCALAR].port.stats.rx_bad > 0 || plan->bad == 0);
}

static void
test_rx(void **state)
{
	const unsigned int bad[] = { 0, 1, 15, 100 };
	unsigned int poor = 0;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(ring_sizes) * RTE_DIM(bad) * 4; i++) {
		uint16_t nb_desc = ring_sizes[i / 4 / RTE_DIM(bad)];
		struct plan plan = { .full = i & 1, .bad = bad[i / 4 % RTE_DIM(bad)] };

		case_begin(i);
		plan.buf_size = percent(50) ? BUF_SIZE : 1024;
		plan.nb_mbufs = i & 2 ? NB_MBUFS - 1 : nb_desc + below(100);
		rx_begin(&plan, nb_desc);
		rx_run(&plan);
		poor += sides[SCALAR].port.stats.rx_nombuf > 0;
		rx_end();
	}
	assert_true(poor > RTE_DIM(ring_sizes)); /* pools did run empty */
}

/* Sending */

struct tx_plan {
	bool full;
	bool fast_free;           /* all mbufs are of one pool, and nobody else has them */
	unsigned int odd;         /* percent: what steps leave to the scalar function */
};

static void
tx_begin(const struct tx_plan *plan, uint16_t nb_desc)
{
	for (struct side *side = sides; side < sides + SIDES; side++) {
		struct ixymin_txq *q = alloc_zeroed(sizeof(*q) + nb_desc * sizeof(q->mbufs[0]));

		q->ring = alloc_zeroed(nb_desc * sizeof(q->ring[0]));
		q->tdt = &side->tail;
		q->port = &side->port;
		q->nb_desc = nb_desc;
		q->nb_free = nb_desc - 1;
		q->reclaim_below = nb_desc - RTE_MIN(nb_desc / 2, 256);
		q->fast_free = plan->fast_free;
		q->full = plan->full;
		side->tail = 0;
		side->txq = q;
	}
}

/* What a pool may rely on when it has an mbuf back */
static void
is_fresh(struct rte_mempool *pool, void *unused, void *mbuf, unsigned int index)
{
	const struct rte_mbuf *m = mbuf;

	(void)pool;
	(void)unused;
	SAME("refcnt", index, m->refcnt, 1);
	SAME("nb_segs", index, m->nb_segs, 1);
	SAME("next", index, m->next != NULL, 0);
	SAME("is direct", index, RTE_MBUF_DIRECT(m), 1);
}

static void
tx_end(void)
{
	for (struct side *side = sides; side < sides + SIDES; side++) {
		struct ixymin_txq *q = side->txq;

		for (; q->head != q->tail; q->head = txq_next(q, q->head))
			rte_pktmbuf_free(q->mbufs[q->head]);
		free(q->ring);
		free(q);
	}
	free_held(sides[SCALAR].nb_held, 0);
	for (unsigned int i = 0; i < NB_POOLS; i++) {
		SAME("mbufs at the end", i, rte_mempool_avail_count(sides[SCALAR].pools[i]),
		     NB_MBUFS);
		rte_mempool_obj_iter(sides[SCALAR].pools[i], is_fresh, NULL);
		rte_mempool_obj_iter(sides[AVX2].pools[i], is_fresh, NULL);
	}
}

/* A segment whose DMA address is the same on both sides */
static struct rte_mbuf *
tx_segment(struct side *side, unsigned int pool, unsigned int data_off, unsigned int len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(side->pools[pool]);

	assert_non_null(m);
	rte_mbuf_iova_set(m, *number(m) * UINT64_C(0x100010000));
	m->data_off = data_off;
	m->data_len = len;
	m->pkt_len = len;
	return m;
}

/* Ask for offloads, perhaps for what the device or the driver has not. */
static void
tx_ask(struct rte_mbuf *m, uint64_t bits)
{
	const uint64_t flags[] = {
		RTE_MBUF_F_TX_IPV4, RTE_MBUF_F_TX_IPV6, RTE_MBUF_F_TX_VLAN,
		RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM,
		RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM | RTE_MBUF_F_TX_VLAN,
		RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_SEG,
		RTE_MBUF_F_TX_QINQ, RTE_MBUF_F_TX_OUTER_IP_CKSUM, RTE_MBUF_F_TX_MACSEC,
	};

	m->ol_flags |= flags[bits % RTE_DIM(flags)];
	m->vlan_tci = bits >> 8 & 1;
	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = bits >> 12 & 1 ? 20 : 40;
	m->l4_len = 20;
	m->tso_segsz = 500;
}

/* Something that a step does not do: segments, offloads, other owners, data of another mbuf, a
 * length that is not allowed. */
static struct rte_mbuf *
tx_make_odd(struct side *side, const struct tx_plan *plan, struct rte_mbuf *m, uint64_t bits)
{
	const uint16_t lens[] = { 0, IXYMIN_TX_LEN_MIN - 1, IXYMIN_TX_LEN_MIN, IXYMIN_TX_LEN_MAX,
				  IXYMIN_TX_LEN_MAX + 1, UINT16_MAX };
	struct rte_mbuf *other;

	switch (bits % 8) {
	case 0:
		m->data_len = lens[(bits >> 8) % RTE_DIM(lens)];
		m->pkt_len = m->data_len;
		return m;
	case 1: /* as a broken application does it; the simple functions do not look */
		m->pkt_len += bits >> 8 & 3;
		return m;
	case 2:
	case 3:
		for (unsigned int i = 0; i <= (bits >> 8 & 3); i++) {
			other = tx_segment(side, 0, 64, 50 + (bits >> 12 & 1023));
			rte_pktmbuf_chain(m, other);
		}
		break;
	case 4:
	case 5:
		if (plan->fast_free)
			break;
		rte_mbuf_refcnt_update(m, 1);
		hold(side, m);
		return m;
	case 6:
		if (plan->fast_free)
			break;
		other = tx_segment(side, 1, 0, 0);
		rte_pktmbuf_attach(other, m);
		rte_pktmbuf_free(m);
		m = other;
		break;
	}
	if (bits >> 30 & 1)
		tx_ask(m, bits >> 32);
	return m;
}

/* Packets of an application. Returns how many there are mbufs for. */
static unsigned int
tx_make(const struct tx_plan *plan, struct rte_mbuf *pkts[][BURST_MAX], unsigned int nb)
{
	unsigned int pool = below(NB_POOLS), i;

	for (i = 0; i < nb; i++) {
		uint64_t bits = random64() >> 3;
		bool odd = percent(plan->odd);

		if (percent(10))
			pool = below(NB_POOLS);
		if (plan->fast_free)
			pool = 0;
		for (unsigned int n = 0; n < SIDES; n++) {
			struct side *side = &sides[n];
			struct rte_mbuf *m;

			if (rte_mempool_avail_count(side->pools[0]) < 10 ||
			    rte_mempool_avail_count(side->pools[1]) < 10)
				return i;
			m = tx_segment(side, pool, bits >> 40 & 255,
				       IXYMIN_TX_LEN_MIN + (bits >> 8 & 1023));
			pkts[n][i] = odd ? tx_make_odd(side, plan, m, bits) : m;
		}
	}
	return i;
}

static void
tx_same_queue(void)
{
	const struct ixymin_txq *scalar = sides[SCALAR].txq, *avx2 = sides[AVX2].txq;

	SAME("head", 0, scalar->head, avx2->head);
	SAME("tail", 0, scalar->tail, avx2->tail);
	SAME("nb_free", 0, scalar->nb_free, avx2->nb_free);
	SAME("last_context", 0, scalar->last_context, avx2->last_context);
	for (unsigned int i = 0; i < scalar->nb_desc; i++) {
		SAME("address of descriptor", i, scalar->ring[i].read.buffer_addr,
		     avx2->ring[i].read.buffer_addr);
		SAME("command of descriptor", i, scalar->ring[i].read.cmd_type_len,
		     avx2->ring[i].read.cmd_type_len);
		SAME("status of descriptor", i, scalar->ring[i].read.olinfo_status,
		     avx2->ring[i].read.olinfo_status);
	}
	for (unsigned int i = scalar->head; i != scalar->tail; i = txq_next(scalar, i))
		SAME("mbuf of descriptor", i, *number(scalar->mbufs[i]), *number(avx2->mbufs[i]));
}

/* The device sends nb descriptors from index on. */
static void
tx_device(unsigned int index, unsigned int nb)
{
	for (struct side *side = sides; side < sides + SIDES; side++) {
		for (unsigned int i = 0; i < nb; i++) {
			unsigned int at = (index + i) % side->txq->nb_desc;
			union ixymin_tx_desc *d = &side->txq->ring[at];

			if (d->read.cmd_type_len & IXYMIN_TXD_RS)
				d->wb.status |= IXYMIN_TXD_STAT_DD;
		}
	}
}

static void
tx_run(const struct tx_plan *plan)
{
	const eth_tx_burst_t functions[SIDES] = {
		[SCALAR] = plan->full ? ixymin_tx_burst_full : ixymin_tx_burst,
		[AVX2] = plan->full ? ixymin_tx_burst_full_avx2 : ixymin_tx_burst_avx2,
	};
	struct rte_mbuf *pkts[SIDES][BURST_MAX];
	unsigned int device = 0, packets = 0, odd = 0;

	for (burst = 0; burst < BURSTS; burst++) {
		unsigned int nb = tx_make(plan, pkts, random_burst()), put[SIDES], waiting;
		uint32_t max = below(40);

		for (unsigned int i = 0; i < SIDES; i++)
			put[i] = functions[i](sides[i].txq, pkts[i], nb);
		SAME("packets", 0, put[SCALAR], put[AVX2]);
		for (unsigned int i = 0; i < SIDES; i++)
			rte_pktmbuf_free_bulk(&pkts[i][put[i]], nb - put[i]);
		packets += put[SCALAR];
		odd += put[SCALAR] < nb;
		tx_same_queue();
		same_stats();
		waiting = (sides->tail + sides->txq->nb_desc - device) % sides->txq->nb_desc;
		waiting = percent(70) ? waiting : below(waiting + 1);
		tx_device(device, waiting);
		device = (device + waiting) % sides->txq->nb_desc;
		if (percent(5))
			SAME("cleaned up", 0, ixymin_tx_done_cleanup(sides[SCALAR].txq, max),
			     ixymin_tx_done_cleanup(sides[AVX2].txq, max));
		free_held(below(sides[SCALAR].nb_held + 1), 0);
	}
	assert_true(packets > BURSTS && packets > odd);
	assert_true(sides[SCALAR].port.stats.tx_bad > 0 || plan->odd == 0);
}

static void
test_tx(void **state)
{
	const unsigned int odd[] = { 0, 1, 10, 100 };

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(ring_sizes) * RTE_DIM(odd) * 3; i++) {
		uint16_t nb_desc = ring_sizes[i / 3 / RTE_DIM(odd)];
		struct tx_plan plan = { .full = i % 3 == 0, .fast_free = i % 3 == 1,
					.odd = odd[i / 3 % RTE_DIM(odd)] };

		case_begin(i);
		tx_begin(&plan, nb_desc);
		tx_run(&plan);
		tx_end();
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rx, init_pools),
		cmocka_unit_test_setup(test_tx, init_pools),
	};
	char *eal[] = {
		argv[0], (char *)"--no-huge", (char *)"-m", (char *)"128", (char *)"--no-pci",
		(char *)"--no-shconf", (char *)"--no-telemetry", (char *)"-l", (char *)"0",
	};

	(void)argc;
	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return EXIT_FAILURE;
	if (!ixymin_is_avx2_allowed()) {
		fprintf(stderr, "skipped: this processor has no AVX2\n");
		return 77; /* meson's word for it */
	}
	return cmocka_run_group_tests(tests, make_pools, NULL);
}
