// SPDX-License-Identifier: Apache-2.0

//! How long something takes.

use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

pub const MEASURE_TIME: Duration = Duration::from_millis(120);

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Awaits `step`, which does `count` operations, again and again, and gives the
/// ns for each.
pub async fn nanoseconds_each<F: Future>(count: usize, mut step: impl FnMut() -> F) -> f64 {
    step().await;
    let mut operations = 0;
    let start = Instant::now();
    while start.elapsed() < MEASURE_TIME {
        step().await;
        operations += count;
    }
    start.elapsed().as_nanos() as f64 / operations as f64
}

/// Hides from the compiler that `value` is not used. (The one of the standard
/// library is younger than Debian's compiler.)
pub fn black_box<T>(value: T) -> T {
    unsafe { std::arch::asm!("/* {} */", in(reg) &value, options(nostack)) };
    value
}
