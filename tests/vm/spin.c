/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* In the guest: a driver on VFIO that writes the tail register as often as it is told, without
 * anything to send, and then sends frames one by one, and rewrites the tail until the frame's
 * descriptor is written back: spin PCI-ADDRESS WRITES FRAMES
 *
 * Prints how often the tail was written while frames were sent. */

#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* data sheet 8.2 */
#undef CTRL /* a control character in <sys/ioctl.h> */
#define CTRL     0x00000
#define AUTOC    0x042a0
#define LINKS    0x042a4
#define DMATXCTL 0x04a80
#define TDBAL    0x06000
#define TDBAH    0x06004
#define TDLEN    0x06008
#define TDT      0x06018
#define TXDCTL   0x06028

#define MEMORY   0x100000 /* for the device: the ring, and behind it the frame */
#define COUNT    256u     /* descriptors */

static volatile uint32_t *bar;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
bar_map(const char *address, void *memory, size_t size)
{
	char path[128], link[PATH_MAX] = "";
	struct vfio_region_info region = {
		.argsz = sizeof(region), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory, .iova = MEMORY, .size = size,
	};
	const uint16_t command = 0x0006; /* memory, bus master */
	int container, group, device;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		die(path);
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	container = open("/dev/vfio/vfio", O_RDWR);
	group = open(path, O_RDWR);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) < 0 ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0 ||
	    ioctl(container, VFIO_IOMMU_MAP_DMA, &map) < 0)
		die(path);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0 ||
	    pwrite(device, &command, sizeof(command), region.offset + 4) != sizeof(command))
		die("configuration space");
	region.index = VFIO_PCI_BAR0_REGION_INDEX;
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		die("BAR0");
	bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, region.offset);
	if (bar == MAP_FAILED)
		die("BAR0");
}

static void
wait_for(uint32_t reg, uint32_t bits, const char *what)
{
	for (int i = 0; i < 6000; i++) {
		if ((bar[reg / 4] & bits) == bits)
			return;
		usleep(10000);
	}
	fprintf(stderr, "%s: not within a minute\n", what);
	exit(1);
}

int
main(int argc, char **argv)
{
	struct {
		volatile uint64_t address, command; /* legacy: length, RS, IFCS, EOP; DD */
	} *ring;
	unsigned long idle, frames, writes = 0;
	uint8_t *frame;

	if (argc != 4)
		return 2;
	idle = strtoul(argv[2], NULL, 10);
	frames = strtoul(argv[3], NULL, 10);
	ring = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		die("memory");
	frame = (uint8_t *)ring + 4096;
	memset(frame, 0xff, 6);
	bar_map(argv[1], ring, 8192);

	bar[CTRL / 4] = 1 << 26; /* reset */
	usleep(50000);
	bar[AUTOC / 4] =
		(bar[AUTOC / 4] & ~(7u << 13)) | 3 << 13 | 1 << 12; /* 10G serial, restart */
	wait_for(LINKS, 1 << 30, "link up");
	bar[DMATXCTL / 4] |= 1;
	bar[TDBAL / 4] = MEMORY;
	bar[TDBAH / 4] = 0;
	bar[TDLEN / 4] = COUNT * 16;
	bar[TXDCTL / 4] = 1 << 25;
	wait_for(TXDCTL, 1 << 25, "queue enabled");
	while (idle-- > 0)
		bar[TDT / 4] = 0;
	for (unsigned long i = 0; i < frames; i++) {
		ring[i % COUNT].address = MEMORY + 4096;
		ring[i % COUNT].command = 60 | UINT64_C(0x0b) << 24;
		do {
			bar[TDT / 4] = (i + 1) % COUNT;
			writes++;
		} while (!(ring[i % COUNT].command >> 32 & 1));
	}
	printf("%lu\n", writes);
	return 0;
}
