/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "vfio_user.h"

/* For all handlers: the message's payload has a length that the table below allows. They return 0
 * or an errno, and set *len, which is 0 before, to the length of the reply's payload. */
typedef int handler(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
		    uint32_t *reply_len);

#define VERSION_MINOR 1
/* of the client's version data, which is JSON */
#define MAX_CAPABILITIES 4096u

/* The capabilities for the client: its limits, and that it may send several writes in a message.
 * QEMU does so when it has more posted writes than it can send. */
static int
capabilities(const char *known, char *text, size_t size)
{
	static const struct {
		const char *name;
		uint32_t value;          /* 0: true */
	} ours[] = {
		{ "\"max_msg_fds\"", VFU_MAX_FDS },
		{ "\"max_data_xfer_size\"", VFU_MAX_DATA },
		{ "\"max_dma_maps\"", DMA_MAX_RANGES },
		{ "\"pgsizes\"", DMA_PAGE },
		{ "\"write_multiple\"", 0 },
	};
	int n = snprintf(text, size, "{\"capabilities\":{");
	const char *comma = "";

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strstr(known, ours[i].name) == NULL)
			continue;
		n += snprintf(text + n, size - n, "%s%s:", comma, ours[i].name);
		if (ours[i].value == 0)
			n += snprintf(text + n, size - n, "true");
		else
			n += snprintf(text + n, size - n, "%" PRIu32, ours[i].value);
		comma = ",";
	}
	return n + snprintf(text + n, size - n, "}}") + 1;
}

static int
on_version(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	   uint32_t *reply_len)
{
	struct vfu_version version;

	memcpy(&version, m->data, sizeof(version));
	if (f->version_done || version.major != 0 ||
	    (len > sizeof(version) && m->data[len - 1] != '\0'))
		return EINVAL;
	m->data[len] = '\0';
	if (version.minor > VERSION_MINOR)
		version.minor = VERSION_MINOR;
	memcpy(reply, &version, sizeof(version));
	*reply_len = sizeof(version) + capabilities((const char *)m->data + sizeof(version),
						    (char *)reply + sizeof(version), 512);
	f->version_done = true;
	return 0;
}

static int
on_dma_map(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	   uint32_t *reply_len)
{
	struct vfu_dma_map map;
	int fd = -1;

	(void)len, (void)reply, (void)reply_len;
	memcpy(&map, m->data, sizeof(map));
	if (m->nb_fds > 0) {
		fd = m->fds[0];
		m->fds[0] = -1;
	} else if (!f->hinted) {
		f->hinted = true;
		fprintf(stderr, "%s: the client mapped memory without a file descriptor, as at "
			"0x%" PRIx64 ": the device cannot reach it (QEMU's RAM has one with "
			"-object memory-backend-memfd,share=on)\n", f->name, map.addr);
	}
	return dma_map(f, &map, fd);
}

static int
on_dma_unmap(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	     uint32_t *reply_len)
{
	struct vfu_dma_unmap unmap;
	int ret = 0;

	(void)len;
	memcpy(&unmap, m->data, sizeof(unmap));
	if ((unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL) != 0)
		return ENOTSUP; /* dirty pages are not tracked */
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		ret = dma_unmap(f, 0, -(uint64_t)DMA_PAGE); /* none is of the last page */
	else
		ret = dma_unmap(f, unmap.addr, unmap.size);
	memcpy(reply, &unmap, sizeof(unmap));
	*reply_len = sizeof(unmap);
	return ret;
}

static int
on_get_info(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	    uint32_t *reply_len)
{
	struct vfio_device_info info = {
		.argsz = 16,
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = VFIO_PCI_NUM_IRQS,
	};
	uint32_t argsz;

	(void)f, (void)len;
	memcpy(&argsz, m->data, sizeof(argsz));
	if (argsz < info.argsz)
		return EINVAL;
	memcpy(reply, &info, info.argsz);
	*reply_len = info.argsz;
	return 0;
}

