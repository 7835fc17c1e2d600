/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include "ixymin_rxtx.h"

/* A status that makes a packet has DD and EOP, and no error: with SBP off, the MAC lets no bad
 * frame pass, and with buffers as large as MAXFRS, no frame takes two. */
#define RX_CHECKED (IXYMIN_RXD_GOOD | IXYMIN_RXD_RXE)

static_assert((RTE_PTYPE_L3_IPV4_EXT | RTE_PTYPE_L3_IPV6_EXT | RTE_PTYPE_L4_TCP | RTE_PTYPE_L4_UDP |
	       RTE_PTYPE_L4_SCTP) == IXYMIN_RXD_INFO_HEADERS, "packet types are not the 82599's");

/* DPDK's packet types are the 82599's, except for IPv6 in IPv4: then, only the outer header. */
static inline uint32_t
rx_packet_type(uint32_t info)
{
	bool tunnel = (info & RTE_PTYPE_L3_IPV4) && (info & RTE_PTYPE_L3_IPV6);

	return RTE_PTYPE_L2_ETHER | (info & (tunnel ? RTE_PTYPE_L3_IPV4_EXT : IXYMIN_RXD_INFO_HEADERS));
}

/* Give fresh buffers to free descriptors, until at most max_free are left, and tell the device
 * once. If the pool is empty they stay free, and the next burst tries again. */
void
ixymin_rx_refill(struct ixymin_queue *q, unsigned int max_free)
{
	unsigned int tail = q->tail, nb, i;

	while (q->nb_free > max_free) {
		struct rte_mbuf **mbufs = &q->mbufs[tail];
		union ixymin_rx_desc *ring = &q->ring.rx[tail];

		nb = RTE_MIN(RTE_MIN(q->nb_free, IXYMIN_BATCH), q->nb_desc - tail);
		if (rte_mempool_get_bulk(q->pool, (void **)mbufs, nb) < 0) {
			__atomic_fetch_add(&q->hw->data->rx_mbuf_alloc_failed, nb, __ATOMIC_RELAXED);
			break;
		}
		for (i = 0; i < nb; i++) {
			ring[i].read.pkt_addr = rte_cpu_to_le_64(rte_mbuf_data_iova_default(mbufs[i]));
			ring[i].read.hdr_addr = 0;
		}
		tail = tail + nb == q->nb_desc ? 0 : tail + nb;
		q->nb_free -= nb;
	}
	if (tail != q->tail) {
		q->tail = tail;
		rte_write32(rte_cpu_to_le_32(tail), q->tail_reg);
	}
}

/* 7.1.6.2, 7.1.9: take the packet of each finished descriptor; replace them in batches. */
uint16_t
ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_queue *q = queue;
	/* no more than the device has: beyond, there are old write-backs */
	unsigned int max = RTE_MIN(nb_pkts, q->nb_desc - 1 - q->nb_free);
	unsigned int head = q->head, nb_desc = q->nb_desc, nb = 0, taken;
	bool ptypes = !q->hw->no_ptypes;

	for (taken = 0; taken < max; taken++) {
		union ixymin_rx_desc *desc = &q->ring.rx[head];
		struct rte_mbuf *m = q->mbufs[head];
		/* these 8 bytes are written at once; acquire: before the rest */
		uint64_t status = rte_le_to_cpu_64(__atomic_load_n(&desc->wb.status, __ATOMIC_ACQUIRE));
		uint16_t len = IXYMIN_RXD_LEN(status);

		if (!(status & IXYMIN_RXD_DD))
			break;
		head = head + 1 == nb_desc ? 0 : head + 1;
		if (unlikely((status & RX_CHECKED) != q->good || len == 0 || len > q->buf_size)) {
			rte_mempool_put(q->pool, m);
			q->good = status & IXYMIN_RXD_EOP ? IXYMIN_RXD_GOOD : 0;
			__atomic_fetch_add(&q->hw->stats[IXYMIN_STAT_RX_BAD], 1, __ATOMIC_RELAXED);
			continue;
		}
		memcpy(IXYMIN_MBUF_REARM(m), &q->rearm, sizeof(q->rearm)); /* one store */
		m->ol_flags = 0;
		m->packet_type = ptypes ? rx_packet_type(rte_le_to_cpu_32(desc->wb.info)) : 0;
		m->pkt_len = len;
		m->data_len = len;
		pkts[nb++] = m;
	}
	q->head = head;
	q->nb_free += taken;
	if (q->nb_free >= IXYMIN_BATCH)
		ixymin_rx_refill(q, IXYMIN_BATCH - 1);
	return nb;
}
