/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A port, and the operations of the ethdev API by the file that implements them. */

#ifndef IXYMIN_ETHDEV_H
#define IXYMIN_ETHDEV_H

#include <pthread.h>

#include <ethdev_driver.h>
#include <ethdev_pci.h>
#include <rte_spinlock.h>

#include "ixymin_compat.h"
#include "ixymin_hw.h"

#define IXYMIN_PORT_COUNTERS  43 /* rows of the table in ixymin_stats.c */
#define IXYMIN_QUEUE_COUNTERS 16 /* sets of counters of queues, 8.2.3.23 */

/* Totals since the last reset of the statistics: the device forgets what was read. */
struct ixymin_stats {
	pthread_mutex_t lock; /* of all processes, of which any may be killed */
	bool frozen; /* the device is being reset: leave its registers alone */
	uint64_t port[IXYMIN_PORT_COUNTERS];
	struct {
		uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes;
	} queue[IXYMIN_QUEUE_COUNTERS];
	/* counted by software, by any lcore */
	RTE_ATOMIC(uint64_t) rx_bad;    /* descriptors written back that made no packet */
	RTE_ATOMIC(uint64_t) rx_nombuf; /* mbufs that a pool did not have */
	RTE_ATOMIC(uint64_t) tx_bad;    /* packets that cannot be sent */
};

struct ixymin_rss {
	uint64_t types;                 /* RTE_ETH_RSS_ */
	uint16_t nb_queues;             /* for which reta was made; 0: never */
	uint8_t key[IXYMIN_RSS_KEY_BYTES];
	uint8_t reta[IXYMIN_RETA_ENTRIES];
};

/* What the application has set and ethdev does not keep. A reset of the device clears the
 * registers; the start of the port writes them again. */
struct ixymin_settings {
	uint32_t mta[IXYMIN_FILTER_WORDS]; /* multicast table */
	struct ixymin_rss rss;
	struct rte_eth_fc_conf fc;      /* flow control */
	uint8_t rx_counters[IXYMIN_RX_QUEUES]; /* the set of counters of a queue */
	uint8_t tx_counters[IXYMIN_RX_QUEUES]; /* TQSM has as many registers as RQSMR */
	uint16_t inner_tpid;            /* type of a VLAN tag, or of the inner one of two */
	uint16_t outer_tpid;
	bool no_ptypes;                 /* the application wants no packet types */
};

/* rte_eth_dev_data.dev_private */
struct ixymin_port {
	struct ixymin_hw hw;
	rte_spinlock_t link_lock; /* of started and the link: the interrupt handler runs any time */
	bool started;
	bool dma_pending;         /* after a reset that failed: the device may use the rings */
	bool link_down;           /* by rte_eth_dev_set_link_down() */
	uint8_t fcs_len;          /* bytes of the FCS in the buffers of received packets: 0 or 4 */
	bool intr_enabled;
	rte_spinlock_t rx_intr_lock;
	bool rx_intr_on[IXYMIN_RX_QUEUES]; /* the application wants to be woken by the queue */
	struct ixymin_settings settings;
	struct ixymin_stats stats;
};

static inline struct ixymin_port *
ixymin_port(const struct rte_eth_dev *dev)
{
	return dev->data->dev_private;
}

static inline struct ixymin_hw *
ixymin_hw(const struct rte_eth_dev *dev)
{
	return &ixymin_port(dev)->hw;
}

/* ixymin_rx.c, ixymin_tx.c: see ixymin_rxtx.h */

/* ixymin_filter.c */
void ixymin_filter_start(struct rte_eth_dev *dev);
int ixymin_promiscuous_enable(struct rte_eth_dev *dev);
int ixymin_promiscuous_disable(struct rte_eth_dev *dev);
int ixymin_allmulticast_enable(struct rte_eth_dev *dev);
int ixymin_allmulticast_disable(struct rte_eth_dev *dev);
int ixymin_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t index,
			uint32_t pool);
void ixymin_mac_addr_remove(struct rte_eth_dev *dev, uint32_t index);
int ixymin_mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *addr);
int ixymin_set_mc_addr_list(struct rte_eth_dev *dev, struct rte_ether_addr *addrs, uint32_t nb);

