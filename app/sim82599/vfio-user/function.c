/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A function: its device and wire, its BARs, its reset. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio_user.h"

/* BAR 2: an address register, and a window to the register that it points to (8.1.1.2) */
#define IO_ADDR 0u
#define IO_DATA 4u

/* Creation and end */

static bool
open_files(struct function *f)
{
	const struct device_args *args = &f->args.device;

	if (args->trace != NULL) {
		f->trace_fd = open(args->trace, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
				   0666);
		if (f->trace_fd < 0) {
			fprintf(stderr, "%s: trace=%s: %s; allowed: a file that can be written\n",
				f->name, args->trace, strerror(errno));
			return false;
		}
	}
	if (args->report != NULL) {
		f->report = fopen(args->report, "we");
		if (f->report == NULL) {
			fprintf(stderr, "%s: report=%s: %s; allowed: a file that can be written\n",
				f->name, args->report, strerror(errno));
			return false;
		}
	}
	return true;
}

static bool
create_device(struct function *f)
{
	const struct device_args *args = &f->args.device;
	struct nic_config config = {
		.name = f->name,
		.bar = f->bar,
		.host_ops = &f->host_ops,
		.host = f,
		.card = f->card,
		.lan_id = f->args.lan_id,
		.strict = args->strict,
		.faults = args->faults,
		.trace_fd = f->trace_fd,
	};

	if (f->card == NULL || f->bar == NULL)
		return false;
	memcpy(config.mac, args->mac, sizeof(config.mac));
	f->nic = nic_create(&config);
	return f->nic != NULL;
}

void
function_init(struct function *f)
{
	f->trace_fd = f->listen_fd = f->client_fd = -1;
	dma_init(f);
	vfu_irq_init(f);
}

bool
function_create(struct function *f, struct function *other)
{
	char err[256] = "";

	f->host_ops = (struct nic_host_ops){
		.map = dma_window, .epoch = &f->dma.epoch,
		.irq = vfu_irq_line, .message = vfu_irq_message,
	};
	if (!open_files(f))
		return false;
	f->wire = wire_create(f->args.device.wire, f->name, f->args.device.mac, err, sizeof(err));
	if (f->wire == NULL) {
		fprintf(stderr, "%s: %s\n", f->name, err);
		return false;
	}
	f->two_functions = other != NULL;
	f->owns_card = other == NULL;
	f->card = other != NULL ? other->card : nic_card_create();
	f->bar = calloc(1, NIC_BAR_SIZE);
	if (!create_device(f)) {
		fprintf(stderr, "%s: cannot make the device: %s\n", f->name, strerror(errno));
		return false;
	}
	nic_set_wire(f->nic, f->wire);
	if (other != NULL) {
		other->two_functions = true;
		config_reset(other);
	}
	function_reset(f);
	return true;
}

void
function_free(struct function *f)
{
	nic_free(f->nic);
	wire_free(f->wire);
	if (f->owns_card)
		nic_card_free(f->card);
	vfu_irq_release(f);
	dma_unmap_all(f);
	free(f->bar);
	free(f->text);
	if (f->trace_fd >= 0)
		close(f->trace_fd);
	if (f->report != NULL)
		fclose(f->report);
}

void
function_reset(struct function *f)
{
	nic_reset(f->nic);
	f->irq_mode = NIC_IRQ_INTX;
	f->io_addr = 0;
	memset(f->msix_table, 0, sizeof(f->msix_table));
	for (unsigned int i = 0; i < NIC_MSIX_VECTORS; i++)
		f->msix_table[16 * i + 12] = 1; /* masked */
	vfu_irq_clear(f);
	config_reset(f);
}

void
function_detach(struct function *f)
{
	function_reset(f);
	vfu_irq_release(f);
	dma_unmap_all(f);
	f->version_done = f->hinted = false;
}

/* BAR 0. As for the plugin (dpdk/bar.c): an access of another size is counted, has no effect, and
 * reads as ones, except for a read inside of one register.
 * INTERPRETATION (CONTRADICTION): 8.1.2 forbids 64 bits, too, but Linux's ixgbe writes FDIRHASH and
 * FDIRCMD together. Here this is an access to two registers, the lower one first. */

