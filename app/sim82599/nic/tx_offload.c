/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Changes to a frame when it is transmitted, data sheet 7.2.3.2, 7.2.4, 7.2.5 and 7.4: checksums,
 * segmentation, VLAN tag. The driver's buffers are only read. */

#include "csum.h"
#include "tx_offload.h"

#define MAC_ADDRS     12u  /* both addresses, before a tag */
#define HEADERS_MAX   512u /* 7.2.3.2.3, of MACLEN, IPLEN and L4LEN together */
#define HEADER_DESCS  4u   /* 7.2.4.1 */
#define IP_CSUM       10u  /* offset of the checksum in an IPv4 header */
#define L4LEN_MAX     64u  /* 7.2.3.2.3, of a segmentation */

/* By TUCMD.L4T: the least length of the header, and the offset of its checksum. */
static const struct {
	uint8_t len, csum;
} tx_l4[4] = {
	[TX_L4T_UDP] = { 8, 6 },
	[TX_L4T_TCP] = { 20, 16 },
	[TX_L4T_SCTP] = { 12, 8 },
};

/* Copy len bytes of the frame from offset at on. */
static void
tx_copy(const struct tx_frame *f, uint32_t at, uint8_t *to, uint32_t len)
{
	uint32_t k = 0, n;

	if (len == 0)
		return;
	while (at >= f->lens[k])
		at -= f->lens[k++];
	for (; len > 0; k++, at = 0, to += n, len -= n) {
		n = f->lens[k] - at < len ? f->lens[k] - at : len;
		memcpy(to, f->pieces[k] + at, n);
	}
}

void
tx_context(struct nic *nic, unsigned int q, const struct desc *desc, bool again)
{
	uint64_t hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);

	if ((hi & TX_RESERVED_CTX) != 0 &&
	    TX_VIOLATION(nic, again, RULE_RESERVED_DESC, "context 0x%016llx, queue %u",
			 (unsigned long long)hi, q))
		return;
	/* INTERPRETATION (MISSING): an IDX above 1 is reserved, and the data sheet does not say
	 * what it does. Here only its lowest bit counts. */
	if (TX_IDX(hi) > 1 && TX_VIOLATION(nic, again, RULE_TX_CONTEXT, "context %u, queue %u",
					   (unsigned int)TX_IDX(hi), q))
		return;
	nic->txq[q].context[TX_IDX(hi) & 1] = (struct nic_tx_context){ desc->lo, hi };
}

/* 7.2.3.2.2: reserved bits, CSO and CSS. @return false if they are wrong, and the device strict */
static bool
tx_check_legacy(struct nic *nic, unsigned int q, struct tx_frame *f)
{
	if (f->reserved &&
	    TX_VIOLATION(nic, f->again, RULE_RESERVED_DESC, "legacy 0x%016llx, queue %u",
			 (unsigned long long)f->hi, q))
		return false;
	f->vlan = (f->hi & TX_VLE) != 0;
	f->tag = TX_VLAN(f->hi);
	f->legacy_csum = (f->hi & TX_IC) != 0;
	f->cso = TX_CSO(f->hi);
	f->css = TX_CSS(f->hi);
	if (!f->legacy_csum || (f->css < f->cso && f->cso + 2 <= f->len))
		return true;
	if (f->css >= f->len || f->cso + 2 > f->len)
		f->legacy_csum = false;
	return !TX_VIOLATION(nic, f->again, RULE_TX_CSO, "CSS %u, CSO %u of %u bytes, queue %u",
			     f->css, f->cso, f->len, q);
}

/* A wrong register is reported once, not for every message. @return false if one is wrong, and the
 * device is strict */
static bool
tx_check_segment_hlreg(struct nic *nic, unsigned int q)
{
	const uint32_t needs = NIC_HLREG0_TXCRCEN | NIC_HLREG0_TXPADEN;
	const uint32_t hlreg0 = reg_get(nic, NIC_HLREG0);
	const bool again = nic->txq[q].tso_hlreg;

	nic->txq[q].tso_hlreg = (hlreg0 & needs) != needs;
	return !nic->txq[q].tso_hlreg ||
	       !TX_VIOLATION(nic, again, RULE_TX_TSO_HLREG, "HLREG0 0x%08x, queue %u", hlreg0, q);
}

