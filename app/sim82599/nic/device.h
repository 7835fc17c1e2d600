/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device as a whole: reset, and the choice of the wire. */

#ifndef DEVICE_H
#define DEVICE_H

#include "regs.h"
#include "state.h"

void device_reset(struct nic *nic); /* as by CTRL.RST (4.2.1.6) */
void wire_choose(struct nic *nic);  /* HLREG0.LPBK or the plugged wire has changed */

reg_read_hook read_ctrl, read_status, read_frtimer;
reg_write_hook write_ctrl, write_hlreg0;

#endif /* DEVICE_H */
