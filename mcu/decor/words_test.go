package decor

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/omniverto/omniverto/media"
)

// plain is a banner without options.
func plain(text string) Banner {
	b := Banner{Text: text}
	b.FG, b.BG = media.RGB{R: 0xcc, G: 0xcc, B: 0xcc}, media.RGB{R: 0x14, G: 0x2e, B: 0x55}
	return b
}

func TestParseBanner(t *testing.T) {
	colored := plain("Alice Example")
	colored.FG, colored.BG = media.RGB{}, media.RGB{R: 0xff, G: 0xff}
	colored.Scale, colored.MinSize, colored.MaxSize, colored.Face = 0.5, 8, 20, "FreeSerifBold.ttf"
	face := plain("x")
	face.Face = "a, b}.ttf"
	blue := plain("x")
	blue.FG = media.RGB{B: 0xff}
	for words, want := range map[string]Banner{
		"":                 plain(""),
		"Alice Example":    plain("Alice Example"),
		"  Alice\tExample": plain("Alice Example"),
		"{fg=#000000,bg=#ffff00,font_scale=0.5,min_font_size=8,max_font_size=20,font_face=FreeSerifBold.ttf}Alice Example":      colored,
		"{^^;FG=#000000; bg = #ffff00;font_scale=.5;min_font_size=8;max_font_size=20;font_face=FreeSerifBold.ttf}Alice Example": colored,
		"{font_face='a, b}.ttf'}x": face,
		"{fg=blue}x":               blue,
		"{}x":                      plain("x"),
		"{fg=,,bg=}x":              plain("x"),
		"a {fg=red}":               plain("a {fg=red}"),
		"A\u202eB\x00C\x7f\u2066D\ufffd\xff\u200fE": plain("ABCDE"),
		"line\nfeed\u2028":                          plain("line feed"),
		"Bob's {x}":                                 plain("Bob's {x}"),
		"\u0639\u200c\u062d":                        plain("\u0639\u200c\u062d"),
	} {
		got, err := ParseBanner(words)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", words, got, err, want)
		}
	}
}

func TestParseBannerErrorsNameTheOption(t *testing.T) {
	for words, want := range map[string]string{
		"{fg=cyan}x":                           `fg: "cyan"`,
		"{bg=#12345}x":                         `bg: "#12345"`,
		"{font_scale=51}x":                     "font_scale",
		"{font_scale=-1}x":                     "font_scale",
		"{font_scale=NaN}x":                    "font_scale",
		"{font_scale=1e}x":                     "font_scale",
		"{min_font_size=4}x":                   "min_font_size",
		"{max_font_size=101}x":                 "max_font_size",
		"{max_font_size=1.5}x":                 "max_font_size",
		"{min_font_size=20,max_font_size=10}x": "min_font_size 20",
		"{color=red}x":                         `"color"`,
		"{fg}x":                                `"fg"`,
		"{fg=red":                              "closing }",
		"{":                                    "closing }",
		"{font_face='a}x":                      "closing }",
		"{" + strings.Repeat("ü", 4000) + "=1}x": "…",
	} {
		b, err := ParseBanner(words)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.60q: error %v, want one with %q", words, err, want)
		}
		if b != (Banner{}) {
			t.Errorf("%.60q: %+v with an error", words, b)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	b, err := ParseBanner(strings.Repeat("Ж", 5000))
	if err != nil || len(b.Text) != 512 || !utf8.ValidString(b.Text) {
		t.Errorf("%d bytes, %v", len(b.Text), err)
	}
	b, err = ParseBanner("x" + strings.Repeat("Ж", 5000))
	if err != nil || len(b.Text) != 511 || !utf8.ValidString(b.Text) {
		t.Errorf("%d bytes, %v", len(b.Text), err)
	}
}

func TestParseLogo(t *testing.T) {
	white, black := media.RGB{R: 0xff, G: 0xff, B: 0xff}, media.RGB{}
	grey, blue := media.RGB{R: 0xcc, G: 0xcc, B: 0xcc}, media.RGB{R: 0x14, G: 0x2e, B: 0x55}
	for words, want := range map[string]Logo{
		"logo.png":              {File: "logo.png"},
		" /media/a b/logo.png ": {File: "/media/a b/logo.png"},
		"{position=right-bot,fit=fit-necessary}logo.png": {File: "logo.png", Position: RightBot, Fit: FitNecessary},
		"{position=none,fit=FIT-SCALE}logo.png":          {File: "logo.png", Fit: FitScale},
		"{text=Alice,text_x=center,center_offset=190,text_y=88}l.png": {File: "l.png", Text: LogoText{
			Text: "Alice", FG: grey, BG: blue, Centred: true, Offset: 190, Y: 88}},
		"{text=#000000:transparent:font/AEH.ttf:50:'FREESWITCH, ROCKS',alt_text_x=7,alt_text=#ffffff:#000000::40%:a:b}l.png": {File: "l.png",
			Text:    LogoText{Text: "FREESWITCH, ROCKS", FG: black, BG: blue, Transparent: true, Face: "font/AEH.ttf", Size: 50},
			AltText: LogoText{Text: "a:b", FG: white, BG: black, Size: 40, Percent: true, X: 7}},
	} {
		got, err := ParseLogo(words)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", words, got, err, want)
		}
	}
}

