/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Doorbells that a driver writes without a trap. */

#ifndef DIRECT_H
#define DIRECT_H

#include "state.h"

/* In direct mode: look for queues that were enabled or disabled. */
void direct_watch(struct nic *nic);
/* Nothing moves: show the heads of all queues of a direction. */
void direct_show_rx_heads(struct nic *nic);
void direct_show_tx_heads(struct nic *nic);

#endif /* DIRECT_H */
