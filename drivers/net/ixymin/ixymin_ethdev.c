/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The life of a port: probe, configure, start, stop, close; and the table of operations */

#include <assert.h>
#include <errno.h>

#include <rte_malloc.h>

#include "ixymin_rxtx.h"

RTE_LOG_REGISTER_DEFAULT(ixymin_logtype, NOTICE);

/* Backplanes have what the EEPROM selects. In an SFP+ cage the driver selects 10 Gb/s. */
static uint32_t
speed_capa(uint16_t device_id)
{
	switch (device_id) {
	case IXYMIN_DEV_ID_T3_LOM:
		return RTE_ETH_LINK_SPEED_10G | RTE_ETH_LINK_SPEED_1G | RTE_ETH_LINK_SPEED_100M;
	case IXYMIN_DEV_ID_KX4:
	case IXYMIN_DEV_ID_COMBO_BACKPLANE:
	case IXYMIN_DEV_ID_KX4_MEZZ:
	case IXYMIN_DEV_ID_KR:
	case IXYMIN_DEV_ID_BACKPLANE_FCOE:
		return RTE_ETH_LINK_SPEED_10G | RTE_ETH_LINK_SPEED_1G;
	default:
		return RTE_ETH_LINK_SPEED_10G;
	}
}

static int
ixymin_infos_get(struct rte_eth_dev *dev, struct rte_eth_dev_info *info)
{
	const struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);

	info->max_rx_queues = IXYMIN_RX_QUEUES;
	info->max_tx_queues = IXYMIN_TX_QUEUES;
	info->max_mac_addrs = IXYMIN_MAC_ADDRS;
	info->min_rx_bufsize = IXYMIN_RX_BUF_MIN;
	info->max_rx_pktlen = IXYMIN_FRAME_MAX;
	info->max_mtu = IXYMIN_FRAME_MAX - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;
	/* single fields: ethdev has preset the others */
	info->rx_desc_lim.nb_max = IXYMIN_RING_MAX;
	info->rx_desc_lim.nb_min = IXYMIN_RING_MIN;
	info->rx_desc_lim.nb_align = IXYMIN_RING_MULTIPLE;
	info->tx_desc_lim = info->rx_desc_lim;
	info->tx_desc_lim.nb_seg_max = IXYMIN_TX_SEGS_MAX;
	info->tx_desc_lim.nb_mtu_seg_max = IXYMIN_TX_SEGS_MAX;
	info->rx_queue_offload_capa = RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	info->rx_offload_capa =
		RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCTP_CKSUM |
		RTE_ETH_RX_OFFLOAD_RSS_HASH | RTE_ETH_RX_OFFLOAD_SCATTER |
		RTE_ETH_RX_OFFLOAD_KEEP_CRC | RTE_ETH_RX_OFFLOAD_VLAN_STRIP |
		RTE_ETH_RX_OFFLOAD_VLAN_FILTER | RTE_ETH_RX_OFFLOAD_VLAN_EXTEND;
	info->flow_type_rss_offloads = IXYMIN_RSS_TYPES;
	info->hash_key_size = IXYMIN_RSS_KEY_BYTES;
	info->reta_size = IXYMIN_RETA_ENTRIES;
	info->tx_offload_capa =
		RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE | RTE_ETH_TX_OFFLOAD_MULTI_SEGS |
		RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
		RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_SCTP_CKSUM |
		RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	/* Measured: rings up to 512 cost the same, 1,024 a fifth to twice more (caches). */
	info->default_rxportconf.ring_size = 512;
	info->default_rxportconf.burst_size = IXYMIN_BATCH;
	info->default_rxportconf.nb_queues = 1;
	info->default_txportconf = info->default_rxportconf;
	info->speed_capa = speed_capa(pci->id.device_id);
	return 0;
}

/* The life of a port is that of the primary process. Others read, receive and send. */
static bool
is_secondary(const struct ixymin_hw *hw, const char *operation)
{
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return false;
	IXYMIN_LOG(ERR, hw, "only the primary process can %s a port", operation);
	return true;
}

