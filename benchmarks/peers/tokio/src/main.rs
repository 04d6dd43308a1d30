// SPDX-License-Identifier: Apache-2.0

//! The works on Tokio's runtime of one thread.
//!
//!     tokio-peer --list | WORK      see peers/work.h
//!     tokio-peer echo | storm       a server
//!     tokio-peer copy FROM TO       copies a file, 256 KiB at a time

mod allocations;
mod files;
mod measure;
mod processes;
mod server;
mod tasks;
mod threads;
mod timers;

use std::env;
use std::process::exit;

struct Work {
    name: &'static str,
    unit: &'static str,
    measure: fn() -> f64,
}

const fn work(name: &'static str, unit: &'static str, measure: fn() -> f64) -> Work {
    Work { name, unit, measure }
}

const WORKS: &[Work] = &[
    work("await/1", "ns", tasks::await_ready),
    work("await/1000", "ns", tasks::await_depth_1000),
    work("spawn/trivial", "ns", tasks::spawn_trivial),
    work("spawn/suspend", "ns", tasks::spawn_suspend),
    work("yield/1", "ns", tasks::yield_one_task),
    work("yield/1000", "ns", tasks::yield_1000_tasks),
    work("switch/channel", "ns", tasks::switch_channel),
    work("switch/event", "ns", tasks::switch_event),
    work("timeout/ready_0", "ns", timers::timeout_ready_0),
    work("timeout/ready_100000", "ns", timers::timeout_ready_100000),
    work("timeout/yield_1000", "ns", timers::timeout_yield_1000),
    work("timer/arm", "ns", timers::timer_arm),
    work("timer/cancel", "ns", timers::timer_cancel),
    work("blocked/create", "ns", timers::blocked_create),
    work("blocked/cancel", "ns", timers::blocked_cancel),
    work("memory/blocked_bytes", "bytes", timers::blocked_bytes),
    work("memory/blocked_allocations", "allocations", timers::blocked_allocations),
    work("memory/child_allocations", "allocations", tasks::child_allocations),
    work("wake/thread", "ns", tasks::wake_thread),
    work("run_in_thread", "ns", threads::run_in_thread),
    work("channel", "ns", threads::channel),
    work("process", "ns", processes::process),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--list"] => WORKS.iter().for_each(|work| println!("{}", work.name)),
        ["echo"] => server::serve(true),
        ["storm"] => server::serve(false),
        ["copy", from, to] => files::copy(from, to),
        [name] if WORKS.iter().any(|work| work.name == name) => {
            let work = WORKS.iter().find(|work| work.name == name).unwrap();
            println!("{}\t{:.6}\t{}", work.name, (work.measure)(), work.unit);
        }
        _ => {
            eprintln!("usage: see main.rs");
            exit(2);
        }
    }
}
