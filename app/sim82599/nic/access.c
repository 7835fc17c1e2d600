/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A register access by the driver: the lock, the trace, the table (regs.def), and the hooks of the
 * features. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "absent.h"
#include "clock.h"
#include "device.h"
#include "eeprom.h"
#include "filter.h"
#include "irq.h"
#include "link.h"
#include "lock.h"
#include "pause.h"
#include "rx.h"
#include "stats.h"
#include "systim.h"
#include "tx.h"
#include "violation.h"

/* The hooks of a register, by its row. Without hooks it is only memory. */
static const struct {
	reg_read_hook *read;   /* NULL: a read gives the register's value */
	reg_write_hook *write; /* NULL: a write stores its value */
} hooks[ROW_COUNT] = {
#define REG(...)
#define MORE(...)
#define ALIAS(...)
#define STAT(name, ...)   [ROW_##name] = { .read = read_stat },
#define STAT64(name, ...) [ROW_##name##L] = { .read = read_stat_low }, \
			  [ROW_##name##H] = { .read = read_stat_high },
#define HOOK(name, read_, write_) [ROW_##name] = { read_, write_ },
#include "regs.def"
};

/* Write a line for each access. rules.c explains formatting in a signal handler. */
static void
trace(const struct nic *nic, char kind, const struct reg_at *at, uint32_t offset, uint32_t value)
{
	char name[24], line[80];
	int n;

	n = snprintf(line, sizeof(line), "%" PRIu64 " %c %-14s 0x%05x 0x%08x\n", nic_now(), kind,
		     at == NULL ? "?" : reg_name(at, name, sizeof(name)), offset, value);
	while (write(nic->config.trace_fd, line, n) < 0 && errno == EINTR)
		;
}

/* May the driver access this register now? @return false if the access must have no effect */
static bool
access_allowed(struct nic *nic, const struct reg_at *at, uint32_t offset)
{
	char name[24];

	if (at == NULL) {
		nic->counts.unknown_access++;
		nic_violation(nic, RULE_UNKNOWN_REG, "offset 0x%05x", offset);
		return false;
	}
	if (nic->reset_until == 0 || at->offset == NIC_CTRL || at->offset == NIC_STATUS)
		return true;
	if (nic_now() >= nic->reset_until) {
		nic->reset_until = 0;
		return true;
	}
	return !nic_violation(nic, RULE_RESET_ACCESS, "%s", reg_name(at, name, sizeof(name)));
}

static uint32_t
reg_read(struct nic *nic, const struct reg_at *at, bool peek)
{
	const struct reg *reg = at->reg;
	reg_read_hook *hook = hooks[reg->parent].read;
	uint32_t value;

	value = hook != NULL ? hook(nic, reg, at->i, peek) : reg_get(nic, at->offset);
	if (reg->access == REG_RC && !peek)
		reg_put(nic, at->offset, 0);
	return value & (reg->readable | reg->reset); /* reserved bits keep their reset value */
}

static void
reg_write(struct nic *nic, const struct reg_at *at, uint32_t value)
{
	const struct reg *reg = at->reg;
	reg_write_hook *hook = hooks[reg->parent].write;
	uint32_t before = reg_get(nic, at->offset);
	uint32_t reserved = ~(reg->readable | reg->writable);
	char name[24];

	if (reg->access == REG_RO || reg->access == REG_RC) {
		nic->ill_written[at->offset / 4]++;
		nic_violation(nic, RULE_READ_ONLY, "%s written with 0x%08x",
			      reg_name(at, name, sizeof(name)), value);
		return;
	}
	if (((value ^ reg->reset) & reserved) != 0) {
		nic->ill_written[at->offset / 4]++;
		if (nic_violation(nic, RULE_RESERVED_BITS, "%s written with 0x%08x",
				  reg_name(at, name, sizeof(name)), value))
			return;
	}
	reg_count_absent(nic, reg, value);
	if (reg->access == REG_W1C)
		value = before & ~(value & reg->writable);
	else
		value = (before & ~reg->writable) | (value & reg->writable);
	if (hook != NULL)
		value = hook(nic, reg, at->i, before, value);
	reg_put(nic, at->offset, value & ~reg->self_clearing);
}

uint32_t
nic_read(struct nic *nic, uint32_t offset)
{
	struct reg_at at;
	uint32_t value = 0;
	bool known;

	if (offset % 4 != 0 || offset >= NIC_BAR_SIZE) {
		nic_bad_access(nic, offset, 4);
		return 0;
	}
	known = reg_find(offset, &at);
	nic_lock(nic);
	nic->counts.reg_reads++;
	if (has_fault(nic, NIC_FAULT_GONE))
		value = UINT32_MAX;
	else if (access_allowed(nic, known ? &at : NULL, offset))
		value = reg_read(nic, &at, false);
	if (nic->config.trace_fd >= 0)
		trace(nic, 'R', known ? &at : NULL, offset, value);
	nic_unlock(nic);
	return value;
}

void
nic_write(struct nic *nic, uint32_t offset, uint32_t value)
{
	struct reg_at at;
	bool known;

	if (offset % 4 != 0 || offset >= NIC_BAR_SIZE) {
		nic_bad_access(nic, offset, 4);
		return;
	}
	known = reg_find(offset, &at);
	nic_lock(nic);
	nic->counts.reg_writes++;
	if (nic->config.trace_fd >= 0)
		trace(nic, 'W', known ? &at : NULL, offset, value);
	if (!has_fault(nic, NIC_FAULT_GONE) && access_allowed(nic, known ? &at : NULL, offset))
		reg_write(nic, &at, value);
	nic_unlock(nic);
}

void
nic_bad_access(struct nic *nic, uint32_t offset, unsigned int size)
{
	nic_lock(nic);
	nic_violation(nic, RULE_ACCESS_SIZE, "%u bytes at offset 0x%x", size, offset);
	nic_unlock(nic);
}

uint32_t
nic_peek(struct nic *nic, uint32_t offset)
{
	struct reg_at at;
	uint32_t value;

	if (!reg_find(offset & ~3u, &at))
		return 0;
	nic_lock(nic);
	value = has_fault(nic, NIC_FAULT_GONE) ? UINT32_MAX : reg_read(nic, &at, true);
	nic_unlock(nic);
	return value;
}

bool
nic_next_ill_written(struct nic *nic, uint32_t *cursor, struct nic_reg_info *info, uint64_t *n)
{
	for (; *cursor < NIC_BAR_SIZE; *cursor += 4) {
		*n = nic->ill_written[*cursor / 4];
		if (*n > 0)
			return nic_next_reg(cursor, info);
	}
	return false;
}
