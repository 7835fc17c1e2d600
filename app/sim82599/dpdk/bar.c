/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "bar.h"
#include "decode.h"

#define PAGE 4096u

static _Atomic(struct bar *) bars[BAR_MAX];
static pthread_mutex_t bars_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned int nb_bars;
static struct sigaction previous; /* valid while handler_installed */
static bool handler_installed;

static void
bar_set_direct(struct bar *bar, bool direct)
{
	static const uint32_t pages[] = NIC_DOORBELL_PAGES;
	int prot = direct ? PROT_READ | PROT_WRITE : PROT_NONE;

	/* Held for a few system calls only, by threads that no handler interrupts. */
	while (atomic_flag_test_and_set_explicit(&bar->lock, memory_order_acquire))
		__builtin_ia32_pause();
	if (atomic_load(&bar->direct) != direct) {
		/* The device must be watching for as long as a store may go unseen. */
		if (direct)
			nic_set_direct(bar->nic, true);
		for (unsigned int i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
			mprotect((char *)(uintptr_t)bar->driver + pages[i], PAGE, prot);
		if (!direct)
			nic_set_direct(bar->nic, false);
		atomic_store(&bar->direct, direct);
		atomic_fetch_add(&bar->flips, 1);
	}
	atomic_store(&bar->run, 0);
	atomic_flag_clear_explicit(&bar->lock, memory_order_release);
}

void
bar_trap_all(struct bar *bar)
{
	bar_set_direct(bar, false);
}

/*
 * INTERPRETATION (CONTRADICTION): 8.1.2 allows only aligned 32-bit accesses,
 * but 3.1 (partial memory requests) answers a partial read as a full one, side
 * effects included, and leaves open whether a partial write is done. Here it is
 * not, and anything else reads as all-ones. Every such access is counted. Only
 * aligned 64 bits, which Linux's ixgbe writes, are two registers, the lower first.
 */
static uint64_t
odd_read(struct bar *bar, uint32_t offset, unsigned int size)
{
	nic_bad_access(bar->nic, offset, size);
	if ((offset & 3) + size > 4)
		return ~0ull;
	return nic_read(bar->nic, offset & ~3u) >> 8 * (offset & 3);
}

static bool
bar_access(struct bar *bar, uint32_t offset, ucontext_t *context)
{
	greg_t *regs = context->uc_mcontext.gregs;
	const void *ip = (const void *)regs[REG_RIP];
	struct insn insn;
	uint64_t value = 0;
	bool proper, pair, doorbell;

	/* Code in the BAR: fetching it is the fault. */
	if ((uintptr_t)ip - (uintptr_t)bar->driver < NIC_BAR_SIZE)
		return false;
	if (!insn_lookup(ip, &insn)) {
		char text[192];

		insn_print(ip, text, sizeof(text));
		fprintf(stderr, "%s: cannot emulate instruction %s at %p accessing register 0x%05x\n",
			bar->name, text, ip, offset);
		return false;
	}
	proper = insn.size == 4 && offset % 4 == 0;
	pair = insn.size == 8 && offset % 8 == 0;
	doorbell = proper && !insn.reads && nic_is_doorbell(offset);

	atomic_fetch_add_explicit(&bar->traps, 1, memory_order_relaxed);
	if (!doorbell) {
		if (atomic_load(&bar->direct))
			bar_set_direct(bar, false);
		atomic_store(&bar->run, 0);
		if (bar->before != NULL)
			bar->before(bar);
	}
	if (insn.reads)
		value = proper || pair ? nic_read(bar->nic, offset) :
					 odd_read(bar, offset, insn.size);
	if (insn.reads && pair)
		value |= (uint64_t)nic_read(bar->nic, offset + 4) << 32;
	value = insn_execute(&insn, value, regs);
	if (insn.writes && (proper || pair))
		nic_write(bar->nic, offset, value);
	else if (insn.writes)
		nic_bad_access(bar->nic, offset, insn.size);
	if (insn.writes && pair)
		nic_write(bar->nic, offset + 4, value >> 32);
	regs[REG_RIP] += insn.length;

	if (doorbell && bar->adaptive &&
	    atomic_fetch_add(&bar->run, 1) + 1 == BAR_DOORBELL_RUN)
		bar_set_direct(bar, true);
	return true;
}

static void
on_segv(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	bool done = false;

	/* Positive: a real fault, not somebody's kill(). */
	for (unsigned int i = 0; i < BAR_MAX && info->si_code > 0 && !done; i++) {
		struct bar *bar = atomic_load(&bars[i]);
		uintptr_t offset;

		if (bar == NULL)
			continue;
		offset = (uintptr_t)info->si_addr - (uintptr_t)bar->driver;
		if (offset >= NIC_BAR_SIZE)
			continue;
		done = bar_access(bar, offset, context);
		break;
	}
	errno = saved_errno;
	if (done)
		return;

	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(sig, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(sig);
	} else {
		/* Fault again, or be killed again, the way it is without us. */
		sigaction(sig, &previous, NULL);
		if (info->si_code <= 0)
			raise(sig);
	}
}

/* The first BAR brings the handler; it stays while there is one. */
static int
handler_install(void)
{
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	/* A signal handler may access registers, too (testpmd's SIGINT does):
	 * let none run while this one holds the device's lock. */
	sigfillset(&action.sa_mask);
	if (!handler_installed && sigaction(SIGSEGV, &action, &previous) < 0)
		return -errno;
	handler_installed = true;
	return 0;
}

static void
handler_remove(void)
{
	struct sigaction current;

	/* Unless somebody has put another on top, who may call this one. */
	if (sigaction(SIGSEGV, NULL, &current) == 0 && (current.sa_flags & SA_SIGINFO) &&
	    current.sa_sigaction == on_segv)
		handler_installed = sigaction(SIGSEGV, &previous, NULL) < 0;
}

int
bar_map(struct bar *bar, const char *name)
{
	int fd, error;

	memset(bar, 0, sizeof(*bar));
	bar->name = name;
	fd = memfd_create("sim82599-bar0", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, NIC_BAR_SIZE) < 0)
		goto fail;
	bar->device = mmap(NULL, NIC_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar->device == MAP_FAILED)
		goto fail;
	bar->driver = mmap(NULL, NIC_BAR_SIZE, PROT_NONE, MAP_SHARED, fd, 0);
	if (bar->driver == MAP_FAILED) {
		error = errno;
		munmap((void *)(uintptr_t)bar->device, NIC_BAR_SIZE);
		errno = error;
		goto fail;
	}
	close(fd);
	return 0;
fail:
	error = errno;
	close(fd);
	bar->device = bar->driver = NULL;
	return -error;
}

