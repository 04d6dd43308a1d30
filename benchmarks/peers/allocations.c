// SPDX-License-Identifier: Apache-2.0
//
// Counts what goes to and comes from glibc's allocator. Not exact when several
// threads allocate, which none of the works that are counted does.
#define _GNU_SOURCE
#include "allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* memory, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* memory);

static long allocations;
static long bytes_in_use;

long Allocations(void) { return allocations; }
long BytesInUse(void) { return bytes_in_use; }

static void* Gained(void* memory) {
  if (memory != NULL) {
    ++allocations;
    bytes_in_use += (long)malloc_usable_size(memory);
  }
  return memory;
}

void* malloc(size_t size) { return Gained(__libc_malloc(size)); }

void* calloc(size_t count, size_t size) {
  return Gained(__libc_calloc(count, size));
}

void* realloc(void* memory, size_t size) {
  long before = (long)malloc_usable_size(memory);
  void* moved = __libc_realloc(memory, size);
  if (moved == NULL && size != 0) return NULL;
  bytes_in_use -= before;
  return Gained(moved);
}

void* aligned_alloc(size_t alignment, size_t size) {
  return Gained(__libc_memalign(alignment, size));
}

void* memalign(size_t alignment, size_t size) {
  return Gained(__libc_memalign(alignment, size));
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = Gained(__libc_memalign(alignment, size));
  return *memory == NULL ? ENOMEM : 0;
}

void free(void* memory) {
  if (memory == NULL) return;
  bytes_in_use -= (long)malloc_usable_size(memory);
  __libc_free(memory);
}
