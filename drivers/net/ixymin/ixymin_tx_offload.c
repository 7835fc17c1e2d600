/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit packets that are more than one segment to be sent as it is. */

#include <errno.h>

#include <rte_errno.h>

#include "ixymin_rxtx.h"

/* 7.2.3.2.4, 7.2.3.4: what the hardware would hang on, or not send as it is meant */
static int
tx_check(const struct ixymin_txq *q, const struct rte_mbuf *m)
{
	uint32_t nb_max = q->full ? IXYMIN_TX_SEGS_MAX : 1, nb = 0, len = 0;
	const struct rte_mbuf *seg;

	for (seg = m; seg != NULL && nb <= nb_max; seg = seg->next) {
		if (seg->data_len == 0 || seg->data_len > IXYMIN_TX_SEG_LEN_MAX)
			return -EINVAL;
		len += seg->data_len;
		nb++;
	}
	if (nb > nb_max || nb != m->nb_segs || len != m->pkt_len)
		return -EINVAL;
	if (len < IXYMIN_TX_LEN_MIN || len > IXYMIN_TX_LEN_MAX)
		return -EINVAL;
	return 0;
}

/* Checks packets as the burst functions do, which drop what they cannot send. */
uint16_t
ixymin_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t nb;
	int ret;

	for (nb = 0; nb < nb_pkts; nb++) {
		ret = tx_check(queue, pkts[nb]);
		if (ret < 0) {
			rte_errno = -ret;
			break;
		}
	}
	return nb;
}

/* Is there room for a packet? Small rings may be full of batches that are not complete. */
static inline bool
tx_has_room(struct ixymin_txq *q, unsigned int nb)
{
	if (likely(q->nb_free >= nb))
		return true;
	ixymin_tx_done_cleanup(q, 0);
	return q->nb_free >= nb;
}

/* Write the descriptors of a packet. Only its last one may have RS, and has it if a batch ends in
 * the packet. */
static inline void
tx_write(struct ixymin_txq *q, struct rte_mbuf *m)
{
	uint32_t command = IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_IFCS | IXYMIN_TXD_DEXT;
	uint32_t olinfo = m->pkt_len << IXYMIN_TXD_PAYLEN_SHIFT;
	uint32_t last_command = IXYMIN_TXD_EOP;
	struct rte_mbuf *seg;
	uint16_t last;

	q->nb_free -= m->nb_segs;
	for (seg = m; seg != NULL; seg = seg->next) {
		union ixymin_tx_desc *desc = &q->ring[q->tail];

		desc->read.buffer_addr = rte_cpu_to_le_64(rte_mbuf_data_iova(seg));
		desc->read.cmd_type_len = rte_cpu_to_le_32(command | seg->data_len);
		desc->read.olinfo_status = rte_cpu_to_le_32(olinfo);
		q->mbufs[q->tail] = NULL;
		last = q->tail;
		q->tail = txq_next(q, q->tail);
		if (q->tail % IXYMIN_BATCH == 0)
			last_command |= IXYMIN_TXD_RS;
	}
	q->mbufs[last] = m;
	q->ring[last].read.cmd_type_len |= rte_cpu_to_le_32(last_command);
}

/* As ixymin_tx_burst(), for packets of any kind */
uint16_t
ixymin_tx_burst_full(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_txq *q = queue;
	uint16_t nb, last, tail = q->tail;

	if (unlikely(nb_pkts == 0)) {
		ixymin_tx_done_cleanup(q, 0);
		return 0;
	}
	if (q->nb_free < RTE_MAX(nb_pkts, q->nb_desc / 2))
		ixymin_tx_reclaim(q);
	for (nb = 0; nb < nb_pkts; nb++) {
		struct rte_mbuf *m = pkts[nb];

		if (unlikely(tx_check(q, m) < 0)) {
			ixymin_tx_drop(q, m);
			continue;
		}
		if (!tx_has_room(q, m->nb_segs))
			break;
		tx_write(q, m);
	}
	if (q->tail != tail) {
		last = (q->tail == 0 ? q->nb_desc : q->tail) - 1;
		q->ring[last].read.cmd_type_len |= rte_cpu_to_le_32(IXYMIN_TXD_RS);
		rte_write32(rte_cpu_to_le_32(q->tail), q->tdt);
	}
	return nb;
}
