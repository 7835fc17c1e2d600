/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Life of the device, its lock, register access, and what makes it run. */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nic_priv.h"

/* With no queue live, only each so many polls look whether light or a frame has come. */
#define IDLE_POLLS 64

const char *const nic_fault_names[NIC_FAULT_COUNT] = {
	[NIC_FAULT_GONE] = "gone",
	[NIC_FAULT_RESET] = "reset",
	[NIC_FAULT_EEPROM] = "eeprom",
	[NIC_FAULT_EERD] = "eerd",
	[NIC_FAULT_SFP] = "sfp",
	[NIC_FAULT_LINK] = "link",
	[NIC_FAULT_RXQ] = "rxq",
	[NIC_FAULT_TXQ] = "txq",
	[NIC_FAULT_RX_LEN] = "rx_len",
	[NIC_FAULT_RX_STATUS] = "rx_status",
	[NIC_FAULT_TX_DD] = "tx_dd",
};

/*
 * The lock: held for a poll or a register access, so it is spun for. Accesses
 * announce themselves, and nic_poll() stands back for them.
 */

static bool
nic_trylock(struct nic *nic)
{
	return atomic_load_explicit(&nic->lock, memory_order_relaxed) == 0 &&
	       atomic_exchange_explicit(&nic->lock, 1, memory_order_acquire) == 0;
}

static void
nic_lock(struct nic *nic)
{
	if (nic_trylock(nic))
		return;
	atomic_fetch_add(&nic->waiters, 1);
	while (!nic_trylock(nic))
		sched_yield();
	atomic_fetch_sub(&nic->waiters, 1);
}

static void
nic_unlock(struct nic *nic)
{
	atomic_store_explicit(&nic->lock, 0, memory_order_release);
}

