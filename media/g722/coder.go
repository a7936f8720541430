package g722

import "math"

// coder is the codec at 16 kHz, one direction of it: the two bands and the memory of
// the filter that splits or joins them. Names of blocks are those of the
// recommendation's clause 6. A copy goes on like the original.
type coder struct {
	low, high band
	memory    [24]int
}

func newCoder() coder {
	// The scale factors' reset values (6.2.1.3): the smallest of each band.
	return coder{low: band{det: 32}, high: band{det: 8}}
}

// encode writes one byte for every two samples.
func (c *coder) encode(samples []int16, dst []byte) int {
	for i := range len(samples) / 2 {
		low, high := c.analyse(int(samples[2*i]), int(samples[2*i+1]))
		dst[i] = c.low.encodeLow(low) | c.high.encodeHigh(high)<<6
	}
	return len(samples) / 2
}

// decode writes two samples for every byte.
func (c *coder) decode(packet []byte, samples []int16) {
	for i, code := range packet {
		samples[2*i], samples[2*i+1] = c.synthesise(c.low.decodeLow(code&0x3F), c.high.decodeHigh(code>>6))
	}
}

// push moves the filter's memory on by two values.
func (c *coder) push(a, b int) {
	copy(c.memory[:22], c.memory[2:])
	c.memory[22], c.memory[23] = a, b
}

// analyse is the transmit quadrature mirror filter (6.2.1.1). Its gain of 4096, the
// sum of two halves and the 15 bits that the bands are made for are shifted out.
func (c *coder) analyse(a, b int) (low, high int) {
	c.push(a, b)
	odd, even := 0, 0
	for i := range qmf {
		odd += c.memory[2*i] * qmf[i]
		even += c.memory[2*i+1] * qmf[len(qmf)-1-i]
	}
	return saturate((even + odd) >> 14), saturate((even - odd) >> 14)
}

// synthesise is the receive quadrature mirror filter (6.2.2.6).
func (c *coder) synthesise(low, high int) (a, b int16) {
	c.push(low+high, low-high)
	first, second := 0, 0
	for i := range qmf {
		second += c.memory[2*i] * qmf[i]
		first += c.memory[2*i+1] * qmf[len(qmf)-1-i]
	}
	return int16(saturate(first >> 11)), int16(saturate(second >> 11))
}

func saturate(v int) int { return min(max(v, math.MinInt16), math.MaxInt16) }

// band is the adaptive predictor and quantiser of one band (6.2.1.2 to 6.2.1.6). All
// values are 16 bit numbers.
type band struct {
	det int // quantiser scale factor
	nb  int // its logarithm

	signal, zeros int    // prediction: all of it, and its part by zeros
	a             [2]int // pole coefficients
	b             [6]int // zero coefficients
	r             [2]int // reconstructed signals, newest first
	p             [2]int // partly reconstructed signals
	d             [6]int // quantised differences
}

// magnitude is a difference without its sign: that of negative ones is one less.
func magnitude(e int) int {
	if e < 0 {
		return ^e
	}
	return e
}

// encodeLow quantises a sample of the lower band to 6 bits (blocks 1L and 2L).
func (b *band) encodeLow(x int) byte {
	e := saturate(x - b.signal)
	level, m := 0, magnitude(e)
	for level < len(q6) && m >= q6[level]*b.det>>12 {
		level++
	}
	// Codes run down from 61 for positive differences and from 31 for negative ones,
	// whose two smallest are 63 and 62.
	code := 61 - level
	if e < 0 {
		if code = 33 - level; level < 2 {
			code = 63 - level
		}
	}
	b.adaptLow(code >> 2)
	return byte(code)
}

// decodeLow is the sample of a code of 6 bits (blocks 5L and 6L).
func (b *band) decodeLow(code byte) int {
	x := limit(b.signal + qm6[code]*b.det>>15)
	b.adaptLow(int(code >> 2))
	return x
}

// adaptLow adapts to the upper 4 bits of a code (blocks 2L, 3L and 4L): all that the
// predictor hears in every mode of the codec.
func (b *band) adaptLow(code int) {
	d := b.det * qm4[code] >> 15
	b.nb = min(max(b.nb*127>>7+wl[rl42[code]], 0), 18432)
	b.det = scaleFactor(b.nb, 8)
	b.predict(d)
}

// encodeHigh quantises a sample of the upper band to 2 bits (blocks 1H and 2H).
func (b *band) encodeHigh(x int) byte {
	e := saturate(x - b.signal)
	code := 0
	if magnitude(e) < 564*b.det>>12 {
		code = 1
	}
	if e >= 0 {
		code += 2
	}
	b.adaptHigh(code)
	return byte(code)
}

// decodeHigh is the sample of a code of 2 bits (blocks 5H and 6H).
func (b *band) decodeHigh(code byte) int {
	x := limit(b.signal + qm2[code]*b.det>>15)
	b.adaptHigh(int(code))
	return x
}

// adaptHigh is blocks 2H, 3H and 4H.
func (b *band) adaptHigh(code int) {
	d := b.det * qm2[code] >> 15
	b.nb = min(max(b.nb*127>>7+wh[code&1], 0), 22528)
	b.det = scaleFactor(b.nb, 10)
	b.predict(d)
}

// limit is block LIMIT (6.2.2.5): the bands' signals have 15 bits.
func limit(v int) int { return min(max(v, -16384), 16383) }

// scaleFactor is a logarithm as a number (blocks SCALEL and SCALEH).
func scaleFactor(nb, shift int) int {
	v := ilb[nb>>6&31]
	if shift -= nb >> 11; shift < 0 {
		return v << -shift << 2
	}
	return v >> shift << 2
}

// predict takes the difference d into account and predicts the next signal (blocks
// 4L and 4H).
func (b *band) predict(d int) {
	r, p := saturate(b.signal+d), saturate(b.zeros+d) // RECONS, PARREC
	b.adaptPoles(p)
	b.adaptZeros(d)
	copy(b.d[1:], b.d[:])
	b.d[0] = d
	b.r = [2]int{r, b.r[0]}
	b.p = [2]int{p, b.p[0]}

	poles := 0 // FILTEP
	for i, a := range b.a {
		poles += a * saturate(2*b.r[i]) >> 15
	}
	b.zeros = 0 // FILTEZ
	for i, c := range b.b {
		b.zeros += c * saturate(2*b.d[i]) >> 15
	}
	b.zeros = saturate(b.zeros)
	b.signal = saturate(saturate(poles) + b.zeros) // PREDIC
}

// adaptPoles is blocks UPPOL2 and UPPOL1.
func (b *band) adaptPoles(p int) {
	first, second := p>>15 == b.p[0]>>15, p>>15 == b.p[1]>>15
	step := saturate(4 * b.a[0])
	if first {
		step = min(-step, math.MaxInt16)
	}
	a1 := step>>7 + either(second, 128) + b.a[1]*32512>>15
	a1 = min(max(a1, -12288), 12288)
	a0 := saturate(either(first, 192) + b.a[0]*32640>>15)
	bound := saturate(15360 - a1)
	b.a = [2]int{min(max(a0, -bound), bound), a1}
}

// adaptZeros is block UPZERO.
func (b *band) adaptZeros(d int) {
	step := 128
	if d == 0 {
		step = 0
	}
	for i := range b.b {
		b.b[i] = saturate(either(b.d[i]>>15 == d>>15, step) + b.b[i]*32640>>15)
	}
}

// either is v, or its negative.
func either(positive bool, v int) int {
	if positive {
		return v
	}
	return -v
}
