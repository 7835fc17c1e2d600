/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The receive packet buffer, data sheet 7.1.1. */

#ifndef PKTBUF_H
#define PKTBUF_H

#include "state.h"

int packet_buffer_init(struct nic *nic);     /* @return 0 or -ENOMEM */
void packet_buffer_free(struct nic *nic);
void packet_buffer_clear(struct nic *nic);
uint32_t packet_buffer_size(const struct nic *nic); /* bytes */
bool packet_buffer_put(struct nic *nic, const struct rx_frame *frame); /* @return false: no room */
/* The first n frames at most; they are valid until they are dropped. @return their number */
unsigned int packet_buffer_peek(struct nic *nic, struct rx_frame *frames, unsigned int n);
void packet_buffer_drop(struct nic *nic, unsigned int n);

#endif /* PKTBUF_H */
