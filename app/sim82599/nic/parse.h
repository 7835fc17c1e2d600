/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The headers of a received frame. */

#ifndef PARSE_H
#define PARSE_H

#include "state.h"

/* The headers of a frame, 7.1.6.2. Offsets count from the frame's start. A length that a header
 * gives is checked against the frame before it is used for an offset. */
struct headers {
	uint32_t type;         /* RX_PTYPE_..., without layer 2's */
	uint16_t ethertype;    /* behind VLAN tags */
	uint8_t outer_tag_at, tag_at; /* VLAN tags; 0: none */
	uint8_t proto;         /* IP protocol number of the last header */
	bool fragment;
	uint32_t l3;           /* the (outer) IP header; 0: none */
	uint32_t inner;        /* the IP header before L4: l3, or the IPv6 header in IPv4 */
	uint32_t l4;           /* TCP, UDP or SCTP header, which is in the frame; 0: none */
	uint32_t l2_end;       /* the start of layer 3 */
	uint32_t l3_end;       /* the end of the IP headers that were parsed; 0: none */
	uint32_t end;          /* of the inner packet by its IP header: not checked */
};

void headers_parse(const struct nic *nic, const uint8_t *frame, uint32_t len, struct headers *h);

#endif /* PARSE_H */
