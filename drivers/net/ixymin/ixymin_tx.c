/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include "ixymin_rxtx.h"

/* One buffer, one packet. RS is only in the last descriptor of a batch; WTHRESH is 0 (7.2.3.5.1). */
#define TX_COMMAND (IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_EOP | IXYMIN_TXD_IFCS | IXYMIN_TXD_DEXT)

/* Free what was sent: batches that the device was given whole, and has reported. */
static void
tx_reclaim(struct ixymin_txq *txq)
{
	uint16_t end, nb;

	for (;;) {
		end = RTE_MIN(txq->clean + IXYMIN_BATCH, txq->nb_desc);
		nb = end - txq->clean;
		if (txq->nb_desc - 1 - txq->nb_free < nb ||
		    !(rte_le_to_cpu_32(__atomic_load_n(&txq->ring[end - 1].wb.status, __ATOMIC_ACQUIRE)) &
		      IXYMIN_TXD_STAT_DD))
			return;
		if (txq->fast_free) /* the application's word: one pool, and nobody else has them */
			rte_mempool_put_bulk(txq->mbufs[txq->clean]->pool,
					     (void **)&txq->mbufs[txq->clean], nb);
		else
			rte_pktmbuf_free_bulk(&txq->mbufs[txq->clean], nb);
		txq->nb_free += nb;
		txq->clean = end == txq->nb_desc ? 0 : end;
	}
}

/* 7.2.3.2.4, 7.2.3.3: reclaim what was sent; write a descriptor for each packet; tell the device
 * once, if there are any. What it cannot send would make it hang, and is dropped: segments,
 * which are not offered, and impossible lengths. */
uint16_t
ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_txq *txq = queue;
	uint16_t tail = txq->tail, nb;

	if (txq->nb_free < RTE_MAX(nb_pkts, txq->free_thresh))
		tx_reclaim(txq);

	for (nb = 0; nb < nb_pkts && txq->nb_free > 0; nb++) {
		union ixymin_tx_desc *desc = &txq->ring[tail];
		struct rte_mbuf *m = pkts[nb];
		uint32_t len = m->data_len, command = TX_COMMAND | len;

		if (unlikely(m->nb_segs != 1 || len < IXYMIN_TX_LEN_MIN || len > IXYMIN_TX_LEN_MAX)) {
			rte_pktmbuf_free(m);
			__atomic_fetch_add(&txq->hw->tx_bad, 1, __ATOMIC_RELAXED);
			continue;
		}
		txq->mbufs[tail] = m;
		txq->nb_free--;
		if (tail++ == txq->batch_end) {
			command |= IXYMIN_TXD_RS;
			tail = tail == txq->nb_desc ? 0 : tail;
			txq->batch_end = RTE_MIN(tail + IXYMIN_BATCH, txq->nb_desc) - 1;
		}
		desc->read.buffer_addr = rte_cpu_to_le_64(rte_mbuf_data_iova(m));
		desc->read.cmd_type_len = rte_cpu_to_le_32(command);
		desc->read.olinfo_status = rte_cpu_to_le_32(len << IXYMIN_TXD_PAYLEN_SHIFT);
	}
	if (tail != txq->tail) {
		txq->tail = tail;
		rte_write32(rte_cpu_to_le_32(tail), txq->tail_reg);
	}
	return nb;
}

int
ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_txconf *conf)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	const struct rte_memzone *zone;
	struct ixymin_txq *txq;

	txq = rte_zmalloc_socket("ixymin_txq", sizeof(*txq) + nb_desc * sizeof(txq->mbufs[0]),
				 RTE_CACHE_LINE_SIZE, socket);
	zone = rte_eth_dma_zone_reserve(dev, "tx_ring", id, nb_desc * sizeof(txq->ring[0]),
					IXYMIN_RING_ALIGN_BYTES, socket);
	dev->data->tx_queues[id] = txq;
	if (txq == NULL || zone == NULL) {
		IXYMIN_LOG(ERR, hw->port_id, " tx queue %u: no memory for %u descriptors", id, nb_desc);
		ixymin_tx_queue_release(dev, id);
		return -ENOMEM;
	}
	txq->ring = zone->addr;
	txq->iova = zone->iova;
	txq->tail_reg = hw->bar + IXYMIN_TDT(id);
	txq->hw = hw;
	txq->id = id;
	txq->nb_desc = nb_desc;
	txq->nb_free = nb_desc - 1;
	txq->free_thresh = conf->tx_free_thresh != 0 ? conf->tx_free_thresh : nb_desc / 2;
	txq->fast_free = (conf->offloads | dev->data->dev_conf.txmode.offloads) &
		RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	return 0;
}

void
ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	rte_eth_dma_zone_free(dev, "tx_ring", id);
	rte_free(dev->data->tx_queues[id]);
	dev->data->tx_queues[id] = NULL;
}

/* 4.6.8. Prefetch when fewer than 36 descriptors are on the chip and 8 in memory (7.2.3.4). */
int
ixymin_tx_start(struct ixymin_txq *txq)
{
	const struct ixymin_hw *hw = txq->hw;
	uint16_t id = txq->id;

	txq->tail = 0;
	txq->clean = 0;
	txq->batch_end = IXYMIN_BATCH - 1;
	reg_write(hw, IXYMIN_TDBAL(id), txq->iova);
	reg_write(hw, IXYMIN_TDBAH(id), txq->iova >> 32);
	reg_write(hw, IXYMIN_TDLEN(id), txq->nb_desc * sizeof(txq->ring[0]));
	reg_change(hw, IXYMIN_DCA_TXCTRL(id), IXYMIN_DCA_TXCTRL_DESC_WRO, 0);
	reg_write(hw, IXYMIN_TXDCTL(id), IXYMIN_TXDCTL_THRESH(36, 8) | IXYMIN_TXDCTL_ENABLE);
	return ixymin_wait(hw, IXYMIN_TXDCTL(id), IXYMIN_TXDCTL_ENABLE, IXYMIN_TXDCTL_ENABLE, 10,
			   "TXDCTL", " tx queue %u: not enabled", id);
}

/* What was accepted goes out before the queue stops, if there is a link: a full ring of the
 * largest frames takes 33 ms. */
void
ixymin_tx_drain(const struct ixymin_txq *txq)
{
	if (reg_read(txq->hw, IXYMIN_LINKS) & IXYMIN_LINKS_UP)
		ixymin_wait(txq->hw, IXYMIN_TDH(txq->id), UINT16_MAX, txq->tail, 40, "TDH",
			    " tx queue %u: not all sent", txq->id);
}

/* Only while the device is stopped */
void
ixymin_tx_free_mbufs(struct ixymin_txq *txq)
{
	for (; txq->nb_free < txq->nb_desc - 1; txq->nb_free++) {
		rte_pktmbuf_free_seg(txq->mbufs[txq->clean]);
		txq->clean = txq->clean + 1 == txq->nb_desc ? 0 : txq->clean + 1;
	}
}