static void
registers_read(struct function *f, uint32_t offset, uint32_t count, uint8_t *data)
{
	uint32_t value;

	if (count == 8 && offset % 8 == 0) {
		registers_read(f, offset, 4, data);
		registers_read(f, offset + 4, 4, data + 4);
		return;
	}
	if (count == 4 && offset % 4 == 0) {
		value = nic_read(f->nic, offset);
		memcpy(data, &value, sizeof(value));
		return;
	}
	nic_bad_access(f->nic, offset, count);
	memset(data, 0xff, count);
	if (offset % 4 + (uint64_t)count > 4)
		return;
	value = nic_read(f->nic, offset & ~3u) >> 8 * (offset % 4);
	memcpy(data, &value, count);
}

static void
registers_write(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data)
{
	uint32_t value;

	if (count == 8 && offset % 8 == 0) {
		registers_write(f, offset, 4, data);
		registers_write(f, offset + 4, 4, data + 4);
		return;
	}
	if (count == 4 && offset % 4 == 0) {
		memcpy(&value, data, sizeof(value));
		nic_write(f->nic, offset, value);
		return;
	}
	nic_bad_access(f->nic, offset, count);
}

/* BAR 2 */

static void
io_read(struct function *f, uint32_t offset, uint32_t count, uint8_t *data)
{
	uint32_t value = f->io_addr;

	memset(data, 0xff, count);
	if (count != 4 || (offset != IO_ADDR && offset != IO_DATA))
		return;
	if (offset == IO_DATA)
		value = f->io_addr < NIC_BAR_SIZE ? nic_read(f->nic, f->io_addr) : 0;
	memcpy(data, &value, sizeof(value));
}

static void
io_write(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data)
{
	uint32_t value;

	if (count != 4)
		return;
	memcpy(&value, data, sizeof(value));
	if (offset == IO_ADDR)
		f->io_addr = value;
	else if (offset == IO_DATA && f->io_addr < NIC_BAR_SIZE)
		nic_write(f->nic, f->io_addr, value);
}

/* BAR 4: the table is only kept for reads; SET_IRQS decides which message is sent where. */

static void
msix_read(struct function *f, uint32_t offset, uint32_t count, uint8_t *data)
{
	const uint8_t *pending = (const uint8_t *)&f->irqs.msix_pending;

	for (uint32_t at = offset; at < offset + count; at++)
		*data++ = at < sizeof(f->msix_table) ? f->msix_table[at] :
			  at - BAR_MSIX_PBA < 8 ? pending[at - BAR_MSIX_PBA] : 0;
}

static void
msix_write(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data)
{
	for (uint32_t at = offset; at < offset + count && at < sizeof(f->msix_table); at++, data++)
		f->msix_table[at] = at % 16 < 12 ? *data : at % 16 == 12 ? *data & 1 : 0;
}

/* Regions */

static bool
always(const struct function *f)
{
	(void)f;
	return true;
}

static const struct {
	uint32_t size;
	bool (*enabled)(const struct function *f);
	void (*read)(struct function *f, uint32_t offset, uint32_t count, uint8_t *data);
	void (*write)(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data);
} regions[VFIO_PCI_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { NIC_BAR_SIZE, config_memory_enabled, registers_read,
					 registers_write },
	[VFIO_PCI_BAR2_REGION_INDEX] = { BAR_IO_SIZE, config_io_enabled, io_read, io_write },
	[VFIO_PCI_BAR4_REGION_INDEX] = { BAR_MSIX_SIZE, config_memory_enabled, msix_read,
					 msix_write },
	[VFIO_PCI_CONFIG_REGION_INDEX] = { CONFIG_SIZE, always, config_read, config_write },
};

uint64_t
region_size(uint32_t region)
{
	return region < VFIO_PCI_NUM_REGIONS ? regions[region].size : 0;
}

/* A region that is not enabled does not answer: the request is unsupported. */

void
region_read(struct function *f, uint32_t region, uint64_t offset, uint32_t count, uint8_t *data)
{
	if (regions[region].enabled(f))
		regions[region].read(f, offset, count, data);
	else
		memset(data, 0xff, count);
}

void
region_write(struct function *f, uint32_t region, uint64_t offset, uint32_t count,
	     const uint8_t *data)
{
	if (regions[region].enabled(f))
		regions[region].write(f, offset, count, data);
}
