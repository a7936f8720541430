package load

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// place is where a meeting is held: a server and how to get into its room.
type place struct {
	url   string
	bind  net.IP
	pid   int                                  // of the server's process, 0: not known
	pass  func(moderator bool) (string, error) // a fresh password or token
	user  func(i int) string                   // the i-th login's name
	close func()                               // ends the server if it is ours
}

// meeting is a room full of participants.
type meeting struct {
	o     *Options
	place place
	stage *stage
	cert  webrtc.Certificate

	all    []*participant
	logins int
	visits []Member // of those who left
	failed []Member // who did not get in
	ports  map[int]bool

	moderator *participant // who sets layouts; nil: nobody
	channel   string       // the moderators'
}

func newMeeting(o *Options, p place, s *stage) (*meeting, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("load: certificate: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("load: certificate: %w", err)
	}
	return &meeting{o: o, place: p, stage: s, cert: *cert, ports: make(map[int]bool)}, nil
}

// role is what member i does.
func (o *Options) role(i int) role {
	return role{
		index: i, name: fmt.Sprintf("load %d", i+1), camera: i < o.cameras(), talks: i < o.Talkers,
		observe: i >= o.Members-o.Observers, line: o.line(i),
	}
}

// gather lets all members join, one after the other, and waits for them.
func (m *meeting) gather(ctx context.Context) error {
	var wg sync.WaitGroup
	for i := range m.o.Members {
		p := newParticipant(m.o.role(i), m.stage, m.cert, m.o.Seed)
		m.all = append(m.all, p)
		moderator := i == 0 && len(m.o.Layouts) > 0
		if moderator {
			m.moderator = p
		}
		j, err := m.joining(moderator)
		if err != nil {
			wg.Wait()
			return err
		}
		wg.Go(func() { m.enter(ctx, p, j) })
		if !wait(ctx, m.o.JoinEvery) {
			break
		}
	}
	wg.Wait()
	m.sort()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if len(m.all) == 0 {
		return fmt.Errorf("load: nobody could join: %s", m.failed[0].Error)
	}
	return nil
}

// sort parts those who are in from those who are not.
func (m *meeting) sort() {
	m.all = slices.DeleteFunc(m.all, func(p *participant) bool {
		if p.result.Error != "" {
			leaveNow(p)
			m.failed = append(m.failed, p.result)
			return true
		}
		m.ports[p.port()] = true
		return false
	})
}

// joining is what the next login needs.
func (m *meeting) joining(moderator bool) (joining, error) {
	password, err := m.place.pass(moderator)
	if err != nil {
		return joining{}, err
	}
	j := joining{
		url: m.place.url, room: m.o.Room, user: m.place.user(m.logins), password: password, insecure: m.o.Insecure,
		video: !m.o.AudioOnly, bind: m.place.bind, seed: m.o.Seed,
	}
	m.logins++
	return j, nil
}

// enter lets one participant join; an error is kept in his result.
func (m *meeting) enter(ctx context.Context, p *participant, j joining) {
	ctx, cancel := context.WithTimeout(ctx, m.o.Patience)
	defer cancel()
	if err := p.join(ctx, j); err != nil {
		p.result.Error = err.Error()
	}
}

// leaveTime bounds a hang-up.
const leaveTime = 2 * time.Second

func leaveNow(p *participant) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	p.leave(ctx)
}

// disperse lets all leave.
func (m *meeting) disperse() {
	var wg sync.WaitGroup
	for _, p := range m.all {
		wg.Go(func() { leaveNow(p) })
	}
	wg.Wait()
	m.all = nil
}

// measured is one measurement of a meeting.
type measured struct {
	members              []Member
	usage                usage
	drops                [2]int // of UDP datagrams: ours, and on the machine
	ticks, late, skipped int64  // of the senders
}

