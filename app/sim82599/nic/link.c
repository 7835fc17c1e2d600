/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The link, data sheet 3.7 and 8.2.3.22.19. */

#include "clock.h"
#include "irq.h"
#include "link.h"
#include "rx.h"
#include "timer.h"

/* The time from a restart of the link, or from light, until the link is up. It depends on modules
 * and partners; a driver must not rely on a short one. */
#define LINK_UP_NS 20000000

/* 8.2.3.22.19: with FLU the link is up for the MAC, with and without a signal. */
static bool
link_forced(const struct nic *nic)
{
	return reg_get(nic, NIC_AUTOC) & NIC_AUTOC_FLU;
}

/* INTERPRETATION (MISSING): 8.2.3.22.22 does not say what each of the bits 30:28 of AUTOC2 does.
 * net_ixgbe and Linux's ixgbe clear all of them to enable a link that the EEPROM disabled, and set
 * two of them to disable it: with any of them the transmitter is off. */
static bool
link_disabled(const struct nic *nic)
{
	return reg_get(nic, NIC_AUTOC2) & NIC_AUTOC2_LINK_DISABLE;
}

/* A reset that does not complete. */
static bool
stuck_in_reset(const struct nic *nic)
{
	return has_fault(nic, NIC_FAULT_RESET) &&
	       (reg_get(nic, NIC_CTRL) & (NIC_CTRL_RST | NIC_CTRL_LRST));
}

bool
link_laser(const struct nic *nic)
{
	return !(reg_get(nic, NIC_ESDP) & NIC_ESDP_SDP3);
}

/* Is there a signal on the fiber that a partner accepts? */
static bool
link_sends(const struct nic *nic)
{
	return link_laser(nic) && !link_disabled(nic) && !has_fault(nic, NIC_FAULT_SFP) &&
	       !stuck_in_reset(nic);
}

/* See wire_light(). */
static unsigned int
incoming_light(const struct nic *nic)
{
	if (nic->plugged == NULL || has_fault(nic, NIC_FAULT_LINK) || has_fault(nic, NIC_FAULT_SFP))
		return 0;
	return wire_light(nic->plugged);
}

bool
link_receives(const struct nic *nic)
{
	return incoming_light(nic) % 2 != 0;
}

/* Can the link come up, apart from the time that this takes? @return 0 if not, else a number that
 * changes each time that light returns.
 * INTERPRETATION (MISSING): the data sheet does not say whether the link depends on the own laser.
 * A partner without light sends remote faults (IEEE 802.3, 46.3.4), so the link is down at both
 * ends. */
static unsigned int
link_light(const struct nic *nic)
{
	unsigned int light;

	if (link_forced(nic)) /* changes of light have no effect */
		return nic->light != 0 ? nic->light : 1;
	light = link_sends(nic) ? incoming_light(nic) : 0;
	return light % 2 != 0 ? light : 0;
}

/* The speed of the link mode, as bits of LINKS (8.2.3.22.19, 8.2.3.22.20). */
static uint32_t
link_speed(const struct nic *nic)
{
	switch (reg_get(nic, NIC_AUTOC) & NIC_AUTOC_LMS) {
	case NIC_AUTOC_LMS_1G:
	case NIC_AUTOC_LMS_1G_AN:
	case NIC_AUTOC_LMS_SGMII:
		return NIC_LINKS_SPEED_1G;
	default:
		return NIC_LINKS_SPEED_10G;
	}
}

/* Is there a partner in this mode? Over fiber: 10G serial (SFI), and both of 1G. The others are
 * for backplanes and for an external PHY, and come up only by force. */
static bool
link_partner(const struct nic *nic)
{
	switch (reg_get(nic, NIC_AUTOC) & NIC_AUTOC_LMS) {
	case NIC_AUTOC_LMS_10G_SERIAL:
	case NIC_AUTOC_LMS_1G:
	case NIC_AUTOC_LMS_1G_AN:
		return true;
	default:
		return link_forced(nic);
	}
}

/* In loopback the MAC neither sends to the wire nor receives from it: frames of the far end are
 * lost. */
