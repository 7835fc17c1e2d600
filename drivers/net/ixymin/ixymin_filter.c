/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Which packets pass, 8.2.3.7: own addresses, multicast, promiscuous modes.  ethdev remembers the
 * modes and the addresses, but for the multicast table. */

#include <errno.h>

#include "ixymin_ethdev.h"

/* INTERPRETATION (CONTRADICTION): 8.2.3.7.1 wants RXCTRL.RXEN clear while filters change. Then a
 * change would lose packets to other addresses. All drivers known to work change filters while
 * packets come. A packet that comes meanwhile passes by the old or by the new filter. */

static int
rx_mode_set(struct rte_eth_dev *dev, bool promiscuous, bool all_multicast)
{
	uint32_t fctrl = IXYMIN_FCTRL_BAM;

	if (promiscuous)
		fctrl |= IXYMIN_FCTRL_UPE;
	if (promiscuous || all_multicast)
		fctrl |= IXYMIN_FCTRL_MPE;
	reg_write(ixymin_hw(dev), IXYMIN_FCTRL, fctrl);
	return 0;
}

int
ixymin_promiscuous_enable(struct rte_eth_dev *dev)
{
	return rx_mode_set(dev, true, dev->data->all_multicast);
}

int
ixymin_promiscuous_disable(struct rte_eth_dev *dev)
{
	return rx_mode_set(dev, false, dev->data->all_multicast);
}

int
ixymin_allmulticast_enable(struct rte_eth_dev *dev)
{
	return rx_mode_set(dev, dev->data->promiscuous, true);
}

int
ixymin_allmulticast_disable(struct rte_eth_dev *dev)
{
	return rx_mode_set(dev, dev->data->promiscuous, false);
}

/* 8.2.3.7.9. MPSAR: without virtualization all addresses belong to the first pool. */
static void
rar_write(const struct ixymin_hw *hw, uint32_t index, const struct rte_ether_addr *addr, bool valid)
{
	rte_le64_t bytes = 0;
	uint64_t value;

	memcpy(&bytes, addr, sizeof(*addr));
	value = rte_le_to_cpu_64(bytes);
	reg_write(hw, IXYMIN_RAL(index), value);
	reg_write(hw, IXYMIN_RAH(index), value >> 32 | (valid ? IXYMIN_RAH_AV : 0));
	reg_write(hw, IXYMIN_MPSAR(2 * index), valid ? IXYMIN_MPSAR_POOL0 : 0);
	reg_write(hw, IXYMIN_MPSAR(2 * index + 1), 0);
}

/* A port that does not run gets the addresses at its start, from ethdev. The bonding driver sets
 * them by its link callback, while another thread starts the port: not during the reset.
 */
int
ixymin_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t index,
		    uint32_t pool)
{
	if (pool != 0) {
		IXYMIN_LOG(ERR, ixymin_hw(dev),
			   "MAC address of pool %u is not supported, of pool 0 is", pool);
		return -ENOTSUP;
	}
	if (dev->data->dev_started)
		rar_write(ixymin_hw(dev), index, addr, true);
	return 0;
}

void
ixymin_mac_addr_remove(struct rte_eth_dev *dev, uint32_t index)
{
	const struct rte_ether_addr none = { 0 };

	if (dev->data->dev_started)
		rar_write(ixymin_hw(dev), index, &none, false);
}

int
ixymin_mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *addr)
{
	return ixymin_mac_addr_add(dev, addr, 0, 0);
}

static void
mta_write(struct ixymin_port *port)
{
	uint32_t n;

	for (n = 0; n < IXYMIN_FILTER_WORDS; n++)
		reg_write(&port->hw, IXYMIN_MTA(n), port->settings.mta[n]);
}

/* 7.1.1.1.2: bits 47:36 of an address choose one of 4,096 bits. Other addresses may choose the
 * same bit, and pass, too. */
int
ixymin_set_mc_addr_list(struct rte_eth_dev *dev, struct rte_ether_addr *addrs, uint32_t nb)
{
	struct ixymin_port *port = ixymin_port(dev);
	uint32_t i, bit;

	memset(port->settings.mta, 0, sizeof(port->settings.mta));
	for (i = 0; i < nb; i++) {
		bit = addrs[i].addr_bytes[5] << 4 | addrs[i].addr_bytes[4] >> 4;
		port->settings.mta[bit / 32] |= RTE_BIT32(bit % 32);
	}
	mta_write(port);
	return 0;
}

/* After a reset, before the first packet comes: ethdev repeats its settings only later. */
void
ixymin_filter_start(struct rte_eth_dev *dev)
{
	const struct rte_ether_addr *addrs = dev->data->mac_addrs;
	struct ixymin_port *port = ixymin_port(dev);
	uint32_t i;

	for (i = 0; i < IXYMIN_MAC_ADDRS; i++) /* an entry of zeroes is none */
		rar_write(&port->hw, i, &addrs[i], !rte_is_zero_ether_addr(&addrs[i]));
	reg_write(&port->hw, IXYMIN_MCSTCTRL, IXYMIN_MCSTCTRL_MFE);
	mta_write(port);
	rx_mode_set(dev, dev->data->promiscuous, dev->data->all_multicast);
}
