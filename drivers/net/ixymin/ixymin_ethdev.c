/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>

#include <rte_alarm.h>
#include <rte_string_fns.h>

#include "ixymin_rxtx.h"

RTE_LOG_REGISTER_DEFAULT(ixymin_logtype, NOTICE);

/* At line rate the first counter to reach its end is one of bytes, after 55 s. */
#define STATS_PERIOD_US 2000000
/* Those of queues, the last ones, ethdev makes of the basic statistics. */
#define XSTAT_COUNT IXYMIN_STAT_QPRC

/* What passes the filters, 8.2.3.7: an op writes the registers, and ethdev remembers. */

static int
rx_mode_set(struct rte_eth_dev *dev, bool promiscuous, bool all_multicast)
{
	reg_write(dev->data->dev_private, IXYMIN_FCTRL, IXYMIN_FCTRL_BAM |
		  (promiscuous ? IXYMIN_FCTRL_UPE : 0) |
		  (promiscuous || all_multicast ? IXYMIN_FCTRL_MPE : 0));
	return 0;
}
#define RX_MODE_OP(name, promiscuous, all_multicast) \
	static int name(struct rte_eth_dev *dev) { return rx_mode_set(dev, promiscuous, all_multicast); }
RX_MODE_OP(ixymin_promiscuous_enable, true, true)
RX_MODE_OP(ixymin_promiscuous_disable, false, dev->data->all_multicast)
RX_MODE_OP(ixymin_allmulticast_enable, dev->data->promiscuous, true)
RX_MODE_OP(ixymin_allmulticast_disable, dev->data->promiscuous, false)

/* An address of zeroes is none. The pools of virtualization are off: all belong to the first. */
static int
ixymin_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t index,
		    uint32_t pool __rte_unused)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	bool valid = !rte_is_zero_ether_addr(addr);
	rte_le64_t bytes = 0;

	memcpy(&bytes, addr, sizeof(*addr));
	reg_write(hw, IXYMIN_RAL(index), rte_le_to_cpu_64(bytes));
	reg_write(hw, IXYMIN_RAH(index), rte_le_to_cpu_64(bytes) >> 32 | (valid ? IXYMIN_RAH_AV : 0));
	reg_write(hw, IXYMIN_MPSAR(2 * index), valid ? IXYMIN_MPSAR_POOL0 : 0);
	reg_write(hw, IXYMIN_MPSAR(2 * index + 1), 0);
	return 0;
}

static void
ixymin_mac_addr_remove(struct rte_eth_dev *dev, uint32_t index)
{
	ixymin_mac_addr_add(dev, &(struct rte_ether_addr){ 0 }, index, 0);
}

static int
ixymin_mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *addr)
{
	return ixymin_mac_addr_add(dev, addr, 0, 0);
}

/* 7.1.1.1.2: bits 47:36 of an address choose one of 4,096 bits; others may choose the same. */
static int
ixymin_set_mc_addr_list(struct rte_eth_dev *dev, struct rte_ether_addr *addrs, uint32_t nb)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint32_t i, bit;

	memset(hw->mta, 0, sizeof(hw->mta));
	for (i = 0; i < nb; i++) {
		bit = addrs[i].addr_bytes[5] << 4 | addrs[i].addr_bytes[4] >> 4;
		hw->mta[bit / 32] |= RTE_BIT32(bit % 32);
	}
	for (i = 0; i < IXYMIN_MTA_WORDS; i++)
		reg_write(hw, IXYMIN_MTA(i), hw->mta[i]);
	return 0;
}

static int
ixymin_mtu_set(struct rte_eth_dev *dev, uint16_t mtu)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint16_t i;

	for (i = 0; i < dev->data->nb_rx_queues; i++)
		if (dev->data->rx_queues[i] != NULL &&
		    ixymin_rx_check_mtu(dev->data->rx_queues[i], mtu) < 0)
			return -EINVAL;
	reg_write(hw, IXYMIN_MAXFRS,
		  (mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN) << IXYMIN_MAXFRS_MFS_SHIFT);
	return 0;
}