static int
on_get_region_info(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
		   uint32_t *reply_len)
{
	struct vfio_region_info info;

	(void)f, (void)len;
	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	info = (struct vfio_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = region_size(info.index),
	};
	if (info.size > 0)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	memcpy(reply, &info, sizeof(info));
	*reply_len = sizeof(info);
	return 0;
}

static int
on_get_irq_info(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
		uint32_t *reply_len)
{
	struct vfio_irq_info info;

	(void)f, (void)len;
	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || !vfu_irq_info(info.index, &info))
		return EINVAL;
	info.argsz = sizeof(info);
	memcpy(reply, &info, sizeof(info));
	*reply_len = sizeof(info);
	return 0;
}

static int
on_set_irqs(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	    uint32_t *reply_len)
{
	struct vfio_irq_set set;

	(void)reply, (void)reply_len;
	memcpy(&set, m->data, sizeof(set));
	if ((set.flags & VFIO_IRQ_SET_DATA_BOOL) && len - sizeof(set) < set.count)
		return EINVAL;
	return vfu_irq_set(f, &set, m->data + sizeof(set), m->fds, m->nb_fds);
}

/* @return 0 or an errno */
static int
check_access(const struct vfu_region_access *access)
{
	uint64_t size = region_size(access->region);

	if (access->count == 0 || access->count > VFU_MAX_DATA || access->offset > size ||
	    access->count > size - access->offset)
		return EINVAL;
	return 0;
}

static int
on_region_read(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	       uint32_t *reply_len)
{
	struct vfu_region_access access;
	int ret;

	(void)len;
	memcpy(&access, m->data, sizeof(access));
	ret = check_access(&access);
	if (ret != 0)
		return ret;
	memcpy(reply, &access, sizeof(access));
	region_read(f, access.region, access.offset, access.count, reply + sizeof(access));
	*reply_len = sizeof(access) + access.count;
	return 0;
}

static int
on_region_write(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
		uint32_t *reply_len)
{
	struct vfu_region_access access;
	int ret;

	memcpy(&access, m->data, sizeof(access));
	ret = check_access(&access);
	if (ret == 0 && len - sizeof(access) != access.count)
		ret = EINVAL;
	if (ret != 0)
		return ret;
	region_write(f, access.region, access.offset, access.count, m->data + sizeof(access));
	memcpy(reply, &access, sizeof(access));
	*reply_len = sizeof(access);
	return 0;
}

/* All writes are checked before the first is done. */
static int
on_region_write_multi(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
		      uint32_t *reply_len)
{
	struct vfu_region_write write;
	uint64_t count;
	uint32_t at;
	int ret;

	memcpy(&count, m->data, sizeof(count));
	if ((len - sizeof(count)) % sizeof(write) != 0 ||
	    count != (len - sizeof(count)) / sizeof(write))
		return EINVAL;
	for (at = sizeof(count); at < len; at += sizeof(write)) {
		memcpy(&write, m->data + at, sizeof(write));
		ret = check_access(&write.access);
		if (ret == 0 && write.access.count > sizeof(write.data))
			ret = EINVAL;
		if (ret != 0)
			return ret;
	}
	for (at = sizeof(count); at < len; at += sizeof(write)) {
		memcpy(&write, m->data + at, sizeof(write));
		region_write(f, write.access.region, write.access.offset, write.access.count,
			     write.data);
	}
	memcpy(reply, &count, sizeof(count));
	*reply_len = sizeof(count);
	return 0;
}

static int
on_reset(struct function *f, struct vfu_message *m, uint32_t len, uint8_t *reply,
	 uint32_t *reply_len)
{
	(void)m, (void)len, (void)reply, (void)reply_len;
	function_reset(f);
	return 0;
}

