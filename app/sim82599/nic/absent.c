/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Features of the 82599 that this device does not emulate (ABSENT in regs.def and rules.h): the
 * count of requests for them, and the registers that drivers wait for. */

#include "absent.h"

static const struct {
	uint32_t bits;
	enum nic_absent feature;
} absent[ROW_COUNT] = {
#define REG(...)
#define MORE(...)
#define ALIAS(...)
#define STAT(...)
#define STAT64(...)
#define ABSENT(name_, bits_, feature_) [ROW_##name_] = { bits_, ABSENT_##feature_ },
#include "regs.def"
};

void
reg_count_absent(struct nic *nic, const struct reg *reg, uint32_t value)
{
	if (value & absent[reg->parent].bits)
		nic->absent[absent[reg->parent].feature]++;
}

const char *
nic_get_absent(struct nic *nic, unsigned int i, uint64_t *asked)
{
	static const char *const names[ABSENT_COUNT] = {
#define FEATURE(id) #id,
		NIC_ABSENT(FEATURE)
#undef FEATURE
	};

	if (i >= ABSENT_COUNT)
		return NULL;
	*asked = nic->absent[i];
	return names[i];
}

/* 4.6.12.2, 8.2.3.12: the blocks are empty as soon as they are disabled */
uint32_t
write_sectxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
		uint32_t value)
{
	reg_put(nic, NIC_SECTXSTAT, NIC_SECTXSTAT_OFF_DIS |
		(value & NIC_SECTXCTRL_TX_DIS ? NIC_SECTXSTAT_RDY : 0));
	return value;
}

uint32_t
write_secrxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
		uint32_t value)
{
	reg_put(nic, NIC_SECRXSTAT, NIC_SECRXSTAT_OFF_DIS |
		(value & NIC_SECRXCTRL_RX_DIS ? NIC_SECRXSTAT_RDY : 0));
	return value;
}

uint32_t
write_fdirctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	       uint32_t value)
{
	uint32_t pballoc = value & NIC_FDIRCTRL_PBALLOC;

	if (pballoc == 0)
		return value;
	/* 7.1.2.7.4: 2K perfect match or 8K hash filters in 64 KB, which is 1; none is ever used */
	reg_put(nic, NIC_FDIRFREE, ((value & NIC_FDIRCTRL_PERFECT ? 1024 : 4096) << pballoc) - 1);
	return value | NIC_FDIRCTRL_INIT_DONE;
}

/* 3.7.6: no device answers on MDIO, so the line floats high */
uint32_t
write_msca(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_MSRWD, reg_get(nic, NIC_MSRWD) | 0xffff0000);
	return value;
}