static const uint32_t *
ixymin_ptypes_get(struct rte_eth_dev *dev __rte_unused IXYMIN_PTYPES_PARAM)
{
	static const uint32_t ptypes[] = {
		RTE_PTYPE_L2_ETHER,
		RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV4_EXT, RTE_PTYPE_L3_IPV6, RTE_PTYPE_L3_IPV6_EXT,
		RTE_PTYPE_L4_TCP, RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_SCTP,
		RTE_PTYPE_UNKNOWN
	};

	IXYMIN_PTYPES_RETURN(ptypes);
}

static int
ixymin_ptypes_set(struct rte_eth_dev *dev, uint32_t mask)
{
	struct ixymin_hw *hw = dev->data->dev_private;

	hw->ptypes = mask != 0;
	return 0;
}

/* Statistics */

/* GPRC also counts packets that were missed later: what the queues got is exact. */
static int
ixymin_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats IXYMIN_QUEUE_STATS_PARAM)
{
	struct eth_queue_stats *queues = IXYMIN_QUEUE_STATS(stats);
	struct ixymin_hw *hw = dev->data->dev_private;
	const uint64_t *counts = hw->stats;
	int ret = ixymin_stats_update(hw);
	uint32_t i;

	stats->opackets = counts[IXYMIN_STAT_GPTC];
	stats->obytes = counts[IXYMIN_STAT_GOTC] - RTE_ETHER_CRC_LEN * counts[IXYMIN_STAT_GPTC];
	stats->imissed = counts[IXYMIN_STAT_RXMPC];
	stats->ierrors = hw->rx_bad;
	stats->oerrors = hw->tx_bad;
	for (i = IXYMIN_STAT_CRCERRS; i <= IXYMIN_STAT_RJC; i++)
		stats->ierrors += counts[i];
	for (i = 0; i < IXYMIN_QUEUE_COUNTERS; i++) {
		stats->ipackets += counts[IXYMIN_STAT_QPRC + i];
		stats->ibytes += counts[IXYMIN_STAT_QBRC + i];
		stats->imissed += counts[IXYMIN_STAT_QPRDC + i];
	}
	static_assert(RTE_DIM(queues->q_errors) <= IXYMIN_QUEUE_COUNTERS, "too few counters");
	for (i = 0; queues != NULL && i < RTE_DIM(queues->q_errors); i++) {
		queues->q_ipackets[i] = counts[IXYMIN_STAT_QPRC + i];
		queues->q_ibytes[i] = counts[IXYMIN_STAT_QBRC + i];
		queues->q_errors[i] = counts[IXYMIN_STAT_QPRDC + i];
		queues->q_opackets[i] = counts[IXYMIN_STAT_QPTC + i];
		queues->q_obytes[i] = counts[IXYMIN_STAT_QBTC + i];
	}
	return ret;
}

static int
ixymin_stats_reset(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	int ret = ixymin_stats_update(hw);

	rte_spinlock_lock(&hw->stats_lock);
	memset(hw->stats, 0, sizeof(hw->stats));
	hw->rx_bad = 0;
	hw->tx_bad = 0;
	rte_spinlock_unlock(&hw->stats_lock);
	return ret;
}

static int
ixymin_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	unsigned int i;
	int ret;

	if (nb < XSTAT_COUNT)
		return XSTAT_COUNT;
	ret = ixymin_stats_update(hw);
	for (i = 0; i < XSTAT_COUNT; i++)
		xstats[i] = (struct rte_eth_xstat){ i, hw->stats[i] };
	return ret < 0 ? ret : XSTAT_COUNT;
}

static int
ixymin_xstats_get_names(struct rte_eth_dev *dev __rte_unused, struct rte_eth_xstat_name *names,
			unsigned int nb)
{
	unsigned int i;

	for (i = 0; names != NULL && i < RTE_MIN(nb, (unsigned int)XSTAT_COUNT); i++)
		strlcpy(names[i].name, ixymin_xstat_name(i), sizeof(names[i].name));
	return XSTAT_COUNT;
}

static void
stats_alarm(void *arg)
{
	ixymin_stats_update(arg);
	rte_eal_alarm_set(STATS_PERIOD_US, stats_alarm, arg);
}

/* Link */

