/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * The IOMMU: which memory the device may reach, and by which address.
 *
 * As with VFIO, that is the memory of DPDK's heaps, as it comes and goes, and
 * what the application maps for its devices (rte_dev_dma_map()), all devices
 * sharing it.  Look-ups take no lock.
 */

#ifndef IOMMU_H
#define IOMMU_H

#include <stddef.h>
#include <stdint.h>

/** What a device keeps of its look-ups. Zeroed before the first. */
struct iommu_cache {
	const struct iommu_table *table;
	uint64_t iova, len;
	uintptr_t va;
};

/** One for each device. @return 0 or a negative errno */
int iommu_get(void);
void iommu_put(void);

int iommu_map(uintptr_t va, uint64_t iova, uint64_t len);
int iommu_unmap(uintptr_t va, uint64_t len);

/** @return the memory at iova, if all len bytes of it are mapped, or NULL */
void *iommu_translate_slow(struct iommu_cache *cache, uint64_t iova, uint32_t len);

extern const struct iommu_table *_Atomic iommu_current;

/* Called for every descriptor and every buffer. */
static inline void *
iommu_translate(struct iommu_cache *cache, uint64_t iova, uint32_t len)
{
	uint64_t offset = iova - cache->iova;

	if (cache->table == iommu_current && offset < cache->len && len <= cache->len - offset)
		return (void *)(cache->va + offset);
	return iommu_translate_slow(cache, iova, len);
}

#endif /* IOMMU_H */
