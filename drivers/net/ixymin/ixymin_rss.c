/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive-side scaling, 7.1.2.8: a hash of addresses and ports chooses an entry of the redirection
 * table (RETA), and this the queue. Packets of other types go to queue 0. */

#include <assert.h>
#include <errno.h>

#include "ixymin_ethdev.h"

static const struct {
	uint64_t type;
	uint32_t mrqc;
} hash_types[] = {
	{ RTE_ETH_RSS_IPV4, IXYMIN_MRQC_IPV4 },
	{ RTE_ETH_RSS_NONFRAG_IPV4_TCP, IXYMIN_MRQC_TCP_IPV4 },
	{ RTE_ETH_RSS_NONFRAG_IPV4_UDP, IXYMIN_MRQC_UDP_IPV4 },
	{ RTE_ETH_RSS_IPV6, IXYMIN_MRQC_IPV6 },
	{ RTE_ETH_RSS_NONFRAG_IPV6_TCP, IXYMIN_MRQC_TCP_IPV6 },
	{ RTE_ETH_RSS_NONFRAG_IPV6_UDP, IXYMIN_MRQC_UDP_IPV6 },
};

/* The key of the examples that come with the definition of the hash */
static const uint8_t default_key[] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};
static_assert(sizeof(default_key) == IXYMIN_RSS_KEY_BYTES, "the whole key");

/* Asked for by the mode, or by several queues, which would be idle without */
static bool
is_spread(const struct rte_eth_dev *dev)
{
	return (dev->data->dev_conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) ||
	       dev->data->nb_rx_queues > 1;
}

/* Bytes to consecutive registers, the first byte to bits 7:0 */
static void
bytes_write(const struct ixymin_hw *hw, uint32_t reg, const uint8_t *bytes, uint32_t nb)
{
	rte_le32_t word;
	uint32_t i;

	for (i = 0; i < nb; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		reg_write(hw, reg + i, rte_le_to_cpu_32(word));
	}
}

/* Which packets have a hash. 7.1.2.8: RSS cannot be switched on or off while the port runs, but
 * hash types can. */
static void
types_write(struct rte_eth_dev *dev)
{
	uint32_t mrqc = IXYMIN_MRQC_MRQE_RSS;
	unsigned int i;

	for (i = 0; i < RTE_DIM(hash_types); i++) {
		if (ixymin_port(dev)->settings.rss.types & hash_types[i].type)
			mrqc |= hash_types[i].mrqc;
	}
	reg_write(ixymin_hw(dev), IXYMIN_MRQC, mrqc);
}

/* Key, table, and then the types, before the first packet comes. 8.2.3.7.5: PCSD puts the hash into
 * descriptors. */
void
ixymin_rss_start(struct rte_eth_dev *dev)
{
	const struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;
	const struct ixymin_hw *hw = ixymin_hw(dev);

	if (!is_spread(dev))
		return;
	reg_set(hw, IXYMIN_RXCSUM, IXYMIN_RXCSUM_PCSD);
	bytes_write(hw, IXYMIN_RSSRK, rss->key, sizeof(rss->key));
	bytes_write(hw, IXYMIN_RETA, rss->reta, sizeof(rss->reta));
	types_write(dev);
}

/* Until 23.11 ethdev does not check the length. */
static int
key_check(const struct rte_eth_dev *dev, const struct rte_eth_rss_conf *conf)
{
	if (conf->rss_key == NULL || conf->rss_key_len == IXYMIN_RSS_KEY_BYTES)
		return 0;
	IXYMIN_LOG(ERR, ixymin_hw(dev), "RSS key of %u bytes is not supported, %u are",
		   conf->rss_key_len, IXYMIN_RSS_KEY_BYTES);
	return -EINVAL;
}

static void
hash_set(struct ixymin_rss *rss, const struct rte_eth_rss_conf *conf)
{
	rss->types = conf->rss_hf;
	if (conf->rss_key != NULL)
		memcpy(rss->key, conf->rss_key, sizeof(rss->key));
}

