/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The receive queues, data sheet 7.1. */

#ifndef RX_H
#define RX_H

#include "regs.h"
#include "state.h"

void rxq_disable(struct nic *nic, unsigned int q);
void rxdctl_changed(struct nic *nic, unsigned int q, uint32_t value); /* by the driver */
/* prefetch the next descriptors, which are in the cache of the driver's processor */
void rx_prefetch(struct nic *nic);
void rx_reset(struct nic *nic);   /* forget all frames that wait for a descriptor */
void rx_leave(struct nic *nic);   /* copy such frames from the wire to the packet buffer */
unsigned int rx_poll(struct nic *nic, bool dma); /* dma: host memory may be accessed */

reg_read_hook read_rdh;
reg_write_hook write_rx_ring, write_srrctl, write_qde, write_rdh, write_rdt, write_rxdctl,
	       write_rxctrl;

#endif /* RX_H */
