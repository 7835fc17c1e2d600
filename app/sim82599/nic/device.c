/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device as a whole, data sheet 4.2.1 and 8.2.3.1: reset, and the choice of the wire. */

#include "clock.h"
#include "device.h"
#include "eeprom.h"
#include "irq.h"
#include "link.h"
#include "loopback.h"
#include "rx.h"
#include "systim.h"
#include "tx.h"

/* INTERPRETATION (CONTRADICTION): 8.2.3.1.1 says that RST clears itself, and also that software
 * has to wait about 1 ms before it reads the bit. net_ixgbe polls it for about 10 us, then waits
 * 50 ms. So the bit clears at once, and for 1 ms the other registers must not be accessed. */
#define RST_NS    2000
#define RESET_NS  1000000

/* With HLREG0.LPBK the MAC receives only its own frames. */
void
wire_choose(struct nic *nic)
{
	struct wire *wire = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_LPBK ? nic->loopback :
									 nic->plugged;

	if (wire == nic->wire)
		return;
	rx_leave(nic);
	loopback_clear(nic->loopback);
	nic->wire = wire;
	link_tell(nic);
}

void
device_reset(struct nic *nic)
{
	for (unsigned int q = 0; q < NIC_QUEUES; q++) {
		rxq_disable(nic, q);
		txq_disable(nic, q);
		nic->rxq[q].rxdctl = nic->txq[q].txdctl = 0;
	}
	rx_reset(nic);
	memset(nic->qde, 0, sizeof(nic->qde));
	regs_reset(nic);
	eeprom_load(nic);
	nic->filter.stale = true;
	link_restart(nic); /* the laser is on again, nothing is forced */
	wire_choose(nic);
	memset(nic->stat, 0, sizeof(nic->stat));
	memset(nic->stat_high, 0, sizeof(nic->stat_high));
	systim_set(nic, 0);
	nic->pause_until = nic->xoff_at = 0;
	nic->xoff = false;
	nic->reset_until = 0;
	irq_reset(nic);
}

uint32_t
read_ctrl(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, NIC_CTRL);

	if ((value & (NIC_CTRL_RST | NIC_CTRL_LRST)) && !has_fault(nic, NIC_FAULT_RESET) &&
	    nic_now() >= nic->rst_until) {
		value &= ~(NIC_CTRL_RST | NIC_CTRL_LRST);
		reg_put(nic, NIC_CTRL, value);
	}
	return value;
}

uint32_t
write_ctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if (!(value & (NIC_CTRL_RST | NIC_CTRL_LRST)))
		return value;
	device_reset(nic);
	nic->rst_until = nic_now() + RST_NS;
	nic->reset_until = nic_now() + RESET_NS;
	return value & (NIC_CTRL_RST | NIC_CTRL_LRST);
}

uint32_t
read_status(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = nic->config.lan_id << NIC_STATUS_LAN_ID_SHIFT;

	if (nic->link_up)
		value |= NIC_STATUS_LINKUP;
	/* 5.2.5.3.2: without the fault no request is pending, so the master stops at once */
	if (!(reg_get(nic, NIC_CTRL) & NIC_CTRL_GIO_DIS) || has_fault(nic, NIC_FAULT_DMA))
		value |= NIC_STATUS_GIO;
	return value;
}

/* 8.2.3.15.1: microseconds */
uint32_t
read_frtimer(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic_now() / 1000;
}

uint32_t
write_hlreg0(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	reg_put(nic, NIC_HLREG0, value);
	wire_choose(nic);
	return value;
}