/* 7.2.4, 7.2.3.2.3. @return false if the segmentation is not possible */
static bool
tx_check_segment(struct nic *nic, unsigned int q, struct tx_frame *f)
{
	uint32_t headers = f->maclen + f->iplen + f->l4len, k, n = 0;

	if (!tx_check_segment_hlreg(nic, q))
		return false;
	if (f->l4t > TX_L4T_TCP || f->mss == 0 || f->l4len < tx_l4[f->l4t].len ||
	    f->l4len > L4LEN_MAX || f->iplen < (f->ipv4 ? 20 : 40)) {
		TX_VIOLATION(nic, f->again, RULE_TX_TSO,
			     "L4T %u, MSS %u, IPLEN %u, L4LEN %u, queue %u", f->l4t, f->mss,
			     f->iplen, f->l4len, q);
		return false;
	}
	/* INTERPRETATION (CONTRADICTION): the sum of the headers' lengths is at most 512 by
	 * 7.2.3.2.3, but at most 240 by 7.2.4.5. */
	if (headers > HEADERS_MAX || headers > f->len) {
		TX_VIOLATION(nic, f->again, RULE_TX_HEADERS, "%u bytes of headers in %u, queue %u",
			     headers, f->len, q);
		return false;
	}
	for (k = 0; n < headers; k++)
		n += f->lens[k];
	if (k > HEADER_DESCS && TX_VIOLATION(nic, f->again, RULE_TX_TSO_HEADER,
					     "headers in %u buffers, queue %u", k, q))
		return false;
	return true;
}

/* 7.2.5: are the checksums inside the headers and the frame, as the context describes them? One
 * that is not is not inserted. @return false if one is not, and the device is strict */
static bool
tx_check_checksums(struct nic *nic, unsigned int q, struct tx_frame *f)
{
	uint32_t l4 = f->maclen + f->iplen;
	uint32_t least = f->l4_csum ? l4 + tx_l4[f->l4t].len : l4, crc;

	if (f->maclen < 14 || f->iplen < 20 || f->len < least) {
		if (TX_VIOLATION(nic, f->again, RULE_TX_HEADERS,
				 "MACLEN %u, IPLEN %u, L4T %u in %u bytes, queue %u", f->maclen,
				 f->iplen, f->l4t, f->len, q))
			return false;
		f->ip_csum &= f->iplen >= IP_CSUM + 2 && f->len >= l4;
		f->l4_csum &= f->len >= least;
	}
	if (f->l4_csum && f->l4t == TX_L4T_SCTP) {
		tx_copy(f, l4 + tx_l4[TX_L4T_SCTP].csum, (uint8_t *)&crc, sizeof(crc));
		if (crc != 0 || (f->len - l4) % 4 != 0)
			return !TX_VIOLATION(nic, f->again, RULE_TX_SCTP,
					     "a packet of %u bytes, CRC field 0x%08x, queue %u",
					     f->len - l4, crc, q);
	}
	return true;
}

/* @return the result for a frame that broke a rule: with segmentation, hardware would hang */
static enum tx_verdict
tx_broken(const struct tx_frame *f)
{
	return f->segment ? TX_STUCK : TX_SKIP;
}

static enum tx_verdict
tx_check_advanced(struct nic *nic, unsigned int q, struct tx_frame *f)
{
	const struct nic_tx_context *c = &nic->txq[q].context[TX_IDX(f->hi) & 1];

	f->segment = (f->hi & TX_TSE) != 0;
	f->vlan = (f->hi & TX_VLE) != 0;
	f->ip_csum = (f->hi & TX_IXSM) != 0;
	f->l4_csum = (f->hi & TX_TXSM) != 0;
	if (f->reserved &&
	    TX_VIOLATION(nic, f->again, RULE_RESERVED_DESC, "0x%016llx, queue %u",
			 (unsigned long long)f->hi, q))
		return tx_broken(f);
	if ((f->hi & (TX_TSE | TX_VLE | TX_IXSM | TX_TXSM | TX_CC)) != 0 &&
	    (TX_IDX(f->hi) > 1 || c->hi == 0)) {
		if (TX_VIOLATION(nic, f->again, RULE_TX_CONTEXT, "IDX %u, queue %u",
				 (unsigned int)TX_IDX(f->hi), q) || f->segment)
			return tx_broken(f);
	}
	/* INTERPRETATION (MISSING): the data sheet does not say what a context holds that was never
	 * written. Here it is zero: a tag of 0 is inserted, and lengths of 0 break TX_HEADERS. */
	f->tag = TX_CTX_VLAN(c->lo);
	f->maclen = TX_CTX_MACLEN(c->lo);
	f->iplen = TX_CTX_IPLEN(c->lo);
	f->ipv4 = (c->hi & TX_CTX_IPV4) != 0;
	f->l4t = TX_CTX_L4T(c->hi);
	f->l4len = TX_CTX_L4LEN(c->hi);
	f->mss = TX_CTX_MSS(c->hi);

	/* MACsec, IPsec and FCoE are not emulated. */
	if ((f->hi & (TX_MACSEC | TX_IPSEC)) != 0 ||
	    ((f->hi & (TX_TSE | TX_TXSM)) != 0 && (c->hi & TX_CTX_FCOE) != 0)) {
		nic->counts.tx_unsupported += !f->again;
		return TX_SKIP;
	}
	if ((f->segment && (!f->l4_csum || f->ip_csum != f->ipv4)) || (f->ip_csum && !f->ipv4) ||
	    (f->l4_csum && f->l4t == TX_L4T_RSV)) {
		if (TX_VIOLATION(nic, f->again, RULE_TX_POPTS,
				 "IXSM %u, TXSM %u, IPV4 %u, L4T %u, queue %u", f->ip_csum,
				 f->l4_csum, f->ipv4, f->l4t, q))
			return tx_broken(f);
		f->ip_csum &= f->ipv4;
		f->l4_csum &= f->l4t != TX_L4T_RSV;
	}
	if (f->segment && !tx_check_segment(nic, q, f))
		return TX_STUCK;
	if ((f->ip_csum || f->l4_csum) && !tx_check_checksums(nic, q, f))
		return TX_SKIP;
	return TX_SEND;
}

