package verto

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// member and body write JSON objects whose members keep their order.
type member struct {
	key   string
	value any
}

type body []member

// MarshalJSON writes the members in order.
func (b body) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	buf.WriteByte('{')
	for i, m := range b {
		if i > 0 {
			buf.WriteByte(',')
		}
		for j, v := range [2]any{m.key, m.value} {
			text, err := encode(v)
			if err != nil {
				return nil, err
			}
			if j == 1 {
				buf.WriteByte(':')
			}
			buf.Write(text)
		}
	}
	buf.WriteByte('}')
	return buf.Bytes(), nil
}

// without gives the members whose key is none of the names.
func (b body) without(name string) body {
	kept := make(body, 0, len(b)+1)
	for _, m := range b {
		if !equalFold(m.key, name) {
			kept = append(kept, m)
		}
	}
	return kept
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// encode is json.Marshal that leaves <, > and & alone.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// Error codes of the protocol.
const (
	codeInvalid    = -32600
	codeMethod     = -32601
	codeDenied     = -32602
	codeAuthNeeded = -32000
	codeAuthFailed = -32001
	codeCall       = -32002
)

// answer is what a handler makes of a request: result or fail, never both.
type answer struct {
	result body
	plain  []byte // instead of a result: JSON that is no object and gains no members
	fail   body
	after  func() // runs once the reply is queued; events of it follow the reply
}

func success(members ...member) answer {
	if members == nil {
		members = body{}
	}
	return answer{result: members}
}

// refuse is an error of the protocol itself: code first.
func refuse(code int, message string) answer {
	return answer{fail: body{{"code", code}, {"message", message}}}
}

// callFault is a -32002 error: message first, code last, lead before both.
func callFault(message string, lead ...member) answer {
	return answer{fail: append(lead, member{"message", message}, member{"code", codeCall})}
}
