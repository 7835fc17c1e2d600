/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The headers of a received frame. */

#ifndef PARSE_H
#define PARSE_H

#include "state.h"

/* What the headers of a frame say, 7.1.6.2; offsets from its start. Lengths that the
 * headers give are checked against the frame before they are used for an offset. */
struct headers {
	uint32_t type;         /* RX_PTYPE_..., without layer 2's */
	uint16_t ethertype;    /* behind VLAN tags */
	uint8_t outer_tag_at, tag_at; /* VLAN tags; 0: none */
	uint8_t proto;         /* of what comes last, as IP calls it */
	bool fragment;
	uint32_t l3;           /* the (outer) IP header; 0: none */
	uint32_t inner;        /* the IP header in front of L4: l3, or of IPv6 in IPv4 */
	uint32_t l4;           /* TCP, UDP or SCTP header, which is in the frame; 0: none */
	uint32_t l2_end;       /* where layer 3 begins */
	uint32_t l3_end;       /* where the IP headers end that were followed; 0: none */
	uint32_t end;          /* of the inner packet, as its IP header says: any value */
};

void headers_parse(const struct nic *nic, const uint8_t *frame, uint32_t len, struct headers *h);

#endif /* PARSE_H */
