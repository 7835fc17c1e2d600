/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The choice of a queue for a received frame, data sheet 7.1.2: by ethertype filters, the SYN
 * filter, or RSS; else queue 0. With the modes of MRQC for virtual machines and traffic classes,
 * frames go to the default pool 0 and traffic class 0, and RSS uses their queues. */

#include "desc.h"
#include "steer.h"

#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* 8.2.3.7.12, MRQE: the number of queues for RSS in pool 0 and class 0, minus 1 */
static const uint8_t rss_masks[NIC_MRQC_MRQE + 1] = {
	[NIC_MRQC_MRQE_RSS] = 0xf,
	[4] = 0xf, [5] = 0xf, /* 8 and 4 classes */
	[10] = 0x3, [11] = 0x1, /* 32 and 64 pools */
};

/* 7.1.2.8.1: bit k of the input, if set, adds 32 bits of the key from its bit k on. */
static void
toeplitz_rebuild(struct nic *nic)
{
	uint32_t (*table)[256] = nic->steer.toeplitz;
	uint8_t key[40];
	uint32_t word;
	uint64_t window;

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = reg_get(nic, NIC_RSSRK + i / 4 * 4) >> i % 4 * 8;
	for (unsigned int i = 0; i < 36; i++) {
		memcpy(&window, key + i, 4);
		window = (uint64_t)__builtin_bswap32((uint32_t)window) << 8 | key[i + 4];
		for (unsigned int bit = 0; bit < 8; bit++) {
			word = window >> (bit + 1);
			for (unsigned int low = 0; low < 1u << bit; low++)
				table[i][1u << bit | low] = table[i][low] ^ word;
		}
	}
}

void
steer_rebuild(struct nic *nic)
{
	struct nic_steer *steer = &nic->steer;

	steer->mrqc = reg_get(nic, NIC_MRQC);
	steer->rss_mask = rss_masks[steer->mrqc & NIC_MRQC_MRQE];
	if (steer->rss_mask != 0)
		toeplitz_rebuild(nic);
	steer->filters = false;
	for (unsigned int i = 0; i < 8; i++) {
		steer->etqf[i] = reg_get(nic, NIC_ETQF + 4 * i);
		steer->etqs[i] = reg_get(nic, NIC_ETQS + 4 * i);
		steer->filters |= (steer->etqf[i] & NIC_ETQF_ENABLE) != 0;
	}
	steer->synqf = reg_get(nic, NIC_SYNQF);
	steer->filters |= steer->synqf & NIC_SYNQF_ENABLE;
	steer->off = !steer->filters && steer->rss_mask == 0;
	steer->plain = !nic->filter.extended_vlan && nic->filter.vet != 0x0800;
}

static uint32_t
toeplitz(const struct nic_steer *steer, const uint8_t *addresses, unsigned int len,
	 const uint8_t *ports)
{
	uint32_t hash = 0;
	unsigned int i;

	for (i = 0; i < len; i++)
		hash ^= steer->toeplitz[i][addresses[i]];
	for (unsigned int k = 0; ports != NULL && k < 4; k++)
		hash ^= steer->toeplitz[i + k][ports[k]];
	return hash;
}

/* 7.1.2.8: the hash over the most fields that are enabled and present. Tunnels are IP packets by
 * their outer header. INTERPRETATION (MISSING): the data sheet does not say whether a packet with
 * extension headers is TCP or UDP over IPv6. Here it is, if the parser can parse them; the types
 * for Home Address and Routing addresses (TcpIPv6Ex, IPv6Ex) are reserved, and never used. */
static uint32_t
rss_type(const struct nic_steer *steer, const struct headers *h)
{
	const uint32_t mrqc = steer->mrqc;
	bool l4 = h->l4 != 0 && h->inner == h->l3;
	bool tcp = l4 && h->type & RX_PTYPE_TCP, udp = l4 && h->type & RX_PTYPE_UDP;

	if (h->type & RX_PTYPE_IPV4) {
		if (tcp && mrqc & NIC_MRQC_TCP_IPV4)
			return RX_RSS_TCP_IPV4;
		if (udp && mrqc & NIC_MRQC_UDP_IPV4)
			return RX_RSS_UDP_IPV4;
		return mrqc & NIC_MRQC_IPV4 ? RX_RSS_IPV4 : RX_RSS_NONE;
	}
	if (h->type & RX_PTYPE_IPV6) {
		if (tcp && mrqc & NIC_MRQC_TCP_IPV6)
			return RX_RSS_TCP_IPV6;
		if (udp && mrqc & NIC_MRQC_UDP_IPV6)
			return RX_RSS_UDP_IPV6;
		return mrqc & NIC_MRQC_IPV6 ? RX_RSS_IPV6 : RX_RSS_NONE;
	}
	return RX_RSS_NONE;
}

static unsigned int
rss_queue(const struct nic *nic, struct rx_frame *frame, const struct headers *h)
{
	const struct nic_steer *steer = &nic->steer;
	const uint8_t *ip = frame->data + h->l3;
	uint32_t type = steer->rss_mask == 0 ? RX_RSS_NONE : rss_type(steer, h), hash, entry;
	bool ports = type != RX_RSS_IPV4 && type != RX_RSS_IPV6;

	if (type == RX_RSS_NONE)
		return 0;
	if (h->type & RX_PTYPE_IPV4)
		hash = toeplitz(steer, ip + 12, 8, ports ? frame->data + h->l4 : NULL);
	else
		hash = toeplitz(steer, ip + 8, 32, ports ? frame->data + h->l4 : NULL);
	frame->lo |= type;
	/* 8.2.3.7.5: the hash and the fragment checksum share a field */
	if (reg_get(nic, NIC_RXCSUM) & NIC_RXCSUM_PCSD)
		frame->lo |= (uint64_t)hash << RX_HASH_SHIFT;
	entry = hash % 128;
	return reg_get(nic, NIC_RETA + entry / 4 * 4) >> entry % 4 * 8 & steer->rss_mask;
}

void
steer_frame(const struct nic *nic, struct rx_frame *frame, const struct headers *h)
{
	const struct nic_steer *steer = &nic->steer;

	frame->queue = rss_queue(nic, frame, h);
	if (!steer->filters)
		return;
	/* 7.1.2.4: SYN without ACK */
	if (steer->synqf & NIC_SYNQF_ENABLE && h->l4 != 0 && h->type & RX_PTYPE_TCP &&
	    (frame->data[h->l4 + 13] & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		frame->queue = steer->synqf >> NIC_SYNQF_QUEUE_SHIFT & (NIC_QUEUES - 1);
	/* 7.1.2.3, 7.1.6.2: an ethertype that matches becomes the packet type */
	for (unsigned int i = 0; i < 8; i++) {
		if (!(steer->etqf[i] & NIC_ETQF_ENABLE) ||
		    (steer->etqf[i] & NIC_ETQF_ETYPE) != h->ethertype)
			continue;
		if (h->type == 0)
			frame->lo |= RX_PTYPE_ETQF | i << RX_PTYPE_ETQF_SHIFT;
		if (steer->etqs[i] & NIC_ETQS_QUEUE_EN)
			frame->queue = steer->etqs[i] >> NIC_ETQS_QUEUE_SHIFT & (NIC_QUEUES - 1);
		break;
	}
}
