/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Doorbells that a driver writes without a trap. */

#ifndef DIRECT_H
#define DIRECT_H

#include "state.h"

/* Direct mode only: look for queues that the driver has enabled or disabled. */
void direct_watch(struct nic *nic);
/* Write the heads of all queues of a direction to their registers; call it when they are idle. */
void direct_show_rx_heads(struct nic *nic);
void direct_show_tx_heads(struct nic *nic);

#endif /* DIRECT_H */
