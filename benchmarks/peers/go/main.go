// SPDX-License-Identifier: Apache-2.0

// The works in Go, on one processor.
//
//	go --list | WORK           see peers/work.h
//	go echo | storm            a server
//	go copy FROM TO            copies a file, 256 KiB at a time
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

const measureTime = 120 * time.Millisecond

type work struct {
	name    string
	unit    string
	measure func() float64
}

// Calls step, which does count operations, and gives the ns for each.
func nanosecondsEach(count int, step func()) float64 {
	step()
	operations := 0
	start := time.Now()
	for {
		step()
		operations += count
		if elapsed := time.Since(start); elapsed >= measureTime {
			return float64(elapsed.Nanoseconds()) / float64(operations)
		}
	}
}

var works = []work{
	{"spawn/trivial", "ns", spawnTrivial},
	{"spawn/suspend", "ns", spawnSuspend},
	{"yield/1", "ns", func() float64 { return yields(1) }},
	{"yield/1000", "ns", func() float64 { return yields(alive) }},
	{"switch/channel", "ns", switchChannel},
	{"timeout/ready_0", "ns", func() float64 { return timeout(0, func() {}) }},
	{"timeout/ready_100000", "ns", func() float64 { return timeout(100000, func() {}) }},
	{"timeout/yield_1000", "ns", func() float64 { return timeout(alive, runtime.Gosched) }},
	{"timer/arm", "ns", func() float64 { return sleeping(true) }},
	{"timer/cancel", "ns", func() float64 { return sleeping(false) }},
	{"blocked/create", "ns", func() float64 { return blocked(true) }},
	{"blocked/cancel", "ns", func() float64 { return blocked(false) }},
	{"memory/blocked_bytes", "bytes", blockedBytes},
	{"memory/blocked_allocations", "allocations", blockedAllocations},
	{"memory/child_allocations", "allocations", childAllocations},
	{"wake/thread", "ns", wakeThread},
}

func main() {
	runtime.GOMAXPROCS(1)
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 1 && arguments[0] == "--list":
		for _, work := range works {
			fmt.Println(work.name)
		}
		return
	case len(arguments) == 1 && arguments[0] == "echo":
		serve(echo)
	case len(arguments) == 1 && arguments[0] == "storm":
		serve(nil)
	case len(arguments) == 3 && arguments[0] == "copy":
		copyFile(arguments[1], arguments[2])
		return
	case len(arguments) == 1:
		for _, work := range works {
			if work.name == arguments[0] {
				fmt.Printf("%s\t%.6g\t%s\n", work.name, work.measure(), work.unit)
				return
			}
		}
	}
	fmt.Fprintln(os.Stderr, "usage: see main.go")
	os.Exit(2)
}
