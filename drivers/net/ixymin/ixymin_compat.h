/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The differences between the DPDK versions that this driver builds with, 22.11 to 26.07.
 * The driver is written for the newest; what the older ones lack is made up for here. */

#ifndef IXYMIN_COMPAT_H
#define IXYMIN_COMPAT_H

#include <rte_version.h>
#include <ethdev_pci.h>

/* Since 25.11 the statistics of queues are apart, and optional. */
#if RTE_VERSION < RTE_VERSION_NUM(25, 11, 0, 0)
#define eth_queue_stats rte_eth_stats
#define IXYMIN_QUEUE_STATS_PARAM
#define IXYMIN_QUEUE_STATS(stats) (stats)
#else
#define IXYMIN_QUEUE_STATS_PARAM , struct eth_queue_stats *queue_stats
#define IXYMIN_QUEUE_STATS(stats) queue_stats
#endif

/* Since 24.03 the list of packet types has a length; before, it ended in UNKNOWN. */
#if RTE_VERSION < RTE_VERSION_NUM(24, 3, 0, 0)
#define IXYMIN_PTYPES_PARAM
#define IXYMIN_PTYPES_RETURN(list) return list
#else
#define IXYMIN_PTYPES_PARAM , size_t *nb
#define IXYMIN_PTYPES_RETURN(list) do { *nb = RTE_DIM(list) - 1; return list; } while (0)
#endif

/* Since 26.07 one macro serves all buses. */
#ifndef RTE_CLASS_TO_BUS_DEVICE
#define RTE_CLASS_TO_BUS_DEVICE(dev, type) RTE_ETH_DEV_TO_PCI(dev)
#endif

/* Until 23.11 rearm_data was an array without elements, which compilers will not index. */
#define IXYMIN_MBUF_REARM(m) ((char *)(m) + offsetof(struct rte_mbuf, rearm_data))

#endif /* IXYMIN_COMPAT_H */
