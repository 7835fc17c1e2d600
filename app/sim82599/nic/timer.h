/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The time at which the device must run even if neither the driver nor the wire does anything. */

#ifndef TIMER_H
#define TIMER_H

#include "state.h"

/* link_at, itr_at, tcp_at, pause_until or xoff_at has changed. */
void timer_update(struct nic *nic);

#endif /* TIMER_H */
