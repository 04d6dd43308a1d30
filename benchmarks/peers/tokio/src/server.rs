// SPDX-License-Identifier: Apache-2.0

//! A server with a task a connection.

use crate::measure::runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer).await {
            Ok(size) if size > 0 => {
                if stream.write_all(&buffer[..size]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

/// Sends back what it receives, or closes every connection that it accepts.
pub fn serve(echoes: bool) {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening\t{}", listener.local_addr().unwrap().port());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if echoes {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(echo(stream));
            }
        }
    })
}