// measure measures for the options' duration, in which members come and go and
// the layout changes if that was asked for.
func (m *meeting) measure(ctx context.Context) (measured, error) {
	var out measured
	before, err := readMeter(m.place.pid)
	if err != nil {
		return out, err
	}
	own, all := udpDrops(m.ports)
	m.stage.reset()
	begun := time.Now()
	for _, p := range m.all {
		p.begin(begun)
	}
	if err := m.live(ctx, begun.Add(m.o.Duration)); err != nil {
		return out, err
	}
	after, err := readMeter(m.place.pid)
	if err != nil {
		return out, err
	}
	now, t := time.Now(), &m.stage.punctuality
	out.ticks, out.late, out.skipped = t.ticks.Load(), t.late.Load(), t.skipped.Load()
	for _, p := range m.all {
		out.members = append(out.members, p.end(now, begun))
	}
	slices.SortStableFunc(out.members, func(a, b Member) int { return compareNames(a.Name, b.Name) })
	out.members = slices.Concat(out.members, m.visits, m.failed)
	ownAfter, allAfter := udpDrops(m.ports)
	out.usage, out.drops = after.since(before), [2]int{max(ownAfter-own, 0), max(allAfter-all, 0)}
	return out, nil
}

// compareNames orders "load 2" before "load 10".
func compareNames(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}

// live lets time pass until end.
func (m *meeting) live(ctx context.Context, end time.Time) error {
	churn, stopChurn := every(m.o.Churn)
	defer stopChurn()
	change, stopChange := every(0)
	if len(m.o.Layouts) > 0 {
		change, stopChange = every(m.o.LayoutEvery)
	}
	defer stopChange()
	over := time.NewTimer(time.Until(end))
	defer over.Stop()
	for changes := 0; ; {
		select {
		case <-over.C:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("load: %w", ctx.Err())
		case <-churn:
			m.swap(ctx)
		case <-change:
			if err := m.setLayout(ctx, m.o.Layouts[changes%len(m.o.Layouts)]); err != nil {
				return err
			}
			changes++
		}
	}
}

// every ticks; a period of 0 never does.
func every(d time.Duration) (<-chan time.Time, func()) {
	if d <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// swap lets one member leave and another take his place: the oldest who does not
// observe, and who talks only if all others do.
func (m *meeting) swap(ctx context.Context) {
	spare := func(p *participant) bool { return !p.observe && p != m.moderator }
	at := slices.IndexFunc(m.all, func(p *participant) bool { return spare(p) && !p.talks })
	if at < 0 {
		at = slices.IndexFunc(m.all, spare)
	}
	if at < 0 {
		return
	}
	old := m.all[at]
	m.all = slices.Delete(m.all, at, at+1)
	visit := old.end(time.Now(), old.watch.begun)
	visit.Visitor = true
	m.visits = append(m.visits, visit)
	leaveNow(old)
	r := old.role
	r.visitor, r.name = true, fmt.Sprintf("load %d", m.logins+1)
	j, err := m.joining(false)
	if err != nil {
		return
	}
	p := newParticipant(r, m.stage, m.cert, m.o.Seed+uint64(m.logins))
	m.enter(ctx, p, j)
	if p.result.Error != "" {
		leaveNow(p)
		m.failed = append(m.failed, p.result)
		return
	}
	p.begin(time.Now())
	m.ports[p.port()] = true
	m.all = append(m.all, p)
}

// setLayout has the moderator set a layout.
func (m *meeting) setLayout(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, m.o.Patience)
	defer cancel()
	if !slices.Contains(m.all, m.moderator) {
		return fmt.Errorf("load: layout %s: the moderator could not join", name)
	}
	if m.channel == "" {
		select {
		case m.channel = <-m.moderator.signal.joined:
		case <-ctx.Done():
			return fmt.Errorf("load: layout %s: the server has not told the moderators' channel", name)
		}
		if m.channel == "" {
			return fmt.Errorf("load: layout %s: %s is not a moderator in room %s", name, m.moderator.name, m.o.Room)
		}
	}
	for _, p := range m.all {
		if p.observer != nil {
			p.observer.expectChange()
		}
	}
	return m.moderator.signal.command(ctx, m.channel, "vid-layout", name)
}

// snapshot writes what the first observer saw last.
func (m *meeting) snapshot(w io.Writer) (bool, error) {
	for _, p := range m.all {
		if p.observer != nil {
			return p.observer.snapshot(w)
		}
	}
	return false, nil
}

// wait lets d pass; false when ctx has ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