/*
 * Life
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

/* With HLREG0.LPBK the MAC hears itself and nothing else. */
void
wire_choose(struct nic *nic)
{
	struct wire *wire = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_LPBK ? nic->loopback : nic->plugged;

	if (wire == nic->wire)
		return;
	rx_leave(nic);
	loopback_clear(nic->loopback);
	nic->wire = wire;
	link_tell(nic);
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
 * Register access
 */

/* A line for each access; see rules.c about formatting in a signal handler. */
static void
trace(const struct nic *nic, char kind, const struct reg_at *at, uint32_t offset, uint32_t value)
{
	char name[24], line[80];
	int n;

	n = snprintf(line, sizeof(line), "%" PRIu64 " %c %-14s 0x%05x 0x%08x\n", nic_now(), kind,
		     at == NULL ? "?" : reg_name(at, name, sizeof(name)), offset, value);
	while (write(nic->config.trace_fd, line, n) < 0 && errno == EINTR)
		;
}

/* Is it all right to access this register just now? @return false if not, and it has no effect. */
static bool
access_allowed(struct nic *nic, const struct reg_at *at, uint32_t offset)
{
	char name[24];

	if (at == NULL) {
		nic->counts.unknown_access++;
		nic_violation(nic, RULE_UNKNOWN_REG, "offset 0x%05x", offset);
		return false;
	}
	if (nic->reset_until == 0 || at->offset == NIC_CTRL || at->offset == NIC_STATUS)
		return true;
	if (nic_now() >= nic->reset_until) {
		nic->reset_until = 0;
		return true;
	}
	return !nic_violation(nic, RULE_RESET_ACCESS, "%s", reg_name(at, name, sizeof(name)));
}

static uint32_t
reg_read(struct nic *nic, const struct reg_at *at, bool peek)
{
	const struct reg *reg = at->reg;
	reg_read_hook *hook = reg_hooks[reg->parent].read;
	uint32_t value;

	value = hook != NULL ? hook(nic, reg, at->i, peek) : reg_get(nic, at->offset);
	if (reg->access == REG_RC && !peek)
		reg_put(nic, at->offset, 0);
	return value & (reg->readable | reg->reset); /* reserved bits keep their reset value */
}

static void
reg_write(struct nic *nic, const struct reg_at *at, uint32_t value)
{
	const struct reg *reg = at->reg;
	reg_write_hook *hook = reg_hooks[reg->parent].write;
	uint32_t before = reg_get(nic, at->offset);
	uint32_t reserved = ~(reg->readable | reg->writable);
	char name[24];

	if (reg->access == REG_RO || reg->access == REG_RC) {
		nic->ill_written[at->offset / 4]++;
		nic_violation(nic, RULE_READ_ONLY, "%s written with 0x%08x",
			      reg_name(at, name, sizeof(name)), value);
		return;
	}
	if (((value ^ reg->reset) & reserved) != 0) {
		nic->ill_written[at->offset / 4]++;
		if (nic_violation(nic, RULE_RESERVED_BITS, "%s written with 0x%08x",
				  reg_name(at, name, sizeof(name)), value))
			return;
	}
	reg_count_absent(nic, reg, value);
	if (reg->access == REG_W1C)
		value = before & ~(value & reg->writable);
	else
		value = (before & ~reg->writable) | (value & reg->writable);
	if (hook != NULL)
		value = hook(nic, reg, at->i, before, value);
	reg_put(nic, at->offset, value & ~reg->self_clearing);
}

uint32_t
nic_read(struct nic *nic, uint32_t offset)
{
	struct reg_at at;
	uint32_t value = 0;
	bool known;

	if (offset % 4 != 0 || offset >= NIC_BAR_SIZE) {
		nic_bad_access(nic, offset, 4);
		return 0;
	}
	known = reg_find(offset, &at);
	nic_lock(nic);
	nic->counts.reg_reads++;
	if (has_fault(nic, NIC_FAULT_GONE))
		value = UINT32_MAX;
	else if (access_allowed(nic, known ? &at : NULL, offset))
		value = reg_read(nic, &at, false);
	if (nic->config.trace_fd >= 0)
		trace(nic, 'R', known ? &at : NULL, offset, value);
	nic_unlock(nic);
	return value;
}

void
nic_write(struct nic *nic, uint32_t offset, uint32_t value)
{
	struct reg_at at;
	bool known;

	if (offset % 4 != 0 || offset >= NIC_BAR_SIZE) {
		nic_bad_access(nic, offset, 4);
		return;
	}
	known = reg_find(offset, &at);
	nic_lock(nic);
	nic->counts.reg_writes++;
	if (nic->config.trace_fd >= 0)
		trace(nic, 'W', known ? &at : NULL, offset, value);
	if (!has_fault(nic, NIC_FAULT_GONE) && access_allowed(nic, known ? &at : NULL, offset))
		reg_write(nic, &at, value);
	nic_unlock(nic);
}

void
nic_bad_access(struct nic *nic, uint32_t offset, unsigned int size)
{
	nic_lock(nic);
	nic_violation(nic, RULE_ACCESS_SIZE, "%u bytes at offset 0x%x", size, offset);
	nic_unlock(nic);
}

uint32_t
nic_peek(struct nic *nic, uint32_t offset)
{
	struct reg_at at;
	uint32_t value;

	if (!reg_find(offset & ~3u, &at))
		return 0;
	nic_lock(nic);
	value = has_fault(nic, NIC_FAULT_GONE) ? UINT32_MAX : reg_read(nic, &at, true);
	nic_unlock(nic);
	return value;
}

/*
 * Direct mode
 */

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

void
nic_set_direct(struct nic *nic, bool direct)
{
	nic_lock(nic);
	/* on the way back: what was stored directly, and not seen yet */
	for (unsigned int q = 0; nic->direct && q < NIC_QUEUES; q++)
		watch_queue(nic, q);
	nic->direct = direct;
	nic->wants_trap = false;
	for (unsigned int q = 0; direct && q < NIC_QUEUES; q++) {
		if (nic->rxq[q].live)
			reg_put(nic, rxq_reg(q, NIC_RDH), nic->rxq[q].ring.head);
		if (nic->txq[q].live)
			reg_put(nic, txq_reg(q, NIC_TDH), nic->txq[q].ring.head);
	}
	nic_unlock(nic);
}

/* The live queues each time, the others in turn: they are only enabled, which has time. */
static void
watch_direct(struct nic *nic)
{
	unsigned int end = nic->rx_end > nic->tx_end ? nic->rx_end : nic->tx_end;

	for (unsigned int q = 0; q < end; q++)
		watch_queue(nic, q);
	watch_queue(nic, nic->watch);
	nic->watch = (nic->watch + 1) % NIC_QUEUES;
}

/*
 * What makes it run
 */

void
timer_update(struct nic *nic)
{
	const uint64_t at[] = { nic->link_at, nic->itr_at, nic->tcp_at, nic->pause_until, nic->xoff_at };
	uint64_t first = 0;

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (at[i] != 0 && (first == 0 || at[i] < first))
			first = at[i];
	nic->timer_at = first;
}

/* Forget where host memory was. */
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
	unsigned int moved, epoch;
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
		watch_direct(nic);
	link_check(nic);
	if (nic->timer_at != 0) {
		now = nic_now();
		if (now >= nic->timer_at) {
			link_poll(nic, now);
			irq_poll(nic, now);
			pause_poll(nic, now);
		}
	}
	/* 5.2.5.3.2: a device that is gone, or no bus master, touches no host memory */
	dma = nic->bus_master && !has_fault(nic, NIC_FAULT_GONE) &&
	      !(reg_get(nic, NIC_CTRL) & NIC_CTRL_GIO_DIS);
	if (dma && nic->nb_live != 0) {
		rx_prefetch(nic);
		tx_prefetch(nic);
	}
	moved = rx_poll(nic, dma);
	if ((nic->buffer.fill > 0 || nic->xoff) && !has_fault(nic, NIC_FAULT_GONE))
		pause_poll(nic, nic_now());
	if (dma && nic->pause_until == 0)
		moved += tx_poll(nic);
	if (moved > 0) /* there may be more to come, though no queue is live */
		nic->idle_polls = IDLE_POLLS - 1;
	nic_unlock(nic);
	return moved;
}

uint64_t
nic_wake_at(struct nic *nic)
{
	uint64_t at;

	nic_lock(nic);
	nic->idle_polls = IDLE_POLLS - 1; /* who sleeps polls seldom: look for light next time */
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
 * Seen from outside
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
