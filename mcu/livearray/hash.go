package livearray

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Hash is a fingerprint of all keys and rows, the same for everybody who mirrors
// them: SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of the object
// {hashKey: row, …}. It does not depend on the order of the rows.
func (a *Array) Hash() string {
	if a.hash == "" {
		a.hash = a.digest()
	}
	return a.hash
}

func (a *Array) digest() string {
	keys := make([]string, 0, len(a.rows))
	for k := range a.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareUTF16)
	h := sha256.New()
	h.Write([]byte{'{'})
	var name []byte
	for i, k := range keys {
		r := a.rows[k]
		if r.canonical == nil {
			r.canonical, _ = Canonical(r.data) // rows are JSON
		}
		name = name[:0]
		if i > 0 {
			name = append(name, ',')
		}
		h.Write(append(appendText(name, k), ':'))
		h.Write(r.canonical)
	}
	h.Write([]byte{'}'})
	return hex.EncodeToString(h.Sum(nil))
}

// HashOf answers a subscriber's request for the hash, for him alone. It tells the
// serial of the newest event that the hash knows of, and is not counted itself.
func (a *Array) HashOf() Data {
	return Data{Action: "hash", Name: a.name, Serial: unnumbered, Last: a.serial, Hash: a.Hash()}
}

var (
	errNotJSON = errors.New("livearray: a row is not JSON")
	errNumber  = errors.New("livearray: a row has a number out of range")
)

// Canonical is a JSON text in the canonical form of RFC 8785: no white space, the
// members of objects sorted by the UTF-16 units of their names, numbers as
// JavaScript writes them, strings with the fewest escapes.
func Canonical(text []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("livearray: canonical JSON: %w", err)
	}
	return appendCanonical(make([]byte, 0, len(text)), v), nil
}

func appendCanonical(out []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(out, v)
	case float64:
		return appendNumber(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	case []any:
		out = append(out, '[')
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendCanonical(out, e)
		}
		return append(out, ']')
	case map[string]any:
		return appendObject(out, v)
	}
	return append(out, "null"...)
}

func appendObject(out []byte, o map[string]any) []byte {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	slices.SortFunc(names, compareUTF16)
	out = append(out, '{')
	for i, n := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, n), ':')
		out = appendCanonical(out, o[n])
	}
	return append(out, '}')
}

// appendNumber writes a number as JavaScript does: json.Marshal follows it, but
// for the sign of zero.
func appendNumber(out []byte, f float64) []byte {
	if f == 0 {
		return append(out, '0')
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	from := len(out)
	out = strconv.AppendFloat(out, f, format, -1, 64)
	if n := len(out); format == 'e' && n-from >= 4 && out[n-4] == 'e' && out[n-2] == '0' { // e-09 is e-9
		out = append(out[:n-2], out[n-1])
	}
	return out
}

const hexDigits = "0123456789abcdef"

// appendText writes a string with the escapes that JSON demands and no others.
func appendText(out []byte, s string) []byte {
	out = append(out, '"')
	for _, c := range s { // invalid bytes become U+FFFD, as in every JSON that Go writes
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c >= ' ':
			out = utf8.AppendRune(out, c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\t':
			out = append(out, '\\', 't')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\r':
			out = append(out, '\\', 'r')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(out, '"')
}

// compareUTF16 orders strings as JavaScript sorts them: by UTF-16 units. That is the
// order of their UTF-8 bytes, but that runes beyond 16 bits (from byte F0) come before
// those behind the surrogates (bytes EE and EF).
func compareUTF16(a, b string) int {
	i, n := 0, min(len(a), len(b))
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return cmp.Compare(len(a), len(b))
	}
	x, y := a[i], b[i]
	if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
		return cmp.Compare(y, x)
	}
	return cmp.Compare(x, y)
}

// CleanRow makes a row of an application fit for an array: one JSON text, without
// white space, that every reader takes the same way: no name twice in an object, no
// half surrogates, no number that does not fit.
func CleanRow(text []byte) (json.RawMessage, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if !json.Valid(text) || d.Decode(&v) != nil {
		return nil, errNotJSON
	}
	if !fits(v) {
		return nil, errNumber
	}
	return encode(v), nil
}

// fits reports whether all numbers are within what JavaScript has.
func fits(v any) bool {
	switch v := v.(type) {
	case json.Number:
		_, err := v.Float64()
		return err == nil
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !fits(e) })
	case map[string]any:
		for _, e := range v {
			if !fits(e) {
				return false
			}
		}
	}
	return true
}
