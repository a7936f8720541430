package load

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(o *Options)
		says   string
	}{
		{func(*Options) {}, ""},
		{func(o *Options) { o.Members = 0 }, "--members 0: must be 1 to 200"},
		{func(o *Options) { o.Members = 1000 }, "--members"},
		{func(o *Options) { o.Cameras = 5 }, "--cameras"},
		{func(o *Options) { o.Talkers = 5 }, "--talkers"},
		{func(o *Options) { o.Width = 641 }, "even"},
		{func(o *Options) { o.Width, o.Height = 1920, 1920 }, "1920x1080"},
		{func(o *Options) { o.Kbps = 50000 }, "--kbps"},
		{func(o *Options) { o.Loss = 101 }, "0 to 100 %"},
		{func(o *Options) { o.Delay = -1 }, "delay"},
		{func(o *Options) { o.Duration = 2 * time.Hour }, "--duration"},
		{func(o *Options) { o.Churn = time.Millisecond }, "--churn"},
		{func(o *Options) { o.Floor, o.Loss = true, 1 }, "--floor"},
		{func(o *Options) { o.Assert = "fps" }, "--assert"},
		{func(o *Options) { o.User = "1000" }, "server that is named"},
		{func(o *Options) { o.Target = "http://localhost/" }, "not a Verto address"},
		{func(o *Options) { o.Target = "ws://localhost/" }, "--password"},
		{func(o *Options) { o.Target, o.Data, o.Floor = "ws://localhost/", "/d", true }, "--pid"},
		{func(o *Options) { o.Target, o.User, o.Password = "wss://localhost/", "1000", "1234" }, ""},
	}
	for i, tt := range tests {
		o := Defaults()
		tt.change(&o)
		err := o.validate()
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("case %d: %v, want %q", i, err, tt.says)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	names := map[string][]netip.Addr{
		"localhost":  {netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")},
		"meet.local": {netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.7")},
		"nowhere":    nil,
		"mapped":     {netip.MustParseAddr("::ffff:127.0.0.1")},
	}
	lookup := func(host string) ([]netip.Addr, error) {
		if a, ok := names[host]; ok {
			return a, nil
		}
		return nil, errors.New("no such host")
	}
	for target, allowed := range map[string]bool{
		"ws://localhost:8081/": true, "ws://mapped/": true, "ws://meet.local/": false, "ws://nowhere/": false, "ws://unknown/": false,
	} {
		o := Options{Target: target}
		if err := o.checkLoopback(lookup); (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", target, err, allowed)
		}
		o.AllowRemote = true
		if err := o.checkLoopback(lookup); err != nil {
			t.Errorf("%s with --allow-remote: %v", target, err)
		}
	}
}

func TestRoles(t *testing.T) {
	o := Defaults()
	o.Cameras, o.Talkers, o.Observers, o.Impaired, o.Loss = 2, 1, 1, 1, 5
	want := []string{"talks, camera", "listens, camera", "listens", "listens, observes"}
	for i, w := range want {
		r := o.role(i)
		if r.String() != w || r.line.perfect() != (i > 0) {
			t.Errorf("member %d: %s with line %v, want %s", i, r, r.line, w)
		}
	}
}
