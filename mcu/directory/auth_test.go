package directory_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
)

var (
	home  = netip.MustParseAddr("192.0.2.1")
	other = netip.MustParseAddr("192.0.2.2")
)

func users(t *testing.T) *directory.Directory {
	t.Helper()
	sum := md5.Sum([]byte("hashed:d.example:topsecret"))
	user := func(id, params, vars string) string {
		return fmt.Sprintf(`<user id=%q><params>%s</params><variables>%s</variables></user>`, id, params, vars)
	}
	param := func(n, v string) string { return fmt.Sprintf(`<param name=%q value=%q/>`, n, v) }
	variable := func(n, v string) string { return fmt.Sprintf(`<variable name=%q value=%q/>`, n, v) }
	return open(t, map[string]string{"d.xml": `<domain name="d.example"><params>` +
		param("jsonrpc-allowed-methods", "verto") + `</params>` +
		user("plain", param("password", "1234")+param("caller-id-name", "Pat")+param("caller-id-number", "77"), "") +
		user("json", param("password", "1234")+param("jsonrpc-password", "abcd"), "") +
		user("hashed", param("password", "1234")+param("a1-hash", strings.ToUpper(hex.EncodeToString(sum[:]))), "") +
		user("nopass", "", "") +
		user("mod", param("password", "1234"), variable("conference_member_flags", "mute|moderator")) +
		user("flag", param("password", "1234"), variable("moderator", "true")+variable("stereo_audio", "true")+variable("login-expires", "100")) +
		`</domain>`})
}

func login(a *directory.Authenticator, name, password string, from netip.Addr) (*directory.Identity, error) {
	return a.Login(context.Background(), directory.Credentials{Login: name, Password: password, SessionID: "s1", Addr: from})
}

func TestPasswords(t *testing.T) {
	cases := []struct {
		login, password string
		want            error
	}{
		{"plain@d.example", "1234", nil},
		{"plain", "1234", nil},
		{"PLAIN@elsewhere", "1234", nil},
		{"plain", "123", directory.ErrPassword},
		{"plain", "", directory.ErrPassword},
		{"json", "abcd", nil},
		{"json", "1234", directory.ErrPassword},
		{"hashed", "topsecret", nil},
		{"hashed", "1234", directory.ErrPassword},
		{"nopass", "", directory.ErrPassword},
		{"nobody", "1234", directory.ErrUnknownUser},
		{"@d.example", "1234", directory.ErrNoDomain},
	}
	for _, c := range cases {
		a := directory.NewAuthenticator(users(t), nil)
		if _, err := login(a, c.login, c.password, home); !errors.Is(err, c.want) {
			t.Errorf("%s with %q: %v, want %v", c.login, c.password, err, c.want)
		}
	}
}

// TestCallsOfAUser: his dialplan context, and the flags that he joins with.
func TestCallsOfAUser(t *testing.T) {
	password := `<params><param name="password" value="1234"/><param name="verto-context" value="%s"/></params><variables>%s</variables>`
	user := func(id, context, vars string) string {
		return `<user id="` + id + `">` + fmt.Sprintf(password, context, vars) + `</user>`
	}
	d := open(t, map[string]string{"d.xml": `<domain name="d.example">` +
		user("none", "", "") + user("param", "inside", "") +
		user("both", "inside", `<variable name="user_context" value="public"/>`) +
		user("flags", "", `<variable name="conference_member_flags" value="mute"/><variable name="Conference_Member_Flags_moderator" value="true"/>
			<variable name="conference_member_flags_ghost" value="false"/><variable name="conference_member_flags_deaf" value="1"/>`) +
		`</domain>`})
	for name, want := range map[string]string{"none": " ", "param": "inside ", "both": "public ", "flags": " mute|deaf|moderator"} {
		id, err := login(directory.NewAuthenticator(d, nil), name, "1234", home)
		if err != nil {
			t.Fatal(err)
		}
		if got := id.Context + " " + id.MemberFlags; got != want {
			t.Errorf("%s: context and flags %q, want %q", name, got, want)
		}
		if moderator := id.Role() == directory.RoleModerator; moderator != (name == "flags") {
			t.Errorf("%s: role %s", name, id.Role())
		}
	}
}