enum tx_verdict
tx_check(struct nic *nic, unsigned int q, struct tx_frame *f)
{
	uint32_t max = WIRE_MAX_FRAME - FCS_LEN, len;
	enum tx_verdict verdict;

	f->ip_csum = f->l4_csum = f->legacy_csum = f->vlan = f->segment = false;
	if (f->rs_inside &&
	    TX_VIOLATION(nic, f->again, RULE_TX_RS, "%u buffers, queue %u", f->nb, q))
		return TX_SKIP;
	if (f->hi & TX_DEXT)
		verdict = tx_check_advanced(nic, q, f);
	else
		verdict = tx_check_legacy(nic, q, f) ? TX_SEND : TX_SKIP;
	if (verdict != TX_SEND)
		return verdict;

	len = f->segment ? f->len - f->maclen - f->iplen - f->l4len : f->len;
	if ((f->hi & TX_DEXT) && TX_PAYLEN(f->hi) != len &&
	    TX_VIOLATION(nic, f->again, RULE_TX_PAYLEN, "PAYLEN %u, buffers %u, queue %u",
			 (unsigned int)TX_PAYLEN(f->hi), len, q))
		return tx_broken(f);
	if (!(f->hi & TX_IFCS)) {
		if ((tx_is_changed(f) || (f->len < TX_PAD_FRAME + FCS_LEN &&
					  (reg_get(nic, NIC_HLREG0) & NIC_HLREG0_TXPADEN))) &&
		    TX_VIOLATION(nic, f->again, RULE_TX_IFCS, "a frame of %u bytes, queue %u",
				 f->len, q))
			return tx_broken(f);
		/* INTERPRETATION (MISSING): without IFCS the driver has written the FCS itself. The
		 * wire carries no FCS, so it is removed unchecked. With an offload, which requires
		 * IFCS, it counts as set. */
		if (!tx_is_changed(f))
			f->len = f->len > FCS_LEN ? f->len - FCS_LEN : 0;
	}
	if (f->len < TX_MIN_FRAME) {
		TX_VIOLATION(nic, f->again, RULE_TX_LENGTH, "a frame of %u bytes, queue %u", f->len,
			     q);
		return TX_SKIP;
	}
	len = tx_segment_len(f, 0);
	if (len > max) {
		TX_VIOLATION(nic, f->again, RULE_TX_LENGTH, "a frame of %u bytes, queue %u", len,
			     q);
		return TX_STUCK;
	}
	return TX_SEND;
}

uint32_t
tx_segments(const struct tx_frame *f)
{
	uint32_t payload;

	if (!f->segment)
		return 1;
	payload = f->len - f->maclen - f->iplen - f->l4len;
	return payload == 0 ? 1 : (payload + f->mss - 1) / f->mss;
}

uint32_t
tx_segment_len(const struct tx_frame *f, uint32_t segment)
{
	uint32_t tag = f->vlan ? TAG_LEN : 0, headers, left;

	if (!f->segment)
		return f->len + tag;
	headers = f->maclen + f->iplen + f->l4len;
	left = f->len - headers - segment * f->mss;
	return headers + (left < f->mss ? left : f->mss) + tag;
}

/* 7.2.5: insert the checksums into len bytes at data. A VLAN tag is inserted later. The driver has
 * put the sum of the pseudo-header into the L4 field, which is added like the other bytes; extra is
 * the part that this sum lacks. */
