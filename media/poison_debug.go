//go:build debugframes

package media

// poison overwrites a released picture, so that a reader without a reference is
// seen at once.
func poison(p *Picture) { p.Fill(YUV{Y: 0xA5, U: 0x5A, V: 0x5A}) }