func TestIdentityOfAUser(t *testing.T) {
	a := directory.NewAuthenticator(users(t), nil)
	pat, err := login(a, "plain", "1234", home)
	if err != nil {
		t.Fatal(err)
	}
	if pat.UserID() != "plain@d.example" || pat.Name != "Pat" || pat.Number != "77" || pat.Role() != directory.RoleParticipant {
		t.Errorf("identity %+v", pat)
	}
	if !pat.Methods.AllowsFamily("verto.invite") || pat.Channels.AllowsFamily("demo") || !pat.Admits("any") {
		t.Error("permissions")
	}
	mod, _ := login(a, "mod", "1234", home)
	if mod.Role() != directory.RoleModerator || mod.Moderator {
		t.Errorf("moderator by member flags: role %s, flag %v", mod.Role(), mod.Moderator)
	}
	flag, _ := login(a, "flag", "1234", home)
	if flag.Role() != directory.RoleParticipant || !flag.Moderator || !flag.StereoAudio {
		t.Errorf("the variable moderator gave a right, or no flag: %+v", flag)
	}
	if d := time.Until(flag.Expires); d < 290*time.Second || d > 300*time.Second {
		t.Errorf("an expiry of the past gives %v", d)
	}
}

// TestVideoVariables: what the directory says about somebody's picture reaches
// whoever seats him, as it is written, the user's word before his domain's.
func TestVideoVariables(t *testing.T) {
	want := map[string]string{
		"video_avatar_png": "people/anna.png", "video_no_video_avatar_png": "people/none.png",
		"video_banner_text": "{bg=#112233,fg=white}Anna ÄÖ & Co", "video_logo_path": "{position=right-top}logo.png}Sales",
		"video_mute_png": "mute.png", "video_mute_banner": "VIDEO MUTED", "video_reservation_id": "presenter",
		"video_role_id": "ceo", "video_initial_canvas": "2", "video_initial_watching_canvas": "1",
	}
	var vars strings.Builder
	for name, value := range want {
		fmt.Fprintf(&vars, `<variable name=%q value="%s"/>`, name, strings.ReplaceAll(value, "&", "&amp;"))
	}
	d := open(t, map[string]string{"d.xml": `<domain name="d.example">
		<variables><variable name="video_role_id" value="staff"/><variable name="Video_Of_Domain" value="yes"/></variables>
		<user id="anna"><params><param name="password" value="1234"/></params><variables>` + vars.String() + `</variables></user></domain>`})
	anna, err := login(directory.NewAuthenticator(d, nil), "anna", "1234", home)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		if got := anna.Variables[name]; got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if got := anna.Variable("video_of_domain"); got != "yes" {
		t.Errorf("the domain's variable by another case: %q", got)
	}
	if got := new(directory.Identity).Variable("video_role_id"); got != "" {
		t.Errorf("a guest has %q", got)
	}
}

