package dialplan_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/fsconf"
)

// exists is a directory of two users of one domain.
func exists(id, domain string) bool {
	return domain == "meet.example" && (id == "1000" || id == "1001")
}

// monday is a Monday, at three in the afternoon.
var monday = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

func options() dialplan.Options {
	return dialplan.Options{Users: exists, Now: func() time.Time { return monday }}
}

// parse reads a plan of contexts.
func parse(t testing.TB, contexts string) (*dialplan.Plan, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "dialplan"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dialplan", "a.xml"), []byte(contexts), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := fsconf.Load(fsconf.Options{Dir: dir, Vars: map[string]string{"domain": "meet.example", "global": "of the tree"}}, fsconf.Dialplan, "")
	if err != nil {
		return nil, err
	}
	return dialplan.Parse(doc, options())
}

// plan is one context with these extensions.
func plan(t testing.TB, extensions string) *dialplan.Plan {
	t.Helper()
	p, err := parse(t, `<context name="default">`+extensions+`</context>`)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// extension does the actions for a destination.
func extension(expression string, actions ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<extension name="x"><condition field="destination_number" expression="%s">`, expression)
	for _, a := range actions {
		app, data, _ := strings.Cut(a, " ")
		fmt.Fprintf(&b, `<action application="%s" data="%s"/>`, app, data)
	}
	return b.String() + `</condition></extension>`
}

func from(destination string) dialplan.Call {
	return dialplan.Call{
		Destination: destination, CallerName: "Ann", CallerNumber: "1000", User: "1000", Domain: "meet.example",
		Variables: map[string]string{"callgroup": "sales"},
	}
}

func stock(t testing.TB) *dialplan.Plan {
	t.Helper()
	doc, err := fsconf.Load(fsconf.Options{Dir: filepath.Join("..", "fsconf", "testdata", "vanilla")}, fsconf.Dialplan, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := dialplan.Parse(doc, options())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// brief is a target without its variables and its pause.
func brief(t dialplan.Target) dialplan.Target {
	t.Variables, t.Delay = nil, 0
	return t
}

// TestStockNumbers: the numbers of FreeSWITCH's own plan lead where they do there.
func TestStockNumbers(t *testing.T) {
	p := stock(t)
	room := func(name, profile, flags string) dialplan.Target {
		return dialplan.Target{Kind: dialplan.Conference, Room: name, Profile: profile, Flags: flags, Canvas: -1}
	}
	with := func(t dialplan.Target, change func(*dialplan.Target)) dialplan.Target { change(&t); return t }
	end := func(cause int) dialplan.Target { return dialplan.Target{Cause: cause, Canvas: -1} }
	for destination, want := range map[string]dialplan.Target{
		"3000": room("3000-meet.example", "default", ""),
		"3110": room("3110-meet.example", "wideband", ""),
		"3220": room("3220-meet.example", "ultrawideband", ""),
		"3330": room("3330-meet.example", "cdquality", ""),
		"3500": room("3500", "video-mcu-stereo", ""),
		"3600": room("3600", "video-mcu-stereo-720", ""),
		"3710": room("3710", "video-mcu-stereo-480", ""),
		"3899": room("3899", "video-mcu-stereo-320", ""),
		"3500-screen": with(room("3500", "video-mcu-stereo", "join-vid-floor"), func(t *dialplan.Target) {
			t.Screen, t.DisplayName, t.DisplayNumber = true, "FreeSWITCH Conference", "3500"
		}),
		"3500-canvas-2": with(room("3500", "video-mcu-stereo", "second-screen"), func(t *dialplan.Target) { t.Canvas = 2 }),
		// The stock plan has these forms for 35xx alone, and none for personal canvases.
		"3600-screen":    with(room("3600", "video-mcu-stereo-720", ""), func(t *dialplan.Target) { t.Screen = true }),
		"3600-canvas-1":  with(room("3600", "video-mcu-stereo-720", ""), func(t *dialplan.Target) { t.Canvas = 1 }),
		"3500-personal":  with(room("3500", "video-mcu-stereo", ""), func(t *dialplan.Target) { t.Personal = true }),
		"6070-moderator": room("-meet.example", "default", "moderator"), // its own mistake: it captures nothing
		"1000":           {Kind: dialplan.User, User: "1000@meet.example", Canvas: -1},
		"operator":       {Kind: dialplan.User, User: "1000@meet.example", Canvas: -1},
		"1019":           end(dialplan.CauseSubscriberAbsent), // what comes then, voicemail, is not here
		"2000":           end(dialplan.CauseOutOfOrder),
		"sip:x@y":        end(dialplan.CauseOutOfOrder),
		"9195":           end(dialplan.CauseNoRoute),
		"9198":           end(17),
		"9664":           end(dialplan.CauseNormalClearing),
	} {
		got, err := p.Route(from(destination))
		if err != nil || !reflect.DeepEqual(brief(got), want) {
			t.Errorf("%s: %+v, %v\nwant %+v", destination, brief(got), err, want)
		}
	}
	for _, destination := range []string{"", "nobody", "35001", "team", "3500-moderator", "4000-screen", strings.Repeat("3", 300), "\xff"} {
		if got, err := p.Route(from(destination)); !errors.Is(err, directory.ErrDestination) {
			t.Errorf("%q: %+v, %v", destination, got, err)
		}
	}
}

func TestStockContextsAndVariables(t *testing.T) {
	p := stock(t)
	public := from("3500")
	public.Context = "public"
	if got, err := p.Route(public); err != nil || got.Room != "3500" {
		t.Errorf("public 3500: %+v, %v", got, err)
	}
	public.Destination = "3330"
	if got, err := p.Route(public); !errors.Is(err, directory.ErrDestination) {
		t.Errorf("public 3330: %+v, %v", got, err)
	}
	public.Destination, public.Context = "3500", "nowhere"
	if got, err := p.Route(public); !errors.Is(err, directory.ErrDestination) {
		t.Errorf("unknown context: %+v, %v", got, err)
	}
	guest := from("anything")
	guest.Guest = true
	if got, err := p.Route(guest); err != nil || got.Room != "anything" || got.Profile != "video-mcu-stereo-720" {
		t.Errorf("a guest's room: %+v, %v", got, err)
	}
	got, err := p.Route(from("1001"))
	want := map[string]string{
		"dialed_extension": "1001", "ringback": "%(2000,4000,440,480)", "transfer_ringback": "local_stream://moh", "call_timeout": "30",
		"hangup_after_bridge": "true", "continue_on_fail": "true", "open": "true", "RFC2822_DATE": "",
	}
	if err != nil || !reflect.DeepEqual(got.Variables, want) {
		t.Errorf("variables %v, %v\nwant %v", got.Variables, err, want)
	}
	if got.Delay != dialplan.MaxDelay {
		t.Errorf("delay %v of a plan that wants ten seconds", got.Delay)
	}
	unknown := strings.Join(p.Unknown(), "\n")
	for _, note := range []string{"application deflect (dialplan/default.xml:8)", "application hash (", "application playback: nothing is played (",
		"application say (dialplan/default/01_clock.xml:4)", "function strftime ("} {
		if strings.Count(unknown, note) != 1 {
			t.Errorf("notes lack %q:\n%s", note, unknown)
		}
	}
}

func TestBuiltin(t *testing.T) {
	p := dialplan.Builtin(exists)
	room := func(name, profile string) dialplan.Target {
		return dialplan.Target{Kind: dialplan.Conference, Room: name, Profile: profile, Canvas: -1}
	}
	user := dialplan.Target{Kind: dialplan.User, User: "1001@meet.example", Canvas: -1}
	second := room("3500", "video-mcu-stereo")
	second.Canvas = 2
	for destination, want := range map[string]dialplan.Target{
		"3500": room("3500", "video-mcu-stereo"), "3500-canvas-2": second, "team-moderator": room("team-moderator", "video-mcu-stereo-720"),
		"1001": user, "user/1001": user, "user/1001@meet.example": user, "1005": room("1005", "video-mcu-stereo-720"),
	} {
		if got, err := p.Route(from(destination)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", destination, got, err, want)
		}
	}
	for _, destination := range []string{"user/nobody", "user/1001@other.example", "a b", "user/"} {
		if got, err := p.Route(from(destination)); !errors.Is(err, directory.ErrDestination) {
			t.Errorf("%s: %+v, %v", destination, got, err)
		}
	}
	guest := from("1001")
	guest.Guest = true
	if got, err := p.Route(guest); err != nil || got.Kind != dialplan.Conference {
		t.Errorf("a guest reaches a user by number: %+v, %v", got, err)
	}
	flagged := from("3500")
	flagged.Variables = map[string]string{"conference_member_flags": "mute|moderator", "conference_member_flags_ghost": "true", "conference_member_flags_deaf": "no"}
	if got, err := p.Route(flagged); err != nil || got.Flags != "ghost|moderator|mute" {
		t.Errorf("flags of the directory: %+v, %v", got, err)
	}
}

func TestParseConference(t *testing.T) {
	for arg, want := range map[string]dialplan.Argument{
		"3500":                          {Name: "3500", Profile: "default"},
		"3500@video-mcu-stereo":         {Name: "3500", Profile: "video-mcu-stereo"},
		" 3500-example.com@default+12":  {Name: "3500-example.com", Profile: "default", PIN: "12"},
		"a@b@c":                         {Name: "a@b", Profile: "c"},
		"a@":                            {Name: "a", Profile: "default"},
		"a+1+2":                         {Name: "a", Profile: "default", PIN: "1+2"},
		"a+flags{mute|moderator}":       {Name: "a", Profile: "default", Flags: "mute|moderator"},
		"a@p+1234+flags{moderator}":     {Name: "a", Profile: "p", PIN: "1234", Flags: "moderator"},
		"a@p+flags{mute":                {Name: "a", Profile: "p", Flags: "mute"},
		"bridge:a@p:user/1000":          {Name: "a", Profile: "p", Bridge: "user/1000"},
		"bridge:a:user/1@x+flags{mute}": {Name: "a", Profile: "default", Bridge: "user/1@x", Flags: "mute"},
		"":                              {Profile: "default"},
	} {
		if got := dialplan.ParseConference(arg); got != want {
			t.Errorf("%q: %+v, want %+v", arg, got, want)
		}
	}
}

func TestConditions(t *testing.T) {
	yes, no := `<condition field="destination_number" expression="^7">`, `<condition field="destination_number" expression="^8">`
	note := func(v string) string { return `<action application="push" data="way=` + v + `"/>` }
	anti := func(v string) string { return `<anti-action application="push" data="way=` + v + `"/>` }
	brk := func(c, when string) string { return strings.TrimSuffix(c, ">") + ` break="` + when + `">` }
	end := `</condition>`
	join := `<extension name="last"><condition><action application="conference" data="room"/></condition></extension>`
	tests := []struct{ name, conditions, want string }{
		{"all hold", yes + note("a") + end + yes + note("b") + end, "a|:b"},
		{"one does not", yes + note("a") + end + no + note("b") + end + yes + note("c") + end, "a"},
		{"anti-action", no + note("a") + anti("b") + end + yes + note("c") + end, "b"},
		{"never break", brk(no, "never") + note("a") + end + yes + note("b") + end, "b"},
		{"break on true", brk(yes, "on-true") + note("a") + end + yes + note("b") + end, "a"},
		{"no break on true if false", brk(no, "on-true") + anti("a") + end + yes + note("b") + end, "a|:b"},
		{"always break", brk(yes, "always") + note("a") + end + yes + note("b") + end, "a"},
		{"nested", yes + note("a") + yes + note("b") + end + no + note("c") + end + end + yes + note("d") + end, "a|:b"},
		{"nested, not required", strings.TrimSuffix(yes, ">") + ` require-nested="false">` + note("a") + no + note("b") + end + end + yes + note("c") + end, "a|:c"},
		{"no field", `<condition>` + note("a") + end, "a"},
		{"a variable", `<condition field="${callgroup}" expression="^sales$">` + note("${callgroup:0:2}") + end, "sa"},
		{"a variable that is not there", `<condition field="${nothing}" expression="^$">` + note("a") + end, "a"},
		{"of the tree", `<condition field="${global}" expression="tree">` + note("${global:-4}") + end, "tree"},
		{"name of the caller", `<condition field="caller_id_name" expression="^A(.)\1?$">` + end, "error"},
		{"captures", `<condition field="caller_id_name" expression="^(.)n(.)$">` + note("$2$1$0") + end, "nAAnn"},
		{"no captures", `<condition field="caller_id_name" expression="^Ann$">` + note("[$1]") + end, "[]"},
		{"expression as element", `<condition field="caller_id_number"><expression><![CDATA[^1(0+)$]]></expression>` + note("$1") + end, "000"},
		{"expression with a variable", `<condition field="caller_id_number" expression="^${username}$">` + note("a") + end, "a"},
		{"all of several", `<condition regex="all"><regex field="destination_number" expression="^7"/><regex field="caller_id_number" expression="9"/>` + note("a") + anti("b") + end, "b"},
		{"any of several", `<condition regex="any"><regex field="destination_number" expression="^8"/><regex field="caller_id_number" expression="(0)"/>` + note("a$1") + end, "a0"},
		{"one of several", `<condition regex="xor"><regex field="destination_number" expression="^7"/><regex field="caller_id_number" expression="1"/>` + note("a") + anti("b") + end, "b"},
		{"inline", yes + `<action application="set" data="v=1" inline="true"/>` + end + `<condition field="${v}" expression="1">` + note("a") + end, "a"},
		{"not inline", yes + `<action application="set" data="v=1"/>` + end + `<condition field="${v}" expression="1">` + note("a") + anti("b") + end, "b"},
		{"ignoring case", `<condition field="caller_id_name" expression="/^ANN$/i">` + note("a") + end, "a"},
		{"Asterisk's kind", `<condition field="destination_number" expression="_7XX">` + note("a") + end, "a"},
		{"a Monday afternoon", `<condition wday="mon-fri" hour="9-18" time-of-day="14:30-15:30" mon="11" mweek="4">` + note("a") + end, "a"},
		{"over midnight", `<condition time-of-day="22:00-06:00">` + note("a") + anti("b") + end, "b"},
		{"time and field", `<condition wday="2" field="destination_number" expression="^8">` + note("a") + anti("b") + end, "b"},
		{"another day", `<condition mday="1-22,24-31">` + note("a") + anti("b") + end, "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parse(t, `<context name="default"><extension name="x" continue="true">`+tt.conditions+`</extension>`+join+`</context>`)
			if err != nil {
				if tt.want != "error" {
					t.Error(err)
				}
				return
			}
			got, err := p.Route(from("700"))
			if way := strings.TrimPrefix(got.Variables["way"], "ARRAY::"); err != nil || way != tt.want || got.Room != "room" {
				t.Errorf("went %q to %q, %v; want %q", way, got.Room, err, tt.want)
			}
		})
	}
}

func TestExtensions(t *testing.T) {
	a := `<extension name="a"><condition field="destination_number" expression="^7"><action application="conference" data="a"/></condition></extension>`
	b := `<extension name="b"><condition><action application="conference" data="b"/></condition></extension>`
	for destination, want := range map[string]string{"700": "a", "800": "b", "b": "b"} {
		if got, err := plan(t, a+b).Route(from(destination)); err != nil || got.Room != want {
			t.Errorf("%s: %+v, %v", destination, got, err)
		}
	}
	named := b + strings.ReplaceAll(b, `"b"`, `"900"`) // tried first by who dials its name
	for destination, want := range map[string]string{"900": "900", "901": "b"} {
		if got, err := plan(t, named).Route(from(destination)); err != nil || got.Room != want {
			t.Errorf("%s: %+v, %v", destination, got, err)
		}
	}
	p, err := parse(t, `<context name="global">`+b+`</context><context name="global"/>`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Route(from("1")); err != nil || got.Room != "b" {
		t.Errorf("the context global is everybody's: %+v, %v", got, err)
	}
	if len(p.Unknown()) != 1 || !strings.Contains(p.Unknown()[0], "context global") {
		t.Errorf("a context there twice: %q", p.Unknown())
	}
}

func TestApplications(t *testing.T) {
	user := dialplan.Target{Kind: dialplan.User, User: "1001@meet.example", Canvas: -1}
	ended := func(cause int) dialplan.Target { return dialplan.Target{Cause: cause, Canvas: -1} }
	room := dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "default", Canvas: -1}
	tests := []struct {
		name    string
		actions []string
		want    dialplan.Target
		vars    map[string]string
	}{
		{"conference with everything", []string{"conference r@p+99+flags{mute|moderator}"},
			dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "p", PIN: "99", Flags: "moderator|mute", Canvas: -1}, nil},
		{"conference that calls somebody", []string{"conference bridge:r@p:user/1001"},
			dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "p", Canvas: -1}, nil},
		{"flags of variables", []string{"set conference_member_flags=mute", "push conference_member_flags=ghost", "set conference_flags=wait-mod", "set conference_member_flags_deaf=true", "conference r"},
			dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "default", Flags: "deaf|ghost|mute|wait-mod", Canvas: -1}, nil},
		{"set, export, unset", []string{"set a=1=2", "export nolocal:b=${a}", "set c=3", "unset C", "multiset ^^;d=4 4;e=5", "unset callgroup", "set f=[${callgroup}]", "conference r"},
			room, map[string]string{"a": "1=2", "b": "1=2", "d": "4 4", "e": "5", "f": "[]"}},
		{"lists", []string{"push l=b", "push l=c", "unshift l=a", "conference r"}, room, map[string]string{"l": "ARRAY::a|:b|:c"}},
		{"variables of the call", []string{"set a=${destination_number} ${domain_name} ${CallGroup} ${caller_id_number} ${user_name} ${missing}.", "conference r"},
			room, map[string]string{"a": "700 meet.example sales 1000 1000 ."}},
		{"functions", []string{"set a=${user_exists(id 1000 ${domain_name})}${module_exists(mod_verto)}${module_exists(mod_sofia)}${regex(${destination_number}|^\\d{3}$)}${cond(${callgroup} == sales ? y : n)}${unknown(x)}", "conference r"},
			room, map[string]string{"a": "truetruefalsetruey"}},
		{"an escaped dollar", []string{`set a=\${b} $`, "conference r"}, room, map[string]string{"a": "${b} $"}},
		{"display", []string{"send_display Name|${destination_number}", "conference r"},
			dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "default", DisplayName: "Name", DisplayNumber: "700", Canvas: -1}, nil},
		{"hang up", []string{"hangup"}, ended(16), nil},
		{"hang up with a cause", []string{"hangup USER_BUSY", "conference r"}, ended(17), nil},
		{"hang up with a number", []string{"hangup 21"}, ended(21), nil},
		{"respond", []string{"respond 404 Not Found"}, ended(1), nil},
		{"answer and nothing else", []string{"answer", "sleep 100"}, ended(16), nil},
		{"nothing that is known", []string{"answer", "voicemail x"}, ended(3), nil},
		{"bridge", []string{"bridge user/1001"}, user, nil},
		{"bridge with variables", []string{"bridge {a=1,b=2}[c=3]user/1001@meet.example"}, user, map[string]string{"a": "1", "b": "2", "c": "3"}},
		{"bridge with separators", []string{"bridge {^^:a=1,5:b=2}user/1001"}, user, map[string]string{"a": "1,5", "b": "2"}},
		{"bridge to a contact", []string{"bridge ${sofia_contact(1001@meet.example)},${verto_contact(1001@${domain_name})}"}, user, nil},
		{"bridge to verto", []string{"bridge verto.rtc/1001@meet.example|user/1000"}, user, nil},
		{"bridge to nobody", []string{"bridge user/5"}, ended(20), nil},
		{"bridge outside", []string{"bridge sofia/gateway/x/1"}, ended(27), nil},
		{"bridge to an error", []string{"bridge error/user_busy"}, ended(17), nil},
		{"go on after a failure", []string{"set continue_on_fail=true", "bridge user/5", "conference r"}, room, map[string]string{"continue_on_fail": "true"}},
		{"go on after this failure", []string{"set continue_on_fail=USER_BUSY,SUBSCRIBER_ABSENT", "bridge user/5", "conference r"}, room, map[string]string{"continue_on_fail": "USER_BUSY,SUBSCRIBER_ABSENT"}},
		{"not after another failure", []string{"set continue_on_fail=USER_BUSY", "bridge user/5", "conference r"}, ended(20), map[string]string{"continue_on_fail": "USER_BUSY"}},
		{"screen by variable", []string{"set video_screen_share=true", "conference r"},
			dialplan.Target{Kind: dialplan.Conference, Room: "r", Profile: "default", Screen: true, Canvas: -1}, map[string]string{"video_screen_share": "true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := plan(t, extension("^700$", tt.actions...)).Route(from("700"))
			vars := got.Variables
			if err != nil || !reflect.DeepEqual(brief(got), tt.want) {
				t.Errorf("%+v, %v\nwant %+v", brief(got), err, tt.want)
			}
			if len(tt.vars)+len(vars) > 0 && tt.vars != nil && !reflect.DeepEqual(vars, tt.vars) {
				t.Errorf("variables %q\nwant %q", vars, tt.vars)
			}
		})
	}
}

// TestCallersText: what somebody dials, or calls himself, fills a place in the plan
// and is never read as more.
func TestCallersText(t *testing.T) {
	p := plan(t, extension("^c(.*)$", "set who=${caller_id_name}", "conference $1@default")+
		extension("^b(.*)$", "bridge user/$1")+
		extension("^t(.*)$", "transfer $1 XML default")+
		extension("^s(.*)$", "set $1", "set b=${secret}", "conference r")+
		extension("^n", "set conference_member_flags=mute,name=${caller_id_name}", "conference r"))
	c := from("cr+flags{moderator}")
	for destination, fine := range map[string]bool{
		"cr": true, "cr+flags{moderator}": false, "cr+1234": false, "cr@sla": false, "cbridge:r:user/1000": false, "c${domain}": false, "cr\ue02bflags": false,
		"b1001": true, "b1000,user/1001": false, "b1001@evil.example": false, "b{a=1}1001": false, "b1001|sofia/x": false,
		"tcr": true, "tcr XML public": false, "tcr+flags{moderator}": false, "t -both cr": false,
	} {
		c.Destination = destination
		got, err := p.Route(c)
		if ok := err == nil && got.Kind != dialplan.Hangup; ok != fine {
			t.Errorf("%s: %+v, %v", destination, brief(got), err)
		}
		if strings.Contains(got.Flags, "moderator") {
			t.Errorf("%s made a moderator: %q", destination, got.Flags)
		}
	}
	c.Destination, c.CallerName = "cr", "Eve${domain}|=@{}\ue040"
	if got, err := p.Route(c); err != nil || got.Variables["who"] != "Eve${domain}|=@{}?" {
		t.Errorf("the name became %q, %v", got.Variables["who"], err)
	}
	c.Destination, c.Variables = "sconference_member_flags=moderator", map[string]string{"caller_id_name": "Ann", "secret": "x"}
	if got, err := p.Route(c); err != nil || strings.Contains(got.Flags, "moderator") {
		t.Errorf("a dialled variable: %+v, %v", got, err)
	}
	c.Destination, c.CallerName = "sa=${secret}", "x"
	if got, err := p.Route(c); err != nil || got.Variables["b"] != "x" || slices.Contains([]string{got.Variables["a"], got.Room}, "x") {
		t.Errorf("a dialled variable was replaced: %+v, %v", got, err)
	}
}

func TestLoops(t *testing.T) {
	p := plan(t, extension("^(1+)$", "transfer 1$1")+extension("^2$", "transfer 3")+extension("^3$", "transfer 2 XML default")+extension("^4$", "transfer 44444444444")+
		extension("^4(4+)$", "transfer $1")+extension("^5$", "transfer"))
	for _, destination := range []string{"1", "2", "5"} {
		if got, err := p.Route(from(destination)); !errors.Is(err, directory.ErrDestination) {
			t.Errorf("%s: %+v, %v", destination, got, err)
		}
	}
	hops := func(n int) error {
		var b strings.Builder
		for i := range n {
			b.WriteString(extension(fmt.Sprintf("^%d$", i), fmt.Sprintf("transfer %d", i+1)))
		}
		b.WriteString(extension(fmt.Sprintf("^%d$", n), "conference r"))
		_, err := plan(t, b.String()).Route(from("0"))
		return err
	}
	if err := hops(10); err != nil {
		t.Errorf("ten transfers: %v", err)
	}
	if err := hops(11); err == nil || !strings.Contains(err.Error(), "circles") {
		t.Errorf("eleven transfers: %v", err)
	}
}

// TestBounds: no plan and no call makes a text grow without end.
func TestBounds(t *testing.T) {
	double := []string{"set a=xxxxxxxxxxxxxxxx"}
	for range 40 {
		double = append(double, "set a=${a}${a}")
	}
	got, err := plan(t, extension("7", append(double, "conference r")...)).Route(from("7"))
	if n := len(got.Variables["a"]); err != nil || n == 0 || n > 8<<10 {
		t.Errorf("a value of %d bytes, %v", n, err)
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("set v%d=1", i))
	}
	if got, err := plan(t, extension("7", append(many, "conference r")...)).Route(from("7")); err != nil || len(got.Variables) > 500 {
		t.Errorf("%d variables, %v", len(got.Variables), err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		extension("^(?!1)2$"):               `dialplan/a.xml:1: extension "x": expression "^(?!1)2$": error parsing regexp`,
		extension("^(1)\\1$"):               "back-references",
		extension("^(1$"):                   "missing closing )",
		extension(strings.Repeat("1", 5e3)): "more than 4096 bytes",
		extension("1", "set a=${b"):         `application set: data "a=${b": ${ without }`,
		extension("1", "set a="+strings.Repeat("${", 20)+strings.Repeat("}", 20)):                                       "nested deeper",
		`<extension name="x"><condition break="later"/></extension>`:                                                    `break="later" is not`,
		`<extension name="x"><condition regex="most"/></extension>`:                                                     `regex="most" is not`,
		`<extension name="x"><condition wday="someday"/></extension>`:                                                   `wday="someday" is not`,
		`<extension name="x"><condition time-of-day="9-25"/></extension>`:                                               `time-of-day="9-25" is not`,
		`<extension name="x"><condition date-time="2026-01-01 00:00~2026-01-02 00:00"/></extension>`:                    "date-time is not known",
		`<extension>` + strings.Repeat(`<condition>`, 18) + strings.Repeat(`</condition>`, 18) + `</extension>`:         `extension "_anon_": conditions nested deeper`,
		`<extension name="y"><condition field="${a" expression=""/></extension>`:                                        `extension "y": field "${a": ${ without }`,
		"\n\n" + `<extension name="late"><condition field="destination_number"` + "\n" + `expression="*"/></extension>`: `dialplan/a.xml:3: extension "late"`,
	} {
		_, err := parse(t, `<context name="default">`+text+`</context>`)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s:\n%v, want one line with %q", text, err, want)
		}
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	doc, err := fsconf.Load(fsconf.Options{Dir: filepath.Join("..", "fsconf", "testdata", "vanilla")}, fsconf.Dialplan, "")
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Log = slog.New(slog.NewTextHandler(&out, nil))
	p, err := dialplan.Parse(doc, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Route(from("3500")); err != nil || !strings.Contains(out.String(), `level=ERROR msg=dialplan text="the default password is in use`) {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(`<extension name="x"><condition field="destination_number" expression="^(.*)$"><action application="conference" data="$1@p+flags{mute}"/></condition></extension>`, "3500", "Ann")
	f.Add(`<extension name="x"><condition field="${a}"><action application="transfer" data="${destination_number} XML ${b}"/></condition></extension>`, "a${b}", "{")
	f.Add(`<extension name="x"><condition><action application="bridge" data="{a=b}user/$1,${verto_contact(1000)}"/></condition></extension>`, "\ue040", "x")
	f.Fuzz(func(t *testing.T, extensions, destination, name string) {
		p, err := parse(t, `<context name="default">`+extensions+`</context>`)
		if err != nil {
			return
		}
		c := from(destination)
		c.CallerName = name
		got, err := p.Route(c)
		if err != nil {
			if !errors.Is(err, directory.ErrDestination) {
				t.Errorf("%q: %v", destination, err)
			}
			return
		}
		if got.Kind == dialplan.Conference && !directory.ValidRoom(got.Room) {
			t.Errorf("%q leads to a room %q", destination, got.Room)
		}
		if strings.ContainsFunc(fmt.Sprint(got), func(r rune) bool { return r >= 0xE000 && r < 0xE080 }) {
			t.Errorf("%q leaves armour in %+v", destination, got)
		}
	})
}
