// SPDX-License-Identifier: Apache-2.0

//! Calls, tasks, and switches between them.

use crate::allocations::allocations;
use crate::measure::{black_box, nanoseconds_each, runtime};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use tokio::sync::{mpsc, Notify};
use tokio::task::{yield_now, JoinHandle};

const ALIVE: usize = 1000;
const STEPS: usize = 10_000;

async fn ready(value: usize) -> usize {
    black_box(value)
}

// A call that does not recurse is compiled into its caller.
pub fn await_ready() -> f64 {
    let step = || async {
        for i in 0..STEPS {
            black_box(ready(i).await);
        }
    };
    runtime().block_on(nanoseconds_each(STEPS, step))
}

// One that does must be boxed.
fn recurse(depth: usize) -> Pin<Box<dyn Future<Output = usize>>> {
    Box::pin(async move {
        if depth == 0 {
            0
        } else {
            1 + recurse(depth - 1).await
        }
    })
}

pub fn await_depth_1000() -> f64 {
    let step = || async { black_box(recurse(ALIVE).await) };
    runtime().block_on(nanoseconds_each(ALIVE, step))
}

async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}

async fn spawn_and_join() {
    join((0..ALIVE).map(|_| tokio::spawn(async {})).collect()).await
}

pub fn spawn_trivial() -> f64 {
    runtime().block_on(nanoseconds_each(ALIVE, spawn_and_join))
}

pub fn spawn_suspend() -> f64 {
    async fn yield_once(argument: usize) {
        yield_now().await;
        black_box(argument);
    }
    let step = || join((0..ALIVE).map(|i| tokio::spawn(yield_once(i))).collect());
    runtime().block_on(nanoseconds_each(ALIVE, step))
}

fn yields(tasks: usize, each: usize) -> f64 {
    async fn yield_often(times: usize) {
        for _ in 0..times {
            yield_now().await;
        }
    }
    let step = move || join((0..tasks).map(|_| tokio::spawn(yield_often(each))).collect());
    runtime().block_on(nanoseconds_each(tasks * each, step))
}

pub fn yield_one_task() -> f64 {
    yields(1, STEPS)
}

pub fn yield_1000_tasks() -> f64 {
    yields(ALIVE, 100)
}

pub fn switch_channel() -> f64 {
    let step = || async {
        let (there, mut there_out) = mpsc::channel(1);
        let (back, mut back_out) = mpsc::channel(1);
        let echo = tokio::spawn(async move {
            while let Some(value) = there_out.recv().await {
                back.send(value).await.unwrap();
            }
        });
        let ping = tokio::spawn(async move {
            for i in 0..STEPS / 2 {
                there.send(i).await.unwrap();
                black_box(back_out.recv().await);
            }
        });
        join(vec![ping, echo]).await
    };
    runtime().block_on(nanoseconds_each(STEPS, step))
}

pub fn switch_event() -> f64 {
    let step = || async {
        let there = Arc::new(Notify::new());
        let back = Arc::new(Notify::new());
        let (there_too, back_too) = (there.clone(), back.clone());
        let echo = tokio::spawn(async move {
            for _ in 0..STEPS / 2 {
                there_too.notified().await;
                back_too.notify_one();
            }
        });
        let ping = tokio::spawn(async move {
            for _ in 0..STEPS / 2 {
                there.notify_one();
                back.notified().await;
            }
        });
        join(vec![ping, echo]).await
    };
    runtime().block_on(nanoseconds_each(STEPS, step))
}

pub fn child_allocations() -> f64 {
    runtime().block_on(async {
        spawn_and_join().await;
        let before = allocations();
        spawn_and_join().await;
        (allocations() - before) as f64 / ALIVE as f64
    })
}

// Two runtimes, a thread each.
pub fn wake_thread() -> f64 {
    let there = Arc::new(Notify::new());
    let back = Arc::new(Notify::new());
    let (there_too, back_too) = (there.clone(), back.clone());
    thread::spawn(move || {
        runtime().block_on(async {
            loop {
                there_too.notified().await;
                back_too.notify_one();
            }
        })
    });
    let step = || async {
        for _ in 0..ALIVE {
            there.notify_one();
            back.notified().await;
        }
    };
    runtime().block_on(nanoseconds_each(2 * ALIVE, step))
}
