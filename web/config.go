package web

// Config is what the server tells a browser before it logs in, served as config.json. The upper part are the members
// that Verto Communicator reads; all are optional there and override what the browser has stored. It must hold no
// secret: everybody who can open the page can read it.
type Config struct {
	// Name and Email prefill the visitor's own display name and address; empty leaves what the browser has stored.
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	// CallerID is the caller number to show to others.
	CallerID string `json:"callerid,omitempty"`
	// Login is a suggested user name, Hostname the domain that Verto Communicator appends to it.
	Login    string `json:"login,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	// WSURL is the Verto socket as an absolute ws: or wss: URL, or a path on the page's own host. Empty means /verto
	// for our client and port 8082 of the page's host for Verto Communicator.
	WSURL string `json:"wsURL,omitempty"`
	// WSFallbackURL is tried by Verto Communicator after ten failed attempts.
	WSFallbackURL string `json:"wsFallbackURL,omitempty"`
	// TURNServer is added to the browser's ICE servers.
	TURNServer *TURNServer `json:"turnServer,omitempty"`
	// AutoLogin is any non-empty text to log in at once, AutoCall a number that is dialled at once.
	AutoLogin string `json:"autologin,omitempty"`
	AutoCall  string `json:"autocall,omitempty"`

	// NewMeeting says that this visitor may open a meeting with POST /api/meetings.
	NewMeeting bool `json:"newMeeting"`
	// Domain is the domain of the rooms and of directory users; a user name without '@' gets it appended.
	Domain string `json:"domain,omitempty"`
	// Version is shown in the client's "about" line.
	Version string `json:"version,omitempty"`
}

// TURNServer is one relay in the form of a browser's RTCIceServer.
type TURNServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}
