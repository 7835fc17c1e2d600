/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive and transmit queues.  What the burst functions read is in the first cache line. */

#ifndef IXYMIN_RXTX_H
#define IXYMIN_RXTX_H

#include <stdalign.h>

#include <rte_cpuflags.h>
#include <rte_vect.h>

#include "ixymin_ethdev.h"

/* Descriptors get new buffers, and are reclaimed, in batches. A batch begins at a multiple of this
 * number; the last batch of a ring may be shorter. */
#define IXYMIN_BATCH 32u

/* Receive functions. Each burst looks up its queue's: it may change while the port runs, and
 * holds for all processes. */
enum ixymin_rx_path {
	IXYMIN_RX_PLAIN,
	IXYMIN_RX_FULL,    /* what ixymin_rx_offload.c does */
	IXYMIN_RX_AVX2,    /* as the plain one, without packet types */
	IXYMIN_RX_AVX2_FULL,
	IXYMIN_RX_STOPPED,
};

/* The bits of a descriptor that are a packet type; of a tunnel, those of the outer header */
#define IXYMIN_PTYPE_OUTER (RTE_PTYPE_L3_IPV4_EXT)
#define IXYMIN_PTYPE_ALL   (RTE_PTYPE_L3_IPV4_EXT | RTE_PTYPE_L3_IPV6_EXT | RTE_PTYPE_L4_TCP | \
			    RTE_PTYPE_L4_UDP | RTE_PTYPE_L4_SCTP)

/*
 * A receive ring. Head is software's: the next descriptor to look at, not RDH.
 *
 *            head                       tail (RDT)
 *             v                          v
 *   +--------+--+--+--+--+--+--+--+--+--+--------+
 *   | empty  |  written back  | filled  | empty  |
 *   +--------+--+--+--+--+--+--+--+--+--+--------+
 *               DD = 1          DD = 0
 *
 * Empty descriptors have no buffer: their packets were taken. One further descriptor always stays
 * empty, since head == tail would be ambiguous.
 */
struct ixymin_rxq {
	union ixymin_rx_desc *ring;
	void *rdt;                /* the tail register */
	struct rte_mempool *pool;
	uint64_t rearm;           /* rearm_data of a fresh mbuf: headroom, refcnt, nb_segs, port */
	uint64_t data_offset;     /* from an mbuf's address to the DMA address of its data */
	uint16_t nb_desc;
	uint16_t head;
	uint16_t tail;
	uint16_t nb_empty;
	uint16_t buf_size;        /* bytes that the device may write to a buffer */
	uint8_t path;             /* enum ixymin_rx_path */
	bool offset_varies;       /* data_offset is not that of all mbufs of the pool */
	bool ptypes;              /* packet types are wanted */
	bool skip_to_eop;         /* a bad packet has begun: drop the rest of it */
	uint8_t fcs_len;          /* as the port's */
	uint8_t refill_at;        /* empty descriptors: fill them if there are so many */
	uint64_t mbuf_flags;      /* ol_flags that the application wants to be told */

	alignas(RTE_CACHE_LINE_SIZE) rte_iova_t iova; /* of the ring */
	struct ixymin_port *port;
	struct rte_mbuf *first;   /* of a scattered packet that is not complete, or NULL */
	struct rte_mbuf *last;
	bool strip;               /* the device strips VLAN tags */
	bool scattered;           /* packets may be larger than a buffer */
	bool drop_en;             /* drop packets for which there is no descriptor */
	bool deferred;            /* started by the application, not with the port */
	struct rte_mbuf *mbufs[]; /* buffers of the descriptors */
};

/* Flags of mbufs that ask for an offload; TX_IPV4 and TX_IPV6 alone ask for nothing. */
#define IXYMIN_TX_REQUESTS (RTE_MBUF_F_TX_OFFLOAD_MASK & \
			    ~(RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6))

/* One buffer, one packet */
#define IXYMIN_TX_COMMAND (IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_EOP | IXYMIN_TXD_IFCS | \
			   IXYMIN_TXD_DEXT)

/* What a transmit context tells the device of packets (7.2.3.2.3) */
struct ixymin_tx_context {
	uint32_t vlan_macip_lens;
	uint32_t tucmd;
	uint32_t mss_l4len;
};

/*
 * A transmit ring. Head is software's: the first descriptor that is not reclaimed, not TDH.
 *
 *            head                       tail (TDT)
 *             v                          v
 *   +--------+--+--+--+--+--+--+--+--+--+--------+
 *   |  free  |  sent, DD = 1  | waiting | free   |
 *   +--------+--+--+--+--+--+--+--+--+--+--------+
 *
 * DD is written where RS is set: in the last descriptor of a burst, and of the packet that a batch
 * ends in. A packet's last descriptor has its mbuf; those before, of further segments and of
 * offloads, have none. One further descriptor always stays free, since head == tail would be
 * ambiguous.
 */
