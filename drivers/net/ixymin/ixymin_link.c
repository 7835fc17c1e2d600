/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The laser, the start of the link, and its state */

#include <errno.h>

#include "ixymin_ethdev.h"

/* How long the API's callers wait for a link, and how often LINKS is read meanwhile. SFI is up
 * within milliseconds. An attempt of clause 73 of IEEE 802.3 (backplanes) may take 0.7 s by its
 * timers, 73.10.2, and several may be needed. */
#define LINK_WAIT_US MS(4000)
#define LINK_POLL_US MS(10)

/* Management firmware that uses the link forbids changes to it. */
static bool
link_is_managed(const struct ixymin_hw *hw)
{
	return reg_read(hw, IXYMIN_MMNGC) & IXYMIN_MMNGC_MNG_VETO;
}

/* Keep the laser off until the port starts. */
void
ixymin_laser_off(const struct ixymin_hw *hw)
{
	if (hw->sfp && !link_is_managed(hw))
		reg_set(hw, IXYMIN_ESDP, IXYMIN_ESDP_SDP3);
}

/* How long the semaphores may be kept. An owner that keeps them longer has crashed. */
#define SEMAPHORE_WAIT_US MS(1000)
#define SEMAPHORE_POLL_US MS(1)

static void
swsm_unlock(const struct ixymin_hw *hw)
{
	reg_write(hw, IXYMIN_SWSM, 0);
}

/* 10.5.4: SWSM guards GSSR: SMBI between the drivers of both ports, SWESMBI towards the firmware.
 * Reading SMBI takes it. SWESMBI is taken if it reads back as written. */
static bool
swsm_try(const struct ixymin_hw *hw)
{
	if (reg_read(hw, IXYMIN_SWSM) & IXYMIN_SWSM_SMBI)
		return false;
	reg_set(hw, IXYMIN_SWSM, IXYMIN_SWSM_SWESMBI);
	if (reg_read(hw, IXYMIN_SWSM) & IXYMIN_SWSM_SWESMBI)
		return true;
	swsm_unlock(hw);
	return false;
}

/* 10.5.4: software owns a resource if its bit in GSSR is set, and the firmware's is not. */
static bool
gssr_try(const struct ixymin_hw *hw, uint32_t sw)
{
	bool is_free;

	if (!swsm_try(hw))
		return false;
	is_free = !(reg_read(hw, IXYMIN_GSSR) & (sw | IXYMIN_GSSR_FW(sw)));
	if (is_free)
		reg_set(hw, IXYMIN_GSSR, sw);
	swsm_unlock(hw);
	return is_free;
}

void
ixymin_gssr_acquire(const struct ixymin_hw *hw, uint32_t sw)
{
	uint64_t deadline = deadline_in(SEMAPHORE_WAIT_US);

	while (!gssr_try(hw, sw)) {
		if (is_over(deadline)) {
			IXYMIN_LOG(WARNING, hw,
				   "GSSR not free within 1000 ms (0x%08x), taking it anyway",
				   reg_read(hw, IXYMIN_GSSR));
			reg_field(hw, IXYMIN_GSSR, sw | IXYMIN_GSSR_FW(sw), sw);
			swsm_unlock(hw);
			return;
		}
		rte_delay_us_sleep(SEMAPHORE_POLL_US);
	}
}

/* Even without SWSM, for the resource would stay taken for ever */
void
ixymin_gssr_release(const struct ixymin_hw *hw, uint32_t sw)
{
	uint64_t deadline = deadline_in(SEMAPHORE_WAIT_US);

	while (!swsm_try(hw)) {
		if (is_over(deadline)) {
			IXYMIN_LOG(WARNING, hw, "SWSM not free within 1000 ms (0x%08x)",
				   reg_read(hw, IXYMIN_SWSM));
			break;
		}
		rte_delay_us_sleep(SEMAPHORE_POLL_US);
	}
	reg_clear(hw, IXYMIN_GSSR, sw);
	swsm_unlock(hw);
}

/* 4.6.4: switch the laser on, and let the link come up. The EEPROM selects the link's mode,
 * but an SFP+ cage always means 10 Gb/s serial over SFI. Returns -EIO if the device is gone. */
