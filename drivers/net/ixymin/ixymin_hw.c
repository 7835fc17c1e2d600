/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <assert.h>
#include <errno.h>

#include "ixymin_hw.h"

#define WAIT_POLL_US 50

static_assert(IXYMIN_RXDCTL(IXYMIN_RX_QUEUES - 1) < IXYMIN_BAR_SIZE &&
	      IXYMIN_TXDCTL(IXYMIN_TX_QUEUES - 1) < IXYMIN_BAR_SIZE &&
	      IXYMIN_PFUTA(IXYMIN_FILTER_WORDS - 1) < IXYMIN_BAR_SIZE &&
	      IXYMIN_EITR(IXYMIN_RX_VECTORS) < IXYMIN_BAR_SIZE, "a register lies outside of BAR0");

/* Polls a register until the bits of mask are those of value. A device that is gone reads as all
 * ones, which must not pass for bits that are set. The caller logs. */
int
ixymin_reg_wait(const struct ixymin_hw *hw, uint32_t reg, uint32_t mask, uint32_t value,
		uint64_t timeout_us)
{
	uint64_t deadline = deadline_in(timeout_us);

	for (;;) {
		/* asked first: a thread that slept beyond the deadline looks once more */
		bool late = is_over(deadline);
		uint32_t is = reg_read(hw, reg);

		if (is == IXYMIN_GONE)
			return -EIO;
		if ((is & mask) == value)
			return 0;
		if (late)
			return -ETIMEDOUT;
		rte_delay_us_sleep(WAIT_POLL_US);
	}
}

/* 5.2.5.3.2: no DMA may be under way when a reset comes. So all queues are disabled, also those of
 * a driver that had the device before and crashed. */
int
ixymin_master_disable(const struct ixymin_hw *hw)
{
	uint32_t q;
	int ret;

	reg_write(hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL);
	reg_clear(hw, IXYMIN_RXCTRL, IXYMIN_RXCTRL_RXEN);
	for (q = 0; q < IXYMIN_RX_QUEUES; q++)
		reg_write(hw, IXYMIN_RXDCTL(q), 0);
	for (q = 0; q < IXYMIN_TX_QUEUES; q++)
		reg_write(hw, IXYMIN_TXDCTL(q), 0);
	reg_set(hw, IXYMIN_CTRL, IXYMIN_CTRL_GIO_DIS);
	ret = reg_wait_clear(hw, IXYMIN_STATUS, IXYMIN_STATUS_GIO, MS(100));
	if (ret < 0)
		IXYMIN_LOG(ERR, hw, "DMA not finished within 100 ms (STATUS 0x%08x)",
			   reg_read(hw, IXYMIN_STATUS));
	return ret;
}

/* 5.2.5.3.2: after DMA that did not finish, before the resets. Nothing goes to the wire or comes
 * from it while the buffers are emptied. */
void
ixymin_dma_flush(const struct ixymin_hw *hw)
{
	reg_set(hw, IXYMIN_HLREG0, IXYMIN_HLREG0_LPBK);
	reg_set(hw, IXYMIN_GCR_EXT, IXYMIN_GCR_EXT_BUFFERS_CLEAR);
	reg_read(hw, IXYMIN_STATUS); /* so that the writes have arrived */
	rte_delay_us_sleep(20);
	reg_clear(hw, IXYMIN_GCR_EXT, IXYMIN_GCR_EXT_BUFFERS_CLEAR);
	reg_clear(hw, IXYMIN_HLREG0, IXYMIN_HLREG0_LPBK);
}

/* 4.2.1.6.1: no register may be accessed for 1 ms; 4.6.3.2: initialization goes on after 10 ms. */
int
ixymin_software_reset(const struct ixymin_hw *hw)
{
	int ret;

	reg_set(hw, IXYMIN_CTRL, IXYMIN_CTRL_RST);
	rte_delay_us_sleep(MS(10));
	ret = reg_wait_clear(hw, IXYMIN_CTRL, IXYMIN_CTRL_RST, MS(100));
	if (ret < 0)
		IXYMIN_LOG(ERR, hw, "reset not complete within 110 ms (CTRL 0x%08x)",
			   reg_read(hw, IXYMIN_CTRL));
	else
		reg_write(hw, IXYMIN_EIMC, IXYMIN_EIMC_ALL); /* 4.6.3.1: once more */
	return ret;
}

/* 4.6.3: wait until the EEPROM was read and DMA is initialized. */
int
ixymin_wait_ready(const struct ixymin_hw *hw)
{
	int ret;

	ret = reg_wait_set(hw, IXYMIN_EEC, IXYMIN_EEC_ARD, MS(1000));
	if (ret < 0) {
		IXYMIN_LOG(ERR, hw, "EEPROM not read within 1000 ms (EEC 0x%08x)",
			   reg_read(hw, IXYMIN_EEC));
		return ret;
	}
	ret = reg_wait_set(hw, IXYMIN_RDRXCTL, IXYMIN_RDRXCTL_DMAIDONE, MS(1000));
	if (ret < 0)
		IXYMIN_LOG(ERR, hw, "DMA not initialized within 1000 ms (RDRXCTL 0x%08x)",
			   reg_read(hw, IXYMIN_RDRXCTL));
	return ret;
}

/* 4.6.3.2: no PCIe snoop hints, and tell the firmware that there is a driver. */
void
ixymin_general_init(const struct ixymin_hw *hw)
{
	reg_set(hw, IXYMIN_CTRL_EXT, IXYMIN_CTRL_EXT_NS_DIS | IXYMIN_CTRL_EXT_DRV_LOAD);
}