/* Key and table stay, unless there is a new key, or another number of queues. */
int
ixymin_rss_configure(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;
	uint16_t nb_queues = RTE_MIN(dev->data->nb_rx_queues, IXYMIN_RSS_QUEUES);
	/* several queues without the mode: all types */
	struct rte_eth_rss_conf hash = { .rss_hf = IXYMIN_RSS_TYPES };
	unsigned int i;

	if (!is_spread(dev))
		return 0;
	if (conf->rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG)
		hash = conf->rx_adv_conf.rss_conf;
	if (key_check(dev, &hash) < 0)
		return -EINVAL;
	if (dev->data->nb_rx_queues > IXYMIN_RSS_QUEUES)
		IXYMIN_LOG(NOTICE, ixymin_hw(dev), "RSS reaches rx queues 0 to %u only, not all %u",
			   IXYMIN_RSS_QUEUES - 1, dev->data->nb_rx_queues);
	if (rss->nb_queues == 0)
		memcpy(rss->key, default_key, sizeof(rss->key));
	if (rss->nb_queues != nb_queues) {
		for (i = 0; i < IXYMIN_RETA_ENTRIES; i++)
			rss->reta[i] = i % nb_queues;
	}
	rss->nb_queues = nb_queues;
	hash_set(rss, &hash);
	return 0;
}

int
ixymin_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf)
{
	struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;

	if (key_check(dev, conf) < 0)
		return -EINVAL;
	hash_set(rss, conf);
	bytes_write(ixymin_hw(dev), IXYMIN_RSSRK, rss->key, sizeof(rss->key));
	types_write(dev);
	return 0;
}

int
ixymin_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf)
{
	const struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;

	if (conf->rss_key != NULL && conf->rss_key_len < sizeof(rss->key)) {
		IXYMIN_LOG(ERR, ixymin_hw(dev), "RSS key has %u bytes, there is room for %u",
			   IXYMIN_RSS_KEY_BYTES, conf->rss_key_len);
		return -EINVAL;
	}
	if (conf->rss_key != NULL)
		memcpy(conf->rss_key, rss->key, sizeof(rss->key));
	conf->rss_hf = rss->types;
	return 0;
}

static int
reta_check(const struct rte_eth_dev *dev, uint16_t size)
{
	if (size == IXYMIN_RETA_ENTRIES)
		return 0;
	IXYMIN_LOG(ERR, ixymin_hw(dev), "RETA of %u entries is not supported, %u are", size,
		   IXYMIN_RETA_ENTRIES);
	return -EINVAL;
}

/* ethdev has the table in groups, each with a mask of the entries that are meant. */
static bool
is_masked(const struct rte_eth_rss_reta_entry64 *groups, unsigned int i)
{
	return groups[i / RTE_ETH_RETA_GROUP_SIZE].mask & RTE_BIT64(i % RTE_ETH_RETA_GROUP_SIZE);
}

/* 8.2.3.7.15: the table may change while packets come. */
int
ixymin_rss_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *groups,
		       uint16_t size)
{
	struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;
	uint8_t reta[IXYMIN_RETA_ENTRIES];
	unsigned int i;
	uint16_t queue;

	if (reta_check(dev, size) < 0)
		return -EINVAL;
	memcpy(reta, rss->reta, sizeof(reta));
	for (i = 0; i < IXYMIN_RETA_ENTRIES; i++) {
		if (!is_masked(groups, i))
			continue;
		queue = groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
		if (queue >= IXYMIN_RSS_QUEUES) {
			IXYMIN_LOG(ERR, ixymin_hw(dev),
				   "RETA entry %u: RSS does not reach rx queue %u, only 0 to %u",
				   i, queue, IXYMIN_RSS_QUEUES - 1);
			return -EINVAL;
		}
		reta[i] = queue;
	}
	memcpy(rss->reta, reta, sizeof(reta));
	bytes_write(ixymin_hw(dev), IXYMIN_RETA, reta, sizeof(reta));
	return 0;
}

int
ixymin_rss_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *groups,
		      uint16_t size)
{
	const struct ixymin_rss *rss = &ixymin_port(dev)->settings.rss;
	unsigned int i;

	if (reta_check(dev, size) < 0)
		return -EINVAL;
	for (i = 0; i < IXYMIN_RETA_ENTRIES; i++) {
		if (is_masked(groups, i))
			groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
				rss->reta[i];
	}
	return 0;
}
