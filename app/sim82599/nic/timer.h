/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* When the device has to run next, though nothing comes from the driver or the wire. */

#ifndef TIMER_H
#define TIMER_H

#include "state.h"

/* link_at, itr_at, tcp_at, pause_until or xoff_at has changed. */
void timer_update(struct nic *nic);

#endif /* TIMER_H */
