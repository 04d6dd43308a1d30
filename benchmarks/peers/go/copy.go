// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
)

// Not io.Copy(), which would leave the work to the kernel.
func copyFile(from, to string) {
	source, err := os.Open(from)
	check(err)
	target, err := os.Create(to)
	check(err)
	chunk := make([]byte, 256<<10)
	for {
		size, err := source.Read(chunk)
		if err == io.EOF {
			check(target.Close())
			return
		}
		check(err)
		_, err = target.Write(chunk[:size])
		check(err)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
