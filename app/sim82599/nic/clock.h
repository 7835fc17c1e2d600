/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device's clock. */

#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* ns, CLOCK_MONOTONIC */
uint64_t nic_now(void);

#endif /* CLOCK_H */
