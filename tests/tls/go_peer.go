// SPDX-License-Identifier: Apache-2.0

// Go's crypto/tls, as a peer of tls_go_test.cc:
//
//	go_peer client PORT TRUSTED.pem VERSION     connects twice, to an echo
//	go_peer server CHAIN.pem KEY.pem VERSION    echoes; prints its port first
//
// Both ends close each direction by itself (CloseWrite); Go takes an end
// without close_notify for an error.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"os"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func config(version string) *tls.Config {
	number := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	return &tls.Config{MinVersion: number, MaxVersion: number}
}

func talk(address string, options *tls.Config) {
	connection, err := tls.Dial("tcp", address, options)
	check(err)
	defer connection.Close()
	data := bytes.Repeat([]byte("go"), 250000)
	sent := make(chan error)
	go func() {
		if _, err := connection.Write(data); err != nil {
			sent <- err
			return
		}
		sent <- connection.CloseWrite()
	}()
	received, err := io.ReadAll(connection)
	check(err)
	check(<-sent)
	if !bytes.Equal(received, data) {
		log.Fatalf("%d bytes have come back, or others", len(received))
	}
	fmt.Println("resumed:", connection.ConnectionState().DidResume)
}

func client(port, trusted, version string) {
	pem, err := os.ReadFile(trusted)
	check(err)
	options := config(version)
	options.RootCAs = x509.NewCertPool()
	options.RootCAs.AppendCertsFromPEM(pem)
	options.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	talk("127.0.0.1:"+port, options)
	talk("127.0.0.1:"+port, options)
}

func echo(connection *tls.Conn) {
	defer connection.Close()
	if _, err := io.Copy(connection, connection); err != nil {
		log.Print(err)
		return
	}
	if err := connection.CloseWrite(); err != nil {
		log.Print(err)
	}
}

func server(chain, key, version string) {
	certificate, err := tls.LoadX509KeyPair(chain, key)
	check(err)
	options := config(version)
	options.Certificates = []tls.Certificate{certificate}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", options)
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		check(err)
		go echo(connection.(*tls.Conn))
	}
}

func main() {
	if os.Args[1] == "client" {
		client(os.Args[2], os.Args[3], os.Args[4])
	} else {
		server(os.Args[2], os.Args[3], os.Args[4])
	}
}