/* The commands that a client may send; the others are optional, and not supported. */
static const struct {
	handler *handle;
	uint32_t min, max;       /* bytes of payload */
	uint32_t max_fds;
} commands[] = {
	[VFU_VERSION] = { on_version, sizeof(struct vfu_version),
			  sizeof(struct vfu_version) + MAX_CAPABILITIES, 0 },
	[VFU_DMA_MAP] = { on_dma_map, sizeof(struct vfu_dma_map), sizeof(struct vfu_dma_map), 1 },
	[VFU_DMA_UNMAP] = { on_dma_unmap, sizeof(struct vfu_dma_unmap),
			    sizeof(struct vfu_dma_unmap), 0 },
	[VFU_DEVICE_GET_INFO] = { on_get_info, 16, sizeof(struct vfio_device_info), 0 },
	[VFU_DEVICE_GET_REGION_INFO] = { on_get_region_info, sizeof(struct vfio_region_info),
					 sizeof(struct vfio_region_info), 0 },
	[VFU_DEVICE_GET_IRQ_INFO] = { on_get_irq_info, sizeof(struct vfio_irq_info),
				      sizeof(struct vfio_irq_info), 0 },
	[VFU_DEVICE_SET_IRQS] = { on_set_irqs, sizeof(struct vfio_irq_set),
				  sizeof(struct vfio_irq_set) + NIC_MSIX_VECTORS, VFU_MAX_FDS },
	[VFU_REGION_READ] = { on_region_read, sizeof(struct vfu_region_access),
			      sizeof(struct vfu_region_access), 0 },
	[VFU_REGION_WRITE] = { on_region_write, sizeof(struct vfu_region_access) + 1,
			       VFU_MAX_PAYLOAD, 0 },
	[VFU_DEVICE_RESET] = { on_reset, 0, 0, 0 },
	[VFU_REGION_WRITE_MULTI] = { on_region_write_multi, sizeof(uint64_t), VFU_MAX_PAYLOAD, 0 },
};

int
vfu_check_header(const struct vfu_header *header)
{
	if (header->size < sizeof(*header) ||
	    header->size > sizeof(*header) + VFU_MAX_PAYLOAD)
		return EMSGSIZE;
	return 0;
}

size_t
vfu_error(const struct vfu_header *header, int error, struct vfu_reply *reply)
{
	reply->header = (struct vfu_header){
		.id = header->id,
		.command = header->command,
		.size = sizeof(reply->header),
		.flags = VFU_REPLY | VFU_ERROR,
		.error = error,
	};
	return sizeof(reply->header);
}

size_t
vfu_ask(uint64_t addr, bool write, uint8_t message[sizeof(struct vfu_header) + 24])
{
	struct vfu_dma_access access = { .addr = addr, .count = 1 };
	struct vfu_header header = {
		.command = write ? VFU_DMA_WRITE : VFU_DMA_READ,
		.size = sizeof(header) + sizeof(access) + write,
		.flags = VFU_COMMAND,
	};

	memset(message, 0, sizeof(header) + 24);
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &access, sizeof(access));
	return header.size;
}

size_t
vfu_execute(struct function *f, struct vfu_message *m, struct vfu_reply *reply)
{
	const struct vfu_header *header = &m->header;
	uint32_t len = header->size - sizeof(*header), reply_len = 0;
	int error;

	f->messages++;
	if ((header->flags & VFU_TYPE) == VFU_REPLY && f->asked && m->nb_fds == 0 &&
	    (header->command == VFU_DMA_READ || header->command == VFU_DMA_WRITE)) {
		f->asked = false; /* the answer does not matter: the question had the effect */
		return 0;
	}
	if ((header->flags & VFU_TYPE) != VFU_COMMAND)
		error = EINVAL;
	else if (header->command >= sizeof(commands) / sizeof(commands[0]) ||
		 commands[header->command].handle == NULL)
		error = ENOTSUP;
	else if (len < commands[header->command].min || len > commands[header->command].max ||
		 m->nb_fds > commands[header->command].max_fds ||
		 (!f->version_done && header->command != VFU_VERSION))
		error = EINVAL;
	else
		error = commands[header->command].handle(f, m, len, reply->data, &reply_len);
	for (unsigned int i = 0; i < m->nb_fds; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	m->nb_fds = 0;
	f->errors += error != 0;
	if (header->flags & VFU_NO_REPLY)
		return 0;
	if (error != 0)
		return vfu_error(header, error, reply);
	reply->header = (struct vfu_header){
		.id = header->id,
		.command = header->command,
		.size = sizeof(*header) + reply_len,
		.flags = VFU_REPLY,
	};
	return reply->header.size;
}
