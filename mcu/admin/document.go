package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// About is what the document says of the API as such.
type About struct {
	Title, Version, Description string
	Server                      string // URL of the usual address
}

// object is a JSON object of the document; its members are written in the order of
// their names.
type object map[string]any

// Document is the OpenAPI 3.1 description of routes, made of the same table that
// serves the requests. It panics for types that it cannot describe.
func Document(about About, routes []Route) []byte {
	s := schemas{made: object{}, types: map[string]reflect.Type{}}
	paths := object{}
	for _, r := range routes {
		item, ok := paths[r.Path].(object)
		if !ok {
			item = object{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = r.operation(&s)
	}
	doc, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": about.Title, "version": about.Version, "description": about.Description,
			"license": object{"name": "Apache License 2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []object{{"url": about.Server}},
		"security": []object{{"secret": []string{}}},
		"paths":    paths,
		"components": object{
			"schemas": s.made,
			"securitySchemes": object{"secret": object{
				"type": "http", "scheme": "bearer", "description": "The text of " + SecretFile + " in the server's data folder.",
			}},
		},
	}, "", "  ")
	if err != nil {
		panic("admin: document: " + err.Error())
	}
	return append(doc, '\n')
}

// operation describes a route.
func (r Route) operation(s *schemas) object {
	op := object{"operationId": r.Name, "summary": r.Does, "tags": []string{r.Tag}, "responses": r.responses(s)}
	if len(r.Params) > 0 {
		params := make([]object, len(r.Params))
		for i, p := range r.Params {
			params[i] = p.describe()
		}
		op["parameters"] = params
	}
	if r.ask != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(r.ask)}}}
	}
	return op
}

// responses describes what a route answers. It panics if a status is named twice: the
// table is wrong, and no server starts with it.
func (r Route) responses(s *schemas) object {
	out := object{}
	good := object{"description": http.StatusText(r.Status)}
	switch {
	case r.media != "":
		good["content"] = object{r.media: object{}}
	case r.answer != nil:
		good["content"] = object{"application/json": object{"schema": s.of(r.answer)}}
	}
	out[strconv.Itoa(r.Status)] = good
	for status, when := range r.Also {
		out[strconv.Itoa(status)] = object{"description": when, "content": object{"application/json": object{"schema": s.of(r.answer)}}}
	}
	failure := object{"application/json": object{"schema": s.of(reflect.TypeFor[Failure]())}}
	for status, when := range r.failures() {
		if _, also := r.Also[status]; also {
			panic(fmt.Sprintf("admin: %s %s has two answers with status %d", r.Method, r.Path, status))
		}
		out[strconv.Itoa(status)] = object{"description": when, "content": failure}
	}
	return out
}

// failures are those of the route and of every route.
func (r Route) failures() map[int]string {
	out := map[int]string{
		http.StatusBadRequest:          "A parameter or the body is wrong.",
		http.StatusUnauthorized:        "The secret is missing or wrong.",
		http.StatusForbidden:           "The Host is neither an IP address nor localhost.",
		http.StatusInternalServerError: "The server failed.",
	}
	if r.ask != nil {
		out[http.StatusRequestEntityTooLarge] = "The body is too long."
		out[http.StatusUnsupportedMediaType] = "The body is not application/json."
	}
	for status, when := range r.Fails {
		out[status] = when
	}
	return out
}

func (p Param) describe() object {
	in, schema := "path", object{"type": "string", "maxLength": p.longest()}
	if p.Query {
		in = "query"
	}
	switch p.Kind {
	case Text:
	case Number:
		schema = object{"type": "integer", "minimum": p.Min, "maximum": p.Max, "default": p.Default}
	case Moment:
		schema = object{"type": "string", "format": "date-time"}
	}
	return object{"name": p.Name, "in": in, "required": !p.Query, "description": p.About, "schema": schema}
}

// schemas collects the JSON schemas of Go types by name.
type schemas struct {
	made  object
	types map[string]reflect.Type
}

// of is the schema of a type: for a struct with a name a reference to it. It panics for
// a type that JSON has no form of: the table is wrong, and no server starts with it.
func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{"description": "any JSON value"}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return object{"$ref": "#/components/schemas/" + s.structure(t)}
	}
	panic("admin: the document cannot describe a " + t.String())
}

// structure describes a struct once and returns its name. It panics if two have the
// same: the table is wrong, and no server starts with it.
func (s *schemas) structure(t reflect.Type) string {
	name := schemaName(t)
	if known, ok := s.types[name]; ok {
		if known != t {
			panic(fmt.Sprintf("admin: %s and %s have the same name in the document", known, t))
		}
		return name
	}
	s.types[name] = t
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" || !f.IsExported() || tag == "-" {
			continue
		}
		properties[tag] = s.field(f)
		if !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
	}
	s.made[name] = object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	return name
}

// field is the schema of a struct's field, with what its tags say: doc, and enum for
// the words that it may be.
func (s *schemas) field(f reflect.StructField) object {
	base := f.Type
	optional := base.Kind() == reflect.Pointer
	if optional {
		base = base.Elem()
	}
	out := s.of(base)
	if doc := f.Tag.Get("doc"); doc != "" {
		out["description"] = doc
	}
	if words := f.Tag.Get("enum"); words != "" {
		out["enum"] = strings.Split(words, ",")
	}
	if n, err := strconv.Atoi(f.Tag.Get("max")); err == nil {
		out[map[bool]string{true: "maxLength", false: "maximum"}[base.Kind() == reflect.String]] = n
	}
	return out
}

// schemaName is a type's name with a capital letter; those of other packages carry
// the package's name, so that cdr.Member is CdrMember.
func schemaName(t reflect.Type) string {
	capital := func(word string) string {
		r := []rune(word)
		r[0] = unicode.ToUpper(r[0])
		return string(r)
	}
	folder := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	if folder == "mcu" || folder == "admin" {
		return capital(t.Name())
	}
	return capital(folder) + capital(t.Name())
}