/* Refuses what ethdev has not checked against ixymin_infos_get(). */
static int
ixymin_configure(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	const struct ixymin_hw *hw = ixymin_hw(dev);

	if (is_secondary(hw, "configure"))
		return -ENOTSUP;
	if (conf->rxmode.mq_mode & ~RTE_ETH_MQ_RX_RSS_FLAG) {
		IXYMIN_LOG(ERR, hw, "Rx mq_mode %u is not supported, none and RSS are",
			   conf->rxmode.mq_mode);
		return -ENOTSUP;
	}
	if (conf->txmode.mq_mode != RTE_ETH_MQ_TX_NONE) {
		IXYMIN_LOG(ERR, hw, "Tx mq_mode %u is not supported, none is",
			   conf->txmode.mq_mode);
		return -ENOTSUP;
	}
	if (conf->lpbk_mode > 1) {
		IXYMIN_LOG(ERR, hw, "loopback mode %u is not supported, 0 and 1 (MAC) are",
			   conf->lpbk_mode);
		return -ENOTSUP;
	}
	if (conf->intr_conf.rxq && !rte_intr_cap_multiple(dev->intr_handle)) {
		IXYMIN_LOG(ERR, hw, "Rx interrupts need MSI-X, which vfio-pci gives");
		return -ENOTSUP;
	}
	if (conf->link_speeds != RTE_ETH_LINK_SPEED_AUTONEG &&
	    !(conf->link_speeds & RTE_ETH_LINK_SPEED_10G)) {
		IXYMIN_LOG(ERR, hw, "link speeds 0x%x are not supported, 10 Gb/s is",
			   conf->link_speeds);
		return -ENOTSUP;
	}
	return ixymin_rss_configure(dev);
}

static_assert(sizeof(union ixymin_rx_desc) == sizeof(union ixymin_tx_desc), "rings differ");

void *
ixymin_queue_alloc(struct rte_eth_dev *dev, const char *ring_name, uint16_t id, size_t queue_size,
		   uint16_t nb_desc, unsigned int socket, const struct rte_memzone **ring)
{
	void *queue;

	queue = rte_zmalloc_socket(ring_name, queue_size + nb_desc * sizeof(struct rte_mbuf *),
				   RTE_CACHE_LINE_SIZE, socket);
	if (queue == NULL)
		return NULL;
	*ring = rte_eth_dma_zone_reserve(dev, ring_name, id,
					 nb_desc * sizeof(union ixymin_rx_desc),
					 IXYMIN_RING_ALIGN_BYTES, socket);
	if (*ring == NULL) {
		rte_free(queue);
		return NULL;
	}
	return queue;
}

static int
ixymin_mtu_set(struct rte_eth_dev *dev, uint16_t mtu)
{
	uint32_t frame = mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	uint16_t id;

	if (ixymin_port(dev)->started) { /* before longer packets come */
		for (id = 0; id < dev->data->nb_rx_queues; id++)
			ixymin_rx_queue_fit(dev, id, mtu);
	}
	reg_write(ixymin_hw(dev), IXYMIN_MAXFRS, IXYMIN_MAXFRS_MFS(frame));
	return 0;
}

/* 4.6.3, the first steps. Collects the counters, which a reset clears, and leaves the laser off.
 * Sets dma_pending if the device could not be kept from DMA: then it may still use the rings. */
static int
port_reset(struct ixymin_port *port)
{
	const struct ixymin_hw *hw = &port->hw;
	int ret = ixymin_master_disable(hw);
	bool dma_pending = ret == -ETIMEDOUT;

	ixymin_stats_freeze(port);
	if (dma_pending) { /* 5.2.5.3.2: flush it, and two resets in a row */
		ixymin_dma_flush(hw);
		ret = ixymin_software_reset(hw);
	}
	if (ret == 0)
		ret = ixymin_software_reset(hw);
	port->dma_pending = dma_pending && ret == -ETIMEDOUT;
	ixymin_stats_thaw(port);
	if (ret < 0)
		return ret;
	ret = ixymin_wait_ready(hw);
	if (ret < 0)
		return ret;
	ixymin_laser_off(hw);
	return 0;
}

/* After a reset there is no DMA, and the mbufs of the rings can go. A device that does not answer
 * does no DMA either. */
static int
port_halt(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);
	int ret = port_reset(port);
	uint16_t id;

	if (port->dma_pending)
		return ret;
	for (id = 0; id < dev->data->nb_rx_queues; id++)
		ixymin_rx_queue_free_mbufs(dev, id);
	for (id = 0; id < dev->data->nb_tx_queues; id++)
		ixymin_tx_queue_free_mbufs(dev, id);
	return ret;
}

static int
ixymin_stop(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);

	if (is_secondary(&port->hw, "stop"))
		return -ENOTSUP;
	if (!port->started)
		return 0;
	ixymin_intr_stop(dev);
	ixymin_stats_stop(port);
	rte_spinlock_lock(&port->link_lock);
	port->started = false;
	ixymin_link_update(dev, 0);
	rte_spinlock_unlock(&port->link_lock);
	if (!hw_is_gone(&port->hw)) {
		reg_clear(&port->hw, IXYMIN_RXCTRL, IXYMIN_RXCTRL_RXEN);
		ixymin_rx_queues_stop(dev);
		ixymin_tx_queues_stop(dev);
	}
	/* even if the device does not answer any more, the port can be closed */
	dev->data->dev_started = 0;
	IXYMIN_LOG(DEBUG, &port->hw, "stopped");
	return port_halt(dev);
}

