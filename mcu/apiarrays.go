package mcu

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/omniverto/omniverto/mcu/admin"
)

// rowValue is a row of a live array: any JSON value.
type rowValue = json.RawMessage

// arrayEntry is a live array that has rows.
type arrayEntry struct {
	Channel string `json:"channel"`
	Name    string `json:"name"`
}

// listArrays answers GET /api/arrays.
func (c *control) listArrays(*admin.Request) ([]arrayEntry, error) {
	out := []arrayEntry{}
	for channel, names := range c.arrays() {
		for _, name := range names {
			out = append(out, arrayEntry{channel, name})
		}
	}
	slices.SortFunc(out, func(a, b arrayEntry) int {
		if n := strings.Compare(a.Channel, b.Channel); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// open finds the array that a request names.
func (c *control) open(r *admin.Request) (rows, error) {
	a, err := c.array(r.Text("channel"), r.Text("name"))
	return a, arrayProblem(err)
}

// arrayProblem gives an error of a live array its status.
func arrayProblem(err error) error {
	status := 0
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrArrayChannel):
		status = http.StatusForbidden
	case errors.Is(err, ErrArrayNoRow):
		status = http.StatusNotFound
	case errors.Is(err, ErrArrayFull):
		status = http.StatusInsufficientStorage
	case errors.Is(err, ErrArrayName), errors.Is(err, ErrArrayRow):
		status = http.StatusBadRequest
	default:
		return err
	}
	return admin.Refuse(status, "%s", strings.TrimPrefix(err.Error(), "mcu: "))
}

// getRows answers GET /api/arrays/{channel}/{name}.
func (c *control) getRows(r *admin.Request) ([]ArrayRow, error) {
	a, err := c.open(r)
	if err != nil {
		return nil, err
	}
	return a.Rows(), nil
}

// setRow answers PUT /api/arrays/{channel}/{name}/{key}.
func (c *control) setRow(r *admin.Request, value rowValue) (ArrayRow, error) {
	a, err := c.open(r)
	if err == nil {
		err = arrayProblem(a.Set(r.Text("key"), value))
	}
	return ArrayRow{Key: r.Text("key"), Value: value}, err
}

func (c *control) deleteRow(r *admin.Request) error {
	a, err := c.open(r)
	if err != nil {
		return err
	}
	return arrayProblem(a.Delete(r.Text("key")))
}

func (c *control) clearRows(r *admin.Request) error {
	a, err := c.open(r)
	if err != nil {
		return err
	}
	a.Clear()
	return nil
}