int
ixymin_link_start(struct rte_eth_dev *dev)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	bool loopback = dev->data->dev_conf.lpbk_mode != 0;

	if (hw_is_gone(hw)) {
		IXYMIN_LOG(ERR, hw, "the device is gone (STATUS 0xffffffff)");
		return -EIO;
	}
	ixymin_port(dev)->link_down = false;
	if (hw->sfp && !loopback)
		reg_clear(hw, IXYMIN_ESDP, IXYMIN_ESDP_SDP3);
	reg_field(hw, IXYMIN_HLREG0, IXYMIN_HLREG0_LPBK, loopback ? IXYMIN_HLREG0_LPBK : 0);
	if (link_is_managed(hw))
		return 0;
	ixymin_gssr_acquire(hw, IXYMIN_GSSR_SW_MAC_CSR); /* firmware may change AUTOC, too */
	if (loopback) { /* the MAC receives what it sends; the link is up by force */
		reg_field(hw, IXYMIN_AUTOC, IXYMIN_AUTOC_LMS | IXYMIN_AUTOC_FLU,
			  IXYMIN_AUTOC_LMS_10G_NO_AN | IXYMIN_AUTOC_FLU);
	} else if (hw->sfp) {
		/* an EEPROM may keep the link disabled as long as there is no driver */
		reg_field(hw, IXYMIN_AUTOC2, IXYMIN_AUTOC2_LINK_DISABLE | IXYMIN_AUTOC2_SERIAL,
			  IXYMIN_AUTOC2_SERIAL_SFI);
		reg_field(hw, IXYMIN_AUTOC, IXYMIN_AUTOC_LMS | IXYMIN_AUTOC_FLU,
			  IXYMIN_AUTOC_LMS_10G_SERIAL);
	}
	reg_set(hw, IXYMIN_AUTOC, IXYMIN_AUTOC_AN_RESTART);
	ixymin_gssr_release(hw, IXYMIN_GSSR_SW_MAC_CSR);
	return 0;
}

/* A stopped port has no link, and its next start brings the link up. */
int
ixymin_set_link_up(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);

	return port->started && port->link_down ? ixymin_link_start(dev) : 0;
}

int
ixymin_set_link_down(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);

	if (!port->hw.sfp) {
		IXYMIN_LOG(ERR, &port->hw, "link down is not supported without a laser");
		return -ENOTSUP;
	}
	if (link_is_managed(&port->hw)) {
		IXYMIN_LOG(ERR, &port->hw, "link down is not allowed by the management firmware");
		return -ENOTSUP;
	}
	ixymin_laser_off(&port->hw);
	port->link_down = true;
	return 0;
}

/* What LINKS says now, or, if the caller waits, once the link is up or the time is over. 0 if the
 * port is stopped, or the device is gone. */
static uint32_t
links_read(const struct ixymin_port *port, bool wait)
{
	uint64_t deadline = deadline_in(LINK_WAIT_US);
	uint32_t links;

	while (port->started) {
		links = reg_read(&port->hw, IXYMIN_LINKS);
		if (links == IXYMIN_GONE)
			return 0;
		if ((links & IXYMIN_LINKS_UP) || !wait || port->link_down || is_over(deadline))
			return links;
		rte_delay_us_sleep(LINK_POLL_US);
	}
	return 0;
}

/* In a secondary process the link is what the primary one last saw, for its state is shared. */
int
ixymin_link_update(struct rte_eth_dev *dev, int wait_to_complete)
{
	static const uint32_t speeds[] = {
		[0] = RTE_ETH_SPEED_NUM_UNKNOWN,
		[IXYMIN_LINKS_SPEED_100M] = RTE_ETH_SPEED_NUM_100M,
		[IXYMIN_LINKS_SPEED_1G] = RTE_ETH_SPEED_NUM_1G,
		[IXYMIN_LINKS_SPEED_10G] = RTE_ETH_SPEED_NUM_10G,
	};
	struct ixymin_port *port = ixymin_port(dev);
	struct rte_eth_link link = { .link_autoneg = !port->hw.sfp };
	uint32_t links;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -1; /* no change */
	links = links_read(port, wait_to_complete);
	if (links & IXYMIN_LINKS_UP) {
		link.link_status = RTE_ETH_LINK_UP;
		link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
		link.link_speed = speeds[IXYMIN_LINKS_SPEED(links)];
	}
	if (rte_eth_linkstatus_set(dev, &link) < 0)
		return -1; /* as before */
	IXYMIN_LOG(DEBUG, &port->hw, "link %s, %u Mb/s (LINKS 0x%08x)",
		   link.link_status ? "up" : "down", link.link_speed, links);
	return 0;
}