static int
queues_start(struct rte_eth_dev *dev)
{
	uint16_t id;
	int ret;

	for (id = 0; id < dev->data->nb_tx_queues; id++) {
		const struct ixymin_txq *q = dev->data->tx_queues[id];

		if (q != NULL && q->deferred)
			continue;
		ret = ixymin_tx_queue_start(dev, id);
		if (ret < 0)
			return ret;
	}
	for (id = 0; id < dev->data->nb_rx_queues; id++) {
		const struct ixymin_rxq *q = dev->data->rx_queues[id];

		if (q != NULL && q->deferred)
			continue;
		ret = ixymin_rx_queue_start(dev, id);
		if (ret < 0)
			return ret;
	}
	return ixymin_rx_enable(ixymin_hw(dev));
}

/* Each process has its own pointers to these functions. */
static void
bursts_choose(struct rte_eth_dev *dev)
{
	dev->rx_pkt_burst = ixymin_rx_burst;
	dev->tx_pkt_burst = ixymin_tx_is_full(dev) ? ixymin_tx_burst_full : ixymin_tx_burst;
#ifdef RTE_ARCH_X86_64
	if (ixymin_is_avx2_allowed())
		dev->tx_pkt_burst = ixymin_tx_is_full(dev) ? ixymin_tx_burst_full_avx2 :
							     ixymin_tx_burst_avx2;
#endif
}

static void
log_start(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	const struct ixymin_hw *hw = ixymin_hw(dev);
	struct rte_eth_burst_mode mode;

	ixymin_tx_burst_mode_get(dev, 0, &mode);
	IXYMIN_LOG(DEBUG, hw, "started: MTU %u, interrupts of link %s, of rx queues %s",
		   dev->data->mtu, conf->intr_conf.lsc ? "on" : "off",
		   conf->intr_conf.rxq ? "on" : "off");
	IXYMIN_LOG(DEBUG, hw, "%u rx queues, offloads 0x%" PRIx64,
		   dev->data->nb_rx_queues, conf->rxmode.offloads);
	IXYMIN_LOG(DEBUG, hw, "%u tx queues, offloads 0x%" PRIx64 ": %s",
		   dev->data->nb_tx_queues, conf->txmode.offloads, mode.info);
}

/* 4.6.3: the whole sequence */
static int
ixymin_start(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);
	int ret;

	if (is_secondary(&port->hw, "start"))
		return -ENOTSUP;
	ret = port_halt(dev);
	if (ret < 0)
		return ret;
	ixymin_general_init(&port->hw);
	ixymin_stats_mapping_start(port);
	port->fcs_len = dev->data->dev_conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_KEEP_CRC ?
			RTE_ETHER_CRC_LEN : 0;
	ixymin_rx_init(&port->hw, port->fcs_len != 0);
	ixymin_filter_start(dev);
	ixymin_rss_start(dev);
	ixymin_vlan_start(dev);
	ixymin_flow_ctrl_start(dev);
	ixymin_mtu_set(dev, dev->data->mtu);
	ixymin_tx_init(&port->hw);
	bursts_choose(dev);
	ret = ixymin_intr_start(dev);
	if (ret == 0)
		ret = queues_start(dev);
	if (ret == 0)
		ret = ixymin_link_start(dev);
	if (ret < 0) {
		ixymin_intr_stop(dev);
		port_halt(dev);
		return ret;
	}
	ixymin_stats_start(port);
	port->started = true;
	log_start(dev);
	ixymin_link_update(dev, 0);
	ixymin_intr_unmask(dev); /* last: from now on the handler may run */
	return 0;
}

static int
ixymin_reset(struct rte_eth_dev *dev)
{
	return is_secondary(ixymin_hw(dev), "reset") ? -ENOTSUP : port_halt(dev);
}

static int
ixymin_close(struct rte_eth_dev *dev)
{
	uint16_t id;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0; /* for this process: ethdev forgets the port */
	ixymin_stop(dev);
	if (!hw_is_gone(ixymin_hw(dev)))
		ixymin_general_fini(ixymin_hw(dev));
	ixymin_intr_fini(dev);
	if (ixymin_port(dev)->dma_pending)
		return 0; /* lose the rings and their mbufs rather than other memory */
	for (id = 0; id < dev->data->nb_rx_queues; id++)
		ixymin_rx_queue_release(dev, id);
	for (id = 0; id < dev->data->nb_tx_queues; id++)
		ixymin_tx_queue_release(dev, id);
	return 0; /* a device that did not answer is closed all the same */
}

