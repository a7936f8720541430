package mcu

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/skip2/go-qrcode"

	"github.com/omniverto/omniverto/mcu/config"
)

// Links are the base URLs under which the server is reached, by people and by
// whoever runs it.
func (s *Server) Links() config.Links { return s.links }

func (s *Server) findLinks() config.Links {
	l := config.Links{Public: strings.TrimRight(s.cfg.PublicURL, "/"), Admin: "http://" + s.addr("admin")}
	if addr, err := netip.ParseAddrPort(s.addr("ws")); err == nil && addr.Addr().IsLoopback() {
		l.Local = fmt.Sprintf("http://localhost:%d", addr.Port())
	}
	host, port, err := net.SplitHostPort(s.addr("https"))
	if err != nil {
		return l
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
	case ip.IsUnspecified():
		if lan := defaultRouteAddr(); lan.IsValid() {
			l.LAN = "https://" + net.JoinHostPort(lan.String(), port)
		}
	default:
		l.LAN = "https://" + net.JoinHostPort(ip.String(), port)
	}
	return l
}

// defaultRouteAddr is this machine's address on its default route. No packet is
// sent: connecting a UDP socket only asks the kernel for the route.
func defaultRouteAddr() netip.Addr {
	c, err := net.Dial("udp", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// certHosts are the names and addresses that people may use besides those of
// the interfaces.
func (s *Server) certHosts() []string {
	var hosts []string
	if u, err := url.Parse(s.cfg.PublicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	for _, a := range s.cfg.Advertise {
		if a != "auto" {
			hosts = append(hosts, a)
		}
	}
	return hosts
}

// welcomeRoom is the room of the links that the start prints.
const welcomeRoom = "3600"

// Welcome writes what a person who started the server wants to know: links for a
// moderator and for guests, with a QR code for phones. They carry tokens, so it
// is for a terminal only; see WelcomeHint.
func (s *Server) Welcome(w io.Writer) error {
	m, err := s.invite(welcomeRoom, "")
	if err != nil {
		return err
	}
	_, guest, _ := strings.Cut(m.Link, "#token=")
	fmt.Fprintf(w, "\nOmniverto is running.\n\n")
	if s.links.Local != "" {
		fmt.Fprintf(w, "  You, on this machine (moderator):\n    %s\n\n", config.JoinLink(s.links.Local, m.Room, m.Token))
	}
	for _, base := range []struct{ label, url string }{
		{"On your network", s.links.LAN}, {"From everywhere", s.links.Public}} {
		if base.url == "" {
			continue
		}
		fmt.Fprintf(w, "  %s (moderator):\n    %s\n  %s (guests):\n    %s\n\n", base.label,
			config.JoinLink(base.url, m.Room, m.Token), base.label, config.JoinLink(base.url, m.Room, guest))
	}
	if best := s.links.Best(); best != s.links.Local {
		if qr, err := qrcode.New(config.JoinLink(best, m.Room, guest), qrcode.Low); err == nil {
			fmt.Fprintln(w, "  Guests may scan:")
			fmt.Fprintln(w, qr.ToSmallString(false))
		}
	}
	s.hints(w)
	return nil
}

// WelcomeHint names the way to a link where links with tokens must not be
// printed: into a log.
func (s *Server) WelcomeHint(w io.Writer) {
	fmt.Fprintf(w, "Omniverto is running at %s\n", s.links.Best())
	if s.links.Local != "" && s.links.Best() != s.links.Local {
		fmt.Fprintf(w, "On this machine: %s\n", s.links.Local)
	}
	fmt.Fprintf(w, "For a link with a token: omniverto invite %s --role moderator --data %s\n", welcomeRoom, s.cfg.Data)
	s.hints(w)
}

// hints tell what a certificate warning means and which ports others need.
func (s *Server) hints(w io.Writer) {
	if s.certs.CA() != nil && s.links.LAN != "" {
		fmt.Fprintf(w, "  The certificate is this server's own: browsers warn once, or install %s/ca.crt\n", s.links.LAN)
	}
	if s.links.Public != "" || len(s.cfg.Advertise) > 0 {
		return
	}
	_, https, _ := net.SplitHostPort(s.addr("https"))
	fmt.Fprintf(w, "  For people outside your network open %s/tcp and %d/udp and start with\n"+
		"  --public-url https://NAME and --advertise PUBLIC-ADDRESS\n", https, s.rtc.Port())
}
