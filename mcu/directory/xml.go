package directory

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of one XML document and of a whole reading. They are far above any real
// directory and far below what would hurt.
const (
	maxFile     = 8 << 20 // bytes
	maxTotal    = 256 << 20
	maxFiles    = 100_000
	maxDepth    = 32
	maxElements = 1_000_000
	maxValue    = 64 << 10 // bytes of one expanded attribute
	maxIncludes = 8        // files including files
)

// element is one element of a document; attribute values are expanded.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	line     int
}

// parser reads documents of one directory: variables set in one file are seen by
// the next, as FreeSWITCH's preprocessor does.
type parser struct {
	vars    map[string]string
	include func(p *parser, pattern string, into *element) error // nil: refused

	elements int
	nesting  int // of includes
}

// errDTD refuses document type definitions: entities in them may expand without end.
var errDTD = errors.New("document type definitions are refused")

// parse appends the document's elements to into. Errors carry the line.
func (p *parser) parse(doc []byte, into *element) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	open := []*element{into}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		}
		line, _ := d.InputPos()
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if open, err = p.token(tok, open, line); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// token handles one token; open is the chain of open elements.
func (p *parser) token(tok xml.Token, open []*element, line int) ([]*element, error) {
	switch t := tok.(type) {
	case xml.Directive:
		return nil, errDTD
	case xml.StartElement:
		return p.start(t, open, line)
	case xml.EndElement:
		return open[:len(open)-1], nil
	}
	return open, nil // text, comments and processing instructions mean nothing here
}

func (p *parser) start(t xml.StartElement, open []*element, line int) ([]*element, error) {
	if p.elements++; p.elements > maxElements {
		return nil, fmt.Errorf("more than %d elements", maxElements)
	}
	if len(open) > maxDepth {
		return nil, fmt.Errorf("elements nested deeper than %d", maxDepth)
	}
	e := &element{name: t.Name.Local, attrs: map[string]string{}, line: line}
	for _, a := range t.Attr {
		v, err := p.expand(a.Value)
		if err != nil {
			return nil, err
		}
		if _, dup := e.attrs[a.Name.Local]; !dup {
			e.attrs[a.Name.Local] = v
		}
	}
	parent := open[len(open)-1]
	if strings.EqualFold(e.name, "X-PRE-PROCESS") {
		return append(open, e), p.preprocess(e, parent)
	}
	parent.children = append(parent.children, e)
	return append(open, e), nil
}

// preprocess obeys <X-PRE-PROCESS cmd="…" data="…"/>. Forms that run programs or
// read the environment are refused.
func (p *parser) preprocess(e, parent *element) error {
	data := e.attrs["data"]
	switch cmd := strings.ToLower(e.attrs["cmd"]); cmd {
	case "set":
		name, value, ok := strings.Cut(data, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("X-PRE-PROCESS set %.80q: want name=value", data)
		}
		p.vars[name] = value
		return nil
	case "include":
		if p.include == nil {
			return errors.New("X-PRE-PROCESS include: not allowed here")
		}
		if p.nesting++; p.nesting > maxIncludes {
			return fmt.Errorf("includes nested deeper than %d", maxIncludes)
		}
		err := p.include(p, data, parent)
		p.nesting--
		return err
	default:
		return fmt.Errorf("X-PRE-PROCESS %.80q is refused: only set and include are known", cmd)
	}
}

// expand replaces $${name} by the variable's value; an unknown one is empty, as in
// FreeSWITCH. Values are expanded when set, so nothing expands twice.
func (p *parser) expand(s string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$${")
		b.WriteString(before)
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return "", fmt.Errorf("%.80q: $${ without }", s)
		}
		b.WriteString(p.vars[name])
		if s = after; b.Len() > maxValue {
			break
		}
	}
	if b.Len() > maxValue {
		return "", fmt.Errorf("a value of more than %d bytes", maxValue)
	}
	return b.String(), nil
}
