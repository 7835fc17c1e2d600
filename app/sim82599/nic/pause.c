/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Link flow control, data sheet 3.7.7 and IEEE 802.3 annex 31B: received pause frames stop
 * transmission, and pause frames are sent while received frames fill the packet buffer.
 * Priority flow control is not emulated. */

#include "clock.h"
#include "pause.h"
#include "stats.h"
#include "timer.h"

#define CONTROL_ETYPE  0x8808
#define CONTROL_PAUSE  0x0001
#define PAUSE_LEN      60 /* without FCS */

static const uint8_t pause_address[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

/* The unit of pause times is 512 bits on the wire, 51.2 ns at 10 Gbit/s. */
static uint64_t
quanta_ns(uint32_t quanta)
{
	return quanta * UINT64_C(512) / 10;
}

static bool
is_pause(const struct nic *nic, const uint8_t *frame)
{
	uint8_t own[6];
	uint32_t ral = reg_get(nic, NIC_RAL), rah = reg_get(nic, NIC_RAH);

	if (be16(frame + 14) != CONTROL_PAUSE)
		return false;
	memcpy(own, &ral, 4);
	memcpy(own + 4, &rah, 2);
	return memcmp(frame, pause_address, 6) == 0 || memcmp(frame, own, 6) == 0;
}

/* 8.2.3.22.34: handle a MAC control frame by MFLCN.
 * INTERPRETATION (MISSING): 8.2.3.23.9 does not say whether pause frames are counted while flow
 * control is off. By their names, the counters count what was received. */
bool
pause_receive(struct nic *nic, const uint8_t *frame)
{
	uint32_t mflcn = reg_get(nic, NIC_MFLCN), quanta = be16(frame + 16);

	if (be16(frame + 12) != CONTROL_ETYPE)
		return false;
	if (!is_pause(nic, frame))
		return !(mflcn & NIC_MFLCN_PMCF);
	nic->stat[quanta != 0 ? STAT_LXOFFRXC : STAT_LXONRXC]++;
	if (mflcn & NIC_MFLCN_RFCE) {
		nic->pause_until = quanta != 0 ? nic_now() + quanta_ns(quanta) : 0;
		timer_update(nic);
	}
	return (mflcn & NIC_MFLCN_DPF) && (mflcn & (NIC_MFLCN_RFCE | NIC_MFLCN_RPFCE));
}

/* @return false if the wire has no room */
static bool
pause_send(struct nic *nic, uint32_t quanta)
{
	uint32_t ral = reg_get(nic, NIC_RAL), rah = reg_get(nic, NIC_RAH);
	uint8_t frame[PAUSE_LEN] = { 0 };
	const struct wire_frame out = { .data = frame, .len = sizeof(frame) };

	memcpy(frame, pause_address, 6);
	memcpy(frame + 6, &ral, 4);
	memcpy(frame + 10, &rah, 2);
	put_be16(frame + 12, CONTROL_ETYPE);
	put_be16(frame + 14, CONTROL_PAUSE);
	put_be16(frame + 16, quanta);
	if (nic->wire->ops->send(nic->wire, &out, 1) == 0)
		return false;
	stats_tx_frames(nic, frame, sizeof(frame) + FCS_LEN, 1);
	stats_tx_good(nic, 1, sizeof(frame));
	nic->stat[quanta != 0 ? STAT_LXOFFTXC : STAT_LXONTXC]++;
	return true;
}

/* 8.2.3.3.5: send XOFF again this long before the pause ends */
static uint64_t
refresh_ns(uint32_t quanta, uint32_t before)
{
	return quanta_ns(before < quanta ? quanta - before : quanta);
}

/* 8.2.3.3.2, 8.2.3.3.4, 8.2.3.3.7: may pause frames be sent? */
static bool
pause_sends(const struct nic *nic)
{
	return (reg_get(nic, NIC_FCCFG) & NIC_FCCFG_TFCE) == NIC_FCCFG_TFCE_LINK &&
	       reg_get(nic, NIC_FCRTH) & NIC_FCRTH_FCEN && reg_get(nic, NIC_FCTTV) & 0xffff &&
	       nic->wire != NULL && nic->link_up;
}

bool
pause_wanted(const struct nic *nic)
{
	return pause_sends(nic) && nic->buffer.fill > (reg_get(nic, NIC_FCRTH) & NIC_FCRTH_RTH);
}

/* 8.2.3.3.3, 8.2.3.3.4: XOFF above the high threshold, XON at the low one. */
static void
pause_send_poll(struct nic *nic, uint64_t now)
{
	uint32_t fcrtl = reg_get(nic, NIC_FCRTL);
	uint32_t quanta = reg_get(nic, NIC_FCTTV) & 0xffff;

	if (!pause_sends(nic)) {
		nic->xoff = false;
		nic->xoff_at = 0;
	} else if (nic->xoff && nic->buffer.fill <= (fcrtl & NIC_FCRTL_RTL)) {
		nic->xoff_at = 0;
		if (!(fcrtl & NIC_FCRTL_XONE) || pause_send(nic, 0))
			nic->xoff = false;
	} else if (nic->xoff ? now >= nic->xoff_at : pause_wanted(nic)) {
		nic->xoff = pause_send(nic, quanta) || nic->xoff;
		if (nic->xoff)
			nic->xoff_at = now + refresh_ns(quanta, reg_get(nic, NIC_FCRTV));
	}
}

/* The pause ends with the second poll after its time. If the machine was busy with other work, the
 * far end could not renew the pause in time. It gets one turn to do so, and its frames are received
 * before any frame is transmitted. */
void
pause_end(struct nic *nic, uint64_t now)
{
	bool late = nic->pause_until != 0 && now >= nic->pause_until;

	if (late && nic->pause_late)
		nic->pause_until = 0;
	nic->pause_late = late && nic->pause_until != 0;
	timer_update(nic);
}

void
pause_poll(struct nic *nic, uint64_t now)
{
	pause_send_poll(nic, now);
	timer_update(nic);
}

/* 8.2.3.3.6 */
uint32_t
read_tfcs(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->pause_until == 0 ? NIC_TFCS_TC_XON0 : 0;
}
