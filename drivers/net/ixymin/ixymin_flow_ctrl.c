/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Flow control of the link by pause frames, 3.7.7 and IEEE 802.3 annex 31B */

#include <errno.h>

#include "ixymin_ethdev.h"

/* Until the application sets it. Pause frames are neither sent nor obeyed. */
const struct rte_eth_fc_conf ixymin_flow_ctrl_default = {
	.high_water = 128,
	.low_water = 64,
	.pause_time = 1664,
	.send_xon = 1,
	.mode = RTE_ETH_FC_NONE,
};

static bool
sends_pause(const struct rte_eth_fc_conf *fc)
{
	return fc->mode == RTE_ETH_FC_TX_PAUSE || fc->mode == RTE_ETH_FC_FULL;
}

/* Thresholds and pause time are written also if neither direction is on: 8.2.3.3.4 wants the high
 * threshold set for the internal switch. All may change while packets come. */
void
ixymin_flow_ctrl_start(struct rte_eth_dev *dev)
{
	const struct rte_eth_fc_conf *fc = &ixymin_port(dev)->settings.fc;
	bool rx = fc->mode == RTE_ETH_FC_RX_PAUSE || fc->mode == RTE_ETH_FC_FULL;
	bool tx = sends_pause(fc);
	uint32_t low = 0, high = IXYMIN_FCRTH_NO_PAUSE, n;
	const struct ixymin_hw *hw = ixymin_hw(dev);

	if (tx) {
		low = fc->low_water << IXYMIN_FCRT_KB_SHIFT;
		if (fc->send_xon)
			low |= IXYMIN_FCRTL_XONE;
		high = fc->high_water << IXYMIN_FCRT_KB_SHIFT | IXYMIN_FCRTH_FCEN;
	}
	for (n = 0; n < IXYMIN_PACKET_BUFFERS / 2; n++) /* two in a register */
		reg_write(hw, IXYMIN_FCTTV(n), fc->pause_time * UINT32_C(0x10001));
	reg_write(hw, IXYMIN_FCRTV, fc->pause_time / 2);
	for (n = 0; n < IXYMIN_PACKET_BUFFERS; n++) {
		reg_write(hw, IXYMIN_FCRTL(n), n == 0 ? low : 0);
		reg_write(hw, IXYMIN_FCRTH(n), n == 0 ? high : 0);
	}
	reg_write(hw, IXYMIN_FCCFG, tx ? IXYMIN_FCCFG_TFCE_LINK : 0);
	reg_field(hw, IXYMIN_MFLCN, IXYMIN_MFLCN_PMCF | IXYMIN_MFLCN_DPF | IXYMIN_MFLCN_RFCE,
		  (fc->mac_ctrl_frame_fwd ? IXYMIN_MFLCN_PMCF : IXYMIN_MFLCN_DPF) |
		  (rx ? IXYMIN_MFLCN_RFCE : 0));
}

int
ixymin_flow_ctrl_get(struct rte_eth_dev *dev, struct rte_eth_fc_conf *fc)
{
	*fc = ixymin_port(dev)->settings.fc;
	return 0;
}

/* Thresholds in KB, pause time in 512 bit times. Those of a direction that is off are kept, too. */
int
ixymin_flow_ctrl_set(struct rte_eth_dev *dev, struct rte_eth_fc_conf *fc)
{
	bool tx = sends_pause(fc);
	const struct ixymin_hw *hw = ixymin_hw(dev);

	if ((unsigned int)fc->mode > RTE_ETH_FC_FULL) {
		IXYMIN_LOG(ERR, hw, "flow control mode %u is not supported, 0 to %u are",
			   fc->mode, RTE_ETH_FC_FULL);
		return -EINVAL;
	}
	if (fc->autoneg) {
		IXYMIN_LOG(ERR, hw, "negotiation of flow control is not supported");
		return -ENOTSUP;
	}
	if (tx && fc->pause_time == 0) {
		IXYMIN_LOG(ERR, hw, "pause time 0 is not supported, 1 to 65535 are");
		return -EINVAL;
	}
	if (tx && fc->high_water > IXYMIN_HIGH_WATER_MAX_KB) {
		IXYMIN_LOG(ERR, hw, "high water of %u KB is not supported, up to %u are",
			   fc->high_water, IXYMIN_HIGH_WATER_MAX_KB);
		return -EINVAL;
	}
	if (tx && (fc->low_water == 0 || fc->low_water >= fc->high_water)) {
		IXYMIN_LOG(ERR, hw, "low water of %u KB is not supported, 1 to below %u are",
			   fc->low_water, fc->high_water);
		return -EINVAL;
	}
	ixymin_port(dev)->settings.fc = *fc;
	ixymin_flow_ctrl_start(dev);
	return 0;
}
