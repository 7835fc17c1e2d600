/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * The client's memory: ranges of DMA addresses, each a piece of a file, as the client's (virtual)
 * IOMMU maps them.  The device can access no other memory.
 *
 * A file is mapped once, as a whole, whatever the number of its ranges: with a virtual IOMMU each
 * page that a driver maps is a range.  Memory that is contiguous for the device need not be so in
 * the file: if a buffer is in several ranges, they are mapped once more, side by side (a mirror).
 *
 * The client owns the file, and may truncate it at any time.  An access to the missing part raises
 * SIGBUS; its handler replaces the mapping by zeroes, and the client is disconnected.
 */

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfio_user.h"

#define DMA_JOIN       64u    /* ranges by which a window is extended, in each direction */
#define DMA_MIRRORS    4096u  /* more than one poll can make: see dma_settle() */
#define DMA_MIRRORS_KEPT 512u
#define MAX_MAPPINGS   (MAX_FUNCTIONS * (DMA_FILES + DMA_MIRRORS))

/* Memory of this process that maps a file. */
struct mapping {
	uint8_t *base;         /* NULL: free */
	size_t size;
	volatile sig_atomic_t *broken;
};

struct dma_range {
	uint64_t addr, len;
	struct dma_file *file; /* NULL: not given, but mapped */
	uint64_t offset;
	bool write;
};

struct dma_mirror {
	uint64_t addr, len;
	bool write;
	struct mapping *mapping;
};

static struct mapping mappings[MAX_MAPPINGS];
static size_t nb_mappings; /* the highest number in use so far */

/* Mappings */