struct ixymin_txq {
	union ixymin_tx_desc *ring;
	void *tdt;                /* the tail register; of a stopped queue no_tdt */
	struct ixymin_port *port;
	uint16_t nb_desc;
	uint16_t head;
	uint16_t tail;
	uint16_t nb_free;
	uint16_t reclaim_below;   /* free descriptors: reclaim if there are fewer */
	bool fast_free;           /* all mbufs are of one pool, and nobody else has them */
	bool full;                /* sends segments, and what ixymin_tx_offload.c does */

	alignas(RTE_CACHE_LINE_SIZE) rte_iova_t iova; /* of the ring */
	struct ixymin_tx_context context[IXYMIN_TX_CONTEXTS]; /* that the device has */
	uint8_t last_context;     /* the one used last */
	bool deferred;            /* started by the application, not with the port */
	uint32_t no_tdt;          /* a stopped queue keeps packets until it starts or is full */
	struct rte_mbuf *mbufs[]; /* of packets, by their last descriptors; NULL: not the last */
};

static_assert(offsetof(struct ixymin_rxq, iova) == RTE_CACHE_LINE_SIZE, "one line for Rx");
static_assert(offsetof(struct ixymin_txq, iova) == RTE_CACHE_LINE_SIZE, "one line for Tx");

/* Descriptors from head to tail: the device has them, or has written them back. */
static inline uint16_t
rxq_filled(const struct ixymin_rxq *q)
{
	return q->nb_desc - 1 - q->nb_empty;
}

static inline uint16_t
rxq_next(const struct ixymin_rxq *q, uint16_t index)
{
	return index + 1 == q->nb_desc ? 0 : index + 1;
}

/* The device writes these 8 bytes at once, and the others of the descriptor before them. */
static inline uint64_t
rxd_status(const union ixymin_rx_desc *desc)
{
	return rte_le_to_cpu_64(rte_atomic_load_explicit(&desc->wb.status,
							 rte_memory_order_acquire));
}

/* A whole packet in one buffer, without an error. A correct device writes nothing else: with SBP
 * off the MAC lets no bad frame pass, and no frame is larger than a buffer unless that is said. */
static inline bool
rxq_is_valid(const struct ixymin_rxq *q, uint64_t status, uint8_t fcs_len)
{
	uint16_t len = IXYMIN_RXD_LEN(status);

	return (status & (IXYMIN_RXD_EOP | IXYMIN_RXD_RXE)) == IXYMIN_RXD_EOP &&
	       len > fcs_len && len <= q->buf_size && !q->skip_to_eop;
}

/* Drop a descriptor of a bad packet, and all that follow up to its end. Inline, since a call here
 * would cost all other packets two instructions. */
static __rte_always_inline void
rxq_drop(struct ixymin_rxq *q, struct rte_mbuf *m, uint64_t status)
{
	rte_mbuf_raw_free(m);
	q->skip_to_eop = !(status & IXYMIN_RXD_EOP);
	rte_atomic_fetch_add_explicit(&q->port->stats.rx_bad, 1, rte_memory_order_relaxed);
}

/* Make an mbuf fresh: one store, and its flags. */
static inline void
rxq_rearm(const struct ixymin_rxq *q, struct rte_mbuf *m)
{
	memcpy(IXYMIN_MBUF_REARM(m), &q->rearm, sizeof(q->rearm));
	m->ol_flags = 0;
}

/* The device reports both headers of IPv6 in IPv4. That is a tunnel: only the outer one counts. */
static inline uint32_t
rxd_packet_type(const union ixymin_rx_desc *desc)
{
	uint32_t info = rte_le_to_cpu_32(desc->wb.info);
	bool tunnel = (info & IXYMIN_RXD_INFO_IPV4) && (info & IXYMIN_RXD_INFO_IPV6);

	return RTE_PTYPE_L2_ETHER | (info & (tunnel ? IXYMIN_PTYPE_OUTER : IXYMIN_PTYPE_ALL));
}

/* Fill empty descriptors, until at most max_empty are left, and tell the device once. If the pool
 * has no mbufs they stay empty, and the next burst tries again. Inline, since the compiler makes
 * other instructions of it for each path. */
