/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * A client gone wild, for libFuzzer: what it sends goes over a socket to the server's own loop.
 * The input is a sequence of steps, each a byte that says what it is, and its arguments.
 * AddressSanitizer tells of memory that is touched though the client did not give it, as far as
 * it is this program's; that replies are replies is checked here.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "fuzz.h"
/* for what is static there */
#include "../../app/sim82599/vfio-user/server.c"

#define FILE_PAGES 32u
#define PAGE       4096u
#define IOVA       0x100000u

/* Descriptors that the client sends */
enum { FD_MEMORY, FD_OTHER_MEMORY, FD_READ_ONLY, FD_EVENT, FD_PIPE, FD_NULL, FD_COUNT };

static struct function f;
static int client_fds[FD_COUNT];
static uint8_t *memory;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int ends[2];

	(void)argc, (void)argv;
	function_init(&f);
	f.args.device.wire = "loop";
	f.args.socket = "none";
	memcpy(f.args.device.mac, (uint8_t[6]){ 0x02, 0x82, 0x59, 0, 0, 0 }, 6);
	client_fds[FD_MEMORY] = memfd_create("memory", MFD_CLOEXEC);
	client_fds[FD_OTHER_MEMORY] = memfd_create("other", MFD_CLOEXEC);
	client_fds[FD_EVENT] = eventfd(0, EFD_NONBLOCK);
	client_fds[FD_NULL] = open("/dev/null", O_RDWR);
	if (dma_catch_sigbus() != 0 || !function_create(&f, NULL) || pipe(ends) < 0 ||
	    ftruncate(client_fds[FD_MEMORY], FILE_PAGES * PAGE) < 0 ||
	    ftruncate(client_fds[FD_OTHER_MEMORY], 2 * PAGE) < 0)
		abort();
	client_fds[FD_PIPE] = ends[1];
	client_fds[FD_READ_ONLY] = open("/proc/self/exe", O_RDONLY);
	memory = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      client_fds[FD_MEMORY], 0);
	return 0;
}

/* What has come must be whole replies, and questions about memory. */
static void
read_replies(int fd)
{
	static uint8_t replies[1 << 20];
	struct vfu_header header;
	ssize_t n, at;

	while ((n = recv(fd, replies, sizeof(replies), MSG_DONTWAIT)) > 0) {
		for (at = 0; at + (ssize_t)sizeof(header) <= n; at += header.size) {
			memcpy(&header, replies + at, sizeof(header));
			if (header.size < sizeof(header) ||
			    ((header.flags & VFU_TYPE) != VFU_REPLY &&
			     header.command != VFU_DMA_READ && header.command != VFU_DMA_WRITE) ||
			    ((header.flags & VFU_ERROR) && header.error == 0) ||
			    at + (ssize_t)header.size > n)
				abort();
		}
		if (at != n)
			abort();
	}
}

static void
client_send(int fd, const void *data, size_t size, struct input *in, unsigned int nb_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(20 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int fds[20];

	if (size == 0)
		return;
	if (nb_fds > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nb_fds * sizeof(int));
		for (unsigned int i = 0; i < nb_fds; i++)
			fds[i] = client_fds[input_number(in, 1) % FD_COUNT];
		memcpy(CMSG_DATA(c), fds, nb_fds * sizeof(int));
	}
	(void)!sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
send_message(int fd, uint16_t command, uint32_t flags, const void *payload, size_t size,
	     struct input *in, unsigned int nb_fds)
{
	uint8_t message[sizeof(struct vfu_header) + 512];
	struct vfu_header header = {
		.id = 1, .command = command, .size = sizeof(header) + size, .flags = flags,
	};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, size);
	client_send(fd, message, sizeof(header) + size, in, nb_fds);
}

static void
send_access(int fd, uint16_t command, uint32_t region, uint64_t offset, const void *data,
	    uint32_t size)
{
	uint8_t payload[sizeof(struct vfu_region_access) + 8];
	struct vfu_region_access access = { .offset = offset, .region = region, .count = size };

	memcpy(payload, &access, sizeof(access));
	if (command == VFU_REGION_WRITE)
		memcpy(payload + sizeof(access), data, size);
	send_message(fd, command, 0, payload,
		     sizeof(access) + (command == VFU_REGION_WRITE ? size : 0), NULL, 0);
}

static void
send_map(int fd, struct input *in)
{
	struct vfu_dma_map map = {
		.argsz = sizeof(map),
		.flags = input_number(in, 1) % 4,
		.offset = input_number(in, 1) % (FILE_PAGES + 1) * PAGE,
		.addr = IOVA + input_number(in, 1) % 64 * PAGE,
		.size = input_number(in, 1) % (FILE_PAGES + 1) * PAGE,
	};

	send_message(fd, VFU_DMA_MAP, 0, &map, sizeof(map), in, 1);
}

static void
send_unmap(int fd, struct input *in)
{
	struct vfu_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.addr = IOVA + input_number(in, 1) % 64 * PAGE,
		.size = input_number(in, 1) % 65 * PAGE,
	};

	send_message(fd, VFU_DMA_UNMAP, 0, &unmap, sizeof(unmap), NULL, 0);
}

