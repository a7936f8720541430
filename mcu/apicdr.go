package mcu

import (
	"context"
	"errors"
	"io/fs"
	"net/http"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/cdr"
)

// noRecords is why nothing is told of conferences that have ended.
const noRecords = "This server keeps no call detail records: the setting cdr names no folder."

func (c *control) recording() error {
	if !c.records.Enabled() {
		return admin.Refuse(http.StatusNotFound, noRecords)
	}
	return nil
}

// listRecords answers GET /api/cdr.
func (c *control) listRecords(r *admin.Request) ([]cdr.Summary, error) {
	if err := c.recording(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	out, err := c.records.List(ctx, r.Text("room"), r.Moment("before"), r.Number("limit"))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, admin.Refuse(http.StatusServiceUnavailable, "the folder of records could not be read in time")
	}
	return out, err
}

// record answers GET /api/cdr/{uuid}.
func (c *control) record(r *admin.Request) (cdr.Record, error) {
	if err := c.recording(); err != nil {
		return cdr.Record{}, err
	}
	// It becomes the name of a file: nothing but a UUID in its usual form may.
	id, err := uuid.Parse(r.Text("uuid"))
	if err != nil || id.String() != r.Text("uuid") {
		return cdr.Record{}, admin.Refuse(http.StatusNotFound, "no such record")
	}
	rec, err := c.records.Get(id)
	if errors.Is(err, fs.ErrNotExist) {
		return cdr.Record{}, admin.Refuse(http.StatusNotFound, "no such record")
	}
	return rec, err
}

// recordXML answers GET /api/cdr/{uuid}/xml.
func (c *control) recordXML(w http.ResponseWriter, r *admin.Request) error {
	rec, err := c.record(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(rec.XML()) // the client is gone if this fails
	return nil
}
