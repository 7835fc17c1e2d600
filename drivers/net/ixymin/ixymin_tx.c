/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include "ixymin_rxtx.h"

/* One buffer, one packet. RS is only in the last descriptor of a batch (7.2.3.5.1). */
#define TX_COMMAND (IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_EOP | IXYMIN_TXD_IFCS | IXYMIN_TXD_DEXT)

/* Free what was sent: batches that the device was given whole, and has reported. */
static void
tx_reclaim(struct ixymin_queue *q)
{
	for (;;) {
		uint16_t end = RTE_MIN(q->head + IXYMIN_BATCH, q->nb_desc), nb = end - q->head;
		uint32_t status = __atomic_load_n(&q->ring.tx[end - 1].wb.status, __ATOMIC_ACQUIRE);

		if (q->nb_desc - 1 - q->nb_free < nb ||
		    !(status & rte_cpu_to_le_32(IXYMIN_TXD_STAT_DD)))
			return;
		if (q->fast_free) /* the application's word: one pool, and nobody else has them */
			rte_mempool_put_bulk(q->mbufs[q->head]->pool, (void **)&q->mbufs[q->head], nb);
		else
			rte_pktmbuf_free_bulk(&q->mbufs[q->head], nb);
		q->nb_free += nb;
		q->head = end == q->nb_desc ? 0 : end;
	}
}

/* 7.2.3.2.4, 7.2.3.3: reclaim what was sent; write a descriptor for each packet; tell the device
 * once, if there are any. What it cannot send would make it hang, and is dropped: segments,
 * which are not offered, and impossible lengths. */
uint16_t
ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_queue *q = queue;
	unsigned int tail = q->tail, nb, max;

	if (q->nb_free < RTE_MAX(nb_pkts, q->nb_desc / 2))
		tx_reclaim(q);
	max = RTE_MIN(nb_pkts, q->nb_free);
	for (nb = 0; nb < max; nb++) {
		union ixymin_tx_desc *desc = &q->ring.tx[tail];
		struct rte_mbuf *m = pkts[nb];
		uint32_t len = m->data_len, command = TX_COMMAND | len;

		if (unlikely(m->nb_segs != 1 || len < IXYMIN_TX_LEN_MIN || len > IXYMIN_TX_LEN_MAX)) {
			rte_pktmbuf_free(m);
			__atomic_fetch_add(&q->hw->stats[IXYMIN_STAT_TX_BAD], 1, __ATOMIC_RELAXED);
			q->nb_free++;
			continue;
		}
		q->mbufs[tail] = m;
		if (tail++ == q->batch_end) {
			command |= IXYMIN_TXD_RS;
			tail = tail == q->nb_desc ? 0 : tail;
			q->batch_end = RTE_MIN(tail + IXYMIN_BATCH, q->nb_desc) - 1;
		}
		desc->read.buffer_addr = rte_cpu_to_le_64(rte_mbuf_data_iova(m));
		desc->read.cmd_type_len = rte_cpu_to_le_32(command);
		desc->read.olinfo_status = rte_cpu_to_le_32(len << IXYMIN_TXD_PAYLEN_SHIFT);
	}
	q->nb_free -= nb;
	if (tail != q->tail) {
		q->tail = tail;
		rte_write32(rte_cpu_to_le_32(tail), q->tail_reg);
	}
	return nb;
}
