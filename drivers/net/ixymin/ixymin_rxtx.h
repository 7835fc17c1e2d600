/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The queues and the data path. */

#ifndef IXYMIN_RXTX_H
#define IXYMIN_RXTX_H

#include <rte_mbuf.h>

#include "ixymin_compat.h"
#include "ixymin_hw.h"

/* Descriptors are refilled and reclaimed in batches, which begin at multiples of this; the
 * last of a ring may be shorter. */
#define IXYMIN_BATCH 32

/* The ring, each part possibly empty or across the end:
 *
 *	refill            next               refill - 1 = RDT
 *	| taken, without  | at the device, or  | kept free: the tail
 *	| a buffer        | filled by it       | must not meet the head
 */
struct ixymin_rxq {
	/* what the burst function reads, one cache line */
	union ixymin_rx_desc *ring;
	void *tail_reg;              /* RDT */
	struct rte_mempool *pool;
	struct ixymin_hw *hw;
	uint64_t rearm;              /* rearm_data of a fresh mbuf: headroom, refcnt, port ... */
	uint32_t good;               /* status of a whole packet, or 0: skip the rest of a bad one */
	uint16_t buf_size;           /* bytes that the device may write to a buffer */
	uint16_t nb_desc;
	uint16_t next;               /* descriptor to be looked at next */
	uint16_t refill;             /* first descriptor without a buffer */
	uint16_t nb_empty;           /* descriptors without a buffer */
	bool ptypes;                 /* packet types are wanted */

	struct rte_eth_dev_data *data __rte_cache_aligned;
	rte_iova_t iova;
	uint16_t id;
	bool drop_en;
	struct rte_mbuf *mbufs[];    /* buffers of the ring */
};

/* The device has what lies between clean and tail, at most nb_desc - 1 descriptors. */
struct ixymin_txq {
	union ixymin_tx_desc *ring;
	void *tail_reg;              /* TDT */
	struct ixymin_hw *hw;
	uint16_t nb_desc;
	uint16_t nb_free;
	uint16_t free_thresh;        /* reclaim when fewer are free */
	uint16_t tail;               /* descriptor to be written next */
	uint16_t batch_end;          /* last descriptor of the batch that tail is in */
	uint16_t clean;              /* first descriptor of the batch to be reclaimed next */
	bool fast_free;
	uint16_t id;
	rte_iova_t iova;
	struct rte_mbuf *mbufs[];
};

int ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc,
			  unsigned int socket, const struct rte_eth_rxconf *conf,
			  struct rte_mempool *pool);
void ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id);
int ixymin_rx_check_mtu(const struct ixymin_rxq *rxq, uint16_t mtu);
int ixymin_rx_start(struct ixymin_rxq *rxq);
void ixymin_rx_free_mbufs(struct ixymin_rxq *rxq);
uint16_t ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

int ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc,
			  unsigned int socket, const struct rte_eth_txconf *conf);
void ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id);
int ixymin_tx_start(struct ixymin_txq *txq);
void ixymin_tx_drain(const struct ixymin_txq *txq);
void ixymin_tx_free_mbufs(struct ixymin_txq *txq);
uint16_t ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

#endif /* IXYMIN_RXTX_H */
