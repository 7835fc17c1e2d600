/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit queues: their life, and the data path */

#include <errno.h>

#include <rte_malloc.h>

#include "ixymin_rxtx.h"

/* 7.2.3.4: prefetch descriptors when fewer than 36 are on the chip and 8 are in memory. WTHRESH is
 * 0: RS decides which ones are written back (7.2.3.5.1). */
#define TX_PTHRESH 36
#define TX_HTHRESH 8

/* Reclaim when more descriptors are in use than these, or half of the ring. Measured: 512 mbufs at
 * a time pass through the lcore's cache (250 mbufs with testpmd) into the pool, and the data path
 * takes 21 cycles a packet instead of 11. */
#define TX_USED_MAX 256

void
ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	rte_eth_dma_zone_free(dev, "tx_ring", id);
	rte_free(dev->data->tx_queues[id]);
	dev->data->tx_queues[id] = NULL;
}

int
ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_txconf *conf)
{
	struct ixymin_port *port = ixymin_port(dev);
	const struct rte_memzone *ring;
	struct ixymin_txq *q;

	q = ixymin_queue_alloc(dev, "tx_ring", id, sizeof(*q), nb_desc, socket, &ring);
	if (q == NULL) {
		IXYMIN_LOG(ERR, &port->hw, "tx queue %u: no memory for %u descriptors",
			   id, nb_desc);
		return -ENOMEM;
	}
	q->ring = ring->addr;
	q->iova = ring->iova;
	q->port = port;
	q->nb_desc = nb_desc;
	q->nb_free = nb_desc - 1;
	q->reclaim_below = nb_desc - RTE_MIN(nb_desc / 2, TX_USED_MAX);
	q->tdt = &q->no_tdt;
	q->deferred = conf->tx_deferred_start;
	dev->data->tx_queues[id] = q;
	return 0;
}

/* 4.6.8 */
int
ixymin_tx_queue_start(struct rte_eth_dev *dev, uint16_t id)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	struct ixymin_txq *q = dev->data->tx_queues[id];
	int ret;

	if (q == NULL) {
		IXYMIN_LOG(ERR, hw, "tx queue %u: not set up", id);
		return -EINVAL;
	}
	ixymin_tx_queue_free_mbufs(dev, id); /* that came while it was stopped */
	q->head = 0;
	q->tail = 0;
	q->full = ixymin_tx_is_full(dev);
	memset(q->context, 0, sizeof(q->context)); /* no context is like this */
	/* segments and contexts leave descriptors without an mbuf, and a pool takes no holes */
	q->fast_free = !q->full && (dev->data->dev_conf.txmode.offloads &
				    RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
	reg_write(hw, IXYMIN_TDBAL(id), q->iova);
	reg_write(hw, IXYMIN_TDBAH(id), q->iova >> 32);
	reg_write(hw, IXYMIN_TDLEN(id), q->nb_desc * sizeof(q->ring[0]));
	reg_clear(hw, IXYMIN_DCA_TXCTRL(id), IXYMIN_DCA_TXCTRL_DESC_WRO);
	/* INTERPRETATION (MISSING): 8.2.3.9.10 does not say whether enabling a queue resets its
	 * head and tail; a queue that ran before has left them somewhere. */
	reg_write(hw, IXYMIN_TDH(id), 0);
	reg_write(hw, IXYMIN_TDT(id), 0);
	reg_write(hw, IXYMIN_TXDCTL(id), IXYMIN_TXDCTL_PTHRESH(TX_PTHRESH) |
		  IXYMIN_TXDCTL_HTHRESH(TX_HTHRESH) | IXYMIN_TXDCTL_ENABLE);
	ret = ixymin_queue_wait(hw, false, id, true);
	if (ret < 0)
		return ret;
	q->tdt = hw->bar + IXYMIN_TDT(id);
	dev->data->tx_queue_state[id] = RTE_ETH_QUEUE_STATE_STARTED;
	return 0;
}

