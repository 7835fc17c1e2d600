/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The link, data sheet 3.7. */

#ifndef LINK_H
#define LINK_H

#include "regs.h"
#include "state.h"

void link_restart(struct nic *nic);          /* reset, AUTOC.AN_RESTART, wire changed ... */
void link_check(struct nic *nic);            /* did the light of either end go or come? */
void link_unplug(struct nic *nic);           /* call it before another wire is plugged in */
bool link_laser(const struct nic *nic);      /* is the laser on? */
bool link_receives(const struct nic *nic);   /* is there light from the far end? */
void link_poll(struct nic *nic, uint64_t now);
void link_tell(struct nic *nic);             /* tell the plugged wire of a changed link */

reg_read_hook read_esdp, read_links, read_pcs1glsta, read_pcs1ganlp;
reg_write_hook write_esdp, write_autoc, write_autoc2;

#endif /* LINK_H */