/* The link is what the device says now: there is nothing worth waiting for. */
static int
ixymin_link_update(struct rte_eth_dev *dev, int wait_to_complete __rte_unused)
{
	static const uint32_t speeds[] = {
		0, RTE_ETH_SPEED_NUM_100M, RTE_ETH_SPEED_NUM_1G, RTE_ETH_SPEED_NUM_10G
	};
	struct ixymin_hw *hw = dev->data->dev_private;
	struct rte_eth_link link = { .link_autoneg = !hw->sfp };
	uint32_t links = hw->started ? reg_read(hw, IXYMIN_LINKS) : 0;

	if (links != IXYMIN_GONE && (links & IXYMIN_LINKS_UP)) {
		link.link_status = RTE_ETH_LINK_UP;
		link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
		link.link_speed = speeds[IXYMIN_LINKS_SPEED(links)];
	}
	return rte_eth_linkstatus_set(dev, &link);
}

static void
interrupt_handler(void *arg)
{
	struct rte_eth_dev *dev = arg;

	if ((reg_read(dev->data->dev_private, IXYMIN_EICR) & IXYMIN_EICR_LSC) &&
	    ixymin_link_update(dev, 0) == 0)
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, NULL);
	rte_intr_ack(dev->intr_handle);
}

/* Life of a port */

static int
ixymin_infos_get(struct rte_eth_dev *dev __rte_unused, struct rte_eth_dev_info *info)
{
	info->max_rx_queues = IXYMIN_RX_QUEUES;
	info->max_tx_queues = IXYMIN_TX_QUEUES;
	info->max_mac_addrs = IXYMIN_MAC_ADDRS;
	info->min_rx_bufsize = IXYMIN_RX_BUF_MIN;
	info->max_rx_pktlen = IXYMIN_FRAME_MAX;
	info->max_mtu = IXYMIN_FRAME_MAX - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;
	info->rx_desc_lim.nb_max = IXYMIN_RING_MAX;
	info->rx_desc_lim.nb_min = IXYMIN_RING_MIN;
	info->rx_desc_lim.nb_align = IXYMIN_RING_ALIGN;
	info->tx_desc_lim = info->rx_desc_lim;
	info->tx_desc_lim.nb_seg_max = 1;
	info->tx_desc_lim.nb_mtu_seg_max = 1;
	info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->tx_queue_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->speed_capa = RTE_ETH_LINK_SPEED_10G;
	return 0;
}

/* What ethdev has not checked against the above */
static int
ixymin_configure(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	struct ixymin_hw *hw = dev->data->dev_private;

	if ((conf->rxmode.mq_mode & ~RTE_ETH_MQ_RX_RSS_FLAG) || conf->txmode.mq_mode ||
	    conf->lpbk_mode || conf->intr_conf.rxq ||
	    (conf->link_speeds && !(conf->link_speeds & RTE_ETH_LINK_SPEED_10G))) {
		IXYMIN_LOG(ERR, hw, ": DCB (mq_mode %u, %u), loopback (%u), Rx interrupts (%u) and speeds "
			   "but 10 Gb/s (link_speeds 0x%x) are not supported", conf->rxmode.mq_mode,
			   conf->txmode.mq_mode, conf->lpbk_mode, conf->intr_conf.rxq, conf->link_speeds);
		return -ENOTSUP;
	}
	return ixymin_mtu_set(dev, dev->data->mtu);
}

/* No DMA any more, so the mbufs of the rings can go. */
static int
port_halt(struct rte_eth_dev *dev)
{
	int ret = ixymin_reset(dev->data->dev_private);
	uint16_t i;

	for (i = 0; i < dev->data->nb_rx_queues; i++)
		ixymin_free_mbufs(dev->data->rx_queues[i]);
	for (i = 0; i < dev->data->nb_tx_queues; i++)
		ixymin_free_mbufs(dev->data->tx_queues[i]);
	memset(dev->data->rx_queue_state, RTE_ETH_QUEUE_STATE_STOPPED, dev->data->nb_rx_queues);
	memset(dev->data->tx_queue_state, RTE_ETH_QUEUE_STATE_STOPPED, dev->data->nb_tx_queues);
	return ret;
}

