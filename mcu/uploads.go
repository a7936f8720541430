package mcu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

const (
	// maxImage is the largest image in bytes, the bound of decor.Media too.
	maxImage = 8 << 20
	// maxUploads is how much the folder of uploads may hold, in bytes.
	maxUploads = 256 << 20
	// An identity may upload a burst of uploadBurst images, and one more each
	// uploadPause: 12 a minute.
	uploadBurst = 12
	uploadPause = time.Minute / uploadBurst
	// uploadsAtOnce bounds the memory that decoding takes: an image may have 9.4
	// million pixels.
	uploadsAtOnce = 2
	// uploadPatience is how long an image may be on its way: 8 MiB at 1 Mbit/s.
	uploadPatience = 75 * time.Second
)

// uploader answers POST /api/images: moderators send pictures for banners, avatars
// and backgrounds. It gives nothing back but the name under which commands find
// the image; there is no way to fetch one.
type uploader struct {
	// constant after construction
	login   func(context.Context, directory.Credentials) (*directory.Identity, error)
	upload  func(kind string, r io.Reader) (name string, err error)
	folder  fs.FS          // of uploads, to know their size
	proxies []netip.Prefix // whose X-Forwarded-For is believed
	log     *slog.Logger
	total   *prometheus.CounterVec
	slots   chan struct{}

	mu   sync.Mutex
	paid map[string]time.Time // guarded by mu; until when an identity's allowance is spent
}

// refused is why an upload is not taken, with its HTTP status.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return &refused{status, fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (u *uploader) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, err := u.take(w, r)
	if err == nil {
		u.total.WithLabelValues("ok").Inc()
		answerJSON(w, http.StatusCreated, map[string]string{"name": name})
		return
	}
	u.total.WithLabelValues("refused").Inc()
	status := http.StatusInternalServerError
	if no := (*refused)(nil); errors.As(err, &no) {
		status = no.status
	} else {
		u.log.Error("image upload", "error", err)
		err = errors.New("the image cannot be kept")
	}
	switch status {
	case http.StatusUnauthorized:
		// Not Basic: a browser would ask for a password in a window of its own.
		w.Header().Set("WWW-Authenticate", `Bearer realm="omniverto"`)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(uploadPause/time.Second)))
	}
	answerError(w, status, err)
}

// take checks who sends what, cheapest first, and only then reads the body.
func (u *uploader) take(w http.ResponseWriter, r *http.Request) (name string, err error) {
	roomName := r.URL.Query().Get("room")
	id, err := u.moderator(r, roomName)
	if err != nil {
		return "", err
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "image/png" && kind != "image/jpeg" {
		return "", refuse(http.StatusUnsupportedMediaType, "the body must be image/png or image/jpeg")
	}
	if r.ContentLength > maxImage {
		return "", tooLarge()
	}
	if !u.allowed(id.UserID(), time.Now()) {
		return "", refuse(http.StatusTooManyRequests, "more than %d images a minute", uploadBurst)
	}
	select {
	case u.slots <- struct{}{}:
		defer func() { <-u.slots }()
	case <-r.Context().Done():
		return "", refuse(http.StatusServiceUnavailable, "too many images at a time")
	}
	switch held, err := u.held(); {
	case err != nil:
		return "", err
	case held >= maxUploads:
		return "", refuse(http.StatusInsufficientStorage, "the uploads of this server take %d MiB; ask who runs it to remove some", maxUploads>>20)
	}
	// The server's read timeout is for requests without much of a body.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadPatience))
	name, err = u.upload(kind, http.MaxBytesReader(w, r.Body, maxImage))
	if err != nil {
		return "", unusable(r.Context(), err)
	}
	u.log.Info("image uploaded", "room", roomName, "user", id.UserID(), "name", name)
	return name, nil
}

// unusable tells what is the sender's fault from what is the server's.
func unusable(ctx context.Context, err error) error {
	switch over := (*http.MaxBytesError)(nil); {
	case errors.As(err, &over):
		return tooLarge()
	case errors.Is(err, decor.ErrImage):
		return refuse(http.StatusUnprocessableEntity, "%s", strings.TrimPrefix(err.Error(), "decor: upload: "))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded), ctx.Err() != nil:
		return refuse(http.StatusBadRequest, "the image did not arrive in whole")
	}
	return err
}

func tooLarge() error {
	return refuse(http.StatusRequestEntityTooLarge, "more than %d MiB", maxImage>>20)
}

// moderator finds out who asks and whether he is a moderator of the room: by a
// token, or by the password of a directory user, slowed down as at a login.
func (u *uploader) moderator(r *http.Request, roomName string) (*directory.Identity, error) {
	c := directory.Credentials{Addr: verto.ClientAddr(r, u.proxies)}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Bearer") && directory.LooksLikeToken(token):
		c.Password = token
	case strings.EqualFold(scheme, "Basic"):
		c.Login, c.Password, _ = r.BasicAuth()
	default:
		return nil, refuse(http.StatusUnauthorized, "a moderator's token or password is needed")
	}
	id, err := u.login(r.Context(), c)
	switch {
	case errors.Is(err, directory.ErrBackOff):
		return nil, refuse(http.StatusTooManyRequests, "too many wrong passwords; wait a minute")
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "wrong token or password")
	case !directory.ValidRoom(roomName):
		return nil, refuse(http.StatusBadRequest, "room=%.80q is not a room", roomName)
	case id.Role() != directory.RoleModerator || !id.Admits(roomName):
		return nil, refuse(http.StatusForbidden, "only a moderator of the room may upload images")
	}
	return id, nil
}

// allowed spends one image of an identity's allowance. What is kept is the moment
// at which the allowance is whole again; an identity whose moment has passed need
// not be kept, so the map holds those who uploaded in the last minute.
func (u *uploader) allowed(identity string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for who, until := range u.paid {
		if !until.After(now) {
			delete(u.paid, who)
		}
	}
	until := u.paid[identity]
	if until.Before(now) {
		until = now
	}
	if until = until.Add(uploadPause); until.Sub(now) > uploadBurst*uploadPause {
		return false
	}
	u.paid[identity] = until
	return true
}

// held is how much the folder of uploads holds, in bytes. What is not there (yet, or
// removed at this moment) holds nothing.
func (u *uploader) held() (sum int64, err error) {
	err = fs.WalkDir(u.folder, ".", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return sum, err
}

// newUploader makes the handler for a media folder.
func (s *Server) newUploader(images *decor.Media, library *decor.Library) *uploader {
	u := &uploader{
		login: s.auth.Login, upload: func(kind string, r io.Reader) (string, error) {
			name, err := images.Upload(kind, r)
			if err == nil { // decoded once here, not when a room first shows it
				_, err = library.Still(name, 320, 180, media.RGB{}.YUV())
			}
			return name, err
		},
		folder: os.DirFS(filepath.Join(s.cfg.MediaFolder(), "uploads")), proxies: s.cfg.TrustedProxies, log: s.log,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "omniverto_image_uploads_total", Help: "Images that moderators sent.",
		}, []string{"result"}),
		slots: make(chan struct{}, uploadsAtOnce), paid: map[string]time.Time{},
	}
	s.registry.MustRegister(u.total)
	return u
}