func TestGuests(t *testing.T) {
	k := keys(t)
	a := directory.NewAuthenticator(users(t), k)
	token := sign(t, k, directory.Claims{Room: "3500", Role: directory.RoleModerator, Name: "Gus"})
	enter := func(session, password string) *directory.Identity {
		t.Helper()
		id, err := a.Login(t.Context(), directory.Credentials{Login: "x", Password: password, SessionID: session, Addr: home})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	gus := enter("s1", token)
	if !strings.HasPrefix(gus.User, "guest-") || gus.Domain != "d.example" || gus.Name != "Gus" || gus.Role() != directory.RoleModerator {
		t.Errorf("identity %+v", gus)
	}
	if !gus.Admits("3500") || gus.Admits("3501") || !gus.Methods.AllowsFamily("verto.invite") || gus.Methods.Allows("echo") {
		t.Error("a guest's rights")
	}
	if gus.Channels.AllowsFamily("conference-chat.3500@d.example") {
		t.Error("a guest may listen before the room grants it")
	}
	if enter("s1", token).User != gus.User || enter("s2", token).User == gus.User {
		t.Error("the guest's name must follow the session")
	}
	if second := sign(t, k, directory.Claims{Room: "3500", Role: directory.RoleModerator, Name: "Gus"}); enter("s1", second).User == gus.User {
		t.Error("another token's holder has the same name")
	}
	if _, err := login(a, "x", token+"x", home); !errors.Is(err, directory.ErrPassword) {
		t.Errorf("forged: %v", err)
	}
	seated := enter("s1", sign(t, k, directory.Claims{Room: "3500", Role: directory.RoleViewer, ResID: "presenter"}))
	if seated.Token == nil || seated.Token.ResID != "presenter" {
		t.Errorf("the token's reservation id: %+v", seated.Token)
	}
	anywhere := enter("s1", sign(t, k, directory.Claims{Room: directory.AnyRoom, Role: directory.RoleViewer}))
	if !anywhere.Admits("any") {
		t.Error("* does not admit")
	}
}

func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := directory.NewAuthenticator(users(t), nil)
		try := func(password string, from netip.Addr) error {
			_, err := login(a, "plain", password, from)
			return err
		}
		for range 5 {
			if err := try("wrong", home); !errors.Is(err, directory.ErrPassword) {
				t.Fatal(err)
			}
		}
		if err := try("1234", home); !errors.Is(err, directory.ErrBackOff) {
			t.Errorf("right password at once after five wrong ones: %v", err)
		}
		if err := try("1234", other); err != nil {
			t.Errorf("a stranger locked the user out: %v", err)
		}
		pass(time.Second)
		if err := try("wrong", home); !errors.Is(err, directory.ErrPassword) {
			t.Errorf("after the pause: %v", err)
		}
		pass(time.Second)
		if err := try("1234", home); !errors.Is(err, directory.ErrBackOff) {
			t.Errorf("the second pause is no longer: %v", err)
		}
		pass(time.Second)
		if err := try("1234", home); err != nil {
			t.Errorf("after the second pause: %v", err)
		}
		if err := try("wrong", home); !errors.Is(err, directory.ErrPassword) {
			t.Errorf("a wrong one after success: %v", err)
		}
		if err := try("1234", home); err != nil {
			t.Errorf("success does not forgive: %v", err)
		}
	})
}

func TestBackOffHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := directory.NewAuthenticator(users(t), nil)
		for range 40 {
			pass(time.Minute)
			if _, err := login(a, "plain", "wrong", home); !errors.Is(err, directory.ErrPassword) {
				t.Fatalf("a minute's pause is not enough: %v", err)
			}
		}
	})
}

// TestBackOffTakesTheNetwork: one customer has a whole /64.
func TestBackOffTakesTheNetwork(t *testing.T) {
	a := directory.NewAuthenticator(users(t), nil)
	for i := range 5 {
		_, _ = login(a, "plain", "wrong", netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", i+1)))
	}
	if _, err := login(a, "plain", "1234", netip.MustParseAddr("2001:db8::99")); !errors.Is(err, directory.ErrBackOff) {
		t.Errorf("same /64: %v", err)
	}
	if _, err := login(a, "plain", "1234", netip.MustParseAddr("2001:db8:1::1")); err != nil {
		t.Errorf("another /64: %v", err)
	}
}

func TestBackOffIsBounded(t *testing.T) {
	a := directory.NewAuthenticator(users(t), nil)
	for i := range 12_000 {
		_, _ = login(a, fmt.Sprint("u", i), "x", home)
	}
	if n := a.Watched(); n > 10_000 {
		t.Errorf("%d pairs are kept", n)
	}
}
