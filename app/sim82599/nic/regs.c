/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The register table (regs.def), and the hooks that are the behaviour of those
 * registers that are more than memory. */

#include <pthread.h>
#include <stdio.h>

#include "nic_priv.h"

/* All hooks have the same parameters, and most need few. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ALL 0xffffffffu

/*
 * General, 8.2.3.1
 */

/* INTERPRETATION (CONTRADICTION): 8.2.3.1.1 says both that RST clears itself and that software
 * has to wait about 1 ms before it looks. net_ixgbe looks for some 10 us, then waits 50 ms: so
 * the bit clears at once, and the device is not to be touched for 1 ms. */
#define RST_NS    2000
#define RESET_NS  1000000

static uint32_t
read_ctrl(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, NIC_CTRL);

	if ((value & (NIC_CTRL_RST | NIC_CTRL_LRST)) && !has_fault(nic, NIC_FAULT_RESET) &&
	    nic_now() >= nic->rst_until) {
		value &= ~(NIC_CTRL_RST | NIC_CTRL_LRST);
		reg_put(nic, NIC_CTRL, value);
	}
	return value;
}

static uint32_t
write_ctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if (!(value & (NIC_CTRL_RST | NIC_CTRL_LRST)))
		return value;
	device_reset(nic);
	nic->rst_until = nic_now() + RST_NS;
	nic->reset_until = nic_now() + RESET_NS;
	return value & (NIC_CTRL_RST | NIC_CTRL_LRST);
}

static uint32_t
read_status(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = nic->config.lan_id << NIC_STATUS_LAN_ID_SHIFT;

	if (nic->link_up)
		value |= NIC_STATUS_LINKUP;
	/* 5.2.5.3.2: no request is ever pending here, so the master stops at once */
	if (!(reg_get(nic, NIC_CTRL) & NIC_CTRL_GIO_DIS))
		value |= NIC_STATUS_GIO;
	return value;
}

static uint32_t
read_esdp(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, NIC_ESDP) & ~NIC_ESDP_SDP2;

	return has_fault(nic, NIC_FAULT_SFP) ? value : value | NIC_ESDP_SDP2;
}

static uint32_t
write_esdp(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_ESDP, value);
	link_check(nic);
	return value;
}

static uint32_t
write_i2cctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return sfp_i2cctl_write(nic, value);
}

/* 8.2.3.15.1: microseconds */
static uint32_t
read_frtimer(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic_now() / 1000;
}

/* 8.2.3.3.6 */
static uint32_t
read_tfcs(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->pause_until == 0 ? NIC_TFCS_TC_XON0 : 0;
}

/*
 * EEPROM, 8.2.3.2, and the semaphores, 8.2.3.4
 */

static uint32_t
write_eec(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return eeprom_eec_write(nic, value);
}

static uint32_t
write_eerd(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return value & NIC_EERD_START ? eeprom_eerd_write(nic, value) : value;
}

/* SMBI: who reads 0 has it, since reading sets it. */
static uint32_t
read_swsm(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	atomic_uint *swsm = &nic->config.card->swsm;

	return peek ? atomic_load(swsm) : atomic_fetch_or(swsm, NIC_SWSM_SMBI);
}

/* SWESMBI may always be had: there is no firmware that holds it. */
static uint32_t
write_swsm(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	atomic_store(&nic->config.card->swsm, value);
	return value;
}

static uint32_t
read_gssr(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return atomic_load(&nic->config.card->gssr);
}

static uint32_t
write_gssr(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	atomic_store(&nic->config.card->gssr, value);
	return value;
}

/*
 * Receive, 8.2.3.7 and 8.2.3.8
 */

static uint32_t
write_filter(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	nic->filter.stale = true;
	return value;
}

bool
ring_allowed(struct nic *nic, const char *name, unsigned int q, uint64_t base, uint32_t length)
{
	if (base % 128 != 0 && nic_violation(nic, RULE_RING_ALIGN, "%sBA[%u] is 0x%llx", name, q,
					     (unsigned long long)base))
		return false;
	if ((length & ~NIC_RDLEN_LEN) == 0 && length != 0)
		return true;
	/* without a descriptor there is nothing that could run */
	return !nic_violation(nic, RULE_RING_LENGTH, "%sLEN[%u] is %u", name, q, length) &&
	       (length & NIC_RDLEN_LEN) != 0;
}

