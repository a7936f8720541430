package mcu

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/room"
)

// gauges reads the rooms' counters when metrics are scraped; nothing is counted
// twice and no room is slowed down.
type gauges struct {
	rooms  *rooms
	engine *room.Engine

	roomsNow, members, pictures, refused       *prometheus.Desc
	bridges                                    *prometheus.Desc
	composed, encoded, keyframes, merged       *prometheus.Desc
	ticks, late, skipped, busy, encShared, own *prometheus.Desc
}

func newGauges(rs *rooms, e *room.Engine) *gauges {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("omniverto_"+name, help, labels, nil)
	}
	return &gauges{
		rooms: rs, engine: e,
		roomsNow:  d("rooms", "Live rooms."),
		bridges:   d("bridges", "Calls between two users."),
		members:   d("room_members", "Members in the room.", "room"),
		pictures:  d("pictures_in_use", "Decoded pictures in use in the whole server."),
		refused:   d("pictures_refused_total", "Pictures that the pool refused."),
		composed:  d("canvas_pictures_total", "Canvas pictures composed.", "room"),
		encoded:   d("view_frames_total", "Frames encoded for the room's views.", "room"),
		keyframes: d("view_keyframes_total", "Keyframes among them.", "room"),
		merged:    d("view_keyframe_requests_merged_total", "Keyframe requests that were merged into another.", "room"),
		ticks:     d("ticks_total", "Ticks run.", "room", "engine"),
		late:      d("ticks_late_total", "Ticks that began late.", "room", "engine"),
		skipped:   d("ticks_skipped_total", "Ticks left out.", "room", "engine"),
		busy:      d("tick_busy_ratio", "Share of the period that a tick works.", "room", "engine"),
		encShared: d("audio_encodes_shared_total", "Ticks of sound encoded once for all who are silent.", "room"),
		own:       d("audio_encodes_own_total", "Ticks of sound encoded for one talker.", "room"),
	}
}

// Describe sends nothing: the set of rooms changes (an unchecked collector).
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect reads all rooms.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	all := g.rooms.all()
	now := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	sum := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	now(g.roomsNow, float64(len(all)))
	now(g.bridges, float64(len(g.rooms.bridges())))
	now(g.pictures, float64(g.engine.Pictures.InUse()))
	sum(g.refused, g.engine.Pictures.Refused())
	for _, h := range all {
		s, name := h.Stats(), h.Name()
		now(g.members, float64(s.Members), name)
		sum(g.composed, s.Composed, name)
		sum(g.encoded, s.View.Frames, name)
		sum(g.keyframes, s.View.Keyframes, name)
		sum(g.merged, s.View.Merged, name)
		sum(g.encShared, s.Mix.SharedEncodes, name)
		sum(g.own, s.Mix.OwnEncodes, name)
		sum(g.ticks, s.Canvas.Ticks, name, "canvas")
		sum(g.late, s.Canvas.Late, name, "canvas")
		sum(g.skipped, s.Canvas.Skipped, name, "canvas")
		now(g.busy, s.Canvas.Busy, name, "canvas")
		sum(g.ticks, s.Sound.Ticks, name, "sound")
		sum(g.late, s.Sound.Late, name, "sound")
		sum(g.skipped, s.Sound.Skipped, name, "sound")
		now(g.busy, s.Sound.Busy, name, "sound")
	}
}
