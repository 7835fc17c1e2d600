/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <stdio.h>

#include <rte_cycles.h>

#include "ixymin_hw.h"

/* Wait until the bits of mask are value, or log what the device has not done. A device that is
 * gone reads as all ones, which must not pass for bits that are set. */
int
ixymin_wait(const struct ixymin_hw *hw, uint32_t reg, uint32_t mask, uint32_t value,
	    unsigned int ms, const char *name, const char *what, ...)
{
	uint64_t deadline = rte_get_timer_cycles() + ms * rte_get_timer_hz() / 1000;
	uint32_t is;
	char text[64];
	va_list args;
	bool late;

	do {
		late = rte_get_timer_cycles() > deadline;
		is = reg_read(hw, reg);
		if (is != IXYMIN_GONE && (is & mask) == value)
			return 0;
		rte_delay_us_sleep(50);
	} while (!late && is != IXYMIN_GONE);

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	IXYMIN_LOG(ERR, hw, "%s after %u ms (%s 0x%08x)", text, ms, name, is);
	return is == IXYMIN_GONE ? -EIO : -ETIMEDOUT;
}

/* 4.6.3.1 */
static void
interrupt_disable(const struct ixymin_hw *hw)
{
	reg_write(hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL);
	reg_write(hw, IXYMIN_EIMC_EX(0), UINT32_MAX);
	reg_write(hw, IXYMIN_EIMC_EX(1), UINT32_MAX);
	reg_read(hw, IXYMIN_EICR);
}

/* 4.2.1.6.1: no register may be accessed for 1 ms; 4.6.3.2: initialization goes on after 10. */
static int
software_reset(const struct ixymin_hw *hw)
{
	reg_change(hw, IXYMIN_CTRL, 0, IXYMIN_CTRL_RST);
	rte_delay_us_sleep(10000);
	return IXYMIN_WAIT_CLEAR(hw, CTRL, RST, 100, ": reset not complete");
}

/* 5.2.5.3.2: no DMA may be under way when the reset comes. If some stays, two resets help. */
static int
master_disable(const struct ixymin_hw *hw)
{
	int ret;

	reg_change(hw, IXYMIN_CTRL, 0, IXYMIN_CTRL_GIO_DIS);
	ret = IXYMIN_WAIT_CLEAR(hw, STATUS, GIO, 100, ": DMA not finished");
	return ret == -ETIMEDOUT ? software_reset(hw) : ret;
}

/* 4.6.3: the first steps, which do not depend on what the port is used for */
int
ixymin_reset(const struct ixymin_hw *hw)
{
	int ret;

	interrupt_disable(hw);
	ret = master_disable(hw);
	if (ret == 0)
		ret = software_reset(hw);
	interrupt_disable(hw);
	if (ret == 0)
		ret = IXYMIN_WAIT_SET(hw, EEC, ARD, 1000, ": EEPROM not read");
	if (ret == 0)
		ret = IXYMIN_WAIT_SET(hw, RDRXCTL, DMAIDONE, 1000, ": DMA not initialized");
	return ret;
}

/* 4.6.5: queues 0 to 14 get counters of their own, all others share the last */
static void
stats_init(const struct ixymin_hw *hw)
{
	uint32_t n, map;

	for (n = 0; n < IXYMIN_RX_QUEUES / 4; n++) {
		map = n < IXYMIN_QUEUE_COUNTERS / 4 ? 0x03020100 + n * 0x04040404 : 0x0f0f0f0f;
		reg_write(hw, IXYMIN_RQSMR(n), map);
		reg_write(hw, IXYMIN_TQSM(n), map);
	}
}

/* 4.6.7, up to the queues: filter tables, packet buffer, CRC */
static void
rx_init(const struct ixymin_hw *hw)
{
	uint32_t n;

	for (n = 0; n < IXYMIN_MTA_WORDS; n++) {
		reg_write(hw, IXYMIN_MTA(n), hw->mta[n]);
		reg_write(hw, IXYMIN_PFUTA(n), 0);
		reg_write(hw, IXYMIN_VFTA(n), 0);
	}
	reg_write(hw, IXYMIN_MCSTCTRL, IXYMIN_MCSTCTRL_MFE);
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++)
		reg_write(hw, IXYMIN_RXPBSIZE(n), n == 0 ? IXYMIN_RXPBSIZE_512KB : 0);
	reg_change(hw, IXYMIN_HLREG0, 0, IXYMIN_HLREG0_RXCRCSTRP | IXYMIN_HLREG0_JUMBOEN);
	reg_change(hw, IXYMIN_RDRXCTL, IXYMIN_RDRXCTL_RSCFRSTSIZE, IXYMIN_RDRXCTL_CRCSTRIP |
		   IXYMIN_RDRXCTL_RSCACKC | IXYMIN_RDRXCTL_FCOE_WRFIX);
}

/* 4.6.8, up to the queues, and 4.6.11.3.4: one packet buffer, 64 queues, no limits of rate.
 * MTQC and DTXMXSZRQ change only while the arbiter is off. */
static void
tx_init(const struct ixymin_hw *hw)
{
	uint32_t n;

	reg_change(hw, IXYMIN_HLREG0, 0, IXYMIN_HLREG0_TXCRCEN | IXYMIN_HLREG0_TXPADEN);
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++) {
		reg_write(hw, IXYMIN_TXPBSIZE(n), n == 0 ? IXYMIN_TXPBSIZE_160KB : 0);
		reg_write(hw, IXYMIN_TXPBTHRESH(n), n == 0 ? IXYMIN_TXPBTHRESH_150KB : 0);
	}
	reg_change(hw, IXYMIN_RTTDCS, 0, IXYMIN_RTTDCS_ARBDIS);
	reg_write(hw, IXYMIN_MTQC, 0);
	reg_write(hw, IXYMIN_DTXMXSZRQ, IXYMIN_DTXMXSZRQ_MAX);
	reg_change(hw, IXYMIN_RTTDCS, IXYMIN_RTTDCS_ARBDIS, 0);
	for (n = 0; n < IXYMIN_TX_QUEUES; n++) {
		reg_write(hw, IXYMIN_RTTDQSEL, n);
		reg_write(hw, IXYMIN_RTTBCNRC, 0);
	}
	reg_change(hw, IXYMIN_DMATXCTL, 0, IXYMIN_DMATXCTL_TE);
}

