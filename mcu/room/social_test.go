package room_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// onlooker hears what the diary leaves out.
type onlooker struct {
	*diary
	mu        sync.Mutex
	infos     []room.Info
	reactions []string
}

func (o *onlooker) MemberChanged(i room.Info) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.infos = append(o.infos, i)
}

func (o *onlooker) Reacted(i room.Info, reaction string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reactions = append(o.reactions, i.Name+" "+reaction)
}

func (o *onlooker) take() ([]room.Info, []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	infos, reactions := o.infos, o.reactions
	o.infos, o.reactions = nil, nil
	return infos, reactions
}

// socialRoom runs f with a member in a room of its own.
func socialRoom(t *testing.T, req room.Request, f func(t *testing.T, r *room.Room, m *room.Member, o *onlooker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &onlooker{}
		r, _ := newRoomOf(t, nil, func(opt *room.Options) {
			o.diary = opt.Observer.(*diary)
			opt.Observer = o
		})
		m, _ := join(t, r, req, both)
		synctest.Wait()
		o.take()
		f(t, r, m, o)
		r.Close()
	})
}

func within(t *testing.T, r *room.Room, f func(s *room.State)) {
	t.Helper()
	if err := r.Do(t.Context(), func(s *room.State) error { f(s); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestHand(t *testing.T) {
	t.Parallel()
	socialRoom(t, room.Request{Name: "Anna"}, func(t *testing.T, r *room.Room, m *room.Member, o *onlooker) {
		up := time.Now()
		for _, step := range []struct {
			up   bool
			told int
			hand time.Time
		}{{false, 0, time.Time{}}, {true, 1, up}, {true, 0, up}, {false, 1, time.Time{}}} {
			within(t, r, func(s *room.State) { s.SetHand(m, step.up) })
			if infos, _ := o.take(); len(infos) != step.told || step.told > 0 && !infos[0].Hand.Equal(step.hand) {
				t.Errorf("hand %v was told as %+v", step.up, infos)
			}
			within(t, r, func(s *room.State) {
				if got := s.Members()[0].Hand; !got.Equal(step.hand) {
					t.Errorf("hand %v: up since %v, want %v", step.up, got, step.hand)
				}
			})
		}
	})
}

func TestRename(t *testing.T) {
	t.Parallel()
	socialRoom(t, room.Request{Name: "Anna"}, func(t *testing.T, r *room.Room, m *room.Member, o *onlooker) {
		for _, c := range []struct {
			to, want string
			ok       bool
			told     int
		}{
			{"Anne", "Anne", true, 1},
			{"Anne", "Anne", true, 0},
			{"  Anna\u202e\n Bell  ", "Anna Bell", true, 1},
			{"", "Anna Bell", false, 0},
			{" \t\u200b\u200d\ufeff", "Anna Bell", false, 0},
			{"\xff\xfe", "Anna Bell", false, 0},
			{"<script>alert(1)</script>", "<script>alert(1)</script>", true, 1},
			{strings.Repeat("é", 1<<20), strings.Repeat("é", 64), true, 1},
		} {
			within(t, r, func(s *room.State) {
				if ok := s.Rename(m, c.to); ok != c.ok {
					t.Errorf("%.40q: %v", c.to, ok)
				}
				if got := s.Members()[0].Name; got != c.want {
					t.Errorf("%.40q became %q, want %q", c.to, got, c.want)
				}
			})
			if infos, _ := o.take(); len(infos) != c.told || c.told > 0 && infos[0].Name != c.want {
				t.Errorf("%.40q was told %d times", c.to, len(infos))
			}
		}
	})
}

// TestRenamedBanner: a banner that shows the name goes on showing it, with its
// options; any other stays.
func TestRenamedBanner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, banner, to, want string }{
		{"the name", "Anna", "Anne", "Anne"},
		{"with options", "{fg=#ff0000,bg=#000000}Anna", "Anne", "{fg=#ff0000,bg=#000000}Anne"},
		{"something else", "{fg=#ff0000}Head of sales", "Anne", "{fg=#ff0000}Head of sales"},
		{"more than the name", "Anna, sales", "Anne", "Anna, sales"},
		{"none", "", "Anne", ""},
		{"a name that would be options", "Anna", "{fg=#ff0000}x", "Anna"},
		{"a name that would be broken options", "Anna", "{x", "Anna"},
	} {
		t.Run(c.name, func(t *testing.T) {
			socialRoom(t, room.Request{Name: "Anna", Look: room.Look{Banner: c.banner}}, func(t *testing.T, r *room.Room, m *room.Member, _ *onlooker) {
				within(t, r, func(s *room.State) {
					if !s.Rename(m, c.to) {
						t.Error("refused")
					}
					if now, own := room.BannerWords(m); now != c.want || own != c.want {
						t.Errorf("banner %q, of his own %q, want %q", now, own, c.want)
					}
				})
			})
		})
	}
}

func TestReact(t *testing.T) {
	t.Parallel()
	socialRoom(t, room.Request{Name: "Anna"}, func(t *testing.T, r *room.Room, m *room.Member, o *onlooker) {
		for _, c := range []struct {
			reaction string
			ok       bool
		}{
			{"👍", true}, {"👩‍👩‍👧‍👦", true}, {"+1", true}, {"12345678", true}, {"<b>", true},
			{"123456789", false}, {"", false}, {"   ", false}, {"\u200b\u200d", false}, {"\u202e", false}, {"\x00\n", false},
			{strings.Repeat("👍", 1<<18), false},
		} {
			within(t, r, func(s *room.State) {
				if ok := s.React(m, c.reaction); ok != c.ok {
					t.Errorf("%.40q: %v", c.reaction, ok)
				}
			})
			_, got := o.take()
			if want := []string{"Anna " + c.reaction}; c.ok != slices.Equal(got, want) {
				t.Errorf("%.40q was shown as %q", c.reaction, got)
			}
			<-time.After(time.Second)
		}
	})
}

// TestReactRate: five at once, and five a second.
func TestReactRate(t *testing.T) {
	t.Parallel()
	socialRoom(t, room.Request{Name: "Anna"}, func(t *testing.T, r *room.Room, m *room.Member, o *onlooker) {
		for _, want := range []int{5, 5, 5} {
			within(t, r, func(s *room.State) {
				for range 50 {
					s.React(m, "👍")
				}
			})
			if _, got := o.take(); len(got) != want {
				t.Errorf("%d were shown, want %d", len(got), want)
			}
			<-time.After(time.Second)
		}
	})
}