static inline void
rxq_refill(struct ixymin_rxq *q, unsigned int max_empty)
{
	unsigned int tail = q->tail, nb, i;

	while (q->nb_empty > max_empty) {
		struct rte_mbuf **mbufs = &q->mbufs[tail];
		union ixymin_rx_desc *ring = &q->ring[tail];

		nb = RTE_MIN(q->nb_empty, IXYMIN_BATCH);
		nb = RTE_MIN(nb, q->nb_desc - tail);
		if (rte_mempool_get_bulk(q->pool, (void **)mbufs, nb) < 0) {
			rte_atomic_fetch_add_explicit(&q->port->stats.rx_nombuf, nb,
						      rte_memory_order_relaxed);
			break;
		}
		for (i = 0; i < nb; i++) {
			rte_iova_t data = likely(!q->offset_varies) ?
					  (uintptr_t)mbufs[i] + q->data_offset :
					  rte_mbuf_data_iova_default(mbufs[i]);

			ring[i].read.pkt_addr = rte_cpu_to_le_64(data);
			ring[i].read.hdr_addr = 0;
		}
		tail = tail + nb == q->nb_desc ? 0 : tail + nb;
		q->nb_empty -= nb;
	}
	if (tail != q->tail) {
		q->tail = tail;
		rte_write32(rte_cpu_to_le_32(tail), q->rdt);
	}
}

static inline uint16_t
txq_used(const struct ixymin_txq *q)
{
	return q->nb_desc - 1 - q->nb_free;
}

static inline uint16_t
txq_next(const struct ixymin_txq *q, uint16_t index)
{
	return index + 1 == q->nb_desc ? 0 : index + 1;
}

/* The index behind the batch that a descriptor belongs to */
static inline uint16_t
txq_batch_end(const struct ixymin_txq *q, uint16_t index)
{
	return RTE_MIN(RTE_ALIGN_FLOOR(index, IXYMIN_BATCH) + IXYMIN_BATCH, q->nb_desc);
}

/* The device writes DD in order: a descriptor that is done says so of all before it. */
static inline bool
txq_is_done(const struct ixymin_txq *q, uint16_t index)
{
	uint32_t status = rte_atomic_load_explicit(&q->ring[index].wb.status,
						   rte_memory_order_acquire);

	return status & rte_cpu_to_le_32(IXYMIN_TXD_STAT_DD);
}

/* How many of nb mbufs, from the first on, one call gives back to their pool: nobody else has them,
 * their data is their own, and they are of one pool. */
static inline unsigned int
txq_run(struct rte_mbuf *const *mbufs, unsigned int nb)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		const struct rte_mbuf *m = mbufs[i];

		if (m == NULL || m->nb_segs != 1 || rte_mbuf_refcnt_read(m) != 1 ||
		    !RTE_MBUF_DIRECT(m) || m->pool != mbufs[0]->pool)
			break;
	}
	return i;
}

/* Free the mbufs of nb descriptors from head on, none of them beyond the end of the ring. */
static inline void
txq_free(struct ixymin_txq *q, unsigned int nb)
{
	struct rte_mbuf **mbufs = &q->mbufs[q->head], **end = &mbufs[nb];
	unsigned int n;

	for (; mbufs < end; mbufs += n) {
		n = q->fast_free ? nb : txq_run(mbufs, end - mbufs);
		if (n > 0) {
			rte_mempool_put_bulk(mbufs[0]->pool, (void **)mbufs, n);
		} else {
			rte_pktmbuf_free(mbufs[0]);
			n = 1;
		}
	}
	q->nb_free += nb;
	q->head = q->head + nb == q->nb_desc ? 0 : q->head + nb;
}

/* Free whole batches that were sent: when the packet that a batch ends in is out. Inline, as
 * rxq_refill(). */
static inline void
txq_reclaim(struct ixymin_txq *q)
{
	for (;;) {
		uint16_t end = txq_batch_end(q, q->head);
		uint16_t nb = end - q->head, last = end - 1;

		if (txq_used(q) < nb)
			return;
		while (q->mbufs[last] == NULL)
			last = txq_next(q, last);
		if (!txq_is_done(q, last))
			return;
		txq_free(q, nb);
	}
}

/* The end of a burst: give the device the descriptors up to tail. The last one gets RS, since this
 * burst may be the last, and the application may ask for its packets. */
static inline void
txq_submit(struct ixymin_txq *q)
{
	unsigned int last = (q->tail == 0 ? q->nb_desc : q->tail) - 1;

	q->ring[last].read.cmd_type_len |= rte_cpu_to_le_32(IXYMIN_TXD_RS);
	rte_write32(rte_cpu_to_le_32(q->tail), q->tdt);
}

/* ixymin_tx.c */
int ixymin_tx_done_cleanup(void *queue, uint32_t max);

/* 7.2.3.3: reclaim what was sent; let put() write descriptors for the packets that there is room
 * for; tell the device once, if there are any. A burst of 0 packets reclaims all that was sent. */
