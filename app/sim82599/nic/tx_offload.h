/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What transmit does to a frame on its way, data sheet 7.2.3.2, 7.2.4, 7.2.5 and 7.4. */

#ifndef TX_OFFLOAD_H
#define TX_OFFLOAD_H

#include "desc.h"

#define TX_MAX_DESCS 40    /* of one frame or one segmentation, 7.2.1.1 */
#define TX_MIN_FRAME 17    /* bytes, 7.2.3.2.4 */
#define TX_PAD_FRAME 60    /* without FCS, with HLREG0.TXPADEN */

/* A frame in host memory, or a message that becomes several (7.2.4), as its descriptors say. */
struct tx_frame {
	const uint8_t *pieces[TX_MAX_DESCS];
	uint32_t lens[TX_MAX_DESCS];
	uint32_t nb;           /* buffers */
	uint32_t len;          /* bytes in them together */
	uint64_t hi;           /* of the first data descriptor, whose fields count for all */
	bool rs_inside;        /* RS not only in the last */
	bool reserved;         /* reserved bits are set */
	bool again;            /* looked at before: violations are counted already */
	/* what is to be done, filled in by tx_check() */
	bool ip_csum, l4_csum, legacy_csum, vlan, segment;
	uint8_t l4t;
	uint16_t tag;
	uint32_t maclen, iplen, l4len, mss;
	bool ipv4;
	uint32_t cso, css;
};

enum tx_verdict {
	TX_SEND,
	TX_SKIP, /* done with, but not sent */
	TX_STUCK /* hardware would hang: the queue stands still */
};

/* A violation by a frame or context: counted once, however often it is looked at. @return strict */
#define TX_VIOLATION(nic, again, rule, ...) \
	((again) ? (nic)->config.strict : nic_violation(nic, rule, __VA_ARGS__))

/* A context descriptor takes effect, 7.2.3.2.3. */
void tx_context(struct nic *nic, unsigned int q, const struct desc *desc, bool again);
/* Is what the first descriptor asks for possible? */
enum tx_verdict tx_check(struct nic *nic, unsigned int q, struct tx_frame *f);
/* Frames on the wire that it becomes. */
uint32_t tx_segments(const struct tx_frame *f);
/* Length of such a frame, without padding. */
uint32_t tx_segment_len(const struct tx_frame *f, uint32_t segment);
/* Put such a frame together at to, where as many bytes are free. */
void tx_build(const struct nic *nic, const struct tx_frame *f, uint32_t segment, uint8_t *to);

/* Is more to be done than to put the buffers behind each other? */
static inline bool
tx_is_changed(const struct tx_frame *f)
{
	return f->ip_csum || f->l4_csum || f->legacy_csum || f->vlan || f->segment;
}

#endif /* TX_OFFLOAD_H */
