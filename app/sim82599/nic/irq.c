/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * Interrupts, data sheet 7.3 and 8.2.3.5.
 *
 * A cause is a bit of EICR, or for vectors 16 to 63 a bit that only MSI-X has. A cause is pending
 * while its mask bit is set, too. With GPIE.MULTIPLE_MSIX, IVAR gives each queue's cause and
 * vector, and IVAR_MISC those of the other causes; otherwise all causes share vector 0, which is
 * also the vector of the line and of MSI. A vector is due when one of its causes becomes pending,
 * and is asserted as soon as its EITR allows.
 */

#include "clock.h"
#include "irq.h"
#include "timer.h"

/* 8.2.3.5.12 */
#define ITR_UNIT_NS   2048
/* 8.2.3.15.2 */
#define TCP_UNIT_NS   1000000
/* 8.2.3.5.5: only these can clear themselves */
#define AUTO_CLEAR    (NIC_EICR_RTX | NIC_EICR_TCP_TIMER)
/* 8.2.3.5.18: the causes that a read of EICR clears with GPIE.OCD */
#define OTHER_CAUSES  0x3fff0000u

struct irq_causes {
	uint32_t eicr;
	uint64_t ex;           /* bits 63:16: the causes without a bit in EICR */
};

static bool
has_vectors(const struct nic *nic)
{
	return nic->irq_mode >= NIC_IRQ_MSIX && reg_get(nic, NIC_GPIE) & NIC_GPIE_MULTIPLE_MSIX;
}

/* Vector 0 is the line. */
static bool
has_line(const struct nic *nic)
{
	return nic->irq_mode == NIC_IRQ_INTX || nic->irq_mode == NIC_IRQ_MSIX_LINE;
}

/* 8.2.3.5.17: the vector of a byte of IVAR_MISC, as a bit */
static uint64_t
misc_vector(const struct nic *nic, unsigned int byte)
{
	uint32_t entry = reg_get(nic, NIC_IVAR_MISC) >> byte * 8;

	return entry & NIC_IVAR_ALLOC_VAL ? UINT64_C(1) << (entry & NIC_IVAR_ALLOC) : 0;
}

/* The vectors of causes, a bit each. */
static uint64_t
vectors_of(const struct nic *nic, struct irq_causes causes)
{
	uint64_t vectors;

	if (!has_vectors(nic))
		return causes.eicr != 0;
	vectors = causes.ex | (causes.eicr & NIC_EICR_RTX);
	if (causes.eicr & NIC_EICR_TCP_TIMER)
		vectors |= misc_vector(nic, 0);
	if (causes.eicr & OTHER_CAUSES)
		vectors |= misc_vector(nic, 1);
	return vectors;
}

static struct irq_causes
pending(const struct nic *nic)
{
	uint64_t mask = reg_get(nic, NIC_EIMS_EX) | (uint64_t)reg_get(nic, NIC_EIMS_EX + 4) << 32;

	if (has_fault(nic, NIC_FAULT_GONE))
		return (struct irq_causes){ 0, 0 };
	return (struct irq_causes){
		.eicr = reg_get(nic, NIC_EICR) & reg_get(nic, NIC_EIMS),
		.ex = nic->irq_ex & mask,
	};
}

/* EIMS and EIMS_EX[0] show the same queue causes, bits 15:0; so do EIAM and EIAM_EX[0]. */
static void
put_twins(struct nic *nic, uint32_t offset, uint32_t twin, uint32_t value)
{
	reg_put(nic, offset, value);
	reg_put(nic, twin, (reg_get(nic, twin) & ~NIC_EICR_RTX) | (value & NIC_EICR_RTX));
}

static void
line_set(struct nic *nic, bool level)
{
	if (level == nic->irq_line)
		return;
	nic->irq_line = level;
	nic->counts.irq_line += level;
	nic->config.host_ops->irq(nic->config.host, level);
}

/* 7.3.1.4, 7.3.1.5: an MSI-X message clears and masks the causes of its vector.
 * INTERPRETATION (MISSING): 8.2.3.5.5 does not say whether this clears a masked cause that shares
 * the vector. Here it stays set, because the message does not report it. */