static int
ixymin_stop(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint16_t i;

	if (!hw->started)
		return 0;
	hw->started = false;
	rte_intr_disable(dev->intr_handle);
	rte_eal_alarm_cancel(stats_alarm, hw);
	ixymin_link_update(dev, 0);

	reg_change(hw, IXYMIN_RXCTRL, IXYMIN_RXCTRL_RXEN, 0);
	for (i = 0; i < dev->data->nb_tx_queues; i++)
		ixymin_tx_drain(dev->data->tx_queues[i]);
	if (hw->sfp)
		reg_change(hw, IXYMIN_ESDP, 0, IXYMIN_ESDP_SDP3);
	ixymin_stats_update(hw);
	/* even if the device does not answer any more, the port can be closed */
	dev->data->dev_started = 0;
	return port_halt(dev);
}

/* 4.6.3: the whole sequence. What passes the filters is written before the first packet comes;
 * ethdev repeats it only later. */
static int
ixymin_start(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	struct rte_eth_dev_data *data = dev->data;
	uint16_t i;
	int ret;

	for (i = 0; i < data->nb_rx_queues + data->nb_tx_queues; i++) {
		if ((i < data->nb_rx_queues ? data->rx_queues[i] :
		     data->tx_queues[i - data->nb_rx_queues]) == NULL) {
			IXYMIN_LOG(ERR, hw, ": not all queues are set up");
			return -EINVAL;
		}
	}
	ret = ixymin_reset(hw);
	if (ret < 0)
		return ret;
	ixymin_init(hw);
	for (i = 0; i < IXYMIN_MAC_ADDRS; i++)
		ixymin_mac_addr_add(dev, &data->mac_addrs[i], i, 0);
	rx_mode_set(dev, data->promiscuous, data->all_multicast);
	ret = ixymin_mtu_set(dev, data->mtu);
	for (i = 0; i < data->nb_tx_queues && ret == 0; i++)
		ret = ixymin_tx_start(data->tx_queues[i]);
	for (i = 0; i < data->nb_rx_queues && ret == 0; i++)
		ret = ixymin_rx_start(data->rx_queues[i]);
	if (ret == 0)
		ret = ixymin_rx_enable(hw);
	if (ret == 0)
		ret = ixymin_link_start(hw);
	if (ret < 0) {
		port_halt(dev);
		return ret;
	}
	if (data->dev_conf.intr_conf.lsc) {
		rte_intr_enable(dev->intr_handle);
		reg_write(hw, IXYMIN_IVAR_MISC, IXYMIN_IVAR_MISC_OTHER);
		reg_write(hw, IXYMIN_EIMS, IXYMIN_EICR_LSC);
	}
	rte_eal_alarm_set(STATS_PERIOD_US, stats_alarm, hw);
	memset(data->rx_queue_state, RTE_ETH_QUEUE_STATE_STARTED, data->nb_rx_queues);
	memset(data->tx_queue_state, RTE_ETH_QUEUE_STATE_STARTED, data->nb_tx_queues);
	hw->started = true;
	ixymin_link_update(dev, 0);
	return 0;
}

static int
ixymin_close(struct rte_eth_dev *dev)
{
	int ret = ixymin_stop(dev);
	uint16_t i;

	rte_intr_callback_unregister_sync(dev->intr_handle, interrupt_handler, dev);
	for (i = 0; i < dev->data->nb_rx_queues; i++)
		ixymin_rx_queue_release(dev, i);
	for (i = 0; i < dev->data->nb_tx_queues; i++)
		ixymin_tx_queue_release(dev, i);
	rte_free(dev->data->mac_addrs);
	dev->data->mac_addrs = NULL;
	return ret;
}

static const struct eth_dev_ops ixymin_ops;

