// SPDX-License-Identifier: Apache-2.0

//! Copies a file, by the threads that Tokio has for files.

use crate::measure::runtime;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub fn copy(from: &str, to: &str) {
    runtime().block_on(async {
        let mut source = File::open(from).await.unwrap();
        let mut target = File::create(to).await.unwrap();
        let mut chunk = vec![0; 256 << 10];
        loop {
            let size = source.read(&mut chunk).await.unwrap();
            if size == 0 {
                break;
            }
            target.write_all(&chunk[..size]).await.unwrap();
        }
        target.flush().await.unwrap();
    })
}
