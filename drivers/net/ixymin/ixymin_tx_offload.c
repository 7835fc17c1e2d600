/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit packets that are more than one segment to be sent as it is: several segments, checksums,
 * TCP segmentation, a VLAN tag. */

#include <errno.h>

#include <rte_errno.h>
#include <rte_net.h>
#include <rte_sctp.h>

#include "ixymin_rxtx.h"

#define TX_CHECKSUMS (RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG)
#define TX_OFFLOADS  (TX_CHECKSUMS | RTE_MBUF_F_TX_VLAN)
#define TX_IP_TYPES  (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6) /* they ask for nothing */

/* INTERPRETATION (CONTRADICTION): the lengths of all headers together are given as up to 512 in
 * 7.2.3.2.3, as up to 240 in 7.2.4.5. The smaller limit holds in both. */
#define TSO_HEADERS_MAX 240

static inline uint32_t
tx_headers(const struct rte_mbuf *m)
{
	return m->l2_len + m->l3_len + m->l4_len;
}

/* L4 protocols by their two bits in ol_flags: least length of the header, L4T of a context */
#define TX_L4_INDEX(flags) (((flags) & RTE_MBUF_F_TX_L4_MASK) / RTE_MBUF_F_TX_TCP_CKSUM)

static const struct {
	uint32_t min_len, type;
} tx_l4[] = {
	{ 0, IXYMIN_TXC_L4T_NONE },
	[TX_L4_INDEX(RTE_MBUF_F_TX_TCP_CKSUM)] = { sizeof(struct rte_tcp_hdr), IXYMIN_TXC_L4T_TCP },
	[TX_L4_INDEX(RTE_MBUF_F_TX_UDP_CKSUM)] = { sizeof(struct rte_udp_hdr), IXYMIN_TXC_L4T_UDP },
	[TX_L4_INDEX(RTE_MBUF_F_TX_SCTP_CKSUM)] = {
		sizeof(struct rte_sctp_hdr), IXYMIN_TXC_L4T_SCTP
	},
};

/* 7.2.4: how segmentation must not be asked for */
static int
tx_check_tso(const struct rte_mbuf *m)
{
	uint32_t headers = tx_headers(m), mss = m->tso_segsz, tag, payload;

	if (m->l4_len < sizeof(struct rte_tcp_hdr) || m->l4_len > IXYMIN_TSO_L4LEN_MAX)
		return -EINVAL;
	if (headers > TSO_HEADERS_MAX || headers >= m->pkt_len)
		return -EINVAL;
	if (headers > m->data_len) /* the hardware takes four segments, prepare only one */
		return -ENOTSUP;
	tag = m->ol_flags & RTE_MBUF_F_TX_VLAN ? RTE_VLAN_HLEN : 0;
	payload = m->pkt_len - headers;
	if (payload > IXYMIN_TSO_PAYLEN_MAX ||
	    headers + tag + RTE_MIN(payload, mss) > IXYMIN_TX_LEN_MAX)
		return -EINVAL;
	return 0;
}

