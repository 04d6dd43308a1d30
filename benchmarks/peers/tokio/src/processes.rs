// SPDX-License-Identifier: Apache-2.0

//! A child process; see benchmarks/beside/process_benchmark.cc.

use crate::measure::{nanoseconds_each, runtime};
use tokio::process::Command;

const CHILDREN: usize = 10;

pub fn process() -> f64 {
    let step = || async {
        for _ in 0..CHILDREN {
            assert!(Command::new("/bin/true").status().await.unwrap().success());
        }
    };
    runtime().block_on(nanoseconds_each(CHILDREN, step))
}