/* A register that describes the ring of a live queue was written. @return what to keep. */
static uint32_t
ring_write(struct nic *nic, const struct reg *reg, unsigned int i, bool live, uint32_t mask,
	   uint32_t before, uint32_t value)
{
	if (live && ((before ^ value) & mask) != 0 &&
	    nic_violation(nic, RULE_RING_LIVE, "%s[%u] from 0x%08x to 0x%08x", reg->name, i, before, value))
		return before;
	return value;
}

static uint32_t
write_rx_ring(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return ring_write(nic, reg, i, nic->rxq[i].live, ALL, before, value);
}

static uint32_t
write_srrctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return ring_write(nic, reg, i, nic->rxq[i].live,
			  NIC_SRRCTL_DESCTYPE | NIC_SRRCTL_BSIZEPACKET | NIC_SRRCTL_BSIZEHEADER,
			  before, value);
}

/* 8.2.3.27.11: as SRRCTL.DROP_EN, for the queue that the register names */
static uint32_t
write_qde(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint32_t q = value >> NIC_QDE_INDEX_SHIFT & (NIC_QUEUES - 1);
	uint64_t bit = UINT64_C(1) << q % 64;

	if (value & NIC_QDE_WRITE && value & NIC_QDE_ENABLE)
		nic->qde[q / 64] |= bit;
	else if (value & NIC_QDE_WRITE)
		nic->qde[q / 64] &= ~bit;
	value &= ~(NIC_QDE_WRITE | NIC_QDE_READ | NIC_QDE_ENABLE);
	return value | (nic->qde[q / 64] & bit ? NIC_QDE_ENABLE : 0);
}

static uint32_t
read_rdh(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->rxq[i].live ? nic->rxq[i].ring.head : reg_get(nic, rxq_reg(i, NIC_RDH));
}

/* The head of a live queue is the device's. INTERPRETATION (CONTRADICTION): 8.2.3.8.4 has it
 * written only while the queue is disabled, yet Intel's own drivers write 0 just after enabling. */
static uint32_t
head_write(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t head, uint32_t tail,
	   uint32_t value)
{
	if (value != 0 || head != 0 || tail != 0)
		nic_violation(nic, RULE_HEAD_LIVE, "%s[%u] is %u, written with %u", reg->name, i, head, value);
	return head;
}

static uint32_t
write_rdh(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return !nic->rxq[i].live ? value :
	       head_write(nic, reg, i, nic->rxq[i].ring.head, reg_get(nic, rxq_reg(i, NIC_RDT)), value);
}

/* INTERPRETATION (MISSING): 4.6.7 and 4.6.8 do not say what becomes of the tail of a queue that
 * is not enabled. It keeps what is written, as Linux's self test wants it of a queue without a
 * ring; enabling sets it to 0, so that a queue always starts with an empty ring. */
static uint32_t
tail_write(struct nic *nic, const struct reg *reg, unsigned int i, bool enabled, uint32_t value)
{
	if (!enabled && value != 0 &&
	    nic_violation(nic, RULE_TAIL_EARLY, "%s[%u] written with %u", reg->name, i, value))
		return 0;
	return value;
}

static uint32_t
write_rdt(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	nic->counts.rdt_writes++;
	return tail_write(nic, reg, i, nic->rxq[i].rxdctl & NIC_RXDCTL_ENABLE, value);
}