/* 8.2.3.7.9: a reset loads the first receive address from the EEPROM. */
static int
port_init(struct rte_eth_dev *dev)
{
	struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	struct ixymin_hw *hw = dev->data->dev_private;
	rte_le64_t addr;
	int ret;

	hw->data = dev->data;
	if (rte_eal_process_type() != RTE_PROC_PRIMARY ||
	    pci->mem_resource[0].len < IXYMIN_BAR_SIZE) {
		IXYMIN_LOG(ERR, hw, ": in a secondary process, or BAR0 is not mapped");
		return -ENOTSUP;
	}
	dev->dev_ops = &ixymin_ops;
	dev->rx_pkt_burst = ixymin_rx_burst;
	dev->tx_pkt_burst = ixymin_tx_burst;
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	hw->bar = pci->mem_resource[0].addr;
	switch (pci->id.device_id) {
#define DEVICE(id, sfp_cage) case id: hw->sfp = sfp_cage; break;
	IXYMIN_DEVICES(DEVICE)
#undef DEVICE
	}
	hw->ptypes = true;

	ret = ixymin_reset(hw);
	if (ret < 0)
		return ret;
	dev->data->mac_addrs = rte_zmalloc("ixymin_mac", IXYMIN_MAC_ADDRS * RTE_ETHER_ADDR_LEN, 0);
	if (dev->data->mac_addrs == NULL)
		return -ENOMEM;
	addr = rte_cpu_to_le_64((uint64_t)reg_read(hw, IXYMIN_RAH(0)) << 32 | reg_read(hw, IXYMIN_RAL(0)));
	memcpy(dev->data->mac_addrs, &addr, RTE_ETHER_ADDR_LEN);
	if (!rte_is_valid_assigned_ether_addr(dev->data->mac_addrs)) {
		IXYMIN_LOG(ERR, hw, ": no MAC address in the EEPROM (RAH, RAL 0x%016lx)", addr);
		return -EIO;
	}
	return rte_intr_callback_register(dev->intr_handle, interrupt_handler, dev);
}

static int
ixymin_dev_reset(struct rte_eth_dev *dev)
{
	int ret = ixymin_close(dev);

	return ret < 0 ? ret : port_init(dev);
}

static const struct eth_dev_ops ixymin_ops = {
	.dev_configure = ixymin_configure,
	.dev_start = ixymin_start,
	.dev_stop = ixymin_stop,
	.dev_close = ixymin_close,
	.dev_reset = ixymin_dev_reset,
	.dev_infos_get = ixymin_infos_get,
	.link_update = ixymin_link_update,
	.promiscuous_enable = ixymin_promiscuous_enable,
	.promiscuous_disable = ixymin_promiscuous_disable,
	.allmulticast_enable = ixymin_allmulticast_enable,
	.allmulticast_disable = ixymin_allmulticast_disable,
	.mac_addr_add = ixymin_mac_addr_add,
	.mac_addr_remove = ixymin_mac_addr_remove,
	.mac_addr_set = ixymin_mac_addr_set,
	.set_mc_addr_list = ixymin_set_mc_addr_list,
	.mtu_set = ixymin_mtu_set,
	.dev_supported_ptypes_get = ixymin_ptypes_get,
	.dev_ptypes_set = ixymin_ptypes_set,
	.stats_get = ixymin_stats_get,
	.stats_reset = ixymin_stats_reset,
	.xstats_get = ixymin_xstats_get,
	.xstats_get_names = ixymin_xstats_get_names,
	.rx_queue_setup = ixymin_rx_queue_setup,
	.rx_queue_release = ixymin_rx_queue_release,
	.tx_queue_setup = ixymin_tx_queue_setup,
	.tx_queue_release = ixymin_tx_queue_release,
};

static int
ixymin_probe(struct rte_pci_driver *driver __rte_unused, struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_probe(pci, sizeof(struct ixymin_hw), port_init);
}

static int
ixymin_remove(struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_remove(pci, ixymin_close);
}

static const struct rte_pci_id pci_ids[] = {
#define DEVICE(id, sfp) { RTE_PCI_DEVICE(0x8086, id) },
	IXYMIN_DEVICES(DEVICE)
#undef DEVICE
	{ .vendor_id = 0 }
};

static struct rte_pci_driver ixymin_driver = {
	.id_table = pci_ids,
	.drv_flags = RTE_PCI_DRV_NEED_MAPPING | RTE_PCI_DRV_INTR_LSC,
	.probe = ixymin_probe,
	.remove = ixymin_remove,
};

RTE_PMD_REGISTER_PCI(net_ixymin, ixymin_driver);
RTE_PMD_REGISTER_PCI_TABLE(net_ixymin, pci_ids);
RTE_PMD_REGISTER_KMOD_DEP(net_ixymin, "* igb_uio | uio_pci_generic | vfio-pci");