static const struct eth_dev_ops ixymin_ops = {
	.dev_configure = ixymin_configure,
	.dev_start = ixymin_start,
	.dev_stop = ixymin_stop,
	.dev_close = ixymin_close,
	.dev_reset = ixymin_reset,
	.dev_infos_get = ixymin_infos_get,
	.link_update = ixymin_link_update,
	.dev_set_link_up = ixymin_set_link_up,
	.dev_set_link_down = ixymin_set_link_down,
	.flow_ctrl_get = ixymin_flow_ctrl_get,
	.flow_ctrl_set = ixymin_flow_ctrl_set,
	.promiscuous_enable = ixymin_promiscuous_enable,
	.promiscuous_disable = ixymin_promiscuous_disable,
	.allmulticast_enable = ixymin_allmulticast_enable,
	.allmulticast_disable = ixymin_allmulticast_disable,
	.mac_addr_add = ixymin_mac_addr_add,
	.mac_addr_remove = ixymin_mac_addr_remove,
	.mac_addr_set = ixymin_mac_addr_set,
	.set_mc_addr_list = ixymin_set_mc_addr_list,
	.mtu_set = ixymin_mtu_set,
	.vlan_filter_set = ixymin_vlan_filter_set,
	.vlan_offload_set = ixymin_vlan_offload_set,
	.vlan_strip_queue_set = ixymin_vlan_strip_queue_set,
	.vlan_tpid_set = ixymin_vlan_tpid_set,
	.rss_hash_update = ixymin_rss_hash_update,
	.rss_hash_conf_get = ixymin_rss_hash_conf_get,
	.reta_update = ixymin_rss_reta_update,
	.reta_query = ixymin_rss_reta_query,
	.dev_supported_ptypes_get = ixymin_ptypes_get,
	.dev_ptypes_set = ixymin_ptypes_set,
	.stats_get = ixymin_stats_get,
	.stats_reset = ixymin_stats_reset,
	.queue_stats_mapping_set = ixymin_stats_mapping_set,
	.xstats_get = ixymin_xstats_get,
	.xstats_get_names = ixymin_xstats_get_names,
	.rx_queue_setup = ixymin_rx_queue_setup,
	.rx_queue_release = ixymin_rx_queue_release,
	.rx_queue_start = ixymin_rx_queue_start,
	.rx_queue_stop = ixymin_rx_queue_stop,
	.rxq_info_get = ixymin_rxq_info_get,
	.rx_burst_mode_get = ixymin_rx_burst_mode_get,
	.get_monitor_addr = ixymin_rx_monitor_addr,
	.tx_queue_setup = ixymin_tx_queue_setup,
	.tx_queue_release = ixymin_tx_queue_release,
	.tx_queue_start = ixymin_tx_queue_start,
	.tx_queue_stop = ixymin_tx_queue_stop,
	.txq_info_get = ixymin_txq_info_get,
	.tx_burst_mode_get = ixymin_tx_burst_mode_get,
	IXYMIN_RECYCLE(.recycle_rxq_info_get = ixymin_recycle_rxq_info_get,)
	.tx_done_cleanup = ixymin_tx_done_cleanup,
	.rx_queue_intr_enable = ixymin_rx_queue_intr_enable,
	.rx_queue_intr_disable = ixymin_rx_queue_intr_disable,
	.fw_version_get = ixymin_fw_version_get,
	.get_eeprom_length = ixymin_get_eeprom_length,
	.get_eeprom = ixymin_get_eeprom,
	.get_module_info = ixymin_get_module_info,
	.get_module_eeprom = ixymin_get_module_eeprom,
	.get_reg = ixymin_get_reg,
	.dev_led_on = ixymin_led_on,
	.dev_led_off = ixymin_led_off,
};

/* 8.2.3.7.9: a reset loads the first receive address from the EEPROM. */
static int
mac_addr_init(struct rte_eth_dev *dev)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	struct rte_ether_addr *addrs;
	rte_le64_t bytes;

	addrs = rte_zmalloc("ixymin_mac", IXYMIN_MAC_ADDRS * sizeof(*addrs), 0);
	if (addrs == NULL)
		return -ENOMEM;
	dev->data->mac_addrs = addrs; /* ethdev frees them */
	bytes = rte_cpu_to_le_64((uint64_t)reg_read(hw, IXYMIN_RAH(0)) << 32 |
				 reg_read(hw, IXYMIN_RAL(0)));
	memcpy(addrs, &bytes, sizeof(*addrs));
	if (!rte_is_valid_assigned_ether_addr(addrs)) {
		IXYMIN_LOG(ERR, hw, "no valid MAC address in the EEPROM");
		return -EIO;
	}
	return 0;
}

