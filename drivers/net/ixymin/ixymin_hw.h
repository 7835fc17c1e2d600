/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device, without its queues.  Functions that can fail have logged why, and return -EIO if
 * the device is gone, -ETIMEDOUT if it did not do what it should have. */

#ifndef IXYMIN_HW_H
#define IXYMIN_HW_H

#include <stdbool.h>

#include <ethdev_driver.h>
#include <rte_io.h>
#include <rte_spinlock.h>

#include "ixymin_regs.h"

extern int ixymin_logtype;
/* IXYMIN_LOG(ERR, hw, " rx queue %u: ...", id) */
#define IXYMIN_LOG(level, hw, fmt, ...) \
	rte_log(RTE_LOG_ ## level, ixymin_logtype, "net_ixymin: port %u" fmt "\n", \
		(hw)->data->port_id, ## __VA_ARGS__)

/* A port: rte_eth_dev_data.dev_private */
struct ixymin_hw {
	uint8_t *bar;                      /* BAR0 */
	struct rte_eth_dev_data *data;
	bool sfp;                          /* the medium is an SFP+ cage */
	bool started;
	bool no_ptypes;                    /* the application wants no packet types */
	uint32_t mta[IXYMIN_MTA_WORDS];    /* multicast table, outlives a reset */
	rte_spinlock_t lock;               /* of the statistics */
	uint64_t stats[IXYMIN_STAT_COUNT]; /* totals: the device forgets what was read */
};

static inline uint32_t
reg_read(const struct ixymin_hw *hw, uint32_t reg)
{
	return rte_le_to_cpu_32(rte_read32(hw->bar + reg));
}

static inline void
reg_write(const struct ixymin_hw *hw, uint32_t reg, uint32_t value)
{
	rte_write32(rte_cpu_to_le_32(value), hw->bar + reg);
}

static inline void
reg_change(const struct ixymin_hw *hw, uint32_t reg, uint32_t clear, uint32_t set)
{
	reg_write(hw, reg, (reg_read(hw, reg) & ~clear) | set);
}

int ixymin_wait(const struct ixymin_hw *hw, uint32_t reg, uint32_t bit, bool set, unsigned int ms,
		const char *name, const char *what, ...) __rte_format_printf(7, 8);
/* IXYMIN_WAIT_SET(hw, EEC, ARD, 1000, ": EEPROM not read"): until the bit is set */
#define IXYMIN_WAIT_SET(hw, reg, bit, ms, what) \
	ixymin_wait(hw, IXYMIN_ ## reg, IXYMIN_ ## reg ## _ ## bit, true, ms, #reg, what)
#define IXYMIN_WAIT_CLEAR(hw, reg, bit, ms, what) \
	ixymin_wait(hw, IXYMIN_ ## reg, IXYMIN_ ## reg ## _ ## bit, false, ms, #reg, what)

int ixymin_reset(struct ixymin_hw *hw);
void ixymin_general_init(const struct ixymin_hw *hw);
void ixymin_rx_init(const struct ixymin_hw *hw);
void ixymin_tx_init(const struct ixymin_hw *hw);
int ixymin_rx_enable(const struct ixymin_hw *hw);
void ixymin_link_start(const struct ixymin_hw *hw);
int ixymin_stats_update(struct ixymin_hw *hw);

#endif /* IXYMIN_HW_H */
