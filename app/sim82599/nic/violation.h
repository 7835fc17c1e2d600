/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Violations of the programming rules (rules.h). */

#ifndef VIOLATION_H
#define VIOLATION_H

#include "state.h"

/* Count a violation, and keep the first one as text. @return true if the device is strict: then
 * the access must have no effect */
bool nic_violation(struct nic *nic, enum nic_rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* VIOLATION_H */
