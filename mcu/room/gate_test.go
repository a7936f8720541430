package room_test

import (
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// TestAutomaticGate: steady noise raises the gate until it is not heard any more, up to
// its bound; speech, which has pauses, does not; quiet lowers it.
func TestAutomaticGate(t *testing.T) {
	inRoom(t, func(p *room.Profile) { p.AutoEnergySec = 2 }, []int{250, 0}, func(t *testing.T, h *hearing) {
		h.hears("the fan at first", 0, 250)
		h.ask("auto-energy 1 400")
		h.talk(6 * time.Second)
		if got := h.ask("energy 1"); got != "Energy 1 = 300\n" {
			t.Errorf("after noise: %q", got)
		}
		h.hears("the fan later", 0, 0)
		h.all[0].level.Store(900)
		h.hears("a voice over it", 0, 900)
		h.talk(8 * time.Second)
		if got := h.ask("energy 1"); got != "Energy 1 = 400\n" {
			t.Errorf("at its bound: %q", got)
		}
		h.all[0].level.Store(1)
		h.talk(10 * time.Second)
		if got := h.ask("energy 1"); got != "Energy 1 = 100\n" {
			t.Errorf("after quiet: %q", got)
		}
	})
	inRoom(t, nil, []int{0, 0}, func(t *testing.T, h *hearing) {
		h.ask("auto-energy 1 400")
		for range 30 { // words
			h.all[0].level.Store(900)
			h.talk(300 * time.Millisecond)
			h.all[0].level.Store(1)
			h.talk(100 * time.Millisecond)
		}
		if got := h.ask("energy 1"); got != "Energy 1 = 100\n" {
			t.Errorf("after speech: %q", got)
		}
	})
}

// TestCeilingCommand: who is too loud for too long is not heard for a while, also after
// he renegotiates.
func TestCeilingCommand(t *testing.T) {
	inRoom(t, nil, []int{2000, 0}, func(t *testing.T, h *hearing) {
		h.hears("at first", 0, 2000)
		h.ask("max-energy 1 1000:5000:3")
		h.hears("above it", 0, 0)
		h.all[0].level.Store(800)
		h.talk(3 * time.Second)
		h.hears("still", 0, 0)
		h.talk(2 * time.Second)
		h.hears("below it", 0, 800)
		h.all[0].level.Store(2000)
		h.ask("max-energy 1 0")
		h.hears("without one", 0, 2000)
	})
	inRoom(t, func(p *room.Profile) { p.MaxEnergy, p.MaxEnergyHits, p.MaxEnergyMuteMsec = 1000, 3, 5000 }, []int{2000, 0},
		func(t *testing.T, h *hearing) { h.hears("from the profile", 0, 0) })
}

func TestGateCommands(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("auto-energy 6 500", "6 = Auto-Energy: 500 Energy: 200\n",
			"energy 6 300", "Energy 6 = 300\n",
			"energy 6 600", "Energy 6 = 600\nAuto-Energy level exceeded, Auto-Energy mode disabled\n",
			"auto-energy 6", "6 = Auto-Energy: 0 Energy: 600\n",
			"max-energy 6 up", "-ERR 6 Max-Energy cannot exceed energy level.\n6 = Max-Energy: 600 Energy: 0 Max-Energy-Mute: 0ms Max-Energy-Hit-Trigger 5\n",
			"max-energy 6 700:99999999999:0", "6 = Max-Energy: 600 Energy: 700 Max-Energy-Mute: 60000ms Max-Energy-Hit-Trigger 1\n")
		for _, line := range []string{"auto-energy", "max-energy"} {
			if got := c.ask(line + " 9"); got != "-ERR Non-Existant ID 9\n" {
				t.Errorf("%s: %q", line, got)
			}
		}
	})
}
