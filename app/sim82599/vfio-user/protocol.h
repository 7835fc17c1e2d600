/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * The vfio-user protocol, version 0.1 (QEMU's docs/interop/vfio-user): it checks the messages
 * of the client, and executes them.  <linux/vfio.h> has the structures and constants that it shares
 * with the kernel's VFIO.
 */

#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFU_MAX_FDS   16      /* of a message */
#define VFU_MAX_DATA  65536u  /* of a region access */

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP,
	VFU_DMA_UNMAP,
	VFU_DEVICE_GET_INFO,
	VFU_DEVICE_GET_REGION_INFO,
	VFU_DEVICE_GET_REGION_IO_FDS,
	VFU_DEVICE_GET_IRQ_INFO,
	VFU_DEVICE_SET_IRQS,
	VFU_REGION_READ,
	VFU_REGION_WRITE,
	VFU_DMA_READ,
	VFU_DMA_WRITE,
	VFU_DEVICE_RESET,
	VFU_DIRTY_PAGES,
	VFU_REGION_WRITE_MULTI,
};

struct vfu_header {
	uint16_t id, command;
	uint32_t size;           /* with the header */
	uint32_t flags;
	uint32_t error;          /* errno, of a reply */
};
#define VFU_TYPE      0xfu
#define   VFU_COMMAND 0u
#define   VFU_REPLY   1u
#define VFU_NO_REPLY  0x10u
#define VFU_ERROR     0x20u

struct vfu_version {
	uint16_t major, minor;
};

struct vfu_dma_map {
	uint32_t argsz, flags;   /* VFIO_DMA_MAP_FLAG_READ, _WRITE */
	uint64_t offset, addr, size;
};

struct vfu_dma_unmap {
	uint32_t argsz, flags;   /* VFIO_DMA_UNMAP_FLAG_ALL */
	uint64_t addr, size;
};

/* of DMA_READ and DMA_WRITE, which the server sends */
struct vfu_dma_access {
	uint64_t addr, count;
};

struct vfu_region_access {
	uint64_t offset;
	uint32_t region, count;
};

/* of REGION_WRITE_MULTI: behind a count of 64 bits, one for each write */
struct vfu_region_write {
	struct vfu_region_access access; /* of at most 8 bytes */
	uint8_t data[8];
};

#define VFU_MAX_PAYLOAD (sizeof(struct vfu_region_access) + VFU_MAX_DATA)

struct vfu_message {
	struct vfu_header header;
	_Alignas(8) uint8_t data[VFU_MAX_PAYLOAD + 1];
	unsigned int nb_fds;
	int fds[VFU_MAX_FDS];    /* -1: taken */
};

struct vfu_reply {
	struct vfu_header header;
	_Alignas(8) uint8_t data[VFU_MAX_PAYLOAD];
};

struct function;

/** @return 0, or an errno if the next message in the stream cannot be found */
int vfu_check_header(const struct vfu_header *header);

/**
 * Execute a whole message, whose header was checked.  Its descriptors are taken or closed.
 * @return the length of the reply, 0 if there is none
 */
size_t vfu_execute(struct function *f, struct vfu_message *message, struct vfu_reply *reply);

/**
 * Build a request for the address of a refused memory access: the client's IOMMU then reports the
 * fault.  @return the length of the message
 */
size_t vfu_ask(uint64_t addr, bool write, uint8_t message[sizeof(struct vfu_header) + 24]);

/** Build the answer to a message with a wrong header. @return its length */
size_t vfu_error(const struct vfu_header *header, int error, struct vfu_reply *reply);

#endif /* PROTOCOL_H */
