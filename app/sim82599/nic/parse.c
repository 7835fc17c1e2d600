/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The headers of a received frame, data sheet 7.1.6.2 (packet type) and 7.1.11 (the headers that
 * the checksum logic can parse). */

#include "desc.h"
#include "parse.h"

/* The packet type of a protocol number, and the least length of an L4 header. */
static const struct {
	uint16_t type;
	uint8_t l4_len;
} protocols[256] = {
	[6] = { RX_PTYPE_TCP, 20 },
	[17] = { RX_PTYPE_UDP, 8 },
	[50] = { RX_PTYPE_ESP, 0 },
	[51] = { RX_PTYPE_AH, 0 },
	[132] = { RX_PTYPE_SCTP, 12 },
};

#define PROTO_HOP_BY_HOP  0
#define PROTO_IPV6        41
#define PROTO_ROUTING     43
#define PROTO_FRAGMENT    44
#define PROTO_DESTINATION 60

/* @return the offset of the header behind IPv4's; 0 if there is none to parse */
static uint32_t
parse_ipv4(const uint8_t *frame, uint32_t at, uint32_t len, struct headers *h)
{
	uint32_t ip_len;

	if (len < at + 20 || frame[at] >> 4 != 4)
		return 0;
	ip_len = (frame[at] & 0xf) * 4;
	if (ip_len < 20 || len < at + ip_len)
		return 0;
	h->type = ip_len > 20 ? RX_PTYPE_IPV4 | RX_PTYPE_IPV4E : RX_PTYPE_IPV4;
	h->l3 = h->inner = at;
	h->end = at + be16(frame + at + 2);
	h->proto = frame[at + 9];
	h->fragment = be16(frame + at + 6) & 0x3fff;
	h->l3_end = at + ip_len;
	return h->fragment ? 0 : at + ip_len;
}

/* The same for IPv6 and its extension headers. */
static uint32_t
parse_ipv6(const uint8_t *frame, uint32_t at, uint32_t len, struct headers *h)
{
	uint32_t ext_len;

	if (len < at + 40 || frame[at] >> 4 != 6)
		return 0;
	h->type |= RX_PTYPE_IPV6;
	if (h->l3 == 0)
		h->l3 = at;
	h->inner = at;
	h->end = at + 40 + be16(frame + at + 4);
	h->proto = frame[at + 6];
	at += 40;
	h->l3_end = at;
	while (h->proto == PROTO_HOP_BY_HOP || h->proto == PROTO_DESTINATION ||
	       h->proto == PROTO_ROUTING) {
		h->type |= RX_PTYPE_IPV6E;
		if (len < at + 8)
			return 0;
		ext_len = (frame[at + 1] + 1) * 8;
		/* INTERPRETATION (MISSING): by 7.1.11, no L4 checksum is checked behind a routing
		 * header with addresses. Here the headers behind it are not parsed at all. */
		if (h->proto == PROTO_ROUTING && ext_len > 8)
			return 0;
		h->proto = frame[at];
		at += ext_len;
		if (len < at)
			return 0;
		h->l3_end = at;
	}
	if (h->proto == PROTO_FRAGMENT) {
		h->type |= RX_PTYPE_IPV6E;
		h->fragment = true;
		return 0;
	}
	return at;
}

void
headers_parse(const struct nic *nic, const uint8_t *frame, uint32_t len, struct headers *h)
{
	const struct nic_filter *filter = &nic->filter;
	uint32_t at = 12;

	*h = (struct headers){ 0 };
	if (filter->extended_vlan && be16(frame + at) == filter->outer_vet) {
		h->outer_tag_at = at;
		at += TAG_LEN;
	}
	if (be16(frame + at) == filter->vet) {
		h->tag_at = at;
		at += TAG_LEN;
	}
	h->ethertype = be16(frame + at);
	at += 2;
	h->l2_end = at;
	if (h->ethertype == 0x0800)
		at = parse_ipv4(frame, at, len, h);
	else if (h->ethertype == 0x86dd)
		at = parse_ipv6(frame, at, len, h);
	else
		return;
	/* 7.1.11: IPv6 in IPv4 is parsed, other tunnels are not */
	if (at != 0 && h->proto == PROTO_IPV6 && h->type & RX_PTYPE_IPV4)
		at = parse_ipv6(frame, at, len, h);
	if (at == 0 || len < at + protocols[h->proto].l4_len)
		return;
	h->type |= protocols[h->proto].type;
	if (protocols[h->proto].l4_len > 0)
		h->l4 = at;
}
