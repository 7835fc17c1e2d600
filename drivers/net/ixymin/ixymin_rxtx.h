/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The queues and the data path. */

#ifndef IXYMIN_RXTX_H
#define IXYMIN_RXTX_H

#include "ixymin_compat.h"
#include "ixymin_hw.h"

/* Descriptors get new buffers, and are reclaimed, in batches that begin at multiples of this; the
 * last of a ring may be shorter. */
#define IXYMIN_BATCH 32u

/* A ring is the same in both directions: the device has the descriptors from head up to, not
 * including, tail; software has nb_free and one more, so that tail never meets head again. */
struct ixymin_queue {
	/* what the burst functions read, one cache line */
	union {
		union ixymin_rx_desc *rx;
		union ixymin_tx_desc *tx;
	} ring;
	void *tail_reg;              /* RDT, TDT */
	struct ixymin_hw *hw;
	uint16_t nb_desc;
	uint16_t head;
	uint16_t tail;
	uint16_t nb_free;
	/* Rx */
	struct rte_mempool *pool;
	uint64_t rearm;              /* rearm_data of a fresh mbuf: headroom, refcnt, port ... */
	uint32_t good;               /* status of a whole packet, or 0: skip the rest of a bad one */
	uint16_t buf_size;           /* bytes that the device may write to a buffer */
	/* Tx */
	uint16_t batch_end;          /* last descriptor of the batch that tail is in */
	bool fast_free;

	bool drop_en __rte_cache_aligned;
	uint16_t id;
	rte_iova_t iova;
	struct rte_mbuf *mbufs[];    /* buffers of the descriptors */
};

void ixymin_rx_refill(struct ixymin_queue *q, unsigned int max_free);
uint16_t ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
int ixymin_tx_done_cleanup(void *queue, uint32_t max);

#endif /* IXYMIN_RXTX_H */