static void
on_sigbus(int signal, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	(void)context;
	for (size_t i = 0; i < nb_mappings; i++) {
		struct mapping *m = &mappings[i];

		if (m->base == NULL || at < m->base || at >= m->base + m->size)
			continue;
		if (mmap(m->base, m->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
			 -1, 0) == MAP_FAILED)
			break;
		*m->broken = 1;
		return;
	}
	/* Not our memory: restore the default action, and let the access fail again. */
	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

int
dma_catch_sigbus(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	sigfillset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? errno : 0;
}

static struct mapping *
mapping_add(void *base, size_t size, volatile sig_atomic_t *broken)
{
	size_t i;

	for (i = 0; i < MAX_MAPPINGS && mappings[i].base != NULL; i++)
		;
	if (i == MAX_MAPPINGS)
		return NULL;
	mappings[i] = (struct mapping){ base, size, broken };
	if (i == nb_mappings)
		nb_mappings++;
	return &mappings[i];
}

static void
mapping_drop(struct mapping *m)
{
	munmap(m->base, m->size);
	m->base = NULL;
}

/* Files */

void
dma_init(struct function *f)
{
	for (unsigned int i = 0; i < DMA_FILES; i++)
		f->dma.files[i].fd = -1;
}

static void
file_drop(struct dma_file *file)
{
	mapping_drop(file->mapping);
	close(file->fd);
	file->fd = -1;
}

/* Its ranges may be mapped again, so it is unmapped only when its entry is needed. */
static struct dma_file *
file_place(struct dma *dma)
{
	struct dma_file *unused = NULL;

	for (unsigned int i = 0; i < DMA_FILES; i++) {
		if (dma->files[i].fd < 0)
			return &dma->files[i];
		if (dma->files[i].ranges == 0)
			unused = &dma->files[i];
	}
	if (unused != NULL) {
		file_drop(unused);
		atomic_fetch_add(&dma->epoch, 1);
	}
	return unused;
}

static struct dma_file *
file_find(struct dma *dma, const struct stat *st)
{
	for (unsigned int i = 0; i < DMA_FILES; i++)
		if (dma->files[i].fd >= 0 && dma->files[i].dev == st->st_dev &&
		    dma->files[i].ino == st->st_ino)
			return &dma->files[i];
	return NULL;
}

static int
file_open(struct dma *dma, struct dma_file *file, int fd, size_t size, bool write)
{
	struct mapping *mapping = NULL;
	void *base;

	base = mmap(NULL, size, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return errno;
	mapping = mapping_add(base, size, &dma->broken);
	if (mapping == NULL) {
		munmap(base, size);
		return ENOMEM;
	}
	if (file->fd >= 0) {
		file_drop(file);
		atomic_fetch_add(&dma->epoch, 1);
	}
	file->fd = fd;
	file->mapping = mapping;
	file->writable = write;
	return 0;
}

/* The file of a descriptor, mapped at least up to end. The descriptor is taken over. */
static int
file_get(struct dma *dma, int fd, uint64_t end, bool write, struct dma_file **found)
{
	struct dma_file *file;
	bool wanted = write;
	struct stat st;
	int ret = 0;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || end > (uint64_t)st.st_size) {
		close(fd);
		return EINVAL;
	}
	file = file_find(dma, &st);
	if (file != NULL && end <= file->mapping->size && (file->writable || !write)) {
		close(fd);
		*found = file;
		return 0;
	}
	if (file == NULL) {
		file = file_place(dma);
		ret = file == NULL ? ENOSPC : 0;
		write = true; /* if possible: other ranges of it will be written */
	} else {
		write |= file->writable;
	}
	if (ret == 0) {
		ret = file_open(dma, file, fd, st.st_size, write);
		if (ret == EACCES && !wanted && file->fd < 0)
			ret = file_open(dma, file, fd, st.st_size, false);
	}
	if (ret != 0) {
		close(fd);
		return ret;
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	*found = file;
	return 0;
}

/* Mirrors */

static void
mirrors_cut(struct dma *dma, uint64_t addr, uint64_t last)
{
	uint32_t nb = 0;

	for (uint32_t i = 0; i < dma->nb_mirrors; i++) {
		struct dma_mirror *m = &dma->mirrors[i];

		if (m->addr <= last && m->addr + (m->len - 1) >= addr)
			mapping_drop(m->mapping);
		else
			dma->mirrors[nb++] = *m;
	}
	dma->nb_mirrors = nb;
}

void
dma_settle(struct function *f)
{
	if (f->dma.nb_mirrors <= DMA_MIRRORS_KEPT)
		return;
	mirrors_cut(&f->dma, 0, UINT64_MAX);
	atomic_fetch_add(&f->dma.epoch, 1);
}

bool
dma_broken(const struct function *f)
{
	return f->dma.broken;
}

/* Ranges */

/* The number of ranges that start at or below addr. */
static uint32_t
ranges_up_to(const struct dma *dma, uint64_t addr)
{
	uint32_t low = 0, high = dma->nb;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (dma->ranges[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
ranges_insert(struct dma *dma, uint32_t i, const struct dma_range *range)
{
	struct dma_range *bigger;

	if (dma->nb == DMA_MAX_RANGES)
		return ENOSPC;
	if (dma->nb == dma->room) {
		bigger = realloc(dma->ranges, (2 * dma->room + 64) * sizeof(*bigger));
		if (bigger == NULL)
			return ENOMEM;
		dma->ranges = bigger;
		dma->room = 2 * dma->room + 64;
	}
	memmove(&dma->ranges[i + 1], &dma->ranges[i], (dma->nb - i) * sizeof(dma->ranges[0]));
	dma->ranges[i] = *range;
	dma->nb++;
	if (range->file != NULL)
		range->file->ranges++;
	return 0;
}

static void
ranges_remove(struct dma *dma, uint32_t i, uint32_t n)
{
	if (n == 0)
		return;
	for (uint32_t j = i; j < i + n; j++)
		if (dma->ranges[j].file != NULL)
			dma->ranges[j].file->ranges--;
	memmove(&dma->ranges[i], &dma->ranges[i + n],
		(dma->nb - i - n) * sizeof(dma->ranges[0]));
	dma->nb -= n;
}

int
dma_map(struct function *f, const struct vfu_dma_map *map, int fd)
{
	struct dma *dma = &f->dma;
	struct dma_range range = {
		.addr = map->addr, .len = map->size, .offset = map->offset,
		.write = map->flags & VFIO_DMA_MAP_FLAG_WRITE,
	};
	uint64_t last = map->addr + (map->size - 1);
	uint32_t i = ranges_up_to(dma, last);
	int ret = 0;

	if ((map->flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)) != 0 ||
	    !(map->flags & VFIO_DMA_MAP_FLAG_READ) || map->size == 0 || last < map->addr ||
	    last == UINT64_MAX ||
	    (map->addr | map->size | map->offset) % DMA_PAGE != 0 ||
	    map->offset + map->size < map->offset)
		ret = EINVAL;
	else if (i > 0 && dma->ranges[i - 1].addr + (dma->ranges[i - 1].len - 1) >= map->addr)
		ret = EEXIST;
	if (ret != 0) {
		if (fd >= 0)
			close(fd);
		return ret;
	}
	if (fd >= 0)
		ret = file_get(dma, fd, map->offset + map->size, range.write, &range.file);
	if (ret == 0)
		ret = ranges_insert(dma, i, &range);
	/* This changes no window: windows that are kept stay valid. */
	return ret;
}

int
dma_unmap(struct function *f, uint64_t addr, uint64_t size)
{
	struct dma *dma = &f->dma;
	uint64_t last = size - 1 <= UINT64_MAX - addr ? addr + (size - 1) : UINT64_MAX;
	struct dma_range *r, rest;
	uint32_t i, end;
	int ret;

	if (size == 0 || (addr | size) % DMA_PAGE != 0)
		return EINVAL;
	i = ranges_up_to(dma, addr);
	if (i > 0) {
		r = &dma->ranges[i - 1];
		if (r->addr == addr) {
			i--;
		} else if (r->addr + (r->len - 1) >= addr) {
			/* Its front part stays, and its back part if it has one. */
			rest = *r;
			if (r->addr + (r->len - 1) > last) {
				rest.offset += last + 1 - r->addr;
				rest.len -= last + 1 - r->addr;
				rest.addr = last + 1;
				ret = ranges_insert(dma, i, &rest);
				if (ret != 0)
					return ret;
				r = &dma->ranges[i - 1];
			}
			r->len = addr - r->addr;
		}
	}
	end = ranges_up_to(dma, last);
	if (end > i) {
		r = &dma->ranges[end - 1];
		if (r->addr + (r->len - 1) > last) {
			r->offset += last + 1 - r->addr;
			r->len -= last + 1 - r->addr;
			r->addr = last + 1;
			end--;
		}
		ranges_remove(dma, i, end - i);
	}
	mirrors_cut(dma, addr, last);
	atomic_fetch_add(&dma->epoch, 1);
	return 0;
}

void
dma_unmap_all(struct function *f)
{
	struct dma *dma = &f->dma;

	mirrors_cut(dma, 0, UINT64_MAX);
	ranges_remove(dma, 0, dma->nb);
	for (unsigned int i = 0; i < DMA_FILES; i++)
		if (dma->files[i].fd >= 0)
			file_drop(&dma->files[i]);
	free(dma->ranges);
	free(dma->mirrors);
	dma->ranges = NULL;
	dma->mirrors = NULL;
	dma->room = 0;
	dma->broken = 0;
	dma->refused = false;
	atomic_fetch_add(&dma->epoch, 1);
}

/* Windows */

static bool
range_follows(const struct dma_range *a, const struct dma_range *b)
{
	return b->addr == a->addr + a->len && b->file == a->file && a->file != NULL &&
	       b->offset == a->offset + a->len && b->write == a->write;
}

/* Report a refused access to the client, if its IOMMU would refuse it: not one to memory that only
 * this program cannot access. If the memory is missing, a read is reported, which does no harm if
 * it exists by now. */
static void
note_refusal(struct dma *dma, uint64_t addr, const struct dma_range *r)
{
	dma->refused = r == NULL || r->file != NULL;
	dma->refused_addr = addr;
	dma->refused_write = r != NULL;
}

/* Map the pages of addr to addr + len - 1, in the ranges first to last, side by side. */
static bool
mirror_make(struct dma *dma, uint32_t first, uint32_t last, uint64_t addr, uint32_t len, bool write,
	    struct dma_mirror *mirror)
{
	uint64_t start = addr & ~(uint64_t)(DMA_PAGE - 1);
	uint64_t size = ((addr + (len - 1)) | (DMA_PAGE - 1)) + 1 - start;
	struct mapping *mapping;
	uint8_t *base;

	if (dma->mirrors == NULL)
		dma->mirrors = malloc(DMA_MIRRORS * sizeof(*dma->mirrors));
	if (dma->mirrors == NULL || dma->nb_mirrors == DMA_MIRRORS)
		return false;
	base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return false;
	for (uint32_t i = first; i <= last; i++) {
		const struct dma_range *r = &dma->ranges[i];
		uint64_t from = r->addr > start ? r->addr : start;
		uint64_t to = r->addr + r->len - start < size ? r->addr + r->len : start + size;

		if (mmap(base + (from - start), to - from, PROT_READ | (write ? PROT_WRITE : 0),
			 MAP_SHARED | MAP_FIXED, r->file->fd, r->offset + (from - r->addr)) ==
		    MAP_FAILED) {
			munmap(base, size);
			return false;
		}
	}
	mapping = mapping_add(base, size, &dma->broken);
	if (mapping == NULL) {
		munmap(base, size);
		return false;
	}
	*mirror = (struct dma_mirror){ start, size, write, mapping };
	dma->mirrors[dma->nb_mirrors++] = *mirror;
	return true;
}

/* Memory that begins in range i continues in other ranges. */
static bool
mirror_window(struct dma *dma, uint32_t i, uint64_t addr, uint32_t len, bool write,
	      struct nic_window *window)
{
	struct dma_mirror mirror;
	uint32_t last = i;
	uint64_t end;

	if (addr + (len - 1) < addr)
		return false;
	for (uint32_t j = 0; j < dma->nb_mirrors; j++) {
		mirror = dma->mirrors[j];
		if (addr - mirror.addr < mirror.len && len <= mirror.len - (addr - mirror.addr) &&
		    mirror.write >= write)
			goto found;
	}
	for (end = dma->ranges[i].addr + dma->ranges[i].len; end <= addr + (len - 1);
	     end += dma->ranges[last].len) {
		const struct dma_range *r = &dma->ranges[++last];

		if (last == dma->nb || r->addr != end) {
			note_refusal(dma, end, NULL);
			return false;
		}
		if (r->file == NULL || (write && !r->write)) {
			note_refusal(dma, end, r);
			return false;
		}
	}
	if (!mirror_make(dma, i, last, addr, len, write, &mirror))
		return false;
found:
	*window = (struct nic_window){ mirror.addr, mirror.len, mirror.mapping->base };
	return true;
}

bool
dma_refused(struct function *f, uint64_t *addr, bool *write)
{
	struct dma *dma = &f->dma;
	bool refused = dma->refused;

	dma->refused = false;
	*addr = dma->refused_addr;
	*write = dma->refused_write;
	return refused;
}

bool
dma_window(void *function, uint64_t addr, uint32_t len, bool write, struct nic_window *window)
{
	struct dma *dma = &((struct function *)function)->dma;
	uint32_t i = ranges_up_to(dma, addr), first, last;
	const struct dma_range *r = i > 0 ? &dma->ranges[--i] : NULL;

	if (r == NULL || addr - r->addr >= r->len) {
		note_refusal(dma, addr, NULL);
		return false;
	}
	if (r->file == NULL || (write && !r->write)) {
		note_refusal(dma, addr, r);
		return false;
	}
	for (first = i; first > 0 && i - first < DMA_JOIN &&
	     range_follows(&dma->ranges[first - 1], &dma->ranges[first]); first--)
		;
	for (last = i; last + 1 < dma->nb && last - i < DMA_JOIN &&
	     range_follows(&dma->ranges[last], &dma->ranges[last + 1]); last++)
		;
	r = &dma->ranges[first];
	window->addr = r->addr;
	window->len = dma->ranges[last].addr + (dma->ranges[last].len - 1) - r->addr + 1;
	window->mem = r->file->mapping->base + r->offset;
	if (len <= window->len - (addr - window->addr))
		return true;
	return mirror_window(dma, i, addr, len, write, window);
}