void
bar_unmap(struct bar *bar)
{
	if (bar->driver == NULL)
		return;
	munmap((void *)(uintptr_t)bar->driver, NIC_BAR_SIZE);
	munmap((void *)(uintptr_t)bar->device, NIC_BAR_SIZE);
	bar->driver = bar->device = NULL;
}

int
bar_attach(struct bar *bar, struct nic *nic, bool adaptive)
{
	int ret = -ENOSPC;

	bar->nic = nic;
	bar->adaptive = adaptive;
	pthread_mutex_lock(&bars_mutex);
	for (unsigned int i = 0; i < BAR_MAX; i++) {
		if (atomic_load(&bars[i]) != NULL)
			continue;
		ret = nb_bars == 0 ? handler_install() : 0;
		if (ret == 0) {
			atomic_store(&bars[i], bar);
			nb_bars++;
		}
		break;
	}
	pthread_mutex_unlock(&bars_mutex);
	return ret;
}

void
bar_detach(struct bar *bar)
{
	pthread_mutex_lock(&bars_mutex);
	for (unsigned int i = 0; i < BAR_MAX; i++) {
		if (atomic_load(&bars[i]) != bar)
			continue;
		atomic_store(&bars[i], NULL);
		if (--nb_bars == 0)
			handler_remove();
		break;
	}
	pthread_mutex_unlock(&bars_mutex);
}
