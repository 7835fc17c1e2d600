/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device without its queues: access to registers, and the steps of the data sheet's
 * initialization.  This layer knows nothing of ethdev.  Functions that return int return 0, -EIO if
 * the device is gone, or -ETIMEDOUT if it did not do what it should have.  All but the waits have
 * logged why. */

#ifndef IXYMIN_HW_H
#define IXYMIN_HW_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_cycles.h>
#include <rte_io.h>
#include <rte_log.h>

#include "ixymin_regs.h"

struct ixymin_hw {
	uint8_t *bar;     /* BAR0 */
	uint16_t port_id; /* for the log */
	bool sfp;         /* the medium is an SFP+ cage */
};

extern int ixymin_logtype;

/* IXYMIN_LOG(ERR, hw, "rx queue %u: not set up", id) */
#define IXYMIN_LOG(level, hw, fmt, ...) \
	rte_log(RTE_LOG_ ## level, ixymin_logtype, "net_ixymin: port %u: " fmt "\n", \
		(hw)->port_id, ## __VA_ARGS__)

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
reg_set(const struct ixymin_hw *hw, uint32_t reg, uint32_t bits)
{
	reg_write(hw, reg, reg_read(hw, reg) | bits);
}

static inline void
reg_clear(const struct ixymin_hw *hw, uint32_t reg, uint32_t bits)
{
	reg_write(hw, reg, reg_read(hw, reg) & ~bits);
}

/* Writes a field: the bits of mask become those of value. */
static inline void
reg_field(const struct ixymin_hw *hw, uint32_t reg, uint32_t mask, uint32_t value)
{
	reg_write(hw, reg, (reg_read(hw, reg) & ~mask) | value);
}

/* Pulled, switched off, or its PCIe link is down */
static inline bool
hw_is_gone(const struct ixymin_hw *hw)
{
	return reg_read(hw, IXYMIN_STATUS) == IXYMIN_GONE;
}

/* Milliseconds in microseconds, the unit of waits and delays */
#define MS(n) ((n) * UINT64_C(1000))

/* The value of the timer in this number of microseconds */
static inline uint64_t
deadline_in(uint64_t us)
{
	return rte_get_timer_cycles() + us * rte_get_timer_hz() / US_PER_S;
}

static inline bool
is_over(uint64_t deadline)
{
	return rte_get_timer_cycles() > deadline;
}

int ixymin_reg_wait(const struct ixymin_hw *hw, uint32_t reg, uint32_t mask, uint32_t value,
		    uint64_t timeout_us);

/* Wait until all the bits are set. */
static inline int
reg_wait_set(const struct ixymin_hw *hw, uint32_t reg, uint32_t bits, uint64_t timeout_us)
{
	return ixymin_reg_wait(hw, reg, bits, bits, timeout_us);
}

/* Wait until all the bits are clear. */
static inline int
reg_wait_clear(const struct ixymin_hw *hw, uint32_t reg, uint32_t bits, uint64_t timeout_us)
{
	return ixymin_reg_wait(hw, reg, bits, 0, timeout_us);
}

int ixymin_master_disable(const struct ixymin_hw *hw);
void ixymin_dma_flush(const struct ixymin_hw *hw);
int ixymin_software_reset(const struct ixymin_hw *hw);
int ixymin_wait_ready(const struct ixymin_hw *hw);
void ixymin_general_init(const struct ixymin_hw *hw);
void ixymin_general_fini(const struct ixymin_hw *hw);
void ixymin_rx_init(const struct ixymin_hw *hw, bool keep_fcs);
void ixymin_tx_init(const struct ixymin_hw *hw);
int ixymin_queue_wait(const struct ixymin_hw *hw, bool is_rx, uint16_t id, bool enabled);
int ixymin_rx_enable(const struct ixymin_hw *hw);

#endif /* IXYMIN_HW_H */
