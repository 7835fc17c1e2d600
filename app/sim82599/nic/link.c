/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The link, data sheet 3.7 and 8.2.3.22.19. */

#include "nic_priv.h"

/* From a restart of the link, or light, until it is up. Modules and partners differ; a driver
 * has to live with more than it hopes for. */
#define LINK_UP_NS 20000000

/* Are all things there that a link needs, but time? */
static bool
link_light(struct nic *nic)
{
	return nic->wire != NULL && nic->wire->light &&
	       !has_fault(nic, NIC_FAULT_SFP) && !has_fault(nic, NIC_FAULT_LINK) &&
	       !(reg_get(nic, NIC_ESDP) & NIC_ESDP_SDP3);
}

/* 8.2.3.22.19: SFI is the 10G serial mode; the others are for backplanes and 1 Gb/s. */
static bool
link_mode_is_10g(const struct nic *nic)
{
	return (reg_get(nic, NIC_AUTOC) & NIC_AUTOC_LMS) == NIC_AUTOC_LMS_10G_SERIAL;
}

static void
link_set(struct nic *nic, bool up)
{
	if (nic->link_up == up)
		return;
	nic->link_up = up;
	if (!up)
		nic->link_lost = true;
	if (nic->wire != NULL && nic->wire->ops->link != NULL)
		nic->wire->ops->link(nic->wire, up);
	irq_raise(nic, NIC_EICR_LSC);
}

void
link_restart(struct nic *nic)
{
	link_set(nic, false);
	nic->light = link_light(nic);
	nic->link_at = nic->light ? nic_now() + LINK_UP_NS : 0;
	timer_update(nic);
}

void
link_check(struct nic *nic)
{
	if (link_light(nic) != nic->light)
		link_restart(nic);
}

void
link_poll(struct nic *nic, uint64_t now)
{
	if (nic->link_at == 0 || now < nic->link_at)
		return;
	nic->link_at = 0;
	timer_update(nic);
	if (link_light(nic) && link_mode_is_10g(nic))
		link_set(nic, true);
}

/* 8.2.3.22.20 */
uint32_t
link_links(struct nic *nic, bool peek)
{
	uint32_t links = 0;

	if (nic->link_up) {
		links = NIC_LINKS_UP | NIC_LINKS_SPEED_10G;
		/* up, and was so since the last read */
		if (!nic->link_lost)
			links |= NIC_LINKS_STATUS;
	}
	if (!peek)
		nic->link_lost = !nic->link_up;
	return links;
}