static int
tx_queue_disable(const struct ixymin_hw *hw, uint16_t id)
{
	reg_clear(hw, IXYMIN_TXDCTL(id), IXYMIN_TXDCTL_ENABLE);
	return ixymin_queue_wait(hw, false, id, false);
}

/* 4.6.8.1: let the queue send what it has, then disable it. Without a link nothing leaves, so the
 * wait for that ends without an error. */
int
ixymin_tx_queue_stop(struct rte_eth_dev *dev, uint16_t id)
{
	const struct ixymin_txq *q = dev->data->tx_queues[id];
	const struct ixymin_hw *hw = ixymin_hw(dev);
	int ret;

	ixymin_reg_wait(hw, IXYMIN_TDH(id), UINT32_MAX, q->tail, MS(10));
	ret = tx_queue_disable(hw, id);
	if (ret < 0)
		return ret;
	ixymin_tx_queue_free_mbufs(dev, id);
	return 0;
}

/* All queues, before the reset that ends all DMA */
void
ixymin_tx_queues_stop(struct rte_eth_dev *dev)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	const struct ixymin_txq *q;
	uint16_t id;

	for (id = 0; id < dev->data->nb_tx_queues; id++) {
		q = dev->data->tx_queues[id];
		if (dev->data->tx_queue_state[id] == RTE_ETH_QUEUE_STATE_STARTED &&
		    ixymin_reg_wait(hw, IXYMIN_TDH(id), UINT32_MAX, q->tail, MS(10)) < 0)
			break; /* the other queues had the same 10 ms: do not wait again */
	}
	for (id = 0; id < dev->data->nb_tx_queues; id++) {
		if (tx_queue_disable(hw, id) < 0)
			return; /* the reset comes next */
	}
}

/* Free all mbufs of a queue that the device does not use any more. */
void
ixymin_tx_queue_free_mbufs(struct rte_eth_dev *dev, uint16_t id)
{
	struct ixymin_txq *q = dev->data->tx_queues[id];

	dev->data->tx_queue_state[id] = RTE_ETH_QUEUE_STATE_STOPPED;
	if (q == NULL)
		return;
	q->tdt = &q->no_tdt;
	while (txq_used(q) > 0) {
		rte_pktmbuf_free(q->mbufs[q->head]);
		q->head = txq_next(q, q->head);
		q->nb_free++;
	}
}

/* What the driver does, whatever thresholds the application gave */
void
ixymin_txq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_txq_info *info)
{
	const struct ixymin_txq *q = dev->data->tx_queues[id];

	info->nb_desc = q->nb_desc;
	info->conf.tx_thresh.pthresh = TX_PTHRESH;
	info->conf.tx_thresh.hthresh = TX_HTHRESH;
	info->conf.tx_rs_thresh = IXYMIN_BATCH;
	info->conf.tx_free_thresh = q->reclaim_below;
	info->conf.tx_deferred_start = q->deferred;
	info->conf.offloads = dev->data->dev_conf.txmode.offloads;
}

/* The simple burst function for what is one segment without offloads, else the full one */
bool
ixymin_tx_is_full(const struct rte_eth_dev *dev)
{
	return dev->data->dev_conf.txmode.offloads & ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
}

void
ixymin_tx_reclaim(struct ixymin_txq *q)
{
	txq_reclaim(q);
}

/* Free all packets that were sent, also those of a batch that is not full: the last one of each
 * burst has RS. max: no more packets than these; 0: any number. Returns how many. */
int
ixymin_tx_done_cleanup(void *queue, uint32_t max)
{
	struct ixymin_txq *q = queue;
	uint32_t sent, packets = 0, i, nb;

	if (q == NULL) /* ethdev does not look */
		return -EINVAL;
	sent = txq_used(q);
	while (sent > 0 && !txq_is_done(q, (q->head + sent - 1) % q->nb_desc))
		sent--;
	for (i = 0; i < sent && (max == 0 || packets < max); i++)
		packets += q->mbufs[(q->head + i) % q->nb_desc] != NULL;
	for (; i > 0; i -= nb) {
		nb = RTE_MIN(i, (uint32_t)q->nb_desc - q->head);
		txq_free(q, nb);
	}
	return packets;
}