static inline uint16_t
txq_burst(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts,
	  uint16_t (*put)(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts),
	  void (*reclaim)(struct ixymin_txq *q))
{
	uint16_t tail = q->tail, nb;

	if (unlikely(nb_pkts == 0)) {
		ixymin_tx_done_cleanup(q, 0);
		return 0;
	}
	if (q->nb_free < RTE_MAX(nb_pkts, q->reclaim_below))
		reclaim(q);
	nb = put(q, pkts, nb_pkts);
	if (q->tail != tail)
		txq_submit(q);
	return nb;
}

/* ixymin_ethdev.c: memory for a queue, all zero, which ends in an mbuf pointer for each descriptor,
 * and for its ring. Returns NULL if there is not enough. */
void *ixymin_queue_alloc(struct rte_eth_dev *dev, const char *ring_name, uint16_t id,
			 size_t queue_size, uint16_t nb_desc, unsigned int socket,
			 const struct rte_memzone **ring);

/* ixymin_rx.c */
int ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc,
			  unsigned int socket, const struct rte_eth_rxconf *conf,
			  struct rte_mempool *pool);
void ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id);
int ixymin_rx_queue_start(struct rte_eth_dev *dev, uint16_t id);
int ixymin_rx_queue_stop(struct rte_eth_dev *dev, uint16_t id);
void ixymin_rx_queues_stop(struct rte_eth_dev *dev);
void ixymin_rx_queue_free_mbufs(struct rte_eth_dev *dev, uint16_t id);
void ixymin_rx_queue_fit(struct rte_eth_dev *dev, uint16_t id, uint16_t mtu);
void ixymin_rx_queue_strip(struct rte_eth_dev *dev, uint16_t id, bool on);
void ixymin_rx_refill(struct ixymin_rxq *q, unsigned int max_empty);
uint16_t ixymin_rx_take(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
void ixymin_rxq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_rxq_info *info);
const uint32_t *ixymin_ptypes_get(struct rte_eth_dev *dev IXYMIN_PTYPES_PARAM);
int ixymin_ptypes_set(struct rte_eth_dev *dev, uint32_t mask);
int ixymin_rx_burst_mode_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_burst_mode *mode);
ixymin_queue_count_t ixymin_rx_queue_count(void *queue);
int ixymin_rx_descriptor_status(void *queue, uint16_t offset);
int ixymin_rx_monitor_addr(void *queue, struct rte_power_monitor_cond *cond);
uint16_t ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

/* ixymin_rx_offload.c */
uint64_t ixymin_rx_mbuf_flags(const struct ixymin_rxq *q, uint64_t offloads);
uint16_t ixymin_rx_take_full(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);

/* ixymin_tx.c */
int ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc,
			  unsigned int socket, const struct rte_eth_txconf *conf);
void ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id);
int ixymin_tx_queue_start(struct rte_eth_dev *dev, uint16_t id);
int ixymin_tx_queue_stop(struct rte_eth_dev *dev, uint16_t id);
void ixymin_tx_queues_stop(struct rte_eth_dev *dev);
void ixymin_tx_queue_free_mbufs(struct rte_eth_dev *dev, uint16_t id);
void ixymin_txq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_txq_info *info);
int ixymin_tx_burst_mode_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_burst_mode *mode);
int ixymin_tx_descriptor_status(void *queue, uint16_t offset);
bool ixymin_tx_is_full(const struct rte_eth_dev *dev);
uint16_t ixymin_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
void ixymin_tx_reclaim(struct ixymin_txq *q);
uint16_t ixymin_tx_put(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
void ixymin_tx_drop(struct ixymin_txq *q, struct rte_mbuf *m);

/* ixymin_recycle.c */
void ixymin_recycle_rxq_info_get(struct rte_eth_dev *dev, uint16_t id,
				 struct rte_eth_recycle_rxq_info *info);
void ixymin_recycle_rx_refill(void *queue, uint16_t nb);
uint16_t ixymin_recycle_tx_reuse(void *queue, struct rte_eth_recycle_rxq_info *info);

/* ixymin_tx_offload.c */
uint16_t ixymin_tx_burst_full(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t ixymin_tx_put_full(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t ixymin_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

/* ixymin_rxtx_avx2.c, if the processor has AVX2 and the application allows 256 bits */
static inline bool
ixymin_is_avx2_allowed(void)
{
#ifdef RTE_ARCH_X86_64
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0 &&
	       rte_vect_get_max_simd_bitwidth() >= RTE_VECT_SIMD_256;
#else
	return false;
#endif
}

uint16_t ixymin_rx_take_avx2(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t ixymin_rx_take_full_avx2(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
void ixymin_rx_refill_avx2(struct ixymin_rxq *q, unsigned int max_empty);
uint16_t ixymin_tx_burst_avx2(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t ixymin_tx_burst_full_avx2(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts);

#endif /* IXYMIN_RXTX_H */