static void
tx_insert_checksums(const struct tx_frame *f, uint8_t *data, uint32_t len, uint64_t extra)
{
	uint8_t *ip = data + f->maclen, *l4 = ip + f->iplen;
	uint16_t csum;
	uint32_t crc;

	/* The old value of the field is added, too: 7.2.4.5 lets a driver correct the sum by it.
	 * Linux's ixgbe does so for tunnels, with an IPLEN up to the inner L4 header. */
	if (f->ip_csum) {
		csum = ~csum_fold(csum_sum(ip, f->iplen));
		memcpy(ip + IP_CSUM, &csum, sizeof(csum));
	}
	if (!f->l4_csum)
		return;
	len -= f->maclen + f->iplen;
	if (f->l4t == TX_L4T_SCTP) {
		crc = ~csum_crc32c(~0u, l4, len);
		memcpy(l4 + tx_l4[TX_L4T_SCTP].csum, &crc, sizeof(crc));
		return;
	}
	csum = ~csum_fold(csum_sum(l4, len) + extra);
	/* 7.2.3.2.2 makes this difference for legacy descriptors: 0 would mean no checksum. */
	if (csum == 0 && f->l4t == TX_L4T_UDP)
		csum = 0xffff;
	memcpy(l4 + tx_l4[f->l4t].csum, &csum, sizeof(csum));
}

/* 7.2.4.7: change the headers at data from those of the message to those of a segment. */
static void
tx_update_headers(const struct nic *nic, const struct tx_frame *f, uint32_t segment, uint32_t last,
		  uint8_t *data, uint32_t payload)
{
	uint8_t *ip = data + f->maclen, *l4 = ip + f->iplen;
	uint32_t flags, seq;

	if (f->ipv4) {
		put_be16(ip + 2, f->iplen + f->l4len + payload);
		put_be16(ip + 4, be16(ip + 4) + segment);
	} else {
		put_be16(ip + 4, f->iplen - 40 + f->l4len + payload);
	}
	if (f->l4t == TX_L4T_UDP) {
		/* INTERPRETATION (CONTRADICTION): the data sheet says only of the 82598 that the
		 * length is updated, too. Linux's UDP segmentation on an 82599 depends on it. */
		put_be16(l4 + 4, f->l4len + payload);
		return;
	}
	seq = (be16(l4 + 4) << 16 | be16(l4 + 6)) + segment * f->mss;
	put_be16(l4 + 4, seq >> 16);
	put_be16(l4 + 6, seq);
	if (last == 0)
		return; /* a single segment keeps its flags */
	flags = segment == 0 ? reg_get(nic, NIC_DTXTCPFLGL) & 0xfff :
		segment < last ? reg_get(nic, NIC_DTXTCPFLGL) >> 16 & 0xfff :
				 reg_get(nic, NIC_DTXTCPFLGH) & 0xfff;
	put_be16(l4 + 12, be16(l4 + 12) & (0xf000 | flags));
}

/* 7.4.5: the tag is inserted behind the addresses. In double VLAN mode it is the inner tag, and is
 * inserted behind the outer one, which is in the frame already. */
static void
tx_insert_tag(const struct nic *nic, const struct tx_frame *f, uint8_t *to)
{
	uint32_t dmatxctl = reg_get(nic, NIC_DMATXCTL), at = MAC_ADDRS;

	/* INTERPRETATION (MISSING): the data sheet does not say where the tag is inserted in double
	 * VLAN mode if there is no outer tag. Here it is inserted behind the addresses. */
	if ((dmatxctl & NIC_DMATXCTL_GDV) &&
	    be16(to + TAG_LEN + at) == reg_get(nic, NIC_EXVET) >> 16)
		at += TAG_LEN;
	memmove(to, to + TAG_LEN, at);
	put_be16(to + at, dmatxctl >> NIC_DMATXCTL_VT_SHIFT);
	put_be16(to + at + 2, f->tag);
}

void
tx_build(const struct nic *nic, const struct tx_frame *f, uint32_t segment, uint8_t *to)
{
	uint8_t *data = f->vlan ? to + TAG_LEN : to; /* the tag is inserted at the end */
	uint32_t len = f->len, headers, payload;
	uint64_t extra = 0;
	uint16_t csum;

	if (f->segment) {
		len = tx_segment_len(f, segment) - (uint32_t)(data - to);
		headers = f->maclen + f->iplen + f->l4len;
		payload = len - headers;
		tx_copy(f, 0, data, headers);
		tx_copy(f, headers + segment * f->mss, data + headers, payload);
		tx_update_headers(nic, f, segment, tx_segments(f) - 1, data, payload);
		extra = csum_word((uint16_t)(f->l4len + payload));
	} else {
		tx_copy(f, 0, data, len);
	}
	tx_insert_checksums(f, data, len, extra);
	if (f->legacy_csum) {
		csum = ~csum_fold(csum_sum(data + f->css, len - f->css));
		memcpy(data + f->cso, &csum, sizeof(csum));
	}
	if (f->vlan)
		tx_insert_tag(nic, f, to);
}
