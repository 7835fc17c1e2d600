/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The dump of registers */

#include <errno.h>

#include "ixymin_ethdev.h"

/* Reading one of these changes nothing; others lose causes (EICR) or counts, or take a semaphore
 * (SWSM). */
static const struct {
	const char *name;
	uint16_t first;  /* number of the first one */
	uint16_t count;
	uint16_t stride;
	uint32_t offset;
} regs[] = {
	{ "CTRL", 0, 1, 0, IXYMIN_CTRL },
	{ "STATUS", 0, 1, 0, IXYMIN_STATUS },
	{ "CTRL_EXT", 0, 1, 0, IXYMIN_CTRL_EXT },
	{ "ESDP", 0, 1, 0, IXYMIN_ESDP },
	{ "I2CCTL", 0, 1, 0, IXYMIN_I2CCTL },
	{ "LEDCTL", 0, 1, 0, IXYMIN_LEDCTL },
	{ "EEC", 0, 1, 0, IXYMIN_EEC },
	{ "GSSR", 0, 1, 0, IXYMIN_GSSR },
	{ "EIMS", 0, 1, 0, IXYMIN_EIMS },
	{ "EIAC", 0, 1, 0, IXYMIN_EIAC },
	{ "GPIE", 0, 1, 0, IXYMIN_GPIE },
	{ "EIMS_EX", 0, 2, 4, IXYMIN_EIMS_EX(0) },
	{ "IVAR", 0, IXYMIN_RX_QUEUES / 2, 4, IXYMIN_IVAR(0) },
	{ "IVAR_MISC", 0, 1, 0, IXYMIN_IVAR_MISC },
	{ "FCTRL", 0, 1, 0, IXYMIN_FCTRL },
	{ "MCSTCTRL", 0, 1, 0, IXYMIN_MCSTCTRL },
	{ "MTA", 0, IXYMIN_FILTER_WORDS, 4, IXYMIN_MTA(0) },
	{ "VFTA", 0, IXYMIN_FILTER_WORDS, 4, IXYMIN_VFTA(0) },
	{ "RAL", 0, IXYMIN_MAC_ADDRS, 8, IXYMIN_RAL(0) },
	{ "RAH", 0, IXYMIN_MAC_ADDRS, 8, IXYMIN_RAH(0) },
	{ "RDLEN", 0, 64, 0x40, IXYMIN_RDLEN(0) },
	{ "RDLEN", 64, 64, 0x40, IXYMIN_RDLEN(64) },
	{ "RDH", 0, 64, 0x40, IXYMIN_RDH(0) },
	{ "RDH", 64, 64, 0x40, IXYMIN_RDH(64) },
	{ "RDT", 0, 64, 0x40, IXYMIN_RDT(0) },
	{ "RDT", 64, 64, 0x40, IXYMIN_RDT(64) },
	{ "SRRCTL", 0, 64, 0x40, IXYMIN_SRRCTL(0) },
	{ "SRRCTL", 64, 64, 0x40, IXYMIN_SRRCTL(64) },
	{ "RXDCTL", 0, 64, 0x40, IXYMIN_RXDCTL(0) },
	{ "RXDCTL", 64, 64, 0x40, IXYMIN_RXDCTL(64) },
	{ "RDRXCTL", 0, 1, 0, IXYMIN_RDRXCTL },
	{ "RXPBSIZE", 0, IXYMIN_PACKET_BUFFERS, 4, IXYMIN_RXPBSIZE(0) },
	{ "RXCTRL", 0, 1, 0, IXYMIN_RXCTRL },
	{ "SECRXCTRL", 0, 1, 0, IXYMIN_SECRXCTRL },
	{ "SECRXSTAT", 0, 1, 0, IXYMIN_SECRXSTAT },
	{ "DMATXCTL", 0, 1, 0, IXYMIN_DMATXCTL },
	{ "TDLEN", 0, IXYMIN_TX_QUEUES, 0x40, IXYMIN_TDLEN(0) },
	{ "TDH", 0, IXYMIN_TX_QUEUES, 0x40, IXYMIN_TDH(0) },
	{ "TDT", 0, IXYMIN_TX_QUEUES, 0x40, IXYMIN_TDT(0) },
	{ "TXDCTL", 0, IXYMIN_TX_QUEUES, 0x40, IXYMIN_TXDCTL(0) },
	{ "TXPBSIZE", 0, IXYMIN_PACKET_BUFFERS, 4, IXYMIN_TXPBSIZE(0) },
	{ "TXPBTHRESH", 0, IXYMIN_PACKET_BUFFERS, 4, IXYMIN_TXPBTHRESH(0) },
	{ "RTTDCS", 0, 1, 0, IXYMIN_RTTDCS },
	{ "HLREG0", 0, 1, 0, IXYMIN_HLREG0 },
	{ "MAXFRS", 0, 1, 0, IXYMIN_MAXFRS },
	{ "AUTOC", 0, 1, 0, IXYMIN_AUTOC },
	{ "AUTOC2", 0, 1, 0, IXYMIN_AUTOC2 },
	{ "LINKS", 0, 1, 0, IXYMIN_LINKS },
	{ "MMNGC", 0, 1, 0, IXYMIN_MMNGC },
	{ "RQSMR", 0, IXYMIN_RX_QUEUES / 4, 4, IXYMIN_RQSMR(0) },
	{ "TQSM", 0, IXYMIN_RX_QUEUES / 4, 4, IXYMIN_TQSM(0) },
};

/* Without a buffer: only how much there is */
int
ixymin_get_reg(struct rte_eth_dev *dev, struct rte_dev_reg_info *info)
{
	const struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	const struct ixymin_hw *hw = ixymin_hw(dev);
	uint32_t nb = 0, row, n, *data = info->data;

	for (row = 0; row < RTE_DIM(regs); row++)
		nb += regs[row].count;
	if (data != NULL && info->length != 0 && info->length != nb) {
		IXYMIN_LOG(ERR, hw, "the dump has %u registers, %u were asked for", nb,
			   info->length);
		return -EINVAL;
	}
	info->width = sizeof(*data);
	info->length = nb;
	info->version = pci->id.device_id;
	for (row = 0, nb = 0; row < RTE_DIM(regs); row++) {
		for (n = 0; n < regs[row].count; n++, nb++) {
			IXYMIN_REG_NAME(info, nb, regs[row].name, regs[row].first + n);
			if (data != NULL)
				data[nb] = reg_read(hw, regs[row].offset + n * regs[row].stride);
		}
	}
	return 0;
}
