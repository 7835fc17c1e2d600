/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The filters, which choose the frames for this station, data sheet 7.1.1. */

#include "filter.h"
#include "pause.h"
#include "steer.h"

#define MAC_MASK UINT64_C(0xffffffffffff)

/* 8.2.3.7.3: MO selects the 12 bits of a multicast address that index the table: 47:36, 46:35,
 * 45:34 or 43:32 */
static const uint8_t mta_shifts[4] = { 4, 3, 2, 0 };

void
filter_rebuild(struct nic *nic)
{
	struct nic_filter *filter = &nic->filter;
	uint32_t fctrl = reg_get(nic, NIC_FCTRL);
	uint32_t mcstctrl = reg_get(nic, NIC_MCSTCTRL);
	uint32_t rah;

	filter->promisc = fctrl & NIC_FCTRL_UPE;
	filter->allmulti = fctrl & NIC_FCTRL_MPE;
	filter->broadcast = fctrl & NIC_FCTRL_BAM;
	filter->mta_shift = 0xff;
	if (mcstctrl & NIC_MCSTCTRL_MFE)
		filter->mta_shift = mta_shifts[mcstctrl & NIC_MCSTCTRL_MO];
	/* with flow control, all unicast frames must be checked for control frames, too */
	filter->all_unicast = filter->promisc && !(reg_get(nic, NIC_VLNCTRL) & NIC_VLNCTRL_VFE) &&
			      !(reg_get(nic, NIC_MFLCN) & NIC_MFLCN_RFCE);
	filter->extended_vlan = reg_get(nic, NIC_CTRL_EXT) & NIC_CTRL_EXT_VLAN;
	filter->vet = reg_get(nic, NIC_VLNCTRL) & NIC_VLNCTRL_VET;
	filter->outer_vet = reg_get(nic, NIC_EXVET) >> NIC_EXVET_OUTER_SHIFT;
	filter->nb_rar = 0;
	for (unsigned int i = 0; i < 128; i++) {
		rah = reg_get(nic, NIC_RAH + 8 * i);
		if (rah & NIC_RAH_AV)
			filter->rar[filter->nb_rar++] =
				(uint64_t)(rah & 0xffff) << 32 | reg_get(nic, NIC_RAL + 8 * i);
	}
	steer_rebuild(nic);
	filter->stale = false;
}

/* 7.1.1.2: the VLAN of a tagged frame must have its bit in the table. With CFIEN, the frame's CFI
 * must be equal to VLNCTRL's. */
static bool
vlan_accepts(const struct nic *nic, const uint8_t *frame)
{
	const struct nic_filter *filter = &nic->filter;
	uint32_t vlnctrl = reg_get(nic, NIC_VLNCTRL);
	uint32_t at = 12, tag;

	if (!(vlnctrl & NIC_VLNCTRL_VFE))
		return true;
	if (filter->extended_vlan && be16(frame + at) == filter->outer_vet)
		at += TAG_LEN;
	if (be16(frame + at) != filter->vet)
		return true;
	tag = be16(frame + at + 2);
	if ((vlnctrl & NIC_VLNCTRL_CFIEN) && (tag >> 12 & 1) != !!(vlnctrl & NIC_VLNCTRL_CFI))
		return false;
	return reg_get(nic, NIC_VFTA + (tag & 0xfff) / 32 * 4) >> tag % 32 & 1;
}

enum filter_verdict
filter_address(struct nic *nic, const uint8_t *frame)
{
	const struct nic_filter *filter = &nic->filter;
	uint64_t mac;
	uint32_t hash;
	bool exact;

	memcpy(&mac, frame, sizeof(mac));
	mac &= MAC_MASK;
	exact = mac & 1 ? filter->allmulti : filter->promisc;
	for (unsigned int i = 0; !exact && i < filter->nb_rar; i++)
		exact = mac == filter->rar[i];
	if (!exact && mac == MAC_MASK)
		exact = filter->broadcast;
	if (!exact) {
		if (!(mac & 1) || filter->mta_shift == 0xff)
			return FILTER_REFUSED;
		hash = mac >> 32 >> filter->mta_shift & 0xfff;
		if (!(reg_get(nic, NIC_MTA + hash / 32 * 4) >> hash % 32 & 1))
			return FILTER_REFUSED;
	}
	if (!vlan_accepts(nic, frame))
		return FILTER_REFUSED;
	return exact ? FILTER_EXACT : FILTER_HASH;
}

enum filter_verdict
filter_judge(struct nic *nic, const uint8_t *frame)
{
	if (frame[12] == 0x88 && frame[13] == 0x08 && pause_receive(nic, frame))
		return FILTER_REFUSED;
	return filter_address(nic, frame);
}

uint32_t
write_filter(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	nic->filter.stale = true;
	return value;
}
