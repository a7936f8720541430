package mcu_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/directory"
)

// TestUploadImage: moderators put images into the media folder under a name that
// commands can use; nobody else does, and nobody fetches one.
func TestUploadImage(t *testing.T) {
	s, data := startIn(t, map[string]string{"conf/directory/d.xml": `<domain name="d.example">
		<user id="mod"><params><param name="password" value="1234"/></params>
			<variables><variable name="conference_member_flags" value="moderator"/></variables></user>
		<user id="anna"><params><param name="password" value="1234"/></params></user></domain>`})
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	img.Set(3, 3, color.RGBA{200, 0, 0, 255})
	var asPNG, asJPEG bytes.Buffer
	if err := png.Encode(&asPNG, img); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, img, nil); err != nil {
		t.Fatal(err)
	}
	host := "Bearer " + s.token("garden", directory.RoleModerator)
	basic := func(user string) string {
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, "1234")
		return r.Header.Get("Authorization")
	}
	for _, tt := range []struct {
		name, auth, room, kind string
		body                   []byte
		status                 int
		ext                    string
	}{
		{"token", host, "garden", "image/png", asPNG.Bytes(), 201, ".png"},
		{"JPEG", host, "garden", "image/jpeg", asJPEG.Bytes(), 201, ".jpg"},
		{"any room's token", "Bearer " + s.token("*", directory.RoleModerator), "garden", "image/png", asPNG.Bytes(), 201, ".png"},
		{"user", basic("mod@d.example"), "garden", "image/png", asPNG.Bytes(), 201, ".png"},
		{"another room", host, "attic", "image/png", asPNG.Bytes(), 403, ""},
		{"participant's token", "Bearer " + s.token("garden", directory.RoleParticipant), "garden", "image/png", asPNG.Bytes(), 403, ""},
		{"user who is no moderator", basic("anna"), "garden", "image/png", asPNG.Bytes(), 403, ""},
		{"unknown user", basic("eve"), "garden", "image/png", asPNG.Bytes(), 401, ""},
		{"forged", host + "x", "garden", "image/png", asPNG.Bytes(), 401, ""},
		{"no image", host, "garden", "image/png", []byte("MZ this is a program"), 422, ""},
		{"nothing", host, "garden", "image/png", nil, 422, ""},
		{"another type than it says", host, "garden", "image/png", asJPEG.Bytes(), 422, ""},
		{"half an image", host, "garden", "image/png", asPNG.Bytes()[:20], 422, ""},
		{"a page", host, "garden", "text/html", []byte("<html>"), 415, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, doc := send(t, "POST", s.http+"/api/images?room="+tt.room, tt.auth, tt.kind, bytes.NewReader(tt.body))
			var answer struct{ Name, Error string }
			if err := json.Unmarshal(doc, &answer); err != nil || status != tt.status || (status == 201) == (answer.Name == "") || (status == 201) != (answer.Error == "") {
				t.Fatalf("got %d %s, want %d", status, doc, tt.status)
			}
			if status != 201 {
				return
			}
			kept := filepath.Join(data, "media", answer.Name)
			doc, err := os.ReadFile(kept)
			if err != nil || !strings.HasPrefix(answer.Name, "uploads/") || filepath.Ext(answer.Name) != tt.ext {
				t.Fatalf("%s: %v", answer.Name, err)
			}
			if c, _, err := image.DecodeConfig(bytes.NewReader(doc)); err != nil || c.Width != 64 || c.Height != 48 {
				t.Errorf("kept: %+v, %v", c, err)
			}
			if status, _ := send(t, "GET", s.http+"/api/images/"+filepath.Base(kept), host, "", nil); status != 404 {
				t.Errorf("it can be fetched: %d", status)
			}
		})
	}
	info, err := os.Stat(filepath.Join(data, "media"))
	fonts, err2 := os.Stat(filepath.Join(data, "fonts"))
	if err != nil || err2 != nil || info.Mode().Perm()&0o027 != 0 || fonts.Mode().Perm()&0o027 != 0 {
		t.Errorf("folders: %v %v, %v %v; want mode 0750", info, err, fonts, err2)
	}
	s.counts(t, `omniverto_image_uploads_total{result="ok"} 4`)
}
