package fsconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Why a document is refused.
var (
	errDTD      = errors.New("document type definitions are refused")
	errEncoding = errors.New("only UTF-8 is read")
)

// file reads one file's elements into an element. Errors carry file and line.
func (r *reading) file(name string, into *Element) error {
	doc, err := r.contents(name)
	if err != nil {
		return err
	}
	text, line, err := blank(doc)
	if err != nil {
		return at(name, line, err)
	}
	outer := r.cur
	r.cur, r.open = name, append(r.open, name)
	defer func() { r.cur, r.open = outer, r.open[:len(r.open)-1] }()
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	open := []*Element{into}
	for {
		line, _ := d.InputPos()
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if syntax := new(xml.SyntaxError); errors.As(err, &syntax) {
			return at(name, syntax.Line, errors.New(syntax.Msg))
		}
		if err == nil {
			open, err = r.token(token, open, line)
		}
		if _, placed := errors.AsType[*inFile](err); placed {
			return err
		} else if err != nil {
			return at(name, line, err)
		}
	}
}

// inFile is an error that knows its place already: one of an included file.
type inFile struct{ error }

func (e *inFile) Unwrap() error { return e.error }

// token handles one token; open is the chain of open elements.
func (r *reading) token(token xml.Token, open []*Element, line int) ([]*Element, error) {
	in := open[len(open)-1]
	switch t := token.(type) {
	case xml.Directive:
		return nil, errDTD
	case xml.StartElement:
		return r.start(t, open, line)
	case xml.EndElement:
		if strings.TrimSpace(in.Text) == "" {
			in.Text = ""
		}
		return open[:len(open)-1], nil
	case xml.CharData:
		if len(open) == 1 {
			return open, nil // between elements of the file
		}
		text, err := r.expand(string(t))
		if err == nil && len(in.Text)+len(text) > maxValue {
			err = fmt.Errorf("a text of more than %d bytes", maxValue)
		}
		in.Text += text
		return open, err
	}
	return open, nil // processing instructions mean nothing here
}

func (r *reading) start(t xml.StartElement, open []*Element, line int) ([]*Element, error) {
	if r.elements++; r.elements > maxElements {
		return nil, fmt.Errorf("more than %d elements", maxElements)
	}
	if len(open) > maxDepth {
		return nil, fmt.Errorf("elements nested deeper than %d", maxDepth)
	}
	e := &Element{Name: t.Name.Local, File: r.cur, Line: line, Attrs: make([]Attr, 0, len(t.Attr))}
	for _, a := range t.Attr {
		value, err := r.expand(a.Value)
		if err != nil {
			return nil, err
		}
		e.Attrs = append(e.Attrs, Attr{a.Name.Local, value})
	}
	in := open[len(open)-1]
	switch {
	case strings.EqualFold(e.Name, "X-PRE-PROCESS"):
		return append(open, e), r.preprocess(e, in, open)
	case strings.EqualFold(e.Name, "X-NO-PRE-PROCESS"):
		return append(open, e), nil
	case strings.EqualFold(e.Name, "include"):
		return append(open, in), nil // its contents are those of the element around it
	}
	in.Children = append(in.Children, e)
	return append(open, e), nil
}
