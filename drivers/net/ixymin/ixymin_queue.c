/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Queues from set-up to release; the data path is in ixymin_rx.c and ixymin_tx.c. */

#include <errno.h>

#include "ixymin_rxtx.h"

static void
queue_release(struct rte_eth_dev *dev, void **queues, const char *name, uint16_t id)
{
	rte_eth_dma_zone_free(dev, name, id);
	rte_free(queues[id]);
	queues[id] = NULL;
}

static struct ixymin_queue *
queue_setup(struct rte_eth_dev *dev, void **queues, const char *name, uint16_t id, uint16_t nb_desc,
	    unsigned int socket, uint32_t block)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	const struct rte_memzone *zone;
	struct ixymin_queue *q;

	q = rte_zmalloc_socket(name, sizeof(*q) + nb_desc * sizeof(q->mbufs[0]), RTE_CACHE_LINE_SIZE,
			       socket);
	zone = rte_eth_dma_zone_reserve(dev, name, id, nb_desc * sizeof(q->ring.rx[0]),
					IXYMIN_RING_ALIGN_BYTES, socket);
	queues[id] = q;
	if (q == NULL || zone == NULL) {
		IXYMIN_LOG(ERR, hw, " %s %u: no memory for %u descriptors", name, id, nb_desc);
		queue_release(dev, queues, name, id);
		return NULL;
	}
	q->hw = hw;
	q->id = id;
	q->nb_desc = nb_desc;
	q->nb_free = nb_desc - 1;
	q->ring.rx = zone->addr;
	q->iova = zone->iova;
	q->tail_reg = hw->bar + IXYMIN_DT(block);
	return q;
}

/* MAXFRS lets a VLAN tag pass on top; the FCS is stripped. */
int
ixymin_rx_check_mtu(const struct ixymin_queue *q, uint16_t mtu)
{
	uint32_t need = mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;

	if (need <= q->buf_size)
		return 0;
	IXYMIN_LOG(ERR, q->hw, " rx queue %u: MTU %u needs buffers of %u bytes, pool %s has %u (whole KB)",
		   q->id, mtu, need, q->pool->name, q->buf_size);
	return -EINVAL;
}

int
ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct ixymin_queue *q = queue_setup(dev, dev->data->rx_queues, "rx_ring", id, nb_desc, socket,
					     IXYMIN_RXQ(id));
	struct rte_mbuf fresh = { .nb_segs = 1, .data_off = RTE_PKTMBUF_HEADROOM };
	uint32_t room = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;

	if (q == NULL)
		return -ENOMEM;
	rte_mbuf_refcnt_set(&fresh, 1);
	fresh.port = dev->data->port_id;
	q->rearm = ixymin_mbuf_rearm(&fresh);
	q->pool = pool;
	q->buf_size = RTE_MIN(RTE_ALIGN_FLOOR(room, IXYMIN_RX_BUF_MIN), IXYMIN_RX_BUF_MAX);
	q->drop_en = conf->rx_drop_en;
	if (ixymin_rx_check_mtu(q, dev->data->mtu) == 0)
		return 0;
	ixymin_rx_queue_release(dev, id);
	return -EINVAL;
}

int
ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_txconf *conf)
{
	struct ixymin_queue *q = queue_setup(dev, dev->data->tx_queues, "tx_ring", id, nb_desc, socket,
					     IXYMIN_TXQ(id));

	if (q == NULL)
		return -ENOMEM;
	q->free_thresh = conf->tx_free_thresh != 0 ? conf->tx_free_thresh : nb_desc / 2;
	q->fast_free = (conf->offloads | dev->data->dev_conf.txmode.offloads) &
		RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	return 0;
}

void
ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	queue_release(dev, dev->data->rx_queues, "rx_ring", id);
}

void
ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	queue_release(dev, dev->data->tx_queues, "tx_ring", id);
}

static void
queue_init(struct ixymin_queue *q, uint32_t block)
{
	q->head = 0;
	q->tail = 0;
	reg_write(q->hw, IXYMIN_DBAL(block), q->iova);
	reg_write(q->hw, IXYMIN_DBAH(block), q->iova >> 32);
	reg_write(q->hw, IXYMIN_DLEN(block), q->nb_desc * sizeof(q->ring.rx[0]));
}

