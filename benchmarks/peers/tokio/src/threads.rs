// SPDX-License-Identifier: Apache-2.0

//! From thread to thread; see benchmarks/beside/thread*_benchmark.cc.

use crate::measure::{black_box, nanoseconds_each, runtime, MEASURE_TIME};
use std::thread;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

const CALLS: usize = 1000;
const CAPACITY: usize = 64;

pub fn run_in_thread() -> f64 {
    let step = || async {
        for _ in 0..CALLS {
            black_box(spawn_blocking(|| 1).await.unwrap());
        }
    };
    runtime().block_on(nanoseconds_each(CALLS, step))
}

// A thread sends, a task receives.
pub fn channel() -> f64 {
    let (sender, mut receiver) = mpsc::channel(CAPACITY);
    let thread = thread::spawn(move || while sender.blocking_send(1).is_ok() {});
    let result = runtime().block_on(async {
        let mut values = 0;
        let start = Instant::now();
        while start.elapsed() < MEASURE_TIME {
            for _ in 0..CALLS {
                black_box(receiver.recv().await);
            }
            values += CALLS;
        }
        start.elapsed().as_nanos() as f64 / values as f64
    });
    drop(receiver);
    thread.join().unwrap();
    result
}
