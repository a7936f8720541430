package decor

import (
	"testing"

	"github.com/omniverto/omniverto/media/mediatest"
)

// TestReadableBanner keeps the picture with which the browser test compares what
// arrives on the screens.
func TestReadableBanner(t *testing.T) {
	b, err := ParseBanner("{fg=#ffffff,bg=#000000}Élan Vital")
	if err != nil {
		t.Fatal(err)
	}
	mediatest.Golden(t, "readable-640x360", library().Banner(b, 640, 360).Picture)
}
