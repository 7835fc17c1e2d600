/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* EEPROM, SFP+ module, and the semaphores that go with them, data sheet 8.2.3.2 and 8.2.3.4. */

#ifndef EEPROM_H
#define EEPROM_H

#include "regs.h"
#include "state.h"

int eeprom_init(struct nic *nic);            /* @return 0 or -ENOMEM */
void eeprom_free(struct nic *nic);
void eeprom_load(struct nic *nic);           /* after a reset: the registers that the EEPROM sets */

reg_read_hook read_swsm, read_gssr;
reg_write_hook write_i2cctl, write_eec, write_eerd, write_swsm, write_gssr;

#endif /* EEPROM_H */
