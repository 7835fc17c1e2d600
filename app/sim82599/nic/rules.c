/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The programming rules and their count. */

#include <stdarg.h>
#include <stdio.h>

#include "violation.h"

static const struct nic_rule rules[RULE_COUNT] = {
#define RULE(id, section, text) { #id, section, text },
	NIC_RULES(RULE)
#undef RULE
};

bool
nic_violation(struct nic *nic, enum nic_rule_id rule, const char *fmt, ...)
{
	va_list args;
	int n;

	if (nic->counts.violations++ == 0) {
		/* May run in a signal handler: glibc formats integers and strings
		 * without allocating and without locks. */
		n = snprintf(nic->first_violation, sizeof(nic->first_violation), "%s (%s): ",
			     rules[rule].name, rules[rule].section);
		va_start(args, fmt);
		vsnprintf(nic->first_violation + n, sizeof(nic->first_violation) - n, fmt, args);
		va_end(args);
	}
	nic->violated[rule]++;
	return nic->config.strict;
}

const struct nic_rule *
nic_get_rule(struct nic *nic, unsigned int i, uint64_t *violated)
{
	if (i >= RULE_COUNT)
		return NULL;
	*violated = nic->violated[i];
	return &rules[i];
}
