/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Changes to a frame when it is transmitted, data sheet 7.2.3.2, 7.2.4, 7.2.5 and 7.4. */

#ifndef TX_OFFLOAD_H
#define TX_OFFLOAD_H

#include "desc.h"

#define TX_MAX_DESCS 40    /* of one frame or one segmentation, 7.2.1.1 */
#define TX_MIN_FRAME 17    /* bytes, 7.2.3.2.4 */
#define TX_PAD_FRAME 60    /* without FCS, with HLREG0.TXPADEN */

/* A frame in host memory, or a message that is sent as several frames (7.2.4), as its descriptors
 * describe it. */
struct tx_frame {
	const uint8_t *pieces[TX_MAX_DESCS];
	uint32_t lens[TX_MAX_DESCS];
	uint32_t nb;           /* buffers */
	uint32_t len;          /* sum of their bytes */
	uint64_t hi;           /* of the first data descriptor, which is valid for the frame */
	bool rs_inside;        /* RS is set before the last one */
	bool reserved;         /* reserved bits are set */
	bool again;            /* it was checked before: its violations are counted */
	/* the offloads, as tx_check() found them */
	bool ip_csum, l4_csum, legacy_csum, vlan, segment;
	uint8_t l4t;
	uint16_t tag;
	uint32_t maclen, iplen, l4len, mss;
	bool ipv4;
	uint32_t cso, css;
};

enum tx_verdict {
	TX_SEND,
	TX_SKIP, /* it completes, but is not sent */
	TX_STUCK /* hardware would hang: the queue stops */
};

/* Count a violation by a frame or context once, however often it is checked. @return strict */
#define TX_VIOLATION(nic, again, rule, ...) \
	((again) ? (nic)->config.strict : nic_violation(nic, rule, __VA_ARGS__))

/* Execute a context descriptor, 7.2.3.2.3. */
void tx_context(struct nic *nic, unsigned int q, const struct desc *desc, bool again);
/* Can the frame be sent as its descriptors request? */
enum tx_verdict tx_check(struct nic *nic, unsigned int q, struct tx_frame *f);
/* The number of frames on the wire that it is sent as. */
uint32_t tx_segments(const struct tx_frame *f);
/* The length of such a frame, without padding. */
uint32_t tx_segment_len(const struct tx_frame *f, uint32_t segment);
/* Build such a frame at to, which has room for its length. */
void tx_build(const struct nic *nic, const struct tx_frame *f, uint32_t segment, uint8_t *to);

/* Must the frame be changed, and not only be copied from its buffers? */
static inline bool
tx_is_changed(const struct tx_frame *f)
{
	return f->ip_csum || f->l4_csum || f->legacy_csum || f->vlan || f->segment;
}

#endif /* TX_OFFLOAD_H */