/* Tell the firmware that there is no driver any more. */
void
ixymin_general_fini(const struct ixymin_hw *hw)
{
	reg_clear(hw, IXYMIN_CTRL_EXT, IXYMIN_CTRL_EXT_DRV_LOAD);
}

/* 4.6.7, up to the queues: clear filter tables that are not used, some of which have no reset
 * value; packet buffer, CRC */
void
ixymin_rx_init(const struct ixymin_hw *hw, bool keep_fcs)
{
	uint32_t n;

	for (n = 0; n < IXYMIN_FILTER_WORDS; n++) {
		reg_write(hw, IXYMIN_PFUTA(n), 0);
		reg_write(hw, IXYMIN_VFTA(n), 0);
	}
	for (n = 0; n < IXYMIN_FIVE_TUPLES; n++)
		reg_write(hw, IXYMIN_FTQF(n), 0);
	for (n = 0; n < IXYMIN_POOL_VLANS; n++) {
		reg_write(hw, IXYMIN_PFVLVF(n), 0);
		reg_write(hw, IXYMIN_PFVLVFB(2 * n), 0);
		reg_write(hw, IXYMIN_PFVLVFB(2 * n + 1), 0);
	}
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++)
		reg_write(hw, IXYMIN_RXPBSIZE(n), n == 0 ? IXYMIN_RXPBSIZE_512KB : 0);
	/* 8.2.3.22.8: MAC and DMA must agree about the FCS. */
	reg_field(hw, IXYMIN_HLREG0, IXYMIN_HLREG0_RXCRCSTRP,
		  IXYMIN_HLREG0_JUMBOEN | (keep_fcs ? 0 : IXYMIN_HLREG0_RXCRCSTRP));
	reg_field(hw, IXYMIN_RDRXCTL, IXYMIN_RDRXCTL_RSCFRSTSIZE | IXYMIN_RDRXCTL_CRCSTRIP,
		  IXYMIN_RDRXCTL_RSCACKC | IXYMIN_RDRXCTL_FCOE_WRFIX |
		  (keep_fcs ? 0 : IXYMIN_RDRXCTL_CRCSTRIP));
}

/* 4.6.8, up to the queues, and 4.6.11.3.4: one packet buffer, no limits of rate.
 * DTXMXSZRQ changes only while the arbiter is off. */
void
ixymin_tx_init(const struct ixymin_hw *hw)
{
	uint32_t n;

	reg_set(hw, IXYMIN_HLREG0, IXYMIN_HLREG0_TXCRCEN | IXYMIN_HLREG0_TXPADEN);
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++) {
		reg_write(hw, IXYMIN_TXPBSIZE(n), n == 0 ? IXYMIN_TXPBSIZE_160KB : 0);
		reg_write(hw, IXYMIN_TXPBTHRESH(n), n == 0 ? IXYMIN_TXPBTHRESH_150KB : 0);
	}
	reg_set(hw, IXYMIN_RTTDCS, IXYMIN_RTTDCS_ARBDIS);
	reg_write(hw, IXYMIN_DTXMXSZRQ, IXYMIN_DTXMXSZRQ_MAX);
	reg_clear(hw, IXYMIN_RTTDCS, IXYMIN_RTTDCS_ARBDIS);
	for (n = 0; n < IXYMIN_TX_QUEUES; n++) {
		reg_write(hw, IXYMIN_RTTDQSEL, n);
		reg_write(hw, IXYMIN_RTTDT1C, 0);
		reg_write(hw, IXYMIN_RTTBCNRC, 0);
	}
	reg_set(hw, IXYMIN_DMATXCTL, IXYMIN_DMATXCTL_TE);
}

static_assert(IXYMIN_RXDCTL_ENABLE == IXYMIN_TXDCTL_ENABLE, "ENABLE");

/* 4.6.7, 4.6.8: ENABLE reads back as written once the queue is live, or not any more. */
int
ixymin_queue_wait(const struct ixymin_hw *hw, bool is_rx, uint16_t id, bool enabled)
{
	uint32_t reg = is_rx ? IXYMIN_RXDCTL(id) : IXYMIN_TXDCTL(id);
	int ret;

	ret = ixymin_reg_wait(hw, reg, IXYMIN_RXDCTL_ENABLE, enabled ? IXYMIN_RXDCTL_ENABLE : 0,
			      MS(10));
	if (ret < 0)
		IXYMIN_LOG(ERR, hw, "%s queue %u: not %s within 10 ms (%s 0x%08x)",
			   is_rx ? "rx" : "tx", id, enabled ? "enabled" : "disabled",
			   is_rx ? "RXDCTL" : "TXDCTL", reg_read(hw, reg));
	return ret;
}

/* 4.6.7, last step: nothing may be in the security block when RXEN is set. */
int
ixymin_rx_enable(const struct ixymin_hw *hw)
{
	int ret;

	reg_set(hw, IXYMIN_SECRXCTRL, IXYMIN_SECRXCTRL_RX_DIS);
	ret = reg_wait_set(hw, IXYMIN_SECRXSTAT, IXYMIN_SECRXSTAT_RDY, MS(40));
	if (ret == 0)
		reg_set(hw, IXYMIN_RXCTRL, IXYMIN_RXCTRL_RXEN);
	else
		IXYMIN_LOG(ERR, hw, "receive path not empty within 40 ms (SECRXSTAT 0x%08x)",
			   reg_read(hw, IXYMIN_SECRXSTAT));
	reg_clear(hw, IXYMIN_SECRXCTRL, IXYMIN_SECRXCTRL_RX_DIS);
	return ret;
}
