/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The transmit queues, data sheet 7.2. */

#ifndef TX_H
#define TX_H

#include "regs.h"
#include "state.h"

void txq_disable(struct nic *nic, unsigned int q);
void txdctl_changed(struct nic *nic, unsigned int q, uint32_t value); /* by the driver */
/* prefetch the next descriptors, which are in the cache of the driver's processor */
void tx_prefetch(struct nic *nic);
unsigned int tx_poll(struct nic *nic);

reg_read_hook read_tdh;
reg_write_hook write_tx_ring, write_tdwba, write_tdh, write_tdt, write_txdctl;

#endif /* TX_H */