static void
auto_clear_and_mask(struct nic *nic, unsigned int v)
{
	const uint64_t vector = UINT64_C(1) << v;
	const struct irq_causes told = pending(nic);
	uint32_t eicr = v < 16 ? vector : 0, eicr_clear;

	if (!has_vectors(nic)) {
		eicr = NIC_EICR_RTX | NIC_EICR_TCP_TIMER | OTHER_CAUSES;
	} else {
		if (misc_vector(nic, 0) == vector)
			eicr |= NIC_EICR_TCP_TIMER;
		if (misc_vector(nic, 1) == vector)
			eicr |= OTHER_CAUSES;
	}
	eicr_clear = told.eicr & eicr & reg_get(nic, NIC_EIAC) & AUTO_CLEAR;
	reg_put(nic, NIC_EICR, reg_get(nic, NIC_EICR) & ~eicr_clear);
	nic->irq_ex &= ~(told.ex & vector);
	if (!(reg_get(nic, NIC_GPIE) & NIC_GPIE_EIAME))
		return;
	put_twins(nic, NIC_EIMS, NIC_EIMS_EX,
		  reg_get(nic, NIC_EIMS) & ~(eicr & reg_get(nic, NIC_EIAM)));
	if (v >= 16)
		reg_put(nic, NIC_EIMS_EX + v / 32 * 4,
			reg_get(nic, NIC_EIMS_EX + v / 32 * 4) &
				~((uint32_t)(vector >> v / 32 * 32) &
				  reg_get(nic, NIC_EIAM_EX + v / 32 * 4)));
}

static void
vector_assert(struct nic *nic, unsigned int v)
{
	if (v == 0 && has_line(nic)) {
		line_set(nic, true);
		return;
	}
	nic->counts.messages[v]++;
	if (nic->config.host_ops->message != NULL)
		nic->config.host_ops->message(nic->config.host, v);
	if (nic->irq_mode != NIC_IRQ_MSI)
		auto_clear_and_mask(nic, v);
}

static uint32_t
eitr_reg(unsigned int v)
{
	return v < 24 ? NIC_EITR + 4 * v : NIC_MORE_EITR + 4 * (v - 24);
}

/* 7.3.2.1: send at once if the vector's counter is 0, else when it becomes 0 */
static void
send_due(struct nic *nic)
{
	uint64_t now = nic_now(), interval, first = 0;

	for (uint64_t due = nic->irq_due; due != 0; due &= due - 1) {
		unsigned int v = __builtin_ctzll(due);

		/* a message is a memory write; those of the line are not */
		if (!nic->bus_master && !(v == 0 && has_line(nic)))
			continue;
		if (now < nic->itr_until[v]) {
			if (first == 0 || nic->itr_until[v] < first)
				first = nic->itr_until[v];
			continue;
		}
		interval = reg_get(nic, eitr_reg(v)) & NIC_EITR_INTERVAL;
		interval >>= NIC_EITR_INTERVAL_SHIFT;
		nic->itr_until[v] = now + interval * ITR_UNIT_NS;
		nic->irq_due &= ~(UINT64_C(1) << v);
		vector_assert(nic, v);
	}
	nic->itr_at = first;
	timer_update(nic);
	/* a cause that is set or unmasked again is signalled again */
	nic->irq_told &= pending(nic).eicr;
}

/* Causes or masks have changed.
 * INTERPRETATION (MISSING): 7.3 does not say whether a cause that is still set and unmasked leads
 * to a second message when it happens again. Here it does not: a message reports that a bit has
 * become pending, and drivers clear or mask the bits that were reported. */
void
irq_update(struct nic *nic)
{
	struct irq_causes now = pending(nic);
	/* a message clears the causes of vectors 16 to 63, so those that are set are new */
	struct irq_causes fresh = { now.eicr & ~nic->irq_told, now.ex };
	uint64_t vectors = vectors_of(nic, now);

	nic->irq_told = now.eicr;
	nic->irq_due |= vectors_of(nic, fresh);
	/* vectors whose causes the driver has cleared are no longer due */
	nic->irq_due &= vectors;
	if (nic->irq_line) {
		nic->irq_due &= ~UINT64_C(1);
		if (!(vectors & 1))
			line_set(nic, false);
	}
	if (nic->irq_due != 0) {
		send_due(nic);
	} else if (nic->itr_at != 0) {
		nic->itr_at = 0;
		timer_update(nic);
	}
}

/* The vectors or their mapping have changed: signal all pending causes again. */
static void
update_vectors(struct nic *nic)
{
	nic->irq_told = 0;
	irq_update(nic);
}

void
irq_raise(struct nic *nic, uint32_t causes)
{
	reg_put(nic, NIC_EICR, reg_get(nic, NIC_EICR) | causes);
	irq_update(nic);
}

/* 8.2.3.5.18: bits 3:0 of GPIE enable bits 27:24 of EICR.
 * INTERPRETATION (CONTRADICTION): 8.2.3.5.1 sets the cause while the pin is high. Linux's ixgbe
 * uses SDP2 as "module present", and the interrupt would never end. So the rising edge sets it. */
