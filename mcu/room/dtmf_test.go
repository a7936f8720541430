package room

import (
	"slices"
	"testing"
)

func TestDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		dial    []string
		sure    []Action // without waiting
		waits   bool
		timeout []Action
	}{
		{"0 acts at once", []string{"0"}, []Action{ActionMute}, false, nil},
		{"* waits for more", []string{"*"}, nil, true, []Action{ActionDeafMute}},
		{"*0 in one message wins over *", []string{"*0"}, []Action{ActionVmute}, false, nil},
		{"*0 digit by digit", []string{"*", "0"}, []Action{ActionVmute}, false, nil},
		{"* then another digit", []string{"*", "#"}, []Action{ActionDeafMute, ActionHangup}, false, nil},
		{"** leaves one waiting", []string{"**"}, []Action{ActionDeafMute}, true, []Action{ActionDeafMute}},
		{"digits without meaning are dropped", []string{"55", "0"}, []Action{ActionMute}, false, nil},
		{"anything else too", []string{"é0"}, []Action{ActionMute}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := digits{controls: StockControls()}
			var sure []Action
			waits := false
			for _, more := range c.dial {
				var a []Control
				a, waits = d.dial(more)
				sure = append(sure, actionsOf(a)...)
			}
			if !slices.Equal(sure, c.sure) || waits != c.waits {
				t.Errorf("dialled %q: %v, waits %v; want %v, %v", c.dial, sure, waits, c.sure, c.waits)
			}
			if late := actionsOf(d.timeout()); !slices.Equal(late, c.timeout) {
				t.Errorf("after the timeout %v, want %v", late, c.timeout)
			}
		})
	}
}

func actionsOf(all []Control) (actions []Action) {
	for _, c := range all {
		actions = append(actions, c.Action)
	}
	return actions
}

func FuzzDigits(f *testing.F) {
	f.Add("*0#", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := digits{controls: StockControls()}
		d.dial(a)
		d.dial(b)
		d.timeout()
		if d.pending != "" {
			t.Errorf("%q still pending", d.pending)
		}
	})
}