func TestParseLogoErrorsNameTheOption(t *testing.T) {
	for words, want := range map[string]string{
		"":                                "no file",
		"{position=left-top}":             "no file",
		"{position=top-left}l.png":        "position",
		"{fit=cover}l.png":                "fit",
		"{text=#fff::::x}l.png":           "text",
		"{alt_text=red:green}l.png":       "alt_text",
		"{text=red:blue::0:x}l.png":       "size",
		"{text=red:blue::NaN%:x}l.png":    "size",
		"{text_x=left}l.png":              "text_x",
		"{alt_text_y=-1}l.png":            "alt_text_y",
		"{center_offset=99999}l.png":      "center_offset",
		"{alt_position=left-top}l.png":    "alt_position",
		"{text_z=1}l.png":                 "text_z",
		"{text=red:blue::12:x,fit=}l.png": "",
	} {
		_, err := ParseLogo(words)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want one with %q", words, err, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"Alice Example":             "Alice Example",
		"Alice%20Example":           "Alice Example",
		"%C9lan":                    "Élan",
		"%E9%E9":                    "éé",
		"%u0416%u0443%u043A":        "Жук",
		"%uD83D%uDE00":              "😀",
		"%uD83D%uDE00%20x":          "😀 x",
		"%uD83D":                    "\ufffd",
		"%C3%89lan%20%F0%9F%98%80":  "Élan 😀",
		"Élan 😀":                    "Élan 😀",
		"100%":                      "100%",
		"100%25":                    "100%",
		"%2525":                     "%25",
		"%zz%u12%u12g4%":            "%zz%u12%u12g4%",
		"%%41":                      "%A",
		"%+1%-1":                    "%+1%-1",
		"a+b":                       "a+b",
		"%7Bfg%3D%23000000%7DAlice": "{fg=#000000}Alice",
		"%00":                       "\x00",
	} {
		if got := Unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// printsAsOneLine is what clean promises.
func printsAsOneLine(t *testing.T, text string) {
	t.Helper()
	if len(text) > maxText || !utf8.ValidString(text) {
		t.Errorf("%d bytes, valid %v: %q", len(text), utf8.ValidString(text), text)
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("%q has %U", text, r)
		}
	}
}

func FuzzParseBanner(f *testing.F) {
	for _, words := range []string{
		"Alice", "{fg=red,bg=#102030,font_scale=2}x", "{^^;font_face='a;b'}x", "{", "{=}", "{a='", "{font_scale=0x1p-2}x", "\xff{\u202e", "{min_font_size=7,max_font_size=9}😀",
	} {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		b, err := ParseBanner(words)
		if err != nil {
			return
		}
		printsAsOneLine(t, b.Text)
		if n := b.size(320, 180); n < defaultMinSize || n > maxFontSize {
			t.Errorf("%q: size %d", words, n)
		}
		// A text that was parsed is one that parses to itself.
		if again, err := ParseBanner(b.Text); err == nil && b.Text != "" && b.Text[0] != '{' && again != plain(b.Text) {
			t.Errorf("%q: again %+v", b.Text, again)
		}
	})
}

func FuzzParseLogo(f *testing.F) {
	for _, words := range []string{
		"logo.png", "{position=right-bot,fit=fit-scale}a/b.png", "{text=#ffffff:transparent:x.ttf:4%:'a, b',text_x=center}l.png", "{alt_text=:::1e9:x}y", "{text=::::}z",
	} {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		g, err := ParseLogo(words)
		if err != nil {
			return
		}
		if g.File == "" || g.Position > RightBot || g.Fit > FitNecessary {
			t.Errorf("%q: %+v", words, g)
		}
		for _, text := range []LogoText{g.Text, g.AltText} {
			printsAsOneLine(t, text.Text)
			if n := text.pixels(64, 64); n < 1 || n > 64 {
				t.Errorf("%q: size %d", words, n)
			}
		}
	})
}

// escape is JavaScript's escape() but for the characters that it leaves alone.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for _, r := range s {
		switch {
		case r > 0xffff:
			r -= 0x10000
			for _, unit := range []rune{0xd800 + r>>10, 0xdc00 + r&0x3ff} {
				out.WriteString("%u" + string([]byte{hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15]}))
			}
		case r > 0xff:
			out.WriteString("%u" + string([]byte{hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15]}))
		default:
			out.WriteString("%" + string([]byte{hex[r>>4], hex[r&15]}))
		}
	}
	return out.String()
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"Élan Жук 😀", "%u0416", "%C3%A9", "%%%", "%uD83Dx", "%u", "\xff%ff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Unescape(s)
		if len(got) > 2*len(s) {
			t.Errorf("%q grows to %q", s, got)
		}
		if !strings.Contains(s, "%") && got != s {
			t.Errorf("%q: %q", s, got)
		}
		// What is above Latin-1 is never taken for something else on the way back.
		above := strings.Map(func(r rune) rune {
			if r <= 0xff || r == utf8.RuneError {
				return -1
			}
			return r
		}, s)
		if back := Unescape(escape(above)); back != above {
			t.Errorf("%q: %q", above, back)
		}
	})
}
