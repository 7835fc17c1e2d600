/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The check of a received frame's checksums, data sheet 7.1.11; the sum of fragments, 7.1.13. */

#include "csum.h"
#include "desc.h"
#include "rxcsum.h"

#define UDP_LEN_AT  4
#define UDP_CSUM_AT 6
#define SCTP_CRC_AT 8

static bool
sctp_good(const uint8_t *l4, uint32_t len)
{
	static const uint8_t zero[4];
	uint32_t stored, crc;

	memcpy(&stored, l4 + SCTP_CRC_AT, sizeof(stored));
	crc = csum_crc32c(~0u, l4, SCTP_CRC_AT);
	crc = csum_crc32c(crc, zero, sizeof(zero));
	crc = csum_crc32c(crc, l4 + SCTP_CRC_AT + 4, len - SCTP_CRC_AT - 4);
	return ~crc == stored;
}

static bool
l4_good(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint64_t pseudo = ip[0] >> 4 == 4 ? csum_pseudo_ipv4(ip, proto, len) :
					    csum_pseudo_ipv6(ip, proto, len);

	return csum_fold(pseudo + csum_sum(l4, len)) == 0xffff;
}

/* Status and errors of the L4 checksum. */
static uint64_t
l4_status(const uint8_t *frame, uint32_t frame_len, const struct headers *h)
{
	const uint8_t *l4 = frame + h->l4;
	uint32_t len, udp_len;
	bool good;

	/* INTERPRETATION (MISSING): the data sheet does not say what happens to a packet whose
	 * lengths contradict each other or the frame. Here its L4 checksum is not checked, so that
	 * the receiver must check it. */
	if (h->end > frame_len || h->end < h->l4)
		return 0;
	len = h->end - h->l4;
	if (h->type & RX_PTYPE_UDP) {
		/* INTERPRETATION (CONTRADICTION): by 7.1.5, datagrams over IPv4 with checksum 0,
		 * which means none (RFC 768), are not checked. By erratum 44, silicon reports
		 * them as wrong: it treats 0 as any other checksum. */
		udp_len = be16(l4 + UDP_LEN_AT);
		if (udp_len < 8 || udp_len > len)
			return 0;
		good = l4_good(frame + h->inner, h->proto, l4, udp_len);
		return RX_L4CS | RX_UDPCS | (good ? 0 : RX_TCPE);
	}
	if (len < (h->type & RX_PTYPE_TCP ? 20 : 12))
		return 0;
	if (h->type & RX_PTYPE_TCP)
		good = l4_good(frame + h->inner, h->proto, l4, len);
	else
		good = sctp_good(l4, len);
	return RX_L4CS | (good ? 0 : RX_TCPE);
}

/* 7.1.13: the sum of an IPv4 fragment's payload, for software that checks a whole datagram.
 * INTERPRETATION (MISSING): the data sheet does not say whether other packets have the
 * identification. Here only fragments have it and the sum. */
static void
fragment_sum(struct rx_frame *frame, const struct headers *h)
{
	const uint8_t *ip = frame->data + h->l3;
	uint32_t at = h->l3 + (ip[0] & 0xf) * 4;
	bool first = (be16(ip + 6) & 0x1fff) == 0;
	uint64_t sum;

	if (h->end > frame->len || h->end < at)
		return;
	sum = csum_fold(csum_sum(frame->data + at, h->end - at));
	frame->lo |= (uint64_t)be16(ip + 4) << RX_IP_ID_SHIFT |
		     (uint64_t)__builtin_bswap16((uint16_t)sum) << RX_FRAG_CSUM_SHIFT;
	if (first && h->proto == 17 && h->end - at >= 8 &&
	    be16(frame->data + at + UDP_CSUM_AT) != 0)
		frame->hi |= RX_UDPV;
}

void
rxcsum_frame(struct nic *nic, struct rx_frame *frame, const struct headers *h)
{
	const uint8_t *ip = frame->data + h->l3;

	if (h->type & RX_PTYPE_IPV4) {
		frame->hi |= RX_IPCS;
		if (csum_fold(csum_sum(ip, (ip[0] & 0xf) * 4)) != 0xffff)
			frame->hi |= RX_IPE;
	}
	if (h->l4 != 0)
		frame->hi |= l4_status(frame->data, frame->len, h);
	/* INTERPRETATION (MISSING): 8.2.3.23.59 does not say whether XEC counts a frame with two
	 * wrong checksums once or twice. Here, frames are counted. */
	if (frame->hi & (RX_IPE | RX_TCPE))
		nic->stat[STAT_XEC]++;
	if (h->fragment && h->type & RX_PTYPE_IPV4 && h->inner == h->l3 &&
	    (reg_get(nic, NIC_RXCSUM) & (NIC_RXCSUM_PCSD | NIC_RXCSUM_IPPCSE)) == NIC_RXCSUM_IPPCSE)
		fragment_sum(frame, h);
}
