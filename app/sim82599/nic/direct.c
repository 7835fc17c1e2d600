/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Direct mode: the pages of the doorbells (NIC_DOORBELL_PAGES) are mapped into the driver. Its tail
 * writes are plain stores, which the queues see when they are polled. The device does not see other
 * stores to these pages at once, either: this file looks for those that need the device, and
 * requests a trap after one. */

#include "direct.h"
#include "lock.h"
#include "regs.h"
#include "rx.h"
#include "tx.h"

bool
nic_is_doorbell(uint32_t offset)
{
	return (offset & 0x3f) == (NIC_RDT & 0x3f) &&
	       ((offset >= 0x1000 && offset < 0x2000) || (offset >= 0xd000 && offset < 0xe000) ||
		(offset >= 0x6000 && offset < 0x8000));
}

bool
nic_wants_trap(const struct nic *nic)
{
	return atomic_load_explicit(&nic->wants_trap, memory_order_relaxed);
}

static void
watch_queue(struct nic *nic, unsigned int q)
{
	uint32_t rxdctl = reg_get(nic, rxq_reg(q, NIC_RXDCTL));
	uint32_t txdctl = reg_get(nic, txq_reg(q, NIC_TXDCTL));

	if (rxdctl != nic->rxq[q].rxdctl) {
		rxdctl_changed(nic, q, rxdctl);
		nic->wants_trap = true;
	}
	if (txdctl != nic->txq[q].txdctl) {
		txdctl_changed(nic, q, txdctl);
		nic->wants_trap = true;
	}
}

/* In direct mode, a driver reads the head from the memory of the register. */
static void
head_show(struct nic *nic, const struct nic_ring *ring, uint32_t offset)
{
	if (reg_get(nic, offset) != ring->head)
		reg_put(nic, offset, ring->head);
}

void
direct_show_rx_heads(struct nic *nic)
{
	for (unsigned int q = 0; q < nic->rx_end; q++)
		if (nic->rxq[q].live)
			head_show(nic, &nic->rxq[q].ring, rxq_reg(q, NIC_RDH));
}

void
direct_show_tx_heads(struct nic *nic)
{
	for (unsigned int q = 0; q < nic->tx_end; q++)
		if (nic->txq[q].live)
			head_show(nic, &nic->txq[q].ring, txq_reg(q, NIC_TDH));
}

void
nic_set_direct(struct nic *nic, bool direct)
{
	nic_lock(nic);
	/* at the end of direct mode: find direct stores that were not seen yet */
	for (unsigned int q = 0; nic->direct && q < NIC_QUEUES; q++)
		watch_queue(nic, q);
	nic->direct = direct;
	nic->wants_trap = false;
	if (direct) {
		direct_show_rx_heads(nic);
		direct_show_tx_heads(nic);
	}
	nic_unlock(nic);
}

/* Look at all live queues each time, and at one of the others in turn: these can only be enabled,
 * which is not urgent. */
void
direct_watch(struct nic *nic)
{
	unsigned int end = nic->rx_end > nic->tx_end ? nic->rx_end : nic->tx_end;

	for (unsigned int q = 0; q < end; q++)
		watch_queue(nic, q);
	watch_queue(nic, nic->watch);
	nic->watch = (nic->watch + 1) % NIC_QUEUES;
}
