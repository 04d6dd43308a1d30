// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
)

// Serves with a goroutine a connection; without a handler, closes them.
func serve(handle func(net.Conn)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening\t%d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		switch {
		case err != nil:
			continue
		case handle == nil:
			connection.Close()
		default:
			go handle(connection)
		}
	}
}

// TCP_NODELAY is on unless one asks for the contrary.
func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 1<<16)
	for {
		size, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err = connection.Write(buffer[:size]); err != nil {
			return
		}
	}
}