void
rxdctl_changed(struct nic *nic, unsigned int q, uint32_t value)
{
	uint32_t before = nic->rxq[q].rxdctl;

	value &= ~NIC_RXDCTL_SWFLSH; /* nothing is ever kept back that could be flushed */
	if (value & ~before & NIC_RXDCTL_ENABLE) {
		if (!nic->direct) /* else the driver may be ahead of us */
			reg_put(nic, rxq_reg(q, NIC_RDT), 0);
		rxq_enable(nic, q);
		if (!nic->rxq[q].live)
			value &= ~NIC_RXDCTL_ENABLE;
	} else if (before & ~value & NIC_RXDCTL_ENABLE) {
		rxq_disable(nic, q);
		reg_put(nic, rxq_reg(q, NIC_RDT), 0);
	}
	nic->rxq[q].rxdctl = value;
	nic->rxq[q].strip = value & NIC_RXDCTL_VME;
	reg_put(nic, rxq_reg(q, NIC_RXDCTL), value);
}

static uint32_t
write_rxdctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	rxdctl_changed(nic, i, value);
	return nic->rxq[i].rxdctl;
}

/* Queues may be enabled before the MAC and the DMA agree about the FCS; a receiver that is on needs
 * that they do (8.2.3.8.8). */
static uint32_t
write_rxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if ((value & ~before & NIC_RXCTRL_RXEN) &&
	    !!(reg_get(nic, NIC_RDRXCTL) & NIC_RDRXCTL_CRCSTRIP) !=
	    !!(reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP) &&
	    nic_violation(nic, RULE_RX_CRC_STRIP, "RDRXCTL is 0x%08x, HLREG0 0x%08x",
			  reg_get(nic, NIC_RDRXCTL), reg_get(nic, NIC_HLREG0)))
		return before;
	return value;
}

/*
 * Transmit, 8.2.3.9
 */

static uint32_t
write_tx_ring(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return ring_write(nic, reg, i, nic->txq[i].live, ALL, before, value);
}

/* INTERPRETATION (MISSING): 4.6.8 sets head write-back before the queue is enabled, 8.2.3.9.11 and
 * 8.2.3.9.12 do not forbid to change it afterwards. It takes effect at once. */
static uint32_t
write_tdwba(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if (!nic->txq[i].live)
		return value;
	reg_put(nic, txq_reg(i, reg->offset), value);
	return txq_head_wb(nic, i, nic->txq[i].txdctl) ? value : before;
}

static uint32_t
read_tdh(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->txq[i].live ? nic->txq[i].ring.head : reg_get(nic, txq_reg(i, NIC_TDH));
}

static uint32_t
write_tdh(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return !nic->txq[i].live ? value :
	       head_write(nic, reg, i, nic->txq[i].ring.head, reg_get(nic, txq_reg(i, NIC_TDT)), value);
}

static uint32_t
write_tdt(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	nic->counts.tdt_writes++;
	return tail_write(nic, reg, i, nic->txq[i].txdctl & NIC_TXDCTL_ENABLE, value);
}

void
txdctl_changed(struct nic *nic, unsigned int q, uint32_t value)
{
	uint32_t before = nic->txq[q].txdctl;

	value &= ~NIC_TXDCTL_SWFLSH;
	if (value & ~before & NIC_TXDCTL_ENABLE) {
		if (!nic->direct) /* else the driver may be ahead of us */
			reg_put(nic, txq_reg(q, NIC_TDT), 0);
		txq_enable(nic, q, value);
		if (!nic->txq[q].live)
			value &= ~NIC_TXDCTL_ENABLE;
	} else if (before & ~value & NIC_TXDCTL_ENABLE) {
		txq_disable(nic, q);
		reg_put(nic, txq_reg(q, NIC_TDT), 0);
	} else if (nic->txq[q].live && !txq_head_wb(nic, q, value)) {
		value = (value & ~NIC_TXDCTL_WTHRESH) | (before & NIC_TXDCTL_WTHRESH);
	}
	nic->txq[q].txdctl = value;
	reg_put(nic, txq_reg(q, NIC_TXDCTL), value);
}

static uint32_t
write_txdctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	txdctl_changed(nic, i, value);
	return nic->txq[i].txdctl;
}

/*
 * Security, Flow Director, MAC
 */

/* 4.6.12.2, 8.2.3.12: the blocks are empty as soon as they are disabled */
static uint32_t
write_sectxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_SECTXSTAT, NIC_SECTXSTAT_OFF_DIS |
		(value & NIC_SECTXCTRL_TX_DIS ? NIC_SECTXSTAT_RDY : 0));
	return value;
}

