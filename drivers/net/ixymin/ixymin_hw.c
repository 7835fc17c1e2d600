/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <stdio.h>

#include <rte_cycles.h>

#include "ixymin_hw.h"

/* Wait until the bit is set or clear, or log what the device has not done. A device that is gone
 * reads as all ones, which must not pass for a bit that is set. */
int
ixymin_wait(const struct ixymin_hw *hw, uint32_t reg, uint32_t bit, bool set, unsigned int ms,
	    const char *name, const char *what, ...)
{
	uint32_t is, tries = ms * 20;
	char text[64];
	va_list args;

	do {
		is = reg_read(hw, reg);
		if (is != IXYMIN_GONE && (is & bit) == (set ? bit : 0))
			return 0;
		rte_delay_us_sleep(50);
	} while (tries-- > 0 && is != IXYMIN_GONE);
	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	IXYMIN_LOG(ERR, hw, "%s after %u ms (%s 0x%08x%s)", text, ms, name, is,
		   is == IXYMIN_GONE ? ": the device is gone" : "");
	return is == IXYMIN_GONE ? -EIO : -ETIMEDOUT;
}

/* 4.2.1.6.1: no register may be accessed for 1 ms; 4.6.3.2: initialization goes on after 10. */
static int
software_reset(const struct ixymin_hw *hw)
{
	reg_change(hw, IXYMIN_CTRL, 0, IXYMIN_CTRL_RST);
	rte_delay_us_sleep(10000);
	return IXYMIN_WAIT_CLEAR(hw, CTRL, RST, 100, ": reset not complete");
}

/* 4.6.3: the first steps, which do not depend on what the port is used for */
int
ixymin_reset(struct ixymin_hw *hw)
{
	int ret;

	reg_write(hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL);
	/* 5.2.5.3.2: no DMA may be under way when the reset comes; if some stays, two resets help */
	reg_change(hw, IXYMIN_CTRL, 0, IXYMIN_CTRL_GIO_DIS);
	ret = IXYMIN_WAIT_CLEAR(hw, STATUS, GIO, 100, ": DMA not finished");
	ixymin_stats_update(hw); /* what came or went until now */
	if (ret == -ETIMEDOUT)
		ret = software_reset(hw);
	if (ret == 0)
		ret = software_reset(hw);
	reg_write(hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL); /* 4.6.3.1: once more */
	if (ret == 0)
		ret = IXYMIN_WAIT_SET(hw, EEC, ARD, 1000, ": EEPROM not read");
	if (ret == 0)
		ret = IXYMIN_WAIT_SET(hw, RDRXCTL, DMAIDONE, 1000, ": DMA not initialized");
	/* dark until the port starts, unless the light is the management controller's */
	if (hw->sfp && !(reg_read(hw, IXYMIN_MMNGC) & IXYMIN_MMNGC_MNG_VETO))
		reg_change(hw, IXYMIN_ESDP, 0, IXYMIN_ESDP_SDP3);
	return ret;
}

/* 4.6.3.2, 4.6.5: queues 0 to 14 have counters of their own, all
 * others share the last. */
void
ixymin_general_init(const struct ixymin_hw *hw)
{
	uint32_t n;

	reg_change(hw, IXYMIN_CTRL_EXT, 0, IXYMIN_CTRL_EXT_NS_DIS | IXYMIN_CTRL_EXT_DRV_LOAD);
	for (n = 0; n < IXYMIN_RX_QUEUES / 4; n++) {
		reg_write(hw, IXYMIN_RQSMR(n), n < 4 ? IXYMIN_QSM_OWN(n) : IXYMIN_QSM_LAST);
		reg_write(hw, IXYMIN_TQSM(n), n < 4 ? IXYMIN_QSM_OWN(n) : IXYMIN_QSM_LAST);
	}
}

/* 4.6.7, up to the queues: filter tables, packet buffer, CRC */
void
ixymin_rx_init(const struct ixymin_hw *hw)
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

/* 4.6.8, up to the queues, and 4.6.11.3.4: one packet buffer, no limits of rate.
 * DTXMXSZRQ changes only while the arbiter is off. */
