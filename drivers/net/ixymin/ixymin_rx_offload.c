/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The full receive function: what a queue's mbufs tell of checksums, RSS hash and VLAN tag, the FCS
 * on request, and packets in several buffers */

#include <rte_ip.h>
#include <rte_udp.h>

#include "ixymin_rxtx.h"

#define RX_FLAGS_VLAN (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED)

/* The ol_flags that the application wants of this queue */
uint64_t
ixymin_rx_mbuf_flags(const struct ixymin_rxq *q, uint64_t offloads)
{
	uint64_t flags = 0;

	if (offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM)
		flags |= RTE_MBUF_F_RX_IP_CKSUM_MASK;
	if (offloads & (RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM |
			RTE_ETH_RX_OFFLOAD_SCTP_CKSUM))
		flags |= RTE_MBUF_F_RX_L4_CKSUM_MASK;
	if (offloads & RTE_ETH_RX_OFFLOAD_RSS_HASH)
		flags |= RTE_MBUF_F_RX_RSS_HASH;
	if (q->strip)
		flags |= RX_FLAGS_VLAN;
	return flags;
}

/* A UDP datagram over IPv4 may do without a checksum (RFC 768). By erratum 44 the device reports
 * it as wrong. The buffer has room for all these headers, whatever the packet has. */
static bool
rx_has_no_checksum(const struct ixymin_rxq *q, const struct rte_mbuf *m, uint32_t info,
		   uint64_t status)
{
	const struct rte_ipv4_hdr *ip;
	const struct rte_udp_hdr *udp;
	uint32_t l2_len = RTE_ETHER_HDR_LEN;

	if (!(status & IXYMIN_RXD_UDPCS) || (info & IXYMIN_RXD_INFO_IPV6))
		return false;
	if (status & IXYMIN_RXD_VEXT)
		l2_len += RTE_VLAN_HLEN;
	if ((status & IXYMIN_RXD_VP) && !q->strip)
		l2_len += RTE_VLAN_HLEN;
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l2_len);
	udp = (const void *)((const char *)ip + rte_ipv4_hdr_len(ip));
	return udp->dgram_cksum == 0;
}

/* 7.1.11, 7.1.6.2: checksums good and bad, or unknown if the device has not checked them; VLAN tag,
 * RSS hash */
static inline void
rx_offloads(const struct ixymin_rxq *q, struct rte_mbuf *m, const union ixymin_rx_desc *desc,
	    uint64_t status)
{
	uint32_t info = rte_le_to_cpu_32(desc->wb.info);
	uint64_t flags = 0;

	if (status & IXYMIN_RXD_IPCS)
		flags |= status & IXYMIN_RXD_IPE ? RTE_MBUF_F_RX_IP_CKSUM_BAD :
						   RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	if (status & IXYMIN_RXD_L4CS)
		flags |= status & IXYMIN_RXD_L4E ? RTE_MBUF_F_RX_L4_CKSUM_BAD :
						   RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	if (unlikely(flags & RTE_MBUF_F_RX_L4_CKSUM_BAD) && rx_has_no_checksum(q, m, info, status))
		flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;
	if (status & IXYMIN_RXD_VP)
		flags |= RX_FLAGS_VLAN;
	if (info & IXYMIN_RXD_INFO_RSS_TYPE)
		flags |= RTE_MBUF_F_RX_RSS_HASH;
	m->ol_flags = flags & q->mbuf_flags;
	m->vlan_tci = IXYMIN_RXD_VLAN(status);
	m->hash.rss = rte_le_to_cpu_32(desc->wb.rss_hash);
}

/* A further buffer of a packet: it is full, or the packet's last, and the device makes no packet
 * larger than MAXFRS and its tags. So none has many segments. */
static inline bool
rx_is_valid_segment(const struct ixymin_rxq *q, uint64_t status)
{
	uint32_t len = IXYMIN_RXD_LEN(status), before = q->first != NULL ? q->first->pkt_len : 0;

	if ((status & IXYMIN_RXD_RXE) || q->skip_to_eop || len == 0 || before + len <= q->fcs_len)
		return false;
	if (status & IXYMIN_RXD_EOP ? len > q->buf_size : len != q->buf_size)
		return false;
	return q->scattered && before + len <= IXYMIN_FRAME_MAX + IXYMIN_RX_TAGS_MAX;
}

/* Take the FCS off a packet's end. It may begin in the last but one buffer, which is full. */
static void
rx_cut_fcs(struct rte_mbuf *m, struct rte_mbuf *last, uint16_t fcs_len)
{
	struct rte_mbuf *before = m;

	m->pkt_len -= fcs_len;
	if (last->data_len > fcs_len) {
		last->data_len -= fcs_len;
		return;
	}
	while (before->next != last)
		before = before->next;
	before->data_len -= fcs_len - last->data_len;
	before->next = NULL;
	m->nb_segs--;
	rte_pktmbuf_free_seg(last);
}

/* Append a buffer to the packet that is under way. Returns the packet if it is complete. */
static struct rte_mbuf *
rx_append(struct ixymin_rxq *q, struct rte_mbuf *m, uint64_t status)
{
	struct rte_mbuf *first = q->first;

	if (!rx_is_valid_segment(q, status)) {
		rte_pktmbuf_free(first);
		q->first = NULL;
		rxq_drop(q, m, status);
		return NULL;
	}
	rxq_rearm(q, m);
	m->data_len = IXYMIN_RXD_LEN(status);
	if (first == NULL) {
		m->pkt_len = m->data_len;
		first = m;
	} else {
		first->pkt_len += m->data_len;
		first->nb_segs++;
		q->last->next = m;
	}
	q->first = first;
	q->last = m;
	if (!(status & IXYMIN_RXD_EOP))
		return NULL;
	q->first = NULL;
	if (q->fcs_len != 0)
		rx_cut_fcs(first, m, q->fcs_len);
	return first;
}

/* Take the packets of finished descriptors, up to nb_pkts packets. The last descriptor of a packet
 * tells of it. INTERPRETATION (MISSING): 7.1.6.2 has status and errors valid where EOP is set. Of
 * packet type and RSS it does not say it; they are taken from the same place. */
uint16_t
ixymin_rx_take_full(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	unsigned int max = rxq_filled(q), nb = 0, taken;
	unsigned int head = q->head, nb_desc = q->nb_desc;
	uint8_t fcs_len = q->fcs_len;
	bool ptypes = q->ptypes;

	for (taken = 0; taken < max && nb < nb_pkts; taken++) {
		union ixymin_rx_desc *desc = &q->ring[head];
		struct rte_mbuf *m = q->mbufs[head];
		uint64_t status = rxd_status(desc);

		if (!(status & IXYMIN_RXD_DD))
			break;
		head = head + 1 == nb_desc ? 0 : head + 1;
		if (likely(q->first == NULL && rxq_is_valid(q, status, fcs_len))) {
			rxq_rearm(q, m);
			m->pkt_len = IXYMIN_RXD_LEN(status) - fcs_len;
			m->data_len = IXYMIN_RXD_LEN(status) - fcs_len;
		} else {
			m = rx_append(q, m, status);
			if (m == NULL)
				continue;
		}
		m->packet_type = ptypes ? rxd_packet_type(desc) : 0;
		rx_offloads(q, m, desc, status);
		pkts[nb++] = m;
	}
	q->head = head;
	q->nb_empty += taken;
	return nb;
}
