/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The register table (regs.def). */

#include <pthread.h>
#include <stdio.h>

#include "regs.h"
#include "state.h"

#define ALL 0xffffffffu

#define STAT_ROW(name_, offset_, stride_, count_, row_, stat_, section_) \
	{ .name = name_, .offset = offset_, .stride = stride_, .count = count_, \
	  .parent = row_, .access = REG_RC, .readable = ALL, \
	  .stat = stat_, .section = section_ },

static const struct reg rows[ROW_COUNT] = {
#define REG(name_, offset_, stride_, count_, access_, reset_, readable_, writable_, self_, \
	    section_) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_, \
	  .parent = ROW_##name_, .access = REG_##access_, .reset = reset_, \
	  .readable = readable_, .writable = writable_, .self_clearing = self_, \
	  .stat = STAT_NONE, .section = section_ },
#define MORE(name_, offset_, stride_, count_, first_) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_, \
	  .first = first_, .parent = ROW_##name_ },
#define ALIAS(name_, offset_, stride_, count_) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_, \
	  .parent = ROW_##name_, .alias = true },
#define STAT(name, offset, stride, count, stat, section) \
	STAT_ROW(#name, offset, stride, count, ROW_##name, stat, section)
#define STAT64(name, low, high, stride, count, stat, section) \
	STAT_ROW(#name "L", low, stride, count, ROW_##name##L, stat, section) \
	STAT_ROW(#name "H", high, stride, count, ROW_##name##H, stat, section)
#include "regs.def"
};

/* Row + 1 of each dword of BAR0; 0: no register. */
static uint16_t row_of[NIC_BAR_SIZE / 4];

static pthread_once_t row_of_once = PTHREAD_ONCE_INIT;

static void
fill_row_of(void)
{
	for (unsigned int row = 0; row < ROW_COUNT; row++)
		for (unsigned int i = 0; i < rows[row].count; i++)
			row_of[(rows[row].offset + i * rows[row].stride) / 4] = row + 1;
}

bool
reg_find(uint32_t offset, struct reg_at *at)
{
	const struct reg *row;

	pthread_once(&row_of_once, fill_row_of);
	if (offset >= NIC_BAR_SIZE || row_of[offset / 4] == 0)
		return false;
	row = &rows[row_of[offset / 4] - 1];
	at->reg = &rows[row->parent];
	at->i = row->first;
	if (row->stride != 0)
		at->i += (offset - row->offset) / row->stride;
	at->offset = row->alias ? at->reg->offset + at->i * at->reg->stride : offset;
	return true;
}

const char *
reg_name(const struct reg_at *at, char *buf, size_t size)
{
	if (at->reg->count > 1)
		snprintf(buf, size, "%s[%u]", at->reg->name, at->i);
	else
		snprintf(buf, size, "%s", at->reg->name);
	return buf;
}

bool
nic_next_reg(uint32_t *cursor, struct nic_reg_info *info)
{
	struct reg_at at;
	uint32_t offset;

	while (*cursor < NIC_BAR_SIZE) {
		offset = *cursor;
		*cursor += 4;
		if (!reg_find(offset, &at) || at.offset != offset)
			continue;
		reg_name(&at, info->name, sizeof(info->name));
		info->section = at.reg->section;
		info->offset = offset;
		return true;
	}
	return false;
}

void
regs_reset(struct nic *nic)
{
	/* the first access to a register may be in a signal handler, so this is done before */
	pthread_once(&row_of_once, fill_row_of);
	for (unsigned int row = 0; row < ROW_COUNT; row++)
		for (unsigned int i = 0; i < rows[row].count; i++)
			reg_put(nic, rows[row].offset + i * rows[row].stride,
				rows[rows[row].parent].reset);
	/* 8.2.3.9.16: the other packet buffers have no room by default */
	for (unsigned int i = 1; i < 8; i++)
		reg_put(nic, NIC_TXPBTHRESH + 4 * i, 0);
}
