package load

import (
	"context"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestNacker asks at once, again after a round trip, which it learns, and not for
// ever.
func TestNacker(t *testing.T) {
	var n nacker
	now := time.Unix(0, 0)
	n.miss(65534, 2) // four, over the wrap
	if got := n.due(now); !slices.Equal(got, []uint16{65534, 65535, 0, 1}) {
		t.Errorf("asks for %v", got)
	}
	if got := n.due(now.Add(firstRTT / 2)); len(got) != 0 {
		t.Errorf("asks again for %v before the round trip", got)
	}
	for seq := range uint16(2) {
		n.came(seq, now.Add(20*time.Millisecond))
	}
	if n.rtt >= firstRTT || n.repaired != 2 {
		t.Errorf("round trip %v, %d repaired", n.rtt, n.repaired)
	}
	n.came(7, now) // was not missing
	n.forget(65535)
	asked := 0
	for range 30 {
		now = now.Add(time.Second)
		asked += len(n.due(now))
	}
	if asked != maxAsks-1 || n.repaired != 2 {
		t.Errorf("asked %d times more for one packet, want %d; %d repaired", asked, maxAsks-1, n.repaired)
	}
	n.miss(0, maxMissing+1)
	if len(n.missing) != 0 {
		t.Errorf("%d packets of a large hole are asked for", len(n.missing))
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begun, p := time.Now(), punctuality{}
		var steps []int
		p.pace(ctx, begun.Add(5*time.Millisecond), 20*time.Millisecond, func(n int) {
			steps = append(steps, n)
			if want := begun.Add(5*time.Millisecond + time.Duration(n)*20*time.Millisecond); n < 10 && !time.Now().Equal(want) {
				t.Errorf("step %d at %v", n, time.Since(begun))
			}
			switch n {
			case 10: // a hiccup of a second: 49 periods late, of which catchUp are made up
				time.Sleep(time.Second)
			case 70:
				cancel()
			}
		})
		if p.late.Load() < catchUp || p.skipped.Load() != 39 || len(steps) != 71-39 {
			t.Errorf("%d late, %d skipped, %d steps", p.late.Load(), p.skipped.Load(), len(steps))
		}
	})
}

func TestProc(t *testing.T) {
	port, drops, ok := parseUDP("  534: 0100007F:2710 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 26433 2 0000000000000000 17")
	if port != 10000 || drops != 17 || !ok {
		t.Errorf("port %d, %d drops, %v", port, drops, ok)
	}
	if _, _, ok := parseUDP("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"); ok {
		t.Error("the heading is taken for a socket")
	}
	snmp := "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 5 6 7 8 9 10\n"
	if n := parseSNMP(snmp); n != 9 {
		t.Errorf("%d receive buffer errors, want 9", n)
	}
	before, err := readMeter(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for sum := 0; time.Since(before.at) < 150*time.Millisecond; sum++ {
	}
	after, err := readMeter(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if u := after.since(before); u.Process <= 0.05 || u.Self != u.Process {
		t.Errorf("a busy loop used %+v", u)
	}
	if now, peak := memory(os.Getpid()); now < 1<<20 || peak < now {
		t.Errorf("memory %d, peak %d", now, peak)
	}
	if _, err := cpuTime(1 << 30); err == nil {
		t.Error("a process that is not there has CPU time")
	}
}

func TestMedian(t *testing.T) {
	r := func(cores float64, quiet bool) Round { return Round{usage{Process: cores}, quiet} }
	for _, tt := range []struct {
		rounds []Round
		want   float64
	}{
		{nil, 0},
		{[]Round{r(3, true), r(1, true), r(2, true)}, 2},
		{[]Round{r(3, true), r(9, false), r(2, true)}, 2.5},
		{[]Round{r(3, false), r(9, false)}, 6},
	} {
		if got := median(tt.rounds); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.rounds, got, tt.want)
		}
	}
}
