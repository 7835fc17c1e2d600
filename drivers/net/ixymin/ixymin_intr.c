/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Interrupts, 7.3: vector 0 is that of link changes, and the others are those of Rx queues. The
 * vector of a queue that the application polls is masked. The cause of a packet stays set, so that
 * unmasking the vector sends the message at once. */

#include <errno.h>

#include "ixymin_rxtx.h"

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

/* 8.2.3.5.16: each Rx queue has a vector of its own, as long as there are enough. A message clears
 * its cause, so that the next packet leads to a further one. */
static int
rx_vectors_start(struct rte_eth_dev *dev)
{
	struct rte_intr_handle *handle = dev->intr_handle;
	const struct ixymin_hw *hw = ixymin_hw(dev);
	uint16_t nb_queues = dev->data->nb_rx_queues, q;
	int nb, v;

	if (rte_intr_efd_enable(handle, RTE_MIN(nb_queues, IXYMIN_RX_VECTORS)) < 0 ||
	    rte_intr_vec_list_alloc(handle, "ixymin_vectors", nb_queues) < 0) {
		IXYMIN_LOG(ERR, hw, "no memory for the interrupts of %u Rx queues", nb_queues);
		return -ENOMEM;
	}
	nb = rte_intr_nb_efd_get(handle);
	if (nb <= 0) {
		IXYMIN_LOG(ERR, hw, "the bus has no vector for Rx interrupts");
		return -ENOTSUP;
	}
	reg_write(hw, IXYMIN_GPIE, IXYMIN_GPIE_MULTIPLE_MSIX | IXYMIN_GPIE_OCD |
		  IXYMIN_GPIE_PBA_SUPPORT);
	reg_write(hw, IXYMIN_EIAC, IXYMIN_EIAC_VECTORS);
	for (q = 0; q < nb_queues; q++) {
		v = RTE_INTR_VEC_RXTX_OFFSET + q % nb;
		rte_intr_vec_list_index_set(handle, q, v);
		reg_set(hw, IXYMIN_IVAR(q), IXYMIN_IVAR_RX(q, v));
		reg_write(hw, IXYMIN_EITR(v), IXYMIN_EITR_20US);
	}
	memset(ixymin_port(dev)->rx_intr_on, 0, sizeof(ixymin_port(dev)->rx_intr_on));
	return 0;
}

/* Before queues are started: a packet without a vector would never wake anyone. */
int
ixymin_intr_start(struct rte_eth_dev *dev)
{
	const struct rte_eth_intr_conf *conf = &dev->data->dev_conf.intr_conf;
	struct ixymin_port *port = ixymin_port(dev);
	int ret = 0;

	if (conf->rxq && dev->data->nb_rx_queues > 0)
		ret = rx_vectors_start(dev);
	if (ret < 0 || !(conf->lsc || conf->rxq))
		return ret;
	if (rte_intr_enable(dev->intr_handle) < 0) {
		IXYMIN_LOG(ERR, &port->hw, "no interrupts to be had, start without LSC and rxq");
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
	reg_write(&port->hw, IXYMIN_EIMC_EX(0), UINT32_MAX);
	reg_write(&port->hw, IXYMIN_EIMC_EX(1), UINT32_MAX);
	if (port->intr_enabled)
		rte_intr_disable(dev->intr_handle);
	port->intr_enabled = false;
	rte_intr_efd_disable(dev->intr_handle);
	rte_intr_vec_list_free(dev->intr_handle);
}

static int
rx_queue_intr_set(struct rte_eth_dev *dev, uint16_t id, bool on)
{
	int nb = rte_intr_nb_efd_get(dev->intr_handle), v;
	struct ixymin_port *port = ixymin_port(dev);
	const struct ixymin_hw *hw = &port->hw;
	uint16_t nb_users = 0, nb_queues = 0, q;

	if (nb == 0) {
		IXYMIN_LOG(ERR, hw, "rx queue %u: the port was not started with Rx interrupts", id);
		return -ENOTSUP;
	}
	v = rte_intr_vec_list_index_get(dev->intr_handle, id);
	rte_spinlock_lock(&port->rx_intr_lock);
	port->rx_intr_on[id] = on;
	for (q = id % nb; q < dev->data->nb_rx_queues; q += nb) { /* all that have this vector */
		nb_queues++;
		nb_users += port->rx_intr_on[q];
	}
	if (on)
		reg_write(hw, IXYMIN_EIMS_EX(v / 32), RTE_BIT32(v % 32));
	else if (nb_users == 0)
		reg_write(hw, IXYMIN_EIMC_EX(v / 32), RTE_BIT32(v % 32));
	/* the message of a packet that waits may have been sent for another queue */
	if (on && nb_queues > 1 && ixymin_rx_descriptor_status(dev->data->rx_queues[id], 0) ==
				   RTE_ETH_RX_DESC_DONE)
		reg_write(hw, IXYMIN_EICS_EX(v / 32), RTE_BIT32(v % 32));
	rte_spinlock_unlock(&port->rx_intr_lock);
	return 0;
}

int
ixymin_rx_queue_intr_enable(struct rte_eth_dev *dev, uint16_t id)
{
	return rx_queue_intr_set(dev, id, true);
}

int
ixymin_rx_queue_intr_disable(struct rte_eth_dev *dev, uint16_t id)
{
	return rx_queue_intr_set(dev, id, false);
}