void
ixymin_tx_init(const struct ixymin_hw *hw)
{
	uint32_t n;

	reg_change(hw, IXYMIN_HLREG0, 0, IXYMIN_HLREG0_TXCRCEN | IXYMIN_HLREG0_TXPADEN);
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++) {
		reg_write(hw, IXYMIN_TXPBSIZE(n), n == 0 ? IXYMIN_TXPBSIZE_160KB : 0);
		reg_write(hw, IXYMIN_TXPBTHRESH(n), n == 0 ? IXYMIN_TXPBTHRESH_150KB : 0);
	}
	reg_change(hw, IXYMIN_RTTDCS, 0, IXYMIN_RTTDCS_ARBDIS);
	reg_write(hw, IXYMIN_DTXMXSZRQ, IXYMIN_DTXMXSZRQ_MAX);
	reg_change(hw, IXYMIN_RTTDCS, IXYMIN_RTTDCS_ARBDIS, 0);
	for (n = 0; n < IXYMIN_TX_QUEUES; n++) {
		reg_write(hw, IXYMIN_RTTDQSEL, n);
		reg_write(hw, IXYMIN_RTTDT1C, 0);
		reg_write(hw, IXYMIN_RTTBCNRC, 0);
	}
	reg_change(hw, IXYMIN_DMATXCTL, 0, IXYMIN_DMATXCTL_TE);
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
static void
semaphore_get(const struct ixymin_hw *hw)
{
	unsigned int tries;

	for (tries = 0; tries < 200; tries++) {
		if (IXYMIN_WAIT_CLEAR(hw, SWSM, SMBI, 1000, ": semaphore not free") < 0)
			break;
		reg_change(hw, IXYMIN_SWSM, 0, IXYMIN_SWSM_SWESMBI);
		if (IXYMIN_WAIT_SET(hw, SWSM, SWESMBI, 1000, ": semaphore kept by the firmware") < 0 ||
		    !(reg_read(hw, IXYMIN_GSSR) & IXYMIN_GSSR_MAC_CSR))
			break;
		reg_write(hw, IXYMIN_SWSM, 0);
		rte_delay_us_sleep(5000);
	}
	reg_change(hw, IXYMIN_GSSR, IXYMIN_GSSR_MAC_CSR, IXYMIN_GSSR_SW_MAC_CSR);
}

/* 4.6.4: light the laser, and let the link come up when it may. What the link is made of stands
 * in the EEPROM, but an SFP+ cage always means 10 Gb/s serial over SFI. */
void
ixymin_link_start(const struct ixymin_hw *hw)
{
	if (hw->sfp)
		reg_change(hw, IXYMIN_ESDP, IXYMIN_ESDP_SDP3, 0);
	if (reg_read(hw, IXYMIN_MMNGC) & IXYMIN_MMNGC_MNG_VETO)
		return; /* the link is up for the management controller, and stays so */
	semaphore_get(hw);
	if (hw->sfp) {
		/* an EEPROM may keep the link disabled for want of a driver */
		reg_change(hw, IXYMIN_AUTOC2, IXYMIN_AUTOC2_LINK_DISABLE | IXYMIN_AUTOC2_SERIAL,
			   IXYMIN_AUTOC2_SERIAL_SFI);
		reg_change(hw, IXYMIN_AUTOC, IXYMIN_AUTOC_LMS, IXYMIN_AUTOC_LMS_10G_SERIAL);
	}
	reg_change(hw, IXYMIN_AUTOC, 0, IXYMIN_AUTOC_AN_RESTART);
	reg_change(hw, IXYMIN_GSSR, IXYMIN_GSSR_SW_MAC_CSR, 0);
	reg_write(hw, IXYMIN_SWSM, 0); /* kept so long: GSSR must not change between read and write */
}

/* 8.2.3.23: the counters clear when read; add what they had to the totals. A
 * device that went away reads as all ones; no counter is read so seldom that it gets there. */
int
ixymin_stats_update(struct ixymin_hw *hw)
{
	const struct ixymin_stat_row *row = ixymin_stat_rows;
	uint64_t *total = hw->stats, high;
	uint32_t i, low;

	if (reg_read(hw, IXYMIN_STATUS) == IXYMIN_GONE)
		return -EIO;
	rte_spinlock_lock(&hw->lock);
	for (; total < hw->stats + IXYMIN_STAT_HW_COUNT; row++) {
		for (i = 0; i < row->count; i++, total++) {
			low = reg_read(hw, row->low + i * row->stride);
			high = row->high != 0 ? reg_read(hw, row->high + i * row->stride) : 0;
			if (low != IXYMIN_GONE)
				*total += (high & 0xf) << 32 | low;
		}
	}
	rte_spinlock_unlock(&hw->lock);
	return 0;
}
