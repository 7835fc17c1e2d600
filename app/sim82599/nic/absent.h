/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Features of the 82599 that this device does not emulate. */

#ifndef ABSENT_H
#define ABSENT_H

#include "regs.h"
#include "state.h"

/* count the write if its value requests a feature that is not emulated */
void reg_count_absent(struct nic *nic, const struct reg *reg, uint32_t value);

reg_write_hook write_sectxctrl, write_secrxctrl, write_fdirctrl, write_msca;

#endif /* ABSENT_H */