/* Offset 0 is the next descriptor to be written. One of them always stays free. */
int
ixymin_tx_descriptor_status(void *queue, uint16_t offset)
{
	const struct ixymin_txq *q = queue;
	unsigned int i;

	if (q == NULL || offset >= q->nb_desc)
		return -EINVAL;
	if (offset < q->nb_free)
		return RTE_ETH_TX_DESC_DONE;
	if (offset == q->nb_desc - 1)
		return RTE_ETH_TX_DESC_UNAVAIL;
	for (i = offset + 1; i < q->nb_desc; i++) {
		if (txq_is_done(q, (q->tail + i) % q->nb_desc))
			return RTE_ETH_TX_DESC_DONE;
	}
	return RTE_ETH_TX_DESC_FULL;
}

/* Segments, for which there is the full function, and impossible lengths would hang the device. */
static inline bool
tx_is_valid(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 &&
	       m->data_len >= IXYMIN_TX_LEN_MIN && m->data_len <= IXYMIN_TX_LEN_MAX;
}

/* Apart, since it is rare and would take registers from the burst function. */
__rte_noinline void
ixymin_tx_drop(struct ixymin_txq *q, struct rte_mbuf *m)
{
	rte_pktmbuf_free(m);
	rte_atomic_fetch_add_explicit(&q->port->stats.tx_bad, 1, rte_memory_order_relaxed);
}

/* 7.2.3.2.4: write a descriptor for each packet. */
static inline uint16_t
tx_put(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	unsigned int max = RTE_MIN(nb_pkts, q->nb_free), nb, dropped = 0;
	unsigned int tail = q->tail, end = txq_batch_end(q, tail);

	for (nb = 0; nb < max; nb++) {
		union ixymin_tx_desc *desc = &q->ring[tail];
		struct rte_mbuf *m = pkts[nb];
		uint32_t len = m->data_len, command = IXYMIN_TX_COMMAND | len;

		if (unlikely(!tx_is_valid(m))) {
			ixymin_tx_drop(q, m);
			dropped++;
			continue;
		}
		q->mbufs[tail] = m;
		if (++tail == end) {
			command |= IXYMIN_TXD_RS;
			tail = tail == q->nb_desc ? 0 : tail;
			end = txq_batch_end(q, tail);
		}
		desc->read.buffer_addr = rte_cpu_to_le_64(rte_mbuf_data_iova(m));
		desc->read.cmd_type_len = rte_cpu_to_le_32(command);
		desc->read.olinfo_status = rte_cpu_to_le_32(len << IXYMIN_TXD_PAYLEN_SHIFT);
	}
	q->nb_free -= nb - dropped;
	q->tail = tail;
	return nb;
}

uint16_t
ixymin_tx_put(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return tx_put(q, pkts, nb_pkts);
}

uint16_t
ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return txq_burst(queue, pkts, nb_pkts, tx_put, ixymin_tx_reclaim);
}

/* What bursts_choose() chooses among */
static const struct {
	eth_tx_burst_t burst;
	const char *name;
} tx_paths[] = {
	{ ixymin_tx_burst, "Scalar" },
	{ ixymin_tx_burst_full, "Scalar, full" },
#ifdef RTE_ARCH_X86_64
	{ ixymin_tx_burst_avx2, "Vector AVX2" },
	{ ixymin_tx_burst_full_avx2, "Vector AVX2, full" },
#endif
};

int
ixymin_tx_burst_mode_get(struct rte_eth_dev *dev, uint16_t id __rte_unused,
			 struct rte_eth_burst_mode *mode)
{
	for (unsigned int i = 0; i < RTE_DIM(tx_paths); i++) {
		if (dev->tx_pkt_burst == tx_paths[i].burst)
			snprintf(mode->info, sizeof(mode->info), "%s", tx_paths[i].name);
	}
	return 0;
}
