package media

import (
	"fmt"
	"strconv"
)

// RGB is an 8-bit sRGB colour.
type RGB struct{ R, G, B uint8 }

// YUV is a colour in BT.601 limited range.
type YUV struct{ Y, U, V uint8 }

// YUV converts with the integer formula that FreeSWITCH uses (layouts.md §10).
func (c RGB) YUV() YUV {
	r, g, b := int(c.R), int(c.G), int(c.B)
	return YUV{
		Y: uint8((66*r+129*g+25*b+128)>>8 + 16),
		U: uint8((-38*r-74*g+112*b+128)>>8 + 128),
		V: uint8((112*r-94*g-18*b+128)>>8 + 128),
	}
}

// ParseRGB reads #rrggbb, red, green or blue, as FreeSWITCH does.
func ParseRGB(s string) (RGB, error) {
	switch s {
	case "red":
		return RGB{255, 0, 0}, nil
	case "green":
		return RGB{0, 255, 0}, nil
	case "blue":
		return RGB{0, 0, 255}, nil
	}
	if len(s) == 7 && s[0] == '#' {
		if n, err := strconv.ParseUint(s[1:], 16, 32); err == nil {
			return RGB{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
		}
	}
	return RGB{}, fmt.Errorf("colour %q is not #rrggbb", s)
}
