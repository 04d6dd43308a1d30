// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand"
	"runtime"
	"sync"
	"time"
)

const (
	alive        = 1000
	steps        = 10000
	blockedCount = 100000
)

func spawnTrivial() float64 {
	return nanosecondsEach(alive, spawnAndJoin)
}

func spawnAndJoin() {
	var group sync.WaitGroup
	group.Add(alive)
	for i := 0; i < alive; i++ {
		go group.Done()
	}
	group.Wait()
}

var sink int

func spawnSuspend() float64 {
	return nanosecondsEach(alive, func() {
		var group sync.WaitGroup
		group.Add(alive)
		for i := 0; i < alive; i++ {
			go func(argument int) {
				runtime.Gosched()
				sink = argument
				group.Done()
			}(i)
		}
		group.Wait()
	})
}

func yields(tasks int) float64 {
	each := steps * 10 / tasks
	return nanosecondsEach(each*tasks, func() {
		var group sync.WaitGroup
		group.Add(tasks)
		for i := 0; i < tasks; i++ {
			go func() {
				for i := 0; i < each; i++ {
					runtime.Gosched()
				}
				group.Done()
			}()
		}
		group.Wait()
	})
}

func switchChannel() float64 {
	there := make(chan int, 1)
	back := make(chan int, 1)
	go func() {
		for value := range there {
			back <- value
		}
	}()
	result := nanosecondsEach(steps, func() {
		for i := 0; i < steps/2; i++ {
			there <- i
			sink = <-back
		}
	})
	close(there)
	return result
}

func timeout(timers int, body func()) float64 {
	for i := 0; i < timers; i++ {
		time.AfterFunc(time.Hour+time.Duration(i)*time.Millisecond, func() {})
	}
	return nanosecondsEach(1000, func() {
		for i := 0; i < 1000; i++ {
			scope, cancel := context.WithTimeout(context.Background(), time.Minute)
			body()
			sink = len(scope.Done())
			cancel()
		}
	})
}

// Two halves that alternate; gives the time of one of them for each of count.
func halves(count int, first bool, create func() func()) float64 {
	var counted time.Duration
	rounds := 0
	for begin := time.Now(); rounds < 2 || time.Since(begin) < 2*measureTime; {
		start := time.Now()
		cancel := create()
		middle := time.Now()
		cancel()
		if rounds++; rounds == 1 { // Warms up.
			continue
		}
		if first {
			counted += middle.Sub(start)
		} else {
			counted += time.Since(middle)
		}
	}
	return float64(counted.Nanoseconds()) / float64(rounds-1) / float64(count)
}

// Goroutines that all wait; the function that is returned ends them.
func startAll(count int, wait func(context.Context)) func() {
	scope, cancel := context.WithCancel(context.Background())
	var waiting, ended sync.WaitGroup
	waiting.Add(count)
	ended.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			waiting.Done()
			wait(scope)
			ended.Done()
		}()
	}
	waiting.Wait()
	return func() {
		cancel()
		ended.Wait()
	}
}

func waitForEnd(scope context.Context) { <-scope.Done() }

func sleepOrEnd(scope context.Context) {
	timer := time.NewTimer(time.Hour + time.Duration(rand.Int31())*time.Microsecond)
	select {
	case <-timer.C:
	case <-scope.Done():
		timer.Stop()
	}
}

func blocked(first bool) float64 {
	return halves(blockedCount, first, func() func() { return startAll(blockedCount, waitForEnd) })
}

func sleeping(first bool) float64 {
	return halves(blockedCount, first, func() func() { return startAll(blockedCount, sleepOrEnd) })
}

func memory() (bytes, allocations float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	startAll(blockedCount, waitForEnd)
	runtime.ReadMemStats(&after)
	used := func(m *runtime.MemStats) float64 { return float64(m.HeapInuse + m.StackInuse) }
	return (used(&after) - used(&before)) / blockedCount,
		float64(after.Mallocs-before.Mallocs) / blockedCount
}

func blockedBytes() float64 {
	bytes, _ := memory()
	return bytes
}

// Stacks, which are not counted as allocations, come on top.
func blockedAllocations() float64 {
	_, allocations := memory()
	return allocations
}

func childAllocations() float64 {
	spawnAndJoin()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	spawnAndJoin()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / alive
}

// Two goroutines that are bound to a thread each.
func wakeThread() float64 {
	runtime.GOMAXPROCS(2)
	there := make(chan int)
	back := make(chan int)
	go func() {
		runtime.LockOSThread()
		for value := range there {
			back <- value
		}
	}()
	runtime.LockOSThread()
	return nanosecondsEach(2*alive, func() {
		for i := 0; i < alive; i++ {
			there <- i
			sink = <-back
		}
	})
}
