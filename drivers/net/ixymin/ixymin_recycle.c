/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Recycling of mbufs: those of sent packets go straight to a receive ring, not through their pool.
 * rte_eth_recycle_mbufs() calls the function of a Tx queue, which may be another driver's, and then
 * that of the Rx queue. */

#include "ixymin_rxtx.h"

/* From now on the receive functions leave empty descriptors to recycling, up to a limit. */
void
ixymin_recycle_rxq_info_get(struct rte_eth_dev *dev, uint16_t id,
			    struct rte_eth_recycle_rxq_info *info)
{
	struct ixymin_rxq *q = dev->data->rx_queues[id];

	q->refill_at = RTE_MIN(q->nb_desc / 2, 4 * (int)IXYMIN_BATCH);
	info->mbuf_ring = q->mbufs;
	info->mp = q->pool;
	info->refill_head = &q->tail;
	info->receive_tail = &q->head;
	info->mbuf_ring_size = q->nb_desc;
	/* Any number, or none, since other drivers take the size of a ring for a power of two. */
	info->refill_requirement = rte_is_power_of_2(q->nb_desc) ? 0 : UINT16_MAX;
}

/* Give the device the nb mbufs that are behind the tail of the ring. */
void
ixymin_recycle_rx_refill(void *queue, uint16_t nb)
{
	struct ixymin_rxq *q = queue;
	union ixymin_rx_desc *ring = &q->ring[q->tail];
	struct rte_mbuf **mbufs = &q->mbufs[q->tail];
	uint16_t i;

	for (i = 0; i < nb; i++) {
		ring[i].read.pkt_addr = rte_cpu_to_le_64(rte_mbuf_data_iova_default(mbufs[i]));
		ring[i].read.hdr_addr = 0;
	}
	q->nb_empty -= nb;
	q->tail = q->tail + nb == q->nb_desc ? 0 : q->tail + nb;
	rte_write32(rte_cpu_to_le_32(q->tail), q->rdt);
}

/* Empty descriptors of an Rx ring from its tail on, without those behind the ring's end. A ring
 * whose head is its tail has no mbufs: its queue is stopped. */
static uint16_t
rx_room(const struct rte_eth_recycle_rxq_info *info)
{
	uint16_t head = *info->receive_tail, tail = *info->refill_head;

	if (tail == head)
		return 0;
	return tail < head ? head - tail - 1 : info->mbuf_ring_size - tail - (head == 0);
}

/* Move the mbufs of a batch that was sent to an Rx ring, except those that are still in use or of
 * another pool. A ring that wants an exact number of them gets none. */
uint16_t
ixymin_recycle_tx_reuse(void *queue, struct rte_eth_recycle_rxq_info *info)
{
	struct rte_mbuf **to = &info->mbuf_ring[*info->refill_head], *m;
	struct ixymin_txq *q = queue;
	uint16_t end = txq_batch_end(q, q->head), nb = end - q->head, moved = 0;

	if (q->full || info->refill_requirement != 0 || nb > rx_room(info))
		return 0;
	if (txq_used(q) < nb || !txq_is_done(q, end - 1))
		return 0;
	for (; q->head < end; q->head++) {
		m = rte_pktmbuf_prefree_seg(q->mbufs[q->head]);
		if (m != NULL && m->pool == info->mp)
			to[moved++] = m;
		else if (m != NULL)
			rte_mbuf_raw_free(m);
	}
	q->head = end == q->nb_desc ? 0 : end;
	q->nb_free += nb;
	return moved;
}