/* ixymin_vlan.c */
void ixymin_vlan_start(struct rte_eth_dev *dev);
int ixymin_vlan_filter_set(struct rte_eth_dev *dev, uint16_t vlan, int on);
int ixymin_vlan_offload_set(struct rte_eth_dev *dev, int mask);
void ixymin_vlan_strip_queue_set(struct rte_eth_dev *dev, uint16_t id, int on);
int ixymin_vlan_tpid_set(struct rte_eth_dev *dev, enum rte_vlan_type type, uint16_t tpid);

/* ixymin_rss.c */
#define IXYMIN_RSS_TYPES \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | \
	 RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)
int ixymin_rss_configure(struct rte_eth_dev *dev);
void ixymin_rss_start(struct rte_eth_dev *dev);
int ixymin_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
int ixymin_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
int ixymin_rss_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *groups,
			   uint16_t size);
int ixymin_rss_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *groups,
			  uint16_t size);

/* ixymin_link.c */
void ixymin_laser_off(const struct ixymin_hw *hw);
void ixymin_gssr_acquire(const struct ixymin_hw *hw, uint32_t sw);
void ixymin_gssr_release(const struct ixymin_hw *hw, uint32_t sw);
int ixymin_link_start(struct rte_eth_dev *dev);
int ixymin_set_link_up(struct rte_eth_dev *dev);
int ixymin_set_link_down(struct rte_eth_dev *dev);
int ixymin_link_update(struct rte_eth_dev *dev, int wait_to_complete);

/* ixymin_flow_ctrl.c */
extern const struct rte_eth_fc_conf ixymin_flow_ctrl_default;
void ixymin_flow_ctrl_start(struct rte_eth_dev *dev);
int ixymin_flow_ctrl_get(struct rte_eth_dev *dev, struct rte_eth_fc_conf *fc);
int ixymin_flow_ctrl_set(struct rte_eth_dev *dev, struct rte_eth_fc_conf *fc);

/* ixymin_stats.c */
void ixymin_stats_init(struct ixymin_stats *stats);
void ixymin_stats_clear(struct ixymin_stats *stats);
int ixymin_stats_update(struct ixymin_port *port);
void ixymin_stats_freeze(struct ixymin_port *port);
void ixymin_stats_thaw(struct ixymin_port *port);
void ixymin_stats_start(struct ixymin_port *port);
void ixymin_stats_stop(struct ixymin_port *port);
int ixymin_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats IXYMIN_QUEUE_STATS_PARAM);
void ixymin_stats_mapping_init(struct ixymin_port *port);
void ixymin_stats_mapping_start(struct ixymin_port *port);
int ixymin_stats_mapping_set(struct rte_eth_dev *dev, uint16_t id, uint8_t set, uint8_t is_rx);
int ixymin_stats_reset(struct rte_eth_dev *dev);
int ixymin_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb);
int ixymin_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names,
			    unsigned int nb);

/* ixymin_intr.c */
void ixymin_intr_init(struct rte_eth_dev *dev);
void ixymin_intr_fini(struct rte_eth_dev *dev);
int ixymin_intr_start(struct rte_eth_dev *dev);
void ixymin_intr_unmask(struct rte_eth_dev *dev);
void ixymin_intr_stop(struct rte_eth_dev *dev);
int ixymin_rx_queue_intr_enable(struct rte_eth_dev *dev, uint16_t id);
int ixymin_rx_queue_intr_disable(struct rte_eth_dev *dev, uint16_t id);

/* ixymin_dump.c */
int ixymin_get_reg(struct rte_eth_dev *dev, struct rte_dev_reg_info *info);

/* ixymin_module.c */
int ixymin_fw_version_get(struct rte_eth_dev *dev, char *version, size_t size);
int ixymin_get_eeprom_length(struct rte_eth_dev *dev);
int ixymin_get_eeprom(struct rte_eth_dev *dev, struct rte_dev_eeprom_info *info);
int ixymin_get_module_info(struct rte_eth_dev *dev, struct rte_eth_dev_module_info *info);
int ixymin_get_module_eeprom(struct rte_eth_dev *dev, struct rte_dev_eeprom_info *info);
void ixymin_module_log(struct rte_eth_dev *dev);
int ixymin_led_on(struct rte_eth_dev *dev);
int ixymin_led_off(struct rte_eth_dev *dev);

#endif /* IXYMIN_ETHDEV_H */
