/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Interrupts, data sheet 7.3. */

#ifndef IRQ_H
#define IRQ_H

#include "regs.h"
#include "state.h"

void irq_reset(struct nic *nic);             /* the registers were reset */
void irq_set_mode(struct nic *nic, enum nic_irq_mode mode);
void irq_raise(struct nic *nic, uint32_t causes); /* bits of EICR */
void irq_pin(struct nic *nic, uint32_t cause); /* one of the SDP pins has risen */
void irq_update(struct nic *nic);            /* causes or masks have changed: send what is due */
void irq_queue(struct nic *nic, unsigned int q, bool tx);
void irq_poll(struct nic *nic, uint64_t now);

/* The queue has written back descriptors. */
static inline void
irq_rx(struct nic *nic, unsigned int q)
{
	if (nic->irq_queues)
		irq_queue(nic, q, false);
}

static inline void
irq_tx(struct nic *nic, unsigned int q)
{
	if (nic->irq_queues)
		irq_queue(nic, q, true);
}

/* 8.2.3.5, and the TCP timer */
reg_read_hook read_eicr, read_eics, read_eitr;
reg_write_hook write_eicr, write_eics, write_eics_ex, write_eims, write_eimc, write_eiam,
	       write_eitr, write_ivar, write_gpie, write_tcptimer;

#endif /* IRQ_H */
