/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Creation and end of the device, its poll, and the access to its state. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "device.h"
#include "direct.h"
#include "eeprom.h"
#include "irq.h"
#include "link.h"
#include "lock.h"
#include "loopback.h"
#include "pause.h"
#include "pktbuf.h"
#include "rx.h"
#include "tx.h"

/* With no queue live, one of this many polls looks for light and frames. */
#define IDLE_POLLS 64

const char *const nic_fault_names[NIC_FAULT_COUNT] = {
	[NIC_FAULT_GONE] = "gone",
	[NIC_FAULT_RESET] = "reset",
	[NIC_FAULT_DMA] = "dma",
	[NIC_FAULT_EEPROM] = "eeprom",
	[NIC_FAULT_EERD] = "eerd",
	[NIC_FAULT_SFP] = "sfp",
	[NIC_FAULT_LINK] = "link",
	[NIC_FAULT_RXQ] = "rxq",
	[NIC_FAULT_TXQ] = "txq",
	[NIC_FAULT_RX_LEN] = "rx_len",
	[NIC_FAULT_RX_STATUS] = "rx_status",
	[NIC_FAULT_RX_EOP] = "rx_eop",
	[NIC_FAULT_TX_DD] = "tx_dd",
};

/*
 * Creation and end
 */

struct nic *
nic_create(const struct nic_config *config)
{
	struct nic *nic;

	if (config->bar == NULL || config->host_ops == NULL || config->card == NULL ||
	    config->name == NULL || config->lan_id > 1) {
		errno = EINVAL;
		return NULL;
	}
	nic = aligned_alloc(64, (sizeof(*nic) + 63) / 64 * 64);
	if (nic == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	memset(nic, 0, sizeof(*nic));
	nic->bar = config->bar;
	nic->config = *config;
	snprintf(nic->name, sizeof(nic->name), "%s", config->name);
	nic->config.name = nic->name;
	nic->faults = config->faults;
	nic->bus_master = true;
	nic->loopback = loopback_create();
	if (nic->loopback == NULL || packet_buffer_init(nic) < 0 || eeprom_init(nic) < 0) {
		loopback_free(nic->loopback);
		packet_buffer_free(nic);
		free(nic);
		errno = ENOMEM;
		return NULL;
	}
	device_reset(nic);
	return nic;
}

void
nic_free(struct nic *nic)
{
	if (nic == NULL)
		return;
	nic_set_wire(nic, NULL);
	loopback_free(nic->loopback);
	packet_buffer_free(nic);
	eeprom_free(nic);
	free(nic);
}

void
nic_set_wire(struct nic *nic, struct wire *wire)
{
	nic_lock(nic);
	link_unplug(nic);
	nic->plugged = wire;
	nic->link_told = false;
	wire_choose(nic);
	link_restart(nic);
	nic_unlock(nic);
}

void
nic_reset(struct nic *nic)
{
	nic_lock(nic);
	device_reset(nic);
	irq_set_mode(nic, NIC_IRQ_INTX);
	nic_unlock(nic);
}

void
nic_set_irq_mode(struct nic *nic, enum nic_irq_mode mode)
{
	nic_lock(nic);
	irq_set_mode(nic, mode);
	nic_unlock(nic);
}

/*
 * The poll
 */

/* Forget all windows of host memory. */
static void
forget_windows(struct nic *nic)
{
	for (unsigned int q = 0; q < NIC_QUEUES; q++)
		nic->rxq[q].ring.window.len = nic->txq[q].ring.window.len = 0;
	nic->rx_buffers.len = nic->tx_buffers.len = nic->tx_heads.len = 0;
}

unsigned int
nic_poll(struct nic *nic)
{
	unsigned int moved, sent, epoch;
	uint64_t now;
	bool dma;

	if (atomic_load_explicit(&nic->nb_live, memory_order_relaxed) == 0 &&
	    nic->timer_at == 0 && !nic->direct && ++nic->idle_polls % IDLE_POLLS != 0)
		return 0;
	if (atomic_load_explicit(&nic->waiters, memory_order_relaxed) > 0) {
		sched_yield();
		return 0;
	}
	if (!nic_trylock(nic))
		return 0;
	epoch = atomic_load_explicit(nic->config.host_ops->epoch, memory_order_acquire);
	if (nic->epoch != epoch) {
		nic->epoch = epoch;
		forget_windows(nic);
	}
	if (nic->direct)
		direct_watch(nic);
	link_check(nic);
	if (nic->timer_at != 0) {
		now = nic_now();
		if (now >= nic->timer_at) {
			link_poll(nic, now);
			irq_poll(nic, now);
			pause_end(nic, now);
			pause_poll(nic, now);
		}
	}
	/* 5.2.5.3.2: a device that is gone, or no bus master, does not access host memory */
	dma = nic->bus_master && !has_fault(nic, NIC_FAULT_GONE) &&
	      !(reg_get(nic, NIC_CTRL) & NIC_CTRL_GIO_DIS);
	if (dma && nic->nb_live != 0) {
		rx_prefetch(nic);
		tx_prefetch(nic);
	}
	moved = rx_poll(nic, dma);
	if (moved == 0 && nic->direct)
		direct_show_rx_heads(nic);
	if ((nic->buffer.fill > 0 || nic->xoff) && !has_fault(nic, NIC_FAULT_GONE))
		pause_poll(nic, nic_now());
	if (dma && nic->pause_until == 0) {
		sent = tx_poll(nic);
		if (sent == 0 && nic->direct)
			direct_show_tx_heads(nic);
		moved += sent;
	}
	if (moved > 0) /* more frames may follow, although no queue is live */
		nic->idle_polls = IDLE_POLLS - 1;
	nic_unlock(nic);
	return moved;
}

uint64_t
nic_wake_at(struct nic *nic)
{
	uint64_t at;

	nic_lock(nic);
	/* a caller that sleeps polls seldom: look for light in the next poll */
	nic->idle_polls = IDLE_POLLS - 1;
	at = nic->timer_at != 0 ? nic->timer_at : UINT64_MAX;
	nic_unlock(nic);
	return at;
}

void
nic_set_bus_master(struct nic *nic, bool on)
{
	nic_lock(nic);
	nic->bus_master = on;
	irq_update(nic);
	nic_unlock(nic);
}

/*
 * Access to the state
 */

void
nic_set_faults(struct nic *nic, uint32_t faults)
{
	uint32_t before;

	nic_lock(nic);
	before = atomic_exchange(&nic->faults, faults);
	link_check(nic);
	if (before & ~faults & 1u << NIC_FAULT_SFP)
		irq_pin(nic, NIC_EICR_GPI_SDP2); /* the module is there */
	irq_update(nic);
	nic_unlock(nic);
}

uint32_t
nic_faults(const struct nic *nic)
{
	return nic->faults;
}

void
nic_get_counts(struct nic *nic, struct nic_counts *counts)
{
	nic_lock(nic);
	*counts = nic->counts;
	nic_unlock(nic);
}

void
nic_get_first_violation(struct nic *nic, char *buf, size_t size)
{
	nic_lock(nic);
	snprintf(buf, size, "%s", nic->first_violation);
	nic_unlock(nic);
}

bool
nic_link_is_up(struct nic *nic)
{
	bool up;

	nic_lock(nic);
	up = nic->link_up;
	nic_unlock(nic);
	return up;
}
