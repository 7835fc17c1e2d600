/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The differences between the DPDK versions that this driver builds with, 22.11 to 26.07.  The
 * driver is written for the newest one.  What the older ones lack is defined here. */

#ifndef IXYMIN_COMPAT_H
#define IXYMIN_COMPAT_H

#include <rte_version.h>

/* Since 23.11 atomics have names of DPDK's own. */
#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
#define RTE_ATOMIC(type) type
#define rte_memory_order_relaxed __ATOMIC_RELAXED
#define rte_memory_order_acquire __ATOMIC_ACQUIRE
#define rte_atomic_load_explicit(ptr, order) __atomic_load_n(ptr, order)
#define rte_atomic_store_explicit(ptr, value, order) __atomic_store_n(ptr, value, order)
#define rte_atomic_fetch_add_explicit(ptr, value, order) __atomic_fetch_add(ptr, value, order)
#else
#include <rte_stdatomic.h>
#endif

/* Since 23.11 mbufs are recycled. */
#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
#define IXYMIN_RECYCLE(...)
struct rte_eth_recycle_rxq_info {
	struct rte_mbuf **mbuf_ring;
	struct rte_mempool *mp;
	uint16_t *refill_head, *receive_tail;
	uint16_t mbuf_ring_size, refill_requirement;
};
#else
#define IXYMIN_RECYCLE(...) __VA_ARGS__
#endif

/* Since 25.11 the statistics of queues have a structure of their own, which may be missing. */
#if RTE_VERSION < RTE_VERSION_NUM(25, 11, 0, 0)
#define eth_queue_stats rte_eth_stats
#define IXYMIN_QUEUE_STATS_PARAM
#define IXYMIN_QUEUE_STATS(stats) (stats)
#else
#define IXYMIN_QUEUE_STATS_PARAM , struct eth_queue_stats *queue_stats
#define IXYMIN_QUEUE_STATS(stats) queue_stats
#endif

/* Since 25.11 the number of descriptors that are done may be negative: an error. */
#if RTE_VERSION < RTE_VERSION_NUM(25, 11, 0, 0)
typedef uint32_t ixymin_queue_count_t;
#else
typedef int ixymin_queue_count_t;
#endif

/* Since 24.03 the list of packet types has a length.  Before, it ended in UNKNOWN. */
#if RTE_VERSION < RTE_VERSION_NUM(24, 3, 0, 0)
#define IXYMIN_PTYPES_PARAM
#define IXYMIN_PTYPES_RETURN(list) return list
#else
#define IXYMIN_PTYPES_PARAM , size_t *nb
#define IXYMIN_PTYPES_RETURN(list) do { *nb = RTE_DIM(list) - 1; return list; } while (0)
#endif

/* Since 24.11 the registers of a dump have names. */
#if RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0)
#define IXYMIN_REG_NAME(info, i, word, n) ((void)(word))
#else
#define IXYMIN_REG_NAME(info, i, word, n) do { \
	if ((info)->names != NULL) \
		snprintf((info)->names[i].name, sizeof((info)->names[i].name), "%s_%u", word, n); \
} while (0)
#endif

/* Since 26.07 one macro serves all buses. */
#if RTE_VERSION < RTE_VERSION_NUM(26, 7, 0, 0)
#define RTE_CLASS_TO_BUS_DEVICE(dev, type) RTE_ETH_DEV_TO_PCI(dev)
#endif

/* Until 23.11 rearm_data was an array without elements, which compilers refuse to index. */
#define IXYMIN_MBUF_REARM(m) ((char *)(m) + offsetof(struct rte_mbuf, rearm_data))

#endif /* IXYMIN_COMPAT_H */