/* 4.6.7: the ring, the queue, and its tail once it is live */
int
ixymin_rx_start(struct ixymin_queue *q)
{
	const struct ixymin_hw *hw = q->hw;
	uint32_t block = IXYMIN_RXQ(q->id);
	int ret;

	queue_init(q, block);
	q->good = IXYMIN_RXD_GOOD;
	ixymin_rx_refill(q, 0);
	if (q->nb_free > 0) {
		IXYMIN_LOG(ERR, hw, " rx queue %u: pool %s lacks %u mbufs", q->id, q->pool->name, q->nb_free);
		return -ENOMEM;
	}
	reg_write(hw, IXYMIN_SRRCTL(q->id), q->buf_size >> IXYMIN_SRRCTL_BSIZE_SHIFT |
		  IXYMIN_SRRCTL_ADV_ONE_BUFFER | (q->drop_en ? IXYMIN_SRRCTL_DROP_EN : 0));
	/* Write-backs must not overtake the data. INTERPRETATION (MISSING): 4.6.7 wants bit 12
	 * cleared, of which 8.2.3.11.1 only says that it is reserved. */
	reg_change(hw, IXYMIN_DCA_RXCTRL(q->id), IXYMIN_DCA_RXCTRL_RESERVED12 |
		   IXYMIN_DCA_RXCTRL_DATA_WRO | IXYMIN_DCA_RXCTRL_HEAD_WRO, 0);
	reg_change(hw, IXYMIN_DCTL(block), 0, IXYMIN_DCTL_ENABLE);
	ret = ixymin_wait(hw, IXYMIN_DCTL(block), IXYMIN_DCTL_ENABLE, IXYMIN_DCTL_ENABLE, 10,
			  "RXDCTL", " rx queue %u: not enabled", q->id);
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its head;
	 * the reset of the device before has done so. */
	if (ret == 0)
		reg_write(hw, IXYMIN_DT(block), q->tail);
	return ret;
}

/* 4.6.8. Descriptors are prefetched when fewer than 36 are on the chip and 8 in memory (7.2.3.4). */
int
ixymin_tx_start(struct ixymin_queue *q)
{
	const struct ixymin_hw *hw = q->hw;
	uint32_t block = IXYMIN_TXQ(q->id);

	queue_init(q, block);
	q->batch_end = IXYMIN_BATCH - 1;
	reg_change(hw, IXYMIN_DCA_TXCTRL(q->id), IXYMIN_DCA_TXCTRL_DESC_WRO, 0);
	reg_write(hw, IXYMIN_DCTL(block), IXYMIN_TXDCTL_PTHRESH(36) | IXYMIN_TXDCTL_HTHRESH(8) |
		  IXYMIN_DCTL_ENABLE);
	return ixymin_wait(hw, IXYMIN_DCTL(block), IXYMIN_DCTL_ENABLE, IXYMIN_DCTL_ENABLE, 10,
			   "TXDCTL", " tx queue %u: not enabled", q->id);
}

/* What was accepted goes out before the queue stops, if there is a link: a full ring of the
 * largest frames takes 33 ms. */
void
ixymin_tx_drain(const struct ixymin_queue *q)
{
	if (reg_read(q->hw, IXYMIN_LINKS) & IXYMIN_LINKS_UP)
		ixymin_wait(q->hw, IXYMIN_DH(IXYMIN_TXQ(q->id)), UINT16_MAX, q->tail, 40, "TDH",
			    " tx queue %u: not all sent", q->id);
}

/* Only while the device is stopped */
void
ixymin_free_mbufs(struct ixymin_queue *q)
{
	for (; q->nb_free < q->nb_desc - 1; q->nb_free++) {
		rte_pktmbuf_free_seg(q->mbufs[q->head]);
		q->head = q->head + 1 == q->nb_desc ? 0 : q->head + 1;
	}
}
