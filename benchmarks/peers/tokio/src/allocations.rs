// SPDX-License-Identifier: Apache-2.0

//! What the program has from the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES_IN_USE: AtomicUsize = AtomicUsize::new(0);

// A load and a store, which is as much as one thread needs.
fn add(figure: &AtomicUsize, value: usize) {
    figure.store(figure.load(Relaxed).wrapping_add(value), Relaxed);
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&ALLOCATIONS, 1);
        add(&BYTES_IN_USE, layout.size());
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        add(&BYTES_IN_USE, layout.size().wrapping_neg());
        System.dealloc(memory, layout)
    }
}

/// Since the start: how often memory was asked for.
pub fn allocations() -> usize {
    ALLOCATIONS.load(Relaxed)
}

/// As asked for, without what the allocator adds.
pub fn bytes_in_use() -> usize {
    BYTES_IN_USE.load(Relaxed)
}