/* A descriptor, whose address is one that may be mapped */
static void
write_descriptor(struct input *in)
{
	uint32_t at = input_number(in, 2) % (FILE_PAGES * PAGE / 16) * 16;
	uint64_t desc[2] = { IOVA + input_number(in, 3) % (64 * PAGE), input_number(in, 8) };

	(void)!pwrite(client_fds[FD_MEMORY], desc, sizeof(desc), at);
}

enum {
	STEP_BYTES, STEP_MESSAGE, STEP_REGISTER_WRITE, STEP_REGISTER_READ, STEP_CONFIG_WRITE,
	STEP_MAP, STEP_UNMAP, STEP_MEMORY, STEP_CUT, STEP_TIME, STEP_VERSION, STEP_QUEUE, STEP_COUNT
};

static void
step(int fd, struct input *in)
{
	uint8_t bytes[512];
	uint32_t size, offset, value;
	uint16_t command;

	switch (input_number(in, 1) % STEP_COUNT) {
	case STEP_BYTES:
		size = input_number(in, 1);
		input_bytes(in, bytes, size);
		client_send(fd, bytes, size, in, input_number(in, 1) % 20);
		break;
	case STEP_MESSAGE:
		command = input_number(in, 1);
		value = input_number(in, 1);
		size = input_number(in, 1);
		input_bytes(in, bytes, size);
		send_message(fd, command, value, bytes, size, in, input_number(in, 1) % 20);
		break;
	case STEP_REGISTER_WRITE:
		offset = input_number(in, 2) * 2;
		value = input_number(in, 4);
		send_access(fd, VFU_REGION_WRITE, VFIO_PCI_BAR0_REGION_INDEX, offset, &value, 4);
		break;
	case STEP_REGISTER_READ:
		offset = input_number(in, 2);
		size = input_number(in, 1);
		send_access(fd, VFU_REGION_READ, size >> 4, offset, NULL, size & 15);
		break;
	case STEP_CONFIG_WRITE:
		offset = input_number(in, 2) % CONFIG_SIZE;
		value = input_number(in, 4);
		send_access(fd, VFU_REGION_WRITE, VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, 4);
		break;
	case STEP_MAP:
		send_map(fd, in);
		break;
	case STEP_UNMAP:
		send_unmap(fd, in);
		break;
	case STEP_MEMORY:
		write_descriptor(in);
		break;
	case STEP_CUT:
		(void)!ftruncate(client_fds[FD_MEMORY], input_number(in, 1) % FILE_PAGES * PAGE);
		break;
	case STEP_TIME:
		fuzz_now += input_number(in, 2) * 1000;
		break;
	case STEP_VERSION:
		send_message(fd, VFU_VERSION, 0, "\0\0\1\0", 4, NULL, 0);
		break;
	case STEP_QUEUE: /* registers of queue 0, whose offsets are hard to guess */
		offset = (input_number(in, 1) % 2 ? 0x1000 : 0x6000) + input_number(in, 1) % 16 * 4;
		value = input_number(in, 4);
		send_access(fd, VFU_REGION_WRITE, VFIO_PCI_BAR0_REGION_INDEX, offset, &value, 4);
		break;
	}
}

/* An ordinary start: memory, bus master, link, both directions. */
static void
set_up(int fd)
{
	static const uint32_t writes[][2] = {
		{ 0x5080, 0x700 }, { 0x3000, 1 }, { 0x4a80, 1 },
		{ 0x1000, IOVA }, { 0x1008, 256 }, { 0x1014, 2 | 1 << 25 }, { 0x1028, 1 << 25 },
		{ 0x6000, IOVA + PAGE }, { 0x6008, 256 }, { 0x6028, 1 << 25 }, { 0x1018, 15 },
	};
	struct vfu_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .addr = IOVA, .size = FILE_PAGES * PAGE,
	};
	uint32_t command = 6;

	send_message(fd, VFU_VERSION, 0, "\0\0\1\0", 4, NULL, 0);
	send_access(fd, VFU_REGION_WRITE, VFIO_PCI_CONFIG_REGION_INDEX, 4, &command, 2);
	send_message(fd, VFU_DMA_MAP, 0, &map, sizeof(map),
		     &(struct input){ (const uint8_t[1]){ FD_MEMORY }, 1 }, 1);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		send_access(fd, VFU_REGION_WRITE, VFIO_PCI_BAR0_REGION_INDEX, writes[i][0],
			    &writes[i][1], 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct server s = { .functions = &f, .nb = 1 };
	int ends[2];

	if (size == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return 0;
	memset(memory, 0, FILE_PAGES * PAGE);
	f.client_fd = ends[0];
	fuzz_now += 30000000;
	nic_poll(f.nic);
	if (input_number(&in, 1) & 1)
		set_up(ends[1]);
	while (in.left > 0 && f.client_fd >= 0) {
		step(ends[1], &in);
		serve(&f);
		fuzz_now += 1000;
		move_packets(&s);
		read_replies(ends[1]);
	}
	close(ends[1]);
	if (f.client_fd >= 0) {
		serve(&f);
		if (f.client_fd >= 0)
			client_close(&f, NULL);
	}
	(void)!ftruncate(client_fds[FD_MEMORY], FILE_PAGES * PAGE);
	if (f.dma.nb != 0 || f.irqs.intx != -1)
		abort();
	return 0;
}
