/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The interrupt of link changes */

#include <errno.h>

#include "ixymin_ethdev.h"

static void
interrupt_handler(void *arg)
{
	struct rte_eth_dev *dev = arg;
	struct ixymin_port *port = ixymin_port(dev);
	bool changed = false;
	uint32_t causes;

	rte_spinlock_lock(&port->link_lock);
	if (port->started) {
		causes = reg_read(&port->hw, IXYMIN_EICR);
		changed = (causes & IXYMIN_EICR_LSC) && ixymin_link_update(dev, 0) == 0;
	}
	rte_spinlock_unlock(&port->link_lock);
	if (changed)
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, NULL);
	rte_intr_ack(dev->intr_handle);
}

/* Without interrupts all works but the link's: then a start that asks for them fails. */
void
ixymin_intr_init(struct rte_eth_dev *dev)
{
	rte_intr_callback_register(dev->intr_handle, interrupt_handler, dev);
}

void
ixymin_intr_fini(struct rte_eth_dev *dev)
{
	rte_intr_callback_unregister_sync(dev->intr_handle, interrupt_handler, dev);
}

int
ixymin_intr_start(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);

	if (!dev->data->dev_conf.intr_conf.lsc)
		return 0;
	if (rte_intr_enable(dev->intr_handle) < 0) {
		IXYMIN_LOG(ERR, &port->hw, "no interrupts to be had, start without LSC");
		return -ENOTSUP;
	}
	port->intr_enabled = true;
	return 0;
}

/* From now on the handler runs. EICR has kept the causes until now. */
void
ixymin_intr_unmask(struct rte_eth_dev *dev)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);

	reg_write(hw, IXYMIN_IVAR_MISC, IXYMIN_IVAR_MISC_OTHER);
	reg_write(hw, IXYMIN_EIMS, dev->data->dev_conf.intr_conf.lsc ? IXYMIN_EICR_LSC : 0);
}

void
ixymin_intr_stop(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);

	reg_write(&port->hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL);
	if (port->intr_enabled)
		rte_intr_disable(dev->intr_handle);
	port->intr_enabled = false;
}