void
link_tell(struct nic *nic)
{
	bool up = nic->link_up && nic->wire == nic->plugged;

	if (nic->link_told == up || nic->plugged == NULL)
		return;
	nic->link_told = up;
	if (nic->plugged->ops->link != NULL)
		nic->plugged->ops->link(nic->plugged, up);
}

static void
link_set(struct nic *nic, bool up)
{
	if (nic->link_up == up)
		return;
	nic->link_up = up;
	if (!up) {
		rx_leave(nic);
		nic->link_lost = true;
		nic->pause_until = 0;
	}
	link_tell(nic);
	irq_raise(nic, NIC_EICR_LSC);
}

/* Tell the far end the state of the transmitter. */
static void
link_shine(struct nic *nic, bool on)
{
	if (nic->link_shines == on || nic->plugged == NULL)
		return;
	nic->link_shines = on;
	if (nic->plugged->ops->shine != NULL)
		nic->plugged->ops->shine(nic->plugged, on);
}

/* Does light leave the port? */
static bool
light_goes_out(const struct nic *nic)
{
	return nic->plugged != NULL && nic->plugged->light && link_sends(nic) &&
	       !has_fault(nic, NIC_FAULT_GONE);
}

static void
link_begin(struct nic *nic)
{
	link_set(nic, false);
	nic->light = link_light(nic);
	nic->link_at = nic->light != 0 ? nic_now() + (link_forced(nic) ? 0 : LINK_UP_NS) : 0;
	timer_update(nic);
}

/* The transmitter restarts, too: the far end loses the link for a moment. */
void
link_restart(struct nic *nic)
{
	link_shine(nic, false);
	link_shine(nic, light_goes_out(nic));
	link_begin(nic);
}

void
link_unplug(struct nic *nic)
{
	link_shine(nic, false);
	link_set(nic, false);
}

void
link_check(struct nic *nic)
{
	link_shine(nic, light_goes_out(nic));
	if (link_light(nic) != nic->light)
		link_begin(nic);
}

void
link_poll(struct nic *nic, uint64_t now)
{
	if (nic->link_at == 0 || now < nic->link_at)
		return;
	nic->link_at = 0;
	timer_update(nic);
	if (link_light(nic) != 0 && link_partner(nic))
		link_set(nic, true);
}

/* 8.2.3.22.20 */
uint32_t
read_links(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t links = 0;

	if (nic->link_up) {
		links = NIC_LINKS_UP | link_speed(nic);
		/* up, and not down since the last read */
		if (!nic->link_lost)
			links |= NIC_LINKS_STATUS;
	}
	if (!peek)
		nic->link_lost = !nic->link_up;
	return links;
}

/* 8.2.3.22.3: the PCS of the 1G modes; with auto-negotiation, the partner supports all pauses */
uint32_t
read_pcs1glsta(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	if (!nic->link_up || link_speed(nic) != NIC_LINKS_SPEED_1G)
		return 0;
	return NIC_PCS1GLSTA_LINK_OK | NIC_PCS1GLSTA_SYNC_OK |
	       ((reg_get(nic, NIC_AUTOC) & NIC_AUTOC_LMS) == NIC_AUTOC_LMS_1G_AN ?
		NIC_PCS1GLSTA_AN_COMPLETE : 0);
}

uint32_t
read_pcs1ganlp(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return read_pcs1glsta(nic, reg, i, peek) & NIC_PCS1GLSTA_AN_COMPLETE ?
	       NIC_PCS1GANLP_FD | NIC_PCS1GANLP_PAUSE : 0;
}

uint32_t
write_autoc(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_AUTOC, value);
	if (value & NIC_AUTOC_AN_RESTART || (value & NIC_AUTOC_FLU && !nic->link_up))
		link_restart(nic);
	else
		link_check(nic);
	return value;
}

uint32_t
write_autoc2(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	reg_put(nic, NIC_AUTOC2, value);
	link_check(nic);
	return value;
}

uint32_t
read_esdp(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	uint32_t value = reg_get(nic, NIC_ESDP) & ~NIC_ESDP_SDP2;

	return has_fault(nic, NIC_FAULT_SFP) ? value : value | NIC_ESDP_SDP2;
}

uint32_t
write_esdp(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	reg_put(nic, NIC_ESDP, value);
	link_check(nic);
	return value;
}
