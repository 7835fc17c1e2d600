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

#include <stdbool.h>
#include <stdint.h>

#include "../nic/nic.h"

/** One for each device. @return 0 or a negative errno */
int iommu_get(void);
void iommu_put(void);

int iommu_map(uintptr_t va, uint64_t iova, uint64_t len);
int iommu_unmap(uintptr_t va, uint64_t len);

/** nic_host_ops.map */
bool iommu_window(void *host, uint64_t iova, uint32_t len, bool write,
		  struct nic_window *window);

/** nic_host_ops.epoch */
extern _Atomic unsigned int iommu_epoch;

#endif /* IOMMU_H */