void
irq_pin(struct nic *nic, uint32_t cause)
{
	if (reg_get(nic, NIC_GPIE) & cause >> 24)
		irq_raise(nic, cause);
}

static void
raise_vector(struct nic *nic, unsigned int v)
{
	if (v < 16) {
		if (!(reg_get(nic, NIC_EICR) & 1u << v))
			irq_raise(nic, 1u << v);
	} else if (!(nic->irq_ex & UINT64_C(1) << v)) {
		nic->irq_ex |= UINT64_C(1) << v;
		irq_update(nic);
	}
}

/* 8.2.3.5.16: without GPIE.MULTIPLE_MSIX there are 16 queue causes. */
void
irq_queue(struct nic *nic, unsigned int q, bool tx)
{
	uint32_t entry = reg_get(nic, NIC_IVAR + q / 2 * 4) >> (q % 2 * 16 + tx * 8);

	if (entry & NIC_IVAR_ALLOC_VAL)
		raise_vector(nic, entry & (reg_get(nic, NIC_GPIE) & NIC_GPIE_MULTIPLE_MSIX ?
					   NIC_IVAR_ALLOC : 0xf));
}

void
irq_set_mode(struct nic *nic, enum nic_irq_mode mode)
{
	line_set(nic, false);
	nic->irq_mode = mode;
	update_vectors(nic);
}

void
irq_reset(struct nic *nic)
{
	nic->irq_queues = false;
	nic->irq_ex = 0;
	reg_put(nic, NIC_EICR, 0); /* the link has just gone down */
	memset(nic->itr_until, 0, sizeof(nic->itr_until));
	nic->tcp_at = nic->tcp_left = 0;
	timer_update(nic);
	update_vectors(nic);
}

/*
 * Timers
 */

void
irq_poll(struct nic *nic, uint64_t now)
{
	if (nic->tcp_at != 0 && now >= nic->tcp_at) {
		uint32_t tcptimer = reg_get(nic, NIC_TCPTIMER);
		uint64_t duration = (tcptimer & NIC_TCPTIMER_DURATION) * (uint64_t)TCP_UNIT_NS;

		nic->tcp_at = tcptimer & NIC_TCPTIMER_LOOP && duration > 0 ? now + duration : 0;
		irq_raise(nic, NIC_EICR_TCP_TIMER);
	}
	if (nic->itr_at != 0 && now >= nic->itr_at)
		send_due(nic);
	timer_update(nic);
}

/* 8.2.3.15.2: KICK_START loads the counter, COUNT_EN lets it run, COUNT_FINISH raises the
 * interrupt now. */
uint32_t
write_tcptimer(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	       uint32_t value)
{
	uint64_t duration = (value & NIC_TCPTIMER_DURATION) * (uint64_t)TCP_UNIT_NS;
	uint64_t now = nic_now();

	if (nic->tcp_at != 0) {
		nic->tcp_left = nic->tcp_at > now ? nic->tcp_at - now : 1;
		nic->tcp_at = 0;
	}
	if (value & NIC_TCPTIMER_FINISH) {
		nic->tcp_left = value & NIC_TCPTIMER_LOOP ? duration : 0;
		irq_raise(nic, NIC_EICR_TCP_TIMER);
	}
	if (value & NIC_TCPTIMER_KICK_START)
		nic->tcp_left = duration;
	if (value & NIC_TCPTIMER_COUNT_EN && nic->tcp_left > 0) {
		nic->tcp_at = now + nic->tcp_left;
		nic->tcp_left = 0;
	}
	timer_update(nic);
	return value;
}

/*
 * Registers, 8.2.3.5
 */

/* Clear causes. 7.3.1.5: mask those in EIAM, unless the message does so (GPIE.EIAME). */
static uint32_t
take_causes(struct nic *nic, uint32_t causes)
{
	reg_put(nic, NIC_EICR, reg_get(nic, NIC_EICR) & ~causes);
	if (!(reg_get(nic, NIC_GPIE) & NIC_GPIE_EIAME))
		put_twins(nic, NIC_EIMS, NIC_EIMS_EX,
			  reg_get(nic, NIC_EIMS) & ~reg_get(nic, NIC_EIAM));
	irq_update(nic);
	return reg_get(nic, NIC_EICR);
}

/* 7.3.1.2, 8.2.3.5.18: reading clears all causes, or with GPIE.OCD only bits 29:16 */
uint32_t
read_eicr(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, NIC_EICR);

	if (!peek)
		take_causes(nic, reg_get(nic, NIC_GPIE) & NIC_GPIE_OCD ? OTHER_CAUSES : UINT32_MAX);
	return value;
}

