package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// clientPatience is how long a server may take for a command: rooms answer in
	// milliseconds, a server that gives one up says so after five seconds.
	clientPatience = 15 * time.Second
	// dialPatience is that for a command that calls somebody, who has a minute.
	dialPatience = 90 * time.Second
	// maxReply bounds an answer in bytes, far above the list of any room.
	maxReply = 16 << 20
)

// Client runs commands on a server over its admin address. Safe for concurrent use.
type Client struct {
	url, secret, data string
	http              *http.Client
}

// NewClient returns a client of the server under url (http://HOST:PORT), with the
// secret that this server keeps in its data folder.
func NewClient(url, data string) (*Client, error) {
	doc, err := os.ReadFile(filepath.Join(data, SecretFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("admin: no server has kept its secret in %s; name its data folder with --data", data)
	}
	if err != nil {
		return nil, fmt.Errorf("admin: read secret: %w", err)
	}
	return &Client{
		url: strings.TrimRight(url, "/"), secret: strings.TrimSpace(string(doc)), data: data,
		// No proxy and no redirect: the secret goes to that address and nowhere else.
		http: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Command runs one command of the conference API in a room and returns the reply
// text as it is; done is false when that refuses the command: an -ERR, or the
// command's usage. An error is one sentence and tells that no room was asked.
func (c *Client) Command(ctx context.Context, room string, words []string) (reply string, done bool, err error) {
	return c.run(ctx, "/api/rooms/"+url.PathEscape(room)+"/command", Line(words), words)
}

// Conference runs the conference command without a room: list, xml_list, json_list,
// count, help or commands, and what follows them. It returns as Command does.
func (c *Client) Conference(ctx context.Context, words []string) (reply string, done bool, err error) {
	return c.run(ctx, "/api/command", "conference "+Line(words), words)
}

// run sends a command's line.
func (c *Client) run(ctx context.Context, path, line string, words []string) (reply string, done bool, err error) {
	body, err := json.Marshal(map[string]string{"command": line})
	if err != nil {
		return "", false, fmt.Errorf("admin: %w", err)
	}
	patience := clientPatience
	if strings.EqualFold(words[0], "dial") {
		patience = dialPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return "", false, fmt.Errorf("admin: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.secret)
	resp, err := c.http.Do(req)
	if err != nil {
		return "", false, fmt.Errorf("admin: no server answers at %s (%w); start it, or name its address with --admin or its data folder with --data", c.url, cause(err))
	}
	defer resp.Body.Close()
	answer, err := c.read(resp)
	if err != nil {
		return "", false, err
	}
	return *answer.Reply, resp.StatusCode == http.StatusOK && !refuses(*answer.Reply, words[0]), nil
}

// clientAnswer is what the API says: a reply or why there is none.
type clientAnswer struct {
	Reply *string
	Error string
}

func (c *Client) read(resp *http.Response) (*clientAnswer, error) {
	if resp.StatusCode == http.StatusUnauthorized {
		return nil, fmt.Errorf("admin: the server at %s has another secret than %s; name its data folder with --data", c.url, filepath.Join(c.data, SecretFile))
	}
	doc, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("admin: read the answer of %s: %w", c.url, err)
	}
	var a clientAnswer
	switch err := json.Unmarshal(doc, &a); {
	case err == nil && a.Reply != nil:
		return &a, nil
	case err == nil && a.Error != "":
		return nil, fmt.Errorf("admin: %s", a.Error)
	}
	return nil, fmt.Errorf("admin: %s answers %q, which is not what this server says; is that its admin address?", c.url, resp.Status)
}

// cause strips what net/http puts before an error: method and URL.
func cause(err error) error {
	var op *url.Error
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// refuses reports whether a reply says no: FreeSWITCH begins it with -ERR, or sends
// the command's usage, which is the only text that begins with the command and has
// no newline at its end.
func refuses(reply, command string) bool {
	if strings.HasPrefix(reply, "-ERR") {
		return true
	}
	usage := len(reply) > len(command) && strings.EqualFold(reply[:len(command)], command) && reply[len(command)] == ' '
	return usage && !strings.HasSuffix(reply, "\n")
}

// Line joins words to a line of the conference API that is split into the same
// words again: single quotes group, a backslash escapes.
func Line(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

func quote(word string) string {
	word = strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(word)
	if word == "" || strings.ContainsAny(word, " \t\r\n") {
		return "'" + word + "'"
	}
	return word
}