static bool
has_sfp_cage(uint16_t device_id)
{
	switch (device_id) {
	case IXYMIN_DEV_ID_SFP:
	case IXYMIN_DEV_ID_SFP_EM:
	case IXYMIN_DEV_ID_SFP_FCOE:
	case IXYMIN_DEV_ID_SFP_SF_QP:
	case IXYMIN_DEV_ID_SFP_SF2:
	case IXYMIN_DEV_ID_82599EN_SFP:
	case IXYMIN_DEV_ID_QSFP_SF_QP:
		return true;
	default:
		return false;
	}
}

static int
port_init(struct rte_eth_dev *dev)
{
	struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	struct ixymin_port *port = ixymin_port(dev);
	struct ixymin_hw *hw = &port->hw;
	int ret;

	dev->dev_ops = &ixymin_ops;
	dev->rx_queue_count = ixymin_rx_queue_count;
	dev->rx_descriptor_status = ixymin_rx_descriptor_status;
	dev->tx_descriptor_status = ixymin_tx_descriptor_status;
	dev->tx_pkt_prepare = ixymin_tx_prepare;
	IXYMIN_RECYCLE(dev->recycle_tx_mbufs_reuse = ixymin_recycle_tx_reuse;)
	IXYMIN_RECYCLE(dev->recycle_rx_descriptors_refill = ixymin_recycle_rx_refill;)
	bursts_choose(dev);
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0; /* all else is shared, BAR 0 at the same address, too */
	hw->port_id = dev->data->port_id;
	if (pci->mem_resource[0].addr == NULL) {
		IXYMIN_LOG(ERR, hw, "BAR 0 is not mapped");
		return -ENODEV;
	}
	if (pci->mem_resource[0].len < IXYMIN_BAR_SIZE) {
		IXYMIN_LOG(ERR, hw, "BAR 0 has %" PRIu64 " bytes, %u are needed",
			   pci->mem_resource[0].len, IXYMIN_BAR_SIZE);
		return -EINVAL;
	}
	hw->bar = pci->mem_resource[0].addr;
	hw->sfp = has_sfp_cage(pci->id.device_id);
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;

	ixymin_stats_init(&port->stats);
	ret = port_reset(port);
	if (ret < 0)
		return ret;
	ixymin_stats_clear(&port->stats); /* the driver before may have left counts */
	port->settings.inner_tpid = RTE_ETHER_TYPE_VLAN;
	port->settings.outer_tpid = RTE_ETHER_TYPE_VLAN;
	port->settings.fc = ixymin_flow_ctrl_default;
	if (!(reg_read(hw, IXYMIN_EEC) & IXYMIN_EEC_PRES)) {
		IXYMIN_LOG(ERR, hw, "there is no EEPROM (EEC 0x%08x)", reg_read(hw, IXYMIN_EEC));
		return -EIO;
	}
	ret = mac_addr_init(dev);
	if (ret < 0)
		return ret;
	ixymin_stats_mapping_init(port);
	ixymin_intr_init(dev);
	IXYMIN_LOG(DEBUG, hw, "%s: device 0x%04x, MAC address " RTE_ETHER_ADDR_PRT_FMT, pci->name,
		   pci->id.device_id, RTE_ETHER_ADDR_BYTES(dev->data->mac_addrs));
	ixymin_module_log(dev);
	return 0;
}

static int
ixymin_probe(struct rte_pci_driver *driver __rte_unused, struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_probe(pci, sizeof(struct ixymin_port), port_init);
}

static int
ixymin_remove(struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_remove(pci, ixymin_close);
}

#define INTEL 0x8086

static const struct rte_pci_id pci_ids[] = {
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_KX4) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_COMBO_BACKPLANE) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_CX4) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_SFP) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_XAUI_LOM) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_SFP_EM) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_KX4_MEZZ) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_KR) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_T3_LOM) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_SFP_FCOE) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_BACKPLANE_FCOE) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_SFP_SF_QP) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_SFP_SF2) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_82599EN_SFP) },
	{ RTE_PCI_DEVICE(INTEL, IXYMIN_DEV_ID_QSFP_SF_QP) },
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