/* value: the causes that are left after those that were written are cleared */
uint32_t
write_eicr(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return take_causes(nic, before & ~value);
}

/* INTERPRETATION (CONTRADICTION): by 8.2.3.5.2, EICS is write-only. Linux's ixgbe reads it to get
 * the causes without clearing them. */
uint32_t
read_eics(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return reg_get(nic, NIC_EICR);
}

/* 8.2.3.5.18: with GPIE.EIMEN a cause that software sets does not wait for EITR. */
static void
software_causes(struct nic *nic, uint32_t eicr, uint64_t ex)
{
	uint64_t vectors = vectors_of(nic, (struct irq_causes){ eicr, ex });

	if (reg_get(nic, NIC_GPIE) & NIC_GPIE_EIMEN)
		for (; vectors != 0; vectors &= vectors - 1)
			nic->itr_until[__builtin_ctzll(vectors)] = 0;
	nic->irq_ex |= ex;
	irq_raise(nic, eicr);
}

uint32_t
write_eics(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	software_causes(nic, value, 0);
	return 0;
}

/* Vectors 16 to 63 exist only with GPIE.MULTIPLE_MSIX. */
uint32_t
write_eics_ex(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	      uint32_t value)
{
	uint64_t ex = (uint64_t)value << 32 * i;

	software_causes(nic, ex & NIC_EICR_RTX,
			reg_get(nic, NIC_GPIE) & NIC_GPIE_MULTIPLE_MSIX
				? ex & ~(uint64_t)NIC_EICR_RTX : 0);
	return 0;
}

static uint32_t
put_mask(struct nic *nic, unsigned int i, uint32_t offset, uint32_t value)
{
	if (offset == NIC_EIMS)
		put_twins(nic, offset, NIC_EIMS_EX, value);
	else if (i == 0)
		put_twins(nic, offset, NIC_EIMS, value);
	else
		reg_put(nic, offset, value);
	irq_update(nic);
	return reg_get(nic, offset); /* a message may have masked it again */
}

uint32_t
write_eims(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return put_mask(nic, i, reg->offset + 4 * i, before | value);
}

uint32_t
write_eimc(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint32_t offset = reg->offset == NIC_EIMC ? NIC_EIMS : NIC_EIMS_EX + 4 * i;

	put_mask(nic, i, offset, reg_get(nic, offset) & ~value);
	return 0;
}

uint32_t
write_eiam(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if (reg->offset == NIC_EIAM)
		put_twins(nic, NIC_EIAM, NIC_EIAM_EX, value);
	else if (i == 0)
		put_twins(nic, NIC_EIAM_EX, NIC_EIAM, value);
	return value;
}

/* 8.2.3.5.12: the counter is bits 27:21, the upper seven of nine.
 * INTERPRETATION (MISSING): 7.3.2.1 does not say when the counter is loaded. Here an interrupt
 * loads it, so that the first interrupt after a pause comes at once. */
uint32_t
read_eitr(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, eitr_reg(i));
	uint64_t now = nic_now(), units;

	if (i >= NIC_MSIX_VECTORS || nic->itr_until[i] <= now)
		return value;
	units = (nic->itr_until[i] - now) / ITR_UNIT_NS;
	return value | (uint32_t)(units >> 2) << NIC_EITR_COUNTER_SHIFT;
}

/* CNT_WDIS: do not change credit and counter. */
uint32_t
write_eitr(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint64_t units = (value & NIC_EITR_COUNTER) >> NIC_EITR_COUNTER_SHIFT << 2;

	if (value & NIC_EITR_CNT_WDIS)
		value = (value & ~NIC_EITR_CREDIT) | (before & NIC_EITR_CREDIT);
	else if (i < NIC_MSIX_VECTORS)
		nic->itr_until[i] = units > 0 ? nic_now() + units * ITR_UNIT_NS : 0;
	value &= ~(NIC_EITR_COUNTER | NIC_EITR_CNT_WDIS);
	reg_put(nic, eitr_reg(i), value);
	if (nic->irq_due != 0)
		send_due(nic);
	return value;
}

uint32_t
write_ivar(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, reg->offset + 4 * i, value);
	nic->irq_queues = false;
	for (unsigned int n = 0; n < NIC_QUEUES / 2; n++)
		if (reg_get(nic, NIC_IVAR + 4 * n) & 0x80808080)
			nic->irq_queues = true;
	update_vectors(nic);
	return value;
}

uint32_t
write_gpie(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_GPIE, value);
	if ((before ^ value) & NIC_GPIE_MULTIPLE_MSIX)
		update_vectors(nic);
	return value;
}
