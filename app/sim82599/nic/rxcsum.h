/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The checksums of a received frame, data sheet 7.1.11. */

#ifndef RXCSUM_H
#define RXCSUM_H

#include "parse.h"
#include "state.h"

/* Add the results of the checks to the write-back of the frame. */
void rxcsum_frame(struct nic *nic, struct rx_frame *frame, const struct headers *h);

#endif /* RXCSUM_H */
