/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The system time, data sheet 7.9.3. */

#ifndef SYSTIM_H
#define SYSTIM_H

#include "regs.h"
#include "state.h"

void systim_set(struct nic *nic, uint64_t value);

reg_read_hook read_systim;
reg_write_hook write_systim, write_timinca;

#endif /* SYSTIM_H */
