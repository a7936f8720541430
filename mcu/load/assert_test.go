package load

import (
	"strings"
	"testing"
)

func testReport() *Report {
	skew := 12.0
	return &Report{
		Members: []Member{
			{Name: "load 1", JoinMS: 5, FirstPictureMS: 60, FPS: 30, FreezeMS: 0},
			{Name: "load 2", JoinMS: 9, FirstPictureMS: 300, FPS: 27.5, FreezeMS: 320, Freezes: 1,
				Observed: &Observed{SkewMS: &skew, CellFPS: []float64{29, 30}, VideoLatency: Percentile{9, 40, 60, 70}}},
			{Name: "load 3", JoinMS: 7, Visitor: true, FPS: 3},
			{Name: "load 4", Error: "refused"},
		},
		Server: &Process{Cores: 0.25},
	}
}

func TestAsserts(t *testing.T) {
	tests := []struct {
		text, found string
		holds       bool
	}{
		{"fps>=27.5", "27.5", true},
		{"fps>=28", "27.5", false},
		{"max(fps)>=28", "30.0", true},
		{"avg(fps) = 28.75", "28.8", true},
		{"sum(freezes)<2", "1", true},
		{" freeze_ms <= 300 ", "320", false},
		{"p50(first_picture_ms)<=100", "60", true},
		{"first_picture_ms<=100", "300", false},
		{"cell_fps>=29", "29.0", true},
		{"video_latency_p95_ms<65", "60.0", true},
		{"av_skew_ms<=60", "12.0", true},
		{"failed==0", "1", false},
		{"failed!=0", "1", true},
		{"server_cores<=0.3", "0.250", true},
		{"ratio<=2", "not measured", false},
		{"audio_latency_p50_ms<=100", "not measured", false},
	}
	for _, tt := range tests {
		all, err := ParseAsserts(tt.text)
		if err != nil || len(all) != 1 {
			t.Errorf("%q: %v, %v", tt.text, all, err)
			continue
		}
		if got := all[0].check(testReport()); got.Holds != tt.holds || got.Found != tt.found {
			t.Errorf("%q: %+v, want %v by %s", tt.text, got, tt.holds, tt.found)
		}
	}
	if all, err := ParseAsserts("fps>=28,freeze_ms<=300"); err != nil || len(all) != 2 {
		t.Errorf("two: %v, %v", all, err)
	}
}

func TestAssertErrors(t *testing.T) {
	for text, says := range map[string]string{
		"fps":           "needs one of",
		"fps=>28":       `">28" is not a number`,
		"fps>":          `"" is not a number`,
		"fps>NaN":       "not a number",
		"speed>3":       `"speed" is not one of join_ms`,
		"mean(fps)>3":   `"mean"`,
		"max(fps>3":     "parenthesis",
		"fps>=28,":      "needs one of",
		"max(fps)x>=28": "parenthesis",
	} {
		if _, err := ParseAsserts(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want something about %s", text, err, says)
		}
	}
}

// FuzzAsserts: what is taken says the same when it is written and read again.
func FuzzAsserts(f *testing.F) {
	for _, s := range []string{"fps>=28,freeze_ms<=300", "p95(fps)!=1e3", "max( fps )==-0", "fps>=28,,", "avg((fps)<1", "=", "ratio<0x1p4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseAsserts(text)
		if err != nil {
			return
		}
		for _, a := range all {
			again, err := ParseAsserts(a.String())
			if err != nil || len(again) != 1 || again[0] != a {
				t.Fatalf("%q: %+v is written %q and read %+v, %v", text, a, a.String(), again, err)
			}
			a.check(testReport())
		}
	})
}