static uint32_t
write_secrxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_SECRXSTAT, NIC_SECRXSTAT_OFF_DIS |
		(value & NIC_SECRXCTRL_RX_DIS ? NIC_SECRXSTAT_RDY : 0));
	return value;
}

static uint32_t
write_fdirctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint32_t pballoc = value & NIC_FDIRCTRL_PBALLOC;

	if (pballoc == 0)
		return value;
	/* 7.1.2.7.4: 2K perfect match or 8K hash filters in 64 KB, which is 1; none is ever used */
	reg_put(nic, NIC_FDIRFREE, ((value & NIC_FDIRCTRL_PERFECT ? 1024 : 4096) << pballoc) - 1);
	return value | NIC_FDIRCTRL_INIT_DONE;
}

/* 3.7.6: nothing answers on MDIO, and the line floats high */
static uint32_t
write_msca(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_MSRWD, reg_get(nic, NIC_MSRWD) | 0xffff0000);
	return value;
}

/* 8.2.3.26.10: reading the lower half takes the upper with it */
static uint32_t
read_systim(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint64_t now = systim_get(nic);

	if (i == 0 && !peek)
		nic->systim_high = now >> 32;
	return i == 0 ? now : peek ? now >> 32 : nic->systim_high;
}

static uint32_t
write_systim(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint64_t now = systim_get(nic);

	systim_set(nic, i == 0 ? (now & ~UINT64_C(0xffffffff)) | value :
		   (now & 0xffffffff) | (uint64_t)value << 32);
	return value;
}

static uint32_t
write_timinca(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	systim_set(nic, systim_get(nic)); /* with the increment that was */
	return value;
}

static uint32_t
write_autoc(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_AUTOC, value);
	if (value & NIC_AUTOC_AN_RESTART || (value & NIC_AUTOC_FLU && !nic->link_up))
		link_restart(nic);
	else
		link_check(nic);
	return value;
}

static uint32_t
write_autoc2(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_AUTOC2, value);
	link_check(nic);
	return value;
}

static uint32_t
write_hlreg0(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_HLREG0, value);
	wire_choose(nic);
	return value;
}

static uint32_t
read_pcs1glsta(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return link_pcs1glsta(nic);
}

static uint32_t
read_pcs1ganlp(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return link_pcs1ganlp(nic);
}

static uint32_t
read_links(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return link_links(nic, peek);
}

/*
 * The table
 */

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

const struct reg_hooks reg_hooks[ROW_COUNT] = {
#define REG(...)
#define MORE(...)
#define ALIAS(...)
#define STAT(name, ...)   [ROW_##name] = { .read = read_stat },
#define STAT64(name, ...) [ROW_##name##L] = { .read = read_stat_low }, \
			  [ROW_##name##H] = { .read = read_stat_high },
#define HOOK(name, read_, write_) [ROW_##name] = { read_, write_ },
#include "regs.def"
};

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
	uint8_t mac[6];

	/* the first access to a register may be in a signal handler: be ready by then */
	pthread_once(&row_of_once, fill_row_of);
	for (unsigned int row = 0; row < ROW_COUNT; row++)
		for (unsigned int i = 0; i < rows[row].count; i++)
			reg_put(nic, rows[row].offset + i * rows[row].stride,
				rows[rows[row].parent].reset);
	/* 8.2.3.9.16: the other packet buffers have no room by default */
	for (unsigned int i = 1; i < 8; i++)
		reg_put(nic, NIC_TXPBTHRESH + 4 * i, 0);
	/* 8.2.3.7.8: from the EEPROM */
	eeprom_mac(nic, mac);
	reg_put(nic, NIC_RAL, mac[0] | mac[1] << 8 | mac[2] << 16 | (uint32_t)mac[3] << 24);
	reg_put(nic, NIC_RAH, mac[4] | mac[5] << 8 | NIC_RAH_AV);
	nic->filter.stale = true;
}