/* 7.2.3.2.3, 7.2.5: offloads that the device does not have, or headers that cannot be there */
static int
tx_check_offloads(const struct ixymin_txq *q, const struct rte_mbuf *m)
{
	uint64_t flags = m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
	uint32_t l4 = m->l2_len + m->l3_len;
	uint32_t ip_min = flags & RTE_MBUF_F_TX_IPV6 ? sizeof(struct rte_ipv6_hdr) :
						       sizeof(struct rte_ipv4_hdr);

	if (flags & ~(q->full ? TX_OFFLOADS | TX_IP_TYPES : TX_IP_TYPES))
		return -ENOTSUP;
	if (!(flags & TX_CHECKSUMS))
		return 0;
	if (m->l2_len < RTE_ETHER_HDR_LEN || m->l3_len < ip_min ||
	    l4 + tx_l4[TX_L4_INDEX(flags)].min_len > m->pkt_len)
		return -EINVAL;
	/* 7.2.5.3: the CRC is of whole words */
	if ((flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_SCTP_CKSUM && (m->pkt_len - l4) % 4)
		return -EINVAL;
	if (rte_validate_tx_offload(m) < 0)
		return -EINVAL;
	return flags & RTE_MBUF_F_TX_TCP_SEG ? tx_check_tso(m) : 0;
}

/* 7.2.3.2.4, 7.2.3.4: what the hardware would hang on, or not send as it is meant */
static int
tx_check(const struct ixymin_txq *q, const struct rte_mbuf *m)
{
	uint32_t nb_max = q->full ? IXYMIN_TX_SEGS_MAX : 1, nb = 0, len = 0;
	const struct rte_mbuf *seg;

	for (seg = m; seg != NULL && nb <= nb_max; seg = seg->next) {
		if (seg->data_len == 0 || seg->data_len > IXYMIN_TX_SEG_LEN_MAX)
			return -EINVAL;
		len += seg->data_len;
		nb++;
	}
	if (nb > nb_max || nb != m->nb_segs || len != m->pkt_len)
		return -EINVAL;
	if (m->ol_flags & RTE_MBUF_F_TX_VLAN)
		len += RTE_VLAN_HLEN;
	if (len < IXYMIN_TX_LEN_MIN ||
	    (len > IXYMIN_TX_LEN_MAX && !(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG)))
		return -EINVAL;
	return m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK ? tx_check_offloads(q, m) : 0;
}

/* 7.2.5: the device sums up what it finds in the checksum fields, too. IP's must be 0, that of TCP
 * and UDP the sum of the pseudo-header, SCTP's CRC 0. */
static int
tx_prepare_checksums(struct rte_mbuf *m)
{
	uint64_t flags = m->ol_flags & (TX_CHECKSUMS | TX_IP_TYPES);
	uint32_t l4 = m->l2_len + m->l3_len;

	if (!(flags & TX_CHECKSUMS))
		return 0;
	if (l4 + tx_l4[TX_L4_INDEX(flags)].min_len > m->data_len)
		return -ENOTSUP; /* rte_net wants them in one segment */
	if (flags & RTE_MBUF_F_TX_IP_CKSUM)
		flags |= RTE_MBUF_F_TX_IPV4;
	if ((flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_SCTP_CKSUM)
		rte_pktmbuf_mtod_offset(m, struct rte_sctp_hdr *, l4)->cksum = 0;
	return rte_net_intel_cksum_flags_prepare(m, flags);
}

/* Checks packets as the burst function does, which drops what it cannot send. */
uint16_t
ixymin_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t nb;
	int ret;

	for (nb = 0; nb < nb_pkts; nb++) {
		ret = tx_check(queue, pkts[nb]);
		if (ret == 0)
			ret = tx_prepare_checksums(pkts[nb]);
		if (ret < 0) {
			rte_errno = -ret;
			break;
		}
	}
	return nb;
}

/* Is there room for a packet? Small rings may be full of batches that are not complete. */
static inline bool
tx_has_room(struct ixymin_txq *q, unsigned int nb)
{
	if (likely(q->nb_free >= nb))
		return true;
	ixymin_tx_done_cleanup(q, 0);
	return q->nb_free >= nb;
}

/* The next descriptor. The packet needs RS if a batch ends here. */
static inline union ixymin_tx_desc *
tx_next_desc(struct ixymin_txq *q, uint32_t *rs)
{
	union ixymin_tx_desc *desc = &q->ring[q->tail];

	q->mbufs[q->tail] = NULL;
	q->tail = txq_next(q, q->tail);
	q->nb_free--;
	if (q->tail % IXYMIN_BATCH == 0)
		*rs = IXYMIN_TXD_RS;
	return desc;
}

/* 7.2.3.2.3: what the device must know of a packet that has offloads */
static inline struct ixymin_tx_context
tx_context_of(const struct rte_mbuf *m)
{
	struct ixymin_tx_context c = { .tucmd = IXYMIN_TXD_DTYP_CONTEXT | IXYMIN_TXD_DEXT };
	uint64_t flags = m->ol_flags;

	if (flags & RTE_MBUF_F_TX_VLAN)
		c.vlan_macip_lens = (uint32_t)m->vlan_tci << IXYMIN_TXC_VLAN_SHIFT;
	if (!(flags & TX_CHECKSUMS)) { /* the application need not say where the headers are */
		c.vlan_macip_lens |= RTE_ETHER_HDR_LEN << IXYMIN_TXC_MACLEN_SHIFT;
		return c;
	}
	c.vlan_macip_lens |= m->l2_len << IXYMIN_TXC_MACLEN_SHIFT | m->l3_len;
	if (flags & (RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_IPV4))
		c.tucmd |= IXYMIN_TXC_IPV4;
	if (flags & RTE_MBUF_F_TX_TCP_SEG) {
		c.tucmd |= IXYMIN_TXC_L4T_TCP;
		c.mss_l4len = (uint32_t)m->tso_segsz << IXYMIN_TXC_MSS_SHIFT |
			      m->l4_len << IXYMIN_TXC_L4LEN_SHIFT;
	} else {
		c.tucmd |= tx_l4[TX_L4_INDEX(flags)].type;
	}
	return c;
}

/* The number of a context in the device, which gets it instead of the older one of the two if it
 * does not have it. */
static inline unsigned int
tx_context_index(struct ixymin_txq *q, const struct rte_mbuf *m, uint32_t *rs)
{
	const struct ixymin_tx_context c = tx_context_of(m);
	unsigned int n = q->last_context, i;
	union ixymin_tx_desc *desc;

	for (i = 0; i < IXYMIN_TX_CONTEXTS; i++, n = !n) {
		const struct ixymin_tx_context *has = &q->context[n];

		if (has->vlan_macip_lens == c.vlan_macip_lens && has->tucmd == c.tucmd &&
		    has->mss_l4len == c.mss_l4len) {
			q->last_context = n;
			return n;
		}
	}
	n = !q->last_context;
	q->context[n] = c;
	q->last_context = n;
	desc = tx_next_desc(q, rs);
	desc->context.vlan_macip_lens = rte_cpu_to_le_32(c.vlan_macip_lens);
	desc->context.ipsec = 0;
	desc->context.tucmd = rte_cpu_to_le_32(c.tucmd);
	desc->context.mss_l4len_idx = rte_cpu_to_le_32(c.mss_l4len | n << IXYMIN_TXD_IDX_SHIFT);
	return n;
}

/* Write the descriptors of a packet. Only its last one may have RS, and has it if a batch ends in
 * the packet. */
static inline void
tx_write(struct ixymin_txq *q, struct rte_mbuf *m)
{
	uint32_t command = IXYMIN_TXD_DTYP_DATA | IXYMIN_TXD_IFCS | IXYMIN_TXD_DEXT;
	uint32_t olinfo = 0, len = m->pkt_len, rs = 0;
	union ixymin_tx_desc *desc = NULL;
	uint64_t flags = m->ol_flags;
	struct rte_mbuf *seg;

	if (flags & TX_OFFLOADS)
		olinfo = tx_context_index(q, m, &rs) << IXYMIN_TXD_IDX_SHIFT;
	if (flags & RTE_MBUF_F_TX_VLAN)
		command |= IXYMIN_TXD_VLE;
	if (flags & RTE_MBUF_F_TX_IP_CKSUM)
		olinfo |= IXYMIN_TXD_IXSM;
	if (flags & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG))
		olinfo |= IXYMIN_TXD_TXSM;
	if (flags & RTE_MBUF_F_TX_TCP_SEG) {
		command |= IXYMIN_TXD_TSE;
		len -= tx_headers(m);
	}
	olinfo |= len << IXYMIN_TXD_PAYLEN_SHIFT;
	for (seg = m; seg != NULL; seg = seg->next) {
		desc = tx_next_desc(q, &rs);
		desc->read.buffer_addr = rte_cpu_to_le_64(rte_mbuf_data_iova(seg));
		desc->read.cmd_type_len = rte_cpu_to_le_32(command | seg->data_len);
		desc->read.olinfo_status = rte_cpu_to_le_32(olinfo);
	}
	desc->read.cmd_type_len |= rte_cpu_to_le_32(IXYMIN_TXD_EOP | rs);
	q->mbufs[desc - q->ring] = m;
}

/* As ixymin_tx_put(), for packets of any kind */
uint16_t
ixymin_tx_put_full(struct ixymin_txq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t nb;

	for (nb = 0; nb < nb_pkts; nb++) {
		struct rte_mbuf *m = pkts[nb];

		if (unlikely(tx_check(q, m) < 0)) {
			ixymin_tx_drop(q, m);
			continue;
		}
		if (!tx_has_room(q, m->nb_segs + 1)) /* one for a context */
			break;
		tx_write(q, m);
	}
	return nb;
}

uint16_t
ixymin_tx_burst_full(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return txq_burst(queue, pkts, nb_pkts, ixymin_tx_put_full, ixymin_tx_reclaim);
}
