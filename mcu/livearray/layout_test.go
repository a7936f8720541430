package livearray_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/livearray"
)

func TestLayoutInfoAsRecorded(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "3710", Domain: "127.0.0.1"}
	for _, line := range lines(t, "layout-info.jsonl") {
		var p struct {
			EventData struct {
				CanvasInfo struct {
					CanvasID, LayersUsed int
					LayoutName           string
				}
			}
		}
		unmarshal(t, line, &p)
		info := p.EventData.CanvasInfo
		t.Run(info.LayoutName, func(t *testing.T) {
			l, ok := layouts.Stock().Layout(info.LayoutName)
			if !ok {
				t.Fatal("not a stock layout")
			}
			got := c.LayoutInfo(livearray.Canvas{ID: info.CanvasID, Width: 640, Height: 480, Used: info.LayersUsed, Layout: l})
			var want struct{ EventData json.RawMessage }
			unmarshal(t, line, &want)
			equalJSON(t, "layout-info", marshal(t, got["eventData"]), string(want.EventData))
			if got["eventChannel"] != "conference-info.3710@127.0.0.1" {
				t.Errorf("sent on %v", got["eventChannel"])
			}
		})
	}
}

func TestLayoutInfoFlags(t *testing.T) {
	t.Parallel()
	l := &layouts.Layout{Name: "x", Images: []layouts.Image{
		{Scale: 360, HScale: 360, Zoom: true, FloorOnly: true, Border: 7, AudioPosition: "1:2:3"},
		{X: 1, Scale: 90, HScale: 90, Floor: true},
		{Scale: 100, HScale: 50, Floor: true, FileOnly: true},
	}}
	got := marshal(t, livearray.Conference{}.LayoutInfo(livearray.Canvas{Width: 1280, Height: 720, Layout: l}))
	for _, want := range []string{
		`"layoutFloorID":1`,
		`{"x":0,"y":0,"scale":360,"hscale":360,"zoom":1,"border":7,"floor":1,"overlap":0,"screenWidth":1280,"screenHeight":720,"xPOS":0,"yPOS":0,"audioPOS":"1:2:3"}`,
		`{"x":0,"y":0,"scale":100,"hscale":50,"zoom":0,"border":0,"floor":0,"overlap":0,"screenWidth":355,"screenHeight":100,"xPOS":0,"yPOS":0}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
