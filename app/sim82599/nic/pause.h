/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Link flow control, data sheet 3.7.7. */

#ifndef PAUSE_H
#define PAUSE_H

#include "regs.h"
#include "state.h"

/* A frame of type 8808h was received. @return true if it is not to be passed on */
bool pause_receive(struct nic *nic, const uint8_t *frame);
void pause_end(struct nic *nic, uint64_t now);  /* is the far end's pause over? */
void pause_poll(struct nic *nic, uint64_t now); /* send a pause frame if one is due */
bool pause_wanted(const struct nic *nic); /* the packet buffer is filled above the threshold */

reg_read_hook read_tfcs;

#endif /* PAUSE_H */