/* 4.6.3: the steps between the reset and the queues */
void
ixymin_init(const struct ixymin_hw *hw)
{
	reg_change(hw, IXYMIN_CTRL_EXT, 0, IXYMIN_CTRL_EXT_NS_DIS | IXYMIN_CTRL_EXT_DRV_LOAD);
	stats_init(hw);
	rx_init(hw);
	tx_init(hw);
}

/* 4.6.7, last step: nothing may be in the security block when RXEN is set */
int
ixymin_rx_enable(const struct ixymin_hw *hw)
{
	int ret;

	reg_change(hw, IXYMIN_SECRXCTRL, 0, IXYMIN_SECRXCTRL_RX_DIS);
	ret = IXYMIN_WAIT_SET(hw, SECRXSTAT, RDY, 40, ": receive path not empty");
	if (ret == 0)
		reg_change(hw, IXYMIN_RXCTRL, 0, IXYMIN_RXCTRL_RXEN);
	reg_change(hw, IXYMIN_SECRXCTRL, IXYMIN_SECRXCTRL_RX_DIS, 0);
	return ret;
}

/* 10.5.4: AUTOC is shared with the firmware (its link establishment state machine), so who
 * writes it must own MAC_CSR in GSSR. GSSR is guarded by SWSM: SMBI between the drivers of both
 * ports, SWESMBI towards the firmware. An owner that keeps any for a second is dead. */
static int
semaphore_get(const struct ixymin_hw *hw)
{
	unsigned int tries = 200;
	uint32_t owners;

	do {
		if (IXYMIN_WAIT_CLEAR(hw, SWSM, SMBI, 1000, ": semaphore not free") == -EIO)
			return -EIO;
		reg_change(hw, IXYMIN_SWSM, 0, IXYMIN_SWSM_SWESMBI);
		IXYMIN_WAIT_SET(hw, SWSM, SWESMBI, 1000, ": semaphore kept by the firmware");
		owners = reg_read(hw, IXYMIN_GSSR) & IXYMIN_GSSR_MAC_CSR;
		if (owners == 0 || --tries == 0)
			reg_change(hw, IXYMIN_GSSR, IXYMIN_GSSR_MAC_CSR, IXYMIN_GSSR_SW_MAC_CSR);
		reg_write(hw, IXYMIN_SWSM, 0);
		if (owners != 0)
			rte_delay_us_sleep(5000);
	} while (owners != 0 && tries > 0);
	return 0;
}

/* 4.6.4: light the laser, and let the link come up when it may. What the link is made of stands
 * in the EEPROM, but an SFP+ cage always means 10 Gb/s serial over SFI. */
int
ixymin_link_start(const struct ixymin_hw *hw)
{
	int ret;

	if (hw->sfp)
		reg_change(hw, IXYMIN_ESDP, IXYMIN_ESDP_SDP3, 0);
	if (reg_read(hw, IXYMIN_MMNGC) & IXYMIN_MMNGC_MNG_VETO)
		return 0; /* the link is up for the management controller, and stays so */
	ret = semaphore_get(hw);
	if (ret < 0)
		return ret;
	if (hw->sfp) {
		reg_change(hw, IXYMIN_AUTOC2, IXYMIN_AUTOC2_SERIAL, IXYMIN_AUTOC2_SERIAL_SFI);
		reg_change(hw, IXYMIN_AUTOC, IXYMIN_AUTOC_LMS, IXYMIN_AUTOC_LMS_10G_SERIAL);
	}
	reg_change(hw, IXYMIN_AUTOC, 0, IXYMIN_AUTOC_AN_RESTART);
	reg_change(hw, IXYMIN_GSSR, IXYMIN_GSSR_SW_MAC_CSR, 0);
	return 0;
}

static const struct {
	uint32_t low, high, stride, count;
	const char *xstat;
} stat_rows[] = {
#define STAT(name, ...) { __VA_ARGS__ },
	IXYMIN_STATS(STAT)
#undef STAT
};

const char *
ixymin_xstat_name(unsigned int i)
{
	return stat_rows[i].xstat;
}

/* 8.2.3.23: the counters clear when read. One that reads as all ones is of a device that went
 * away; no counter is read so seldom that it gets there. */
int
ixymin_stats_update(struct ixymin_hw *hw)
{
	uint64_t *total = hw->stats, high;
	uint32_t row, i, low;

	if (reg_read(hw, IXYMIN_STATUS) == IXYMIN_GONE)
		return -EIO;
	rte_spinlock_lock(&hw->stats_lock);
	for (row = 0; row < RTE_DIM(stat_rows); row++) {
		for (i = 0; i < stat_rows[row].count; i++, total++) {
			low = reg_read(hw, stat_rows[row].low + i * stat_rows[row].stride);
			high = stat_rows[row].high == 0 ? 0 :
				reg_read(hw, stat_rows[row].high + i * stat_rows[row].stride);
			if (low != IXYMIN_GONE)
				*total += high << 32 | low;
		}
	}
	rte_spinlock_unlock(&hw->stats_lock);
	return 0;
}
