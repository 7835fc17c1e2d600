/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The choice of a queue for a received frame, data sheet 7.1.2. */

#ifndef STEER_H
#define STEER_H

#include "parse.h"
#include "state.h"

void steer_rebuild(struct nic *nic); /* call it after filter_rebuild() */
/* Set the queue of a frame, and RSS type and hash in its write-back. */
void steer_frame(const struct nic *nic, struct rx_frame *frame, const struct headers *h);

#endif /* STEER_H */
