/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* VLAN tags, 7.4: which pass, which are stripped from received packets, and two tags. ethdev
 * remembers the modes and the table; all of them may change while packets come. */

#include <errno.h>

#include "ixymin_rxtx.h"

/* 7.4.5: with double VLAN a packet has an outer tag, which stays in it. Stripping, filtering and
 * insertion then are about the inner tag. */
static void
modes_write(struct rte_eth_dev *dev)
{
	const struct ixymin_settings *settings = &ixymin_port(dev)->settings;
	uint64_t offloads = dev->data->dev_conf.rxmode.offloads;
	bool filter = offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	bool extend = offloads & RTE_ETH_RX_OFFLOAD_VLAN_EXTEND;
	const struct ixymin_hw *hw = ixymin_hw(dev);

	reg_field(hw, IXYMIN_VLNCTRL, IXYMIN_VLNCTRL_VFE | IXYMIN_VLNCTRL_VET,
		  (filter ? IXYMIN_VLNCTRL_VFE : 0) | settings->inner_tpid);
	reg_write(hw, IXYMIN_EXVET, (uint32_t)settings->outer_tpid << IXYMIN_TPID_SHIFT);
	reg_field(hw, IXYMIN_CTRL_EXT, IXYMIN_CTRL_EXT_EXTENDED_VLAN,
		  extend ? IXYMIN_CTRL_EXT_EXTENDED_VLAN : 0);
	reg_field(hw, IXYMIN_DMATXCTL, IXYMIN_DMATXCTL_GDV | IXYMIN_DMATXCTL_VT,
		  (extend ? IXYMIN_DMATXCTL_GDV : 0) |
		  (uint32_t)settings->inner_tpid << IXYMIN_TPID_SHIFT);
}

void
ixymin_vlan_start(struct rte_eth_dev *dev)
{
	const uint64_t *ids = dev->data->vlan_filter_conf.ids;
	uint32_t n;

	for (n = 0; n < IXYMIN_FILTER_WORDS; n++)
		reg_write(ixymin_hw(dev), IXYMIN_VFTA(n), ids[n / 2] >> n % 2 * 32);
	modes_write(dev);
}

/* 7.1.1.2: a bit for each VLAN */
int
ixymin_vlan_filter_set(struct rte_eth_dev *dev, uint16_t vlan, int on)
{
	reg_field(ixymin_hw(dev), IXYMIN_VFTA(vlan / 32), RTE_BIT32(vlan % 32),
		  on ? RTE_BIT32(vlan % 32) : 0);
	return 0;
}

/* ethdev calls it also for queues that are not set up. */
void
ixymin_vlan_strip_queue_set(struct rte_eth_dev *dev, uint16_t id, int on)
{
	if (dev->data->rx_queues[id] != NULL)
		ixymin_rx_queue_strip(dev, id, on);
}

int
ixymin_vlan_offload_set(struct rte_eth_dev *dev, int mask)
{
	bool strip = dev->data->dev_conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	uint16_t id;

	if (mask & RTE_ETH_VLAN_STRIP_MASK) {
		for (id = 0; id < dev->data->nb_rx_queues; id++)
			ixymin_vlan_strip_queue_set(dev, id, strip);
	}
	modes_write(dev);
	return 0;
}

int
ixymin_vlan_tpid_set(struct rte_eth_dev *dev, enum rte_vlan_type type, uint16_t tpid)
{
	struct ixymin_settings *settings = &ixymin_port(dev)->settings;

	if (type != RTE_ETH_VLAN_TYPE_INNER && type != RTE_ETH_VLAN_TYPE_OUTER) {
		IXYMIN_LOG(ERR, ixymin_hw(dev),
			   "VLAN type %u is not supported, inner and outer are", type);
		return -EINVAL;
	}
	if (type == RTE_ETH_VLAN_TYPE_INNER)
		settings->inner_tpid = tpid;
	else
		settings->outer_tpid = tpid;
	modes_write(dev);
	return 0;
}
