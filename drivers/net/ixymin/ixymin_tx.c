/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include "ixymin_rxtx.h"

/* One buffer, one packet. RS is in the last descriptor of a batch and of a burst (7.2.3.5.1). */
#define TX_COMMAND (IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_EOP | IXYMIN_TXD_IFCS | IXYMIN_TXD_DEXT)

/* The device writes DD back in order: a descriptor that is done says so of all before it. */
static inline bool
tx_done(const struct ixymin_queue *q, uint16_t index)
{
	uint32_t status = __atomic_load_n(&q->ring.tx[index].wb.status, __ATOMIC_ACQUIRE);

	return status & rte_cpu_to_le_32(IXYMIN_TXD_STAT_DD);
}

/* Free the mbufs of nb descriptors from head on, none of them beyond the end of the ring. */
static inline void
tx_free(struct ixymin_queue *q, uint16_t nb)
{
	struct rte_mbuf **mbufs = &q->mbufs[q->head];

	if (q->fast_free) /* the application's word: one pool, and nobody else has them */
		rte_mempool_put_bulk(mbufs[0]->pool, (void **)mbufs, nb);
	else
		rte_pktmbuf_free_bulk(mbufs, nb);
	q->nb_free += nb;
	q->head = q->head + nb == q->nb_desc ? 0 : q->head + nb;
}

/* Free whole batches that were sent. */
static void
tx_reclaim(struct ixymin_queue *q)
{
	for (;;) {
		uint16_t end = RTE_MIN(RTE_ALIGN_FLOOR(q->head, IXYMIN_BATCH) + IXYMIN_BATCH, q->nb_desc);
		uint16_t nb = end - q->head;

		if (q->nb_desc - 1 - q->nb_free < nb || !tx_done(q, end - 1))
			return;
		tx_free(q, nb);
	}
}

/* Free all packets that were sent, also those of a batch that is not full: the last one of each
 * burst has RS. max: no more than these; 0: any number. Returns how many. */
int
ixymin_tx_done_cleanup(void *queue, uint32_t max)
{
	struct ixymin_queue *q = queue;
	uint16_t sent = q->nb_desc - 1 - q->nb_free, left, nb;

	while (sent > 0 && !tx_done(q, (q->head + sent - 1) % q->nb_desc))
		sent--;
	if (max != 0)
		sent = RTE_MIN(sent, max);
	for (left = sent; left > 0; left -= nb) {
		nb = RTE_MIN(left, q->nb_desc - q->head);
		tx_free(q, nb);
	}
	return sent;
}

/* 7.2.3.2.4, 7.2.3.3: reclaim what was sent; write a descriptor for each packet; tell the device
 * once, if there are any. What it cannot send would make it hang, and is dropped: segments,
 * which are not offered, and impossible lengths. A burst of 0 packets reclaims all that was sent. */
uint16_t
ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_queue *q = queue;
	unsigned int tail = q->tail, nb, max;

	if (unlikely(nb_pkts == 0)) {
		ixymin_tx_done_cleanup(q, 0);
		return 0;
	}
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
		/* no more bursts may come: then somebody may ask for these */
		q->ring.tx[(tail == 0 ? q->nb_desc : tail) - 1].read.cmd_type_len |=
			rte_cpu_to_le_32(IXYMIN_TXD_RS);
		q->tail = tail;
		rte_write32(rte_cpu_to_le_32(tail), q->tail_reg);
	}
	return nb;
}
