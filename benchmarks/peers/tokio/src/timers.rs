// SPDX-License-Identifier: Apache-2.0

//! Timeouts, timers, and tasks that wait until they are cancelled.

use crate::allocations::{allocations, bytes_in_use};
use crate::measure::{black_box, nanoseconds_each, runtime, MEASURE_TIME};
use std::future::{pending, ready, Future};
use std::time::{Duration, Instant};
use tokio::task::{yield_now, JoinHandle};
use tokio::time::{sleep, timeout};

const BLOCKED: usize = 100_000;
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

async fn timeouts<F: Future>(timers: usize, body: impl Fn() -> F) -> f64 {
    for i in 0..timers {
        tokio::spawn(sleep(HOUR + Duration::from_millis(i as u64)));
    }
    yield_now().await;
    let step = || async {
        for _ in 0..1000 {
            let _ = black_box(timeout(MINUTE, body()).await);
        }
    };
    nanoseconds_each(1000, step).await
}

pub fn timeout_ready_0() -> f64 {
    runtime().block_on(timeouts(0, || ready(1)))
}

pub fn timeout_ready_100000() -> f64 {
    runtime().block_on(timeouts(100_000, || ready(1)))
}

pub fn timeout_yield_1000() -> f64 {
    runtime().block_on(timeouts(1000, yield_now))
}

fn random() -> u64 {
    use std::cell::Cell;
    thread_local!(static STATE: Cell<u64> = Cell::new(1));
    STATE.with(|state| {
        state.set(state.get() * 48271 % 2147483647);
        state.get()
    })
}

// Tasks that have all begun to wait.
async fn create<F>(count: usize, wait: impl Fn() -> F) -> Vec<JoinHandle<()>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let tasks = (0..count).map(|_| tokio::spawn(wait())).collect();
    // The runtime runs 61 tasks, or so, between looks at I/O; one that yields
    // comes behind all that were runnable.
    yield_now().await;
    tokio::spawn(async {}).await.unwrap();
    tasks
}

async fn cancel(tasks: Vec<JoinHandle<()>>) {
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        let _ = task.await;
    }
}

async fn halves<F>(count: usize, first: bool, wait: impl Fn() -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    cancel(create(count, &wait).await).await;
    let mut counted = Duration::ZERO;
    let mut rounds = 0;
    let begin = Instant::now();
    while begin.elapsed() < 2 * MEASURE_TIME {
        let start = Instant::now();
        let tasks = create(count, &wait).await;
        let middle = Instant::now();
        cancel(tasks).await;
        counted += if first { middle - start } else { middle.elapsed() };
        rounds += 1;
    }
    counted.as_nanos() as f64 / rounds as f64 / count as f64
}

fn random_sleep() -> impl Future<Output = ()> {
    sleep(HOUR + Duration::from_micros(random()))
}

pub fn timer_arm() -> f64 {
    runtime().block_on(halves(BLOCKED, true, random_sleep))
}

pub fn timer_cancel() -> f64 {
    runtime().block_on(halves(BLOCKED, false, random_sleep))
}

pub fn blocked_create() -> f64 {
    runtime().block_on(halves(BLOCKED, true, pending))
}

pub fn blocked_cancel() -> f64 {
    runtime().block_on(halves(BLOCKED, false, pending))
}

fn blocked_figure(figure: fn() -> usize) -> f64 {
    runtime().block_on(async {
        let before = figure();
        let tasks = create(BLOCKED, pending).await;
        let after = figure();
        drop(tasks);
        (after - before) as f64 / BLOCKED as f64
    })
}

pub fn blocked_bytes() -> f64 {
    blocked_figure(bytes_in_use)
}

pub fn blocked_allocations() -> f64 {
    blocked_figure(allocations)
}
